"""Dot paths through JSON values."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

from journeyman.mission.values.canonical import Json, canonical

_ABSENT: Final[Any] = object()
"""Stands where one of two values has nothing."""


def at_path(value: Json, path: str) -> Json:
    """What stands at a dot path through objects and lists; raises `KeyError` with the step that is missing.

    A key may itself hold dots: the whole rest of the path is looked for first. A list is entered by index, from its
    end with a minus.
    """
    rest = path
    while rest:
        if isinstance(value, dict) and rest in value:
            return value[rest]
        step, _, rest = rest.partition(".")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and (index := _index(step)) is not None and -len(value) <= index < len(value):
            value = value[index]
        else:
            raise KeyError(step)
    return value


def first_difference(left: Json, right: Json) -> str | None:
    """The path to the first part in which two values differ, `""` for all of them; `None` where they are the same.

    Keys come in order, then list items; of a part that is only in one of them the path ends in its name.
    """
    if _same(left, right):
        return None
    path: list[str] = []
    while (found := next((row for row in _parts(left, right) if not _same(*row[1:])), None)) is not None:
        step, left, right = found
        path.append(step)
    return ".".join(path)


def _same(left: Json, right: Json) -> bool:
    return left is not _ABSENT and right is not _ABSENT and canonical(left) == canonical(right)


def _parts(left: Json, right: Json) -> list[tuple[str, Json, Json]]:
    if isinstance(left, dict) and isinstance(right, dict):
        return [(key, left.get(key, _ABSENT), right.get(key, _ABSENT)) for key in sorted(left.keys() | right.keys())]
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip_longest(left, right, fillvalue=_ABSENT)
        return [(str(index), one, other) for index, (one, other) in enumerate(pairs)]
    return []


def _index(step: str) -> int | None:
    digits = step.removeprefix("-")
    return int(step) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
