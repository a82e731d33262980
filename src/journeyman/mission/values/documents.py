"""JSON documents of others, read so that nobody can read them otherwise."""

from __future__ import annotations

import json
from typing import NoReturn


def document(text: str) -> object:
    """The value of a JSON text; raises `ValueError` for NaN, infinities, keys that stand twice, and what is no JSON."""
    return json.loads(text, parse_constant=_refuse, object_pairs_hook=unique_keys)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of these keys and values; raises `ValueError` where one stands twice: readers differ in which counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if any(key == other for other, _ in pairs[:index]))
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found
