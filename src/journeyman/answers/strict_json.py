"""Strict JSON: what the standard leaves open (names that come twice, NaN, lone surrogates) is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, cast

from pydantic_core import from_json

from journeyman.answers.token_patterns import Value

MAYBE_NOT_FINITE: Final = re.compile(r"nan|inf|[eE]\+?\d{3}|\d{300}", re.IGNORECASE)
"""A text without a match holds no number that is not finite."""


class _NotStrictJson(ValueError):
    """A literal that JSON does not have, or an object with a name twice."""


def _refuse(literal: str) -> Any:
    raise _NotStrictJson(literal)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; parsers differ in which of two equal names counts, so neither does."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _NotStrictJson("a name comes twice")
    return made


DECODER: Final = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_unique_keys)


def parse_strict(text: str) -> Value:
    """Parse strict JSON; ValueError for anything else, for names that come twice, NaN, overflow and lone surrogates."""
    check_well_formed(text)
    try:
        return cast("Value", DECODER.decode(text))
    except RecursionError as error:
        raise ValueError("too deep") from error


def check_well_formed(text: str) -> None:
    """Raise ValueError as `strict` does, but for names that come twice, which the parser does not tell."""
    try:
        value = cast("Value", from_json(text, allow_inf_nan=False))
    except TypeError as error:  # the text holds a lone surrogate
        raise ValueError("no text") from error
    if MAYBE_NOT_FINITE.search(text) and not is_finite(value):
        raise ValueError("not finite")


def is_finite(value: Any) -> bool:
    """Tell whether no number in the value is NaN or infinite."""
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return False
        if isinstance(item, dict):
            waiting += cast("dict[Any, Any]", item).values()
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += cast("list[Any]", item)
    return True
