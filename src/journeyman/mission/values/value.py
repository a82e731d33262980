"""The base of what the rules pass on: events, the state and its parts, evidence.

A fold makes some ten new values for each event, and reading a record decodes each event into one. As frozen slotted
dataclasses those two were more than half of the time of both: Python sets each field by a call. `msgspec.Struct` is
the same, frozen and slotted, with construction, comparing, `replace` and decoding done in C, ten to twenty times as
fast (`benchmarks/read_latency.py` holds the sum of it).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

if TYPE_CHECKING:
    from journeyman.mission.values.canonical import Json, JsonObject
else:  # what pydantic knows as JSON is nothing that msgspec knows; it decodes any JSON where it finds these
    Json = Any
    JsonObject = dict[str, Any]

__all__ = ["Json", "JsonObject", "Value", "defaults", "replace"]


class Value(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A frozen value, of other values and plain JSON.

    Subclasses say `frozen=True` again, for type checkers, and `kw_only=True` where fields have no natural order. Not
    tracked by the garbage collector: a value is made of what was there before it, so there are no cycles to find.
    Decoding refuses fields that it does not know.
    """


@cache
def defaults(kind: type[Value]) -> tuple[tuple[str, object], ...]:
    """Each field of a kind with its default; `NODEFAULT` where it has none."""
    found: list[tuple[str, object]] = []
    for item in fields(kind):
        default = item.default if item.default_factory is NODEFAULT else item.default_factory()
        found.append((item.name, default))
    return tuple(found)
