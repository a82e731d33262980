"""The guard's entries in a host's JSON file: put in, found, and taken out. Pure: texts in, texts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from journeyman.agents.installing.hook_command import command_of, is_guard
from journeyman.agents.installing.host_files import Dialect, HostFiles
from journeyman.agents.installing.json_text import (
    JsonFault,
    JsonPath,
    JsonText,
    put_last,
    read_json_text,
    take_out,
    value_at,
)

LONG_CAP: Final = "100"
"""What `--long` raises a host's cap to: as many blocks as a contract may ask for."""
_HOOKS: Final = "hooks"


@dataclass(frozen=True, slots=True)
class GuardHandler:
    """A handler of the guard in a file of hooks."""

    path: JsonPath
    command: str


def with_guard(files: HostFiles, host: str, text: str | None, command: str, *, raise_cap: bool) -> str:
    """The text of a host's file, `None` where there is none yet, with the guard's hook; the same where it is there already.

    Raises `JsonFault` where it is no JSON or not of the shape that the host wants.
    """
    if text is None:
        text = "{}\n"
    found = _object(read_json_text(text))
    if (fault := unread(files, found)) is not None:
        raise fault
    for key, value in files.scaffold.items():
        if key not in cast("dict[str, object]", found.value):
            found = read_json_text(put_last(found, (), value, key))
    for event in files.events:
        found = _with_event(found, host, event, files.entry(command))
    if raise_cap and files.cap_path is not None:
        found = _with_member(found, files.cap_path, LONG_CAP)
    return found.text


def without_guard(files: HostFiles, host: str, text: str, original: str | None) -> str | None:
    """The text without what was put there; `None` where nothing is left of a file that we began.

    `original` is the file as it was before, `None` where there was none: what was empty then stays.
    """
    found = _object(read_json_text(text))
    before: object = None if original is None else read_json_text(original).value
    for handler in reversed(guard_handlers(found.text, host)):
        found = _without(found, handler.path, before)
    cap = files.cap_path
    if cap is not None and value_at(found.value, cap) == LONG_CAP and value_at(before, cap) is None:
        found = _without(found, cap, before)
    left = cast("dict[str, object]", found.value)
    if original is None:
        return None if all(files.scaffold.get(key) == value for key, value in left.items()) else found.text
    for key, value in files.scaffold.items():
        if left.get(key) == value and value_at(before, (key,)) is None:
            found = _without(found, (key,), before)
    return found.text


def unread(files: HostFiles, found: JsonText) -> JsonFault | None:
    """Why the host reads nothing of a file, although it is nearly JSON: it would skip our hook in silence, too."""
    comment, comma = found.comment_line, found.last_comma_line
    if files.dialect is Dialect.STRICT and comment is not None:
        return JsonFault("it has a comment, and the host reads nothing of a file with comments: take it out", comment)
    if files.dialect is not Dialect.LOOSE and comma is not None:
        return JsonFault("a comma stands before a closing bracket, and the host reads nothing of such a file", comma)
    return None


def guard_handlers(text: str, host: str) -> list[GuardHandler]:
    """The guard's handlers in a file, in its order, at whatever events. Raises `JsonFault`."""
    found = read_json_text(text)
    hooks = value_at(found.value, (_HOOKS,))
    if not isinstance(hooks, dict):
        return []
    rows: list[GuardHandler] = []
    for event, listed in cast("dict[str, object]", hooks).items():
        for index, element in enumerate(_list(listed)):
            path: JsonPath = (_HOOKS, event, index)
            handlers = [(path, element)]
            handlers += [((*path, _HOOKS, at), one) for at, one in enumerate(_list(value_at(element, (_HOOKS,))))]
            rows += [
                GuardHandler(place, command) for place, one in handlers if is_guard(command := command_of(one), host)
            ]
    return rows


def _with_event(found: JsonText, host: str, event: str, entry: object) -> JsonText:
    there = [one for one in guard_handlers(found.text, host) if one.path[1] == event]
    if len(there) == 1 and value_at(found.value, there[0].path[:3]) == entry:
        return found
    for handler in reversed(there):
        found = _without(found, handler.path, found.value)
    hooks = found.find((_HOOKS,))
    if hooks is None:
        return read_json_text(put_last(found, (), {event: [entry]}, _HOOKS))
    _wanted(found, (_HOOKS,), dict, "an object with a list for each event")
    if found.find((_HOOKS, event)) is None:
        return read_json_text(put_last(found, (_HOOKS,), [entry], event))
    _wanted(found, (_HOOKS, event), list, "a list of hooks")
    return read_json_text(put_last(found, (_HOOKS, event), entry))


def _with_member(found: JsonText, path: tuple[str, str], value: str) -> JsonText:
    """With a member of an object of the root; one that is there already is its user's own, and stays."""
    outer, key = path
    if found.find((outer,)) is None:
        return read_json_text(put_last(found, (), {key: value}, outer))
    _wanted(found, (outer,), dict, "an object")
    return found if found.find(path) is not None else read_json_text(put_last(found, (outer,), value, key))


def _without(found: JsonText, path: JsonPath, before: object) -> JsonText:
    """Without what stands there, and without what is empty then and was not there before."""
    found = read_json_text(take_out(found, path))
    above = path[:-1]
    while above:
        left = value_at(found.value, above)
        is_group = isinstance(above[-1], int) and left in (
            {_HOOKS: []},
            {"matcher": "", _HOOKS: []},
            {"matcher": "*", _HOOKS: []},
        )
        is_empty = left in ([], {}) and (
            any(isinstance(name, int) for name in above) or value_at(before, above) is None
        )
        if not (is_empty or is_group):
            break
        found = read_json_text(take_out(found, above))
        above = above[:-1]
    return found


def _object(found: JsonText) -> JsonText:
    _wanted(found, (), dict, "an object")
    return found


def _wanted(found: JsonText, path: JsonPath, kind: type, words: str) -> None:
    value = value_at(found.value, path)
    span = found.find(path)
    if not isinstance(value, kind) and span is not None:
        name = ".".join(map(str, path)) or "the whole"
        raise JsonFault(f"{name} is {_kind(value)}, not {words}", found.line(span.start))


def _kind(value: object) -> str:
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
