"""Mission files that include others: what several missions share stands once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from posixpath import dirname, join, splitext
from typing import Final, TypeAlias, cast

from journeyman.mission.files.documents import FORMS, Place, Position, Positions, read_document
from journeyman.mission.files.validation_problems import problem_at
from journeyman.mission.values.errors import InvalidInput, Problem

ReadFile: TypeAlias = Callable[[str], bytes]
"""Reads a file by its path, relative to the mission file; raises `OSError`."""
KEY: Final = "include"
ABOUT_INCLUDE: Final = "A file, or a list of files, whose keys this one takes over; what it says itself counts more."
_DEEPEST: Final = 8
"""Files that include files: deeper is a mistake, such as a circle."""


def with_includes(
    data: object,
    positions: Positions,
    read: ReadFile | None,
    what: str,
    *,
    within: tuple[str, ...] = (),
    faults: list[Problem] | None = None,
) -> tuple[object, Positions]:
    """The data with what it includes: objects are joined key by key, lists begin with what is included, of all else its own counts.

    Args:
        data: What a file holds.
        positions: Where.
        read: Reads other files; `None` where there are none to be read.
        what: What error texts call the file.
        within: The files by which this one is included.
        faults: Takes in what is wrong with what it includes, which is then left out; raised where there is no such list.
    """
    if not isinstance(data, dict) or KEY not in data:
        return cast("object", data), positions
    own = dict(cast("dict[str, object]", data))
    wanted = own.pop(KEY)
    names = cast("list[object]", wanted) if isinstance(wanted, list) else [wanted]
    joined: dict[str, object] = {}
    places: Positions = {}
    for name in names:
        try:
            path, more, where = _included(name, positions, read, what, within, faults)
            more, where = with_includes(more, where, read, path, within=(*within, path), faults=faults)
            if not isinstance(more, dict):
                raise _refused(positions, what, f"{path!r} holds no object", "start it with a key, such as `commands:`")
        except InvalidInput as error:
            if faults is None:
                raise
            faults += [one if one.file or one.where == KEY else replace(one, file=error.what) for one in error.problems]
            continue
        joined, places = _joined(joined, places, cast("dict[str, object]", more), where)
    return _joined(joined, places, own, positions)


def _included(
    name: object,
    positions: Positions,
    read: ReadFile | None,
    what: str,
    within: tuple[str, ...],
    faults: list[Problem] | None,
) -> tuple[str, object, Positions]:
    if not isinstance(name, str) or not name:
        raise _refused(positions, what, f"{name!r} is no file name", "as in `include: common.yaml`, or a list of them")
    if read is None:
        raise _refused(positions, what, f"{name!r} cannot be included here", "read the mission from a file")
    path = join(dirname(within[-1]), name) if within else name
    form = FORMS.get(splitext(name)[1].lower())
    if form is None:
        raise _refused(positions, what, f"{name!r} is no mission file", "name it .yaml, .json or .toml")
    if path in within or len(within) >= _DEEPEST:
        raise _refused(positions, what, f"{name!r} includes itself by {' → '.join((*within, path))}", "take one out")
    try:
        text = read(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "its path is relative to the file that includes it"
        raise _refused(positions, what, f"{name!r} cannot be read: {reason}", hint) from None
    more, where = read_document(text, form, path, path, faults)
    return path, more, where


def _refused(positions: Positions, what: str, message: str, hint: str) -> InvalidInput:
    return InvalidInput(what, (problem_at((KEY,), positions, message, hint),))


def _joined(
    under: dict[str, object], places: Positions, over: dict[str, object], more: Positions
) -> tuple[dict[str, object], Positions]:
    """Two files as one, and where what stands."""
    joined, before = {**under, **over}, dict[str, int]()
    for key in under.keys() & over.keys():
        first, second = under[key], over[key]
        if isinstance(first, dict) and isinstance(second, dict):
            joined[key] = {**cast("dict[str, object]", first), **cast("dict[str, object]", second)}
        elif isinstance(first, list) and isinstance(second, list):
            joined[key] = [*cast("list[object]", first), *cast("list[object]", second)]
            before[key] = len(cast("list[object]", first))
    moved: dict[Place, Position] = {_moved(place, before): position for place, position in more.items()}
    return joined, {**places, **moved}


def _moved(place: Place, before: dict[str, int]) -> Place:
    if len(place) > 1 and isinstance(place[1], int) and place[0] in before:
        return (place[0], place[1] + before[str(place[0])], *place[2:])
    return place
