"""Values in tool results, by name: what the planner fills arguments from.

`{"branches": ["main", "dev"], "head": {"sha": "ab"}}` gives `branches: main, dev` and `sha: ab`. A list of objects
gives each field; a list of scalars counts under its own name. Everything is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject

MAX_NAMES: Final = 64
MAX_VALUES: Final = 24
"""Newest distinct values kept of one name."""
MAX_TEXT: Final = 200
"""Longer texts are prose, not arguments."""
MAX_LOOKED_AT: Final = 500
"""Scalars looked at in one result, so that a large result costs no more than a small one."""

Seen = Mapping[str, tuple[Json, ...]]


def pairs(value: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """(name, scalar) for each scalar in `value`, in document order."""
    stack: list[tuple[str, Json]] = [(name, value)]
    left = MAX_LOOKED_AT
    while stack and left > 0:
        at, item = stack.pop()
        if isinstance(item, dict):
            stack.extend((key, inner) for key, inner in reversed(item.items()))
        elif isinstance(item, list):
            stack.extend((at, inner) for inner in reversed(item[:MAX_LOOKED_AT]))
        elif at and item is not None and not (isinstance(item, str) and len(item) > MAX_TEXT):
            left -= 1
            yield at, item


def gather(value: Json, name: str = "") -> JsonObject:
    """What a result shows as plain JSON: name to list of distinct values."""
    found: dict[str, list[Json]] = {}
    for key, item in pairs(value, name):
        row = found.setdefault(key, [])
        if len(row) < MAX_VALUES and item not in row:
            row.append(item)
        if len(found) > MAX_NAMES:
            break
    return dict(found.items())


def merge(seen: Seen, found: JsonObject) -> Seen:
    """`seen` with new values last, oldest names and values dropped over the bounds."""
    if not found:
        return seen
    merged = dict(seen)
    for key, row in found.items():
        fresh = tuple(row) if isinstance(row, list) else (row,)
        old = merged.pop(key, ())
        merged[key] = (tuple(value for value in old if value not in fresh) + fresh)[-MAX_VALUES:]
    while len(merged) > MAX_NAMES:
        del merged[next(iter(merged))]
    return merged
