"""Snapshots: the folded state as bytes beside the record, so that reading costs no more as the record grows.

A snapshot is JSON of the state's fields, those with default values left out, in the order in which the state holds
them: mappings that forget their oldest entries are as they were. Two folds of the same events give the same bytes,
however long ago and in whatever process; `form` names the fields, since another version may hold others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final, cast, get_args, get_type_hints

import msgspec
from pydantic import BaseModel

from journeyman.mission.model.events import PLACE, SnapshotTaken
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import MAX_SAFE_INTEGER, digest
from journeyman.mission.values.errors import BugError, RecordBroken
from journeyman.mission.values.value import Value, defaults

FORM_NUMBER: Final = 1
"""Counts changes of the fold that give the same fields another meaning."""
_ENCODE: Final = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, check_circular=False, allow_nan=False
).encode


def snapshot_of(state: State) -> bytes:
    """The bytes of a state."""
    return _ENCODE(_plain(state)).encode()


def snapshot_event(state: State, data: bytes | None = None) -> SnapshotTaken:
    """The event that names the snapshot of a state, whose bytes may be known already."""
    data = snapshot_of(state) if data is None else data
    return SnapshotTaken(state={"$blob": digest(data), "bytes": len(data)}, form=form())


def restored(data: bytes) -> State:
    """The state that `snapshot_of` made the bytes of; raises `RecordBroken` when they are none."""
    try:
        return _decoder().decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        place = PLACE.search(str(error))
        where = f": malformed at {place[1]}" if place is not None else ""
        raise RecordBroken(f"the snapshot is no state of this version{where}") from None


@cache
def form() -> str:
    """The short name of the state's fields and their types, all the way down."""
    lines = sorted({line for kind in _kinds(State) for line in _described(kind)})
    return hashlib.sha256("\n".join([str(FORM_NUMBER), *lines]).encode()).hexdigest()[:16]


@cache
def _decoder() -> msgspec.json.Decoder[State]:
    """The reader of states; made when it is first needed, since it looks through all their types."""
    return msgspec.json.Decoder(State, dec_hook=_model)


def _model(kind: type[Any], value: Any) -> Any:
    """A mission or strategy, which pydantic knows how to read."""
    if issubclass(kind, BaseModel):
        return kind.model_validate(value)
    raise NotImplementedError(kind)


def _plain(value: Any) -> object:
    """A value of the state as JSON. Whole floats are written as integers: the fold gets either from the same event."""
    kind = cast("type[Any]", type(value))
    if value is None or kind is bool or kind is str or kind is int:
        return value
    if kind is float:
        return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    if isinstance(value, Value):
        return _plain_fields(value, kind)
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    raise BugError(f"a state holds a {kind.__name__}, which snapshots cannot keep; teach `record.snapshot` its form")


def _plain_fields(value: object, kind: type[Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, default in defaults(kind):
        item = getattr(value, name)
        if item is not default and (item != default or type(item) is not type(default)):
            found[name] = _plain(item)
    return found


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    """The classes that a state is made of."""
    waiting, known = [kind], {kind}
    while waiting:
        at = waiting.pop()
        yield at
        for inner in _inside(list(get_type_hints(at).values())):
            if inner not in known:
                known.add(inner)
                waiting.append(inner)


def _inside(hints: list[Any]) -> Iterator[type[Any]]:
    while hints:
        hint = hints.pop()
        hints.extend(get_args(hint))
        if isinstance(hint, type) and issubclass(hint, (Value, BaseModel, Enum)):
            yield hint


def _described(kind: type[Any]) -> Iterator[str]:
    if issubclass(kind, Enum):
        yield from (f"{kind.__name__}:{member.value}" for member in kind)
    else:
        ours = [base for base in kind.__mro__ if base.__module__.startswith("journeyman")]
        for base in ours:
            yield from (
                f"{kind.__name__}.{name}:{hint}" for name, hint in vars(base).get("__annotations__", {}).items()
            )
