"""What to tell a model whose answer did not fit: places and rules, never a word of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from journeyman.answers.extraction import Extraction, ExtractionReason

_MAX_LINES: Final = 12
_MAX_CHARS: Final = 240
_MAX_LEAVES: Final = 2_000
_OWN_WORDS: Final = {"value_error", "assertion_error", "union_tag_invalid"}
"""Kinds of fault whose text may quote the input."""
_SHOWN: Final = {
    ExtractionReason.NOTHING: "no JSON object was found in the answer",
    ExtractionReason.TRUNCATED: "the answer ended before its JSON was complete; give a shorter one",
    ExtractionReason.MALFORMED: "the JSON could not be read; give one strict JSON object (RFC 8259) and nothing else",
    ExtractionReason.TOO_LARGE: "the answer is too large or too deeply nested",
    ExtractionReason.REFUSED: "the answer was refused or filtered",
    ExtractionReason.AMBIGUOUS: "several different JSON objects fit; give one JSON object and nothing else",
}


def problem_lines(model: Any, extraction: Extraction[Any]) -> list[str]:
    """One line per fault for the retry prompt; empty when there is a value.

    Lines hold places and rules of the asked type only: they may be logged.
    """
    if extraction.ok:
        return []
    if extraction.problems:
        return list(extraction.problems)
    said = _SHOWN.get(extraction.reason, "the answer does not fit the asked type")
    keys = (
        ", ".join(_top_keys(model))
        if extraction.reason in {ExtractionReason.NOTHING, ExtractionReason.MALFORMED}
        else ""
    )
    return [f"{said}; expected keys: {keys}" if keys else said]


def lines_of(error: ValidationError, value: Any, model: Any) -> tuple[str, ...]:
    """Place and rule of each fault that pydantic found in `value`, without anything from it."""
    names = _schema_names(model)
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    lines: list[str] = []
    for fault in faults[:_MAX_LINES]:
        place = ".".join(_safe(part, names) for part in fault["loc"]) or "answer"
        rule = fault["msg"]
        if fault["type"] in _OWN_WORDS or fault["type"] not in _PLAIN:
            rule = rule if not _quotes(rule, value) else "breaks a rule of this field"
        lines.append(f"{place}: {' '.join(rule.split())}"[:_MAX_CHARS])
    if len(faults) > _MAX_LINES:
        lines.append(f"and {len(faults) - _MAX_LINES} more faults")
    return tuple(lines)


_PLAIN: Final = {"missing", "extra_forbidden", "int_type", "int_parsing", "float_type", "float_parsing", "string_type"}
"""The common kinds, whose text is fixed."""


def _safe(part: int | str, names: frozenset[str]) -> str:
    """Keep places that the type knows; a key of the answer's own choosing is answer text."""
    return str(part) if isinstance(part, int) or part in names else "*"


def _schema_names(model: Any) -> frozenset[str]:
    try:
        return frozenset(_names(TypeAdapter[Any](model).json_schema()))
    except Exception:  # noqa: BLE001 — some types have no schema; then no place has a name
        return frozenset()


def _names(schema: Any) -> Iterator[str]:
    waiting: list[Any] = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            known = cast("dict[str, Any]", item)
            properties = known.get("properties")
            if isinstance(properties, dict):
                yield from cast("dict[str, Any]", properties)
            waiting += known.values()
        elif isinstance(item, list):
            waiting += cast("list[Any]", item)


def _top_keys(model: Any) -> list[str]:
    if model is None:
        return []
    try:
        return list(TypeAdapter[Any](model).json_schema().get("properties", {}))
    except Exception:  # noqa: BLE001 — some types have no schema; then there are no keys to name
        return []


def _quotes(rule: str, value: Any) -> bool:
    """Tell whether a fault's text holds a word of the answer."""
    words = set(re.findall(r"\w+", rule))
    waiting, seen = [value], 0
    while waiting:
        item = waiting.pop()
        seen += 1
        if seen > _MAX_LEAVES:
            return True
        if isinstance(item, dict):
            waiting += [*cast("dict[str, Any]", item), *cast("dict[str, Any]", item).values()]
        elif isinstance(item, list):
            waiting += cast("list[Any]", item)
        elif item is not None and not isinstance(item, bool) and _shares(str(item), rule, words):
            return True
    return False


def _shares(text: str, rule: str, words: set[str]) -> bool:
    return (
        text in words
        or (len(text) > 2 and text in rule)
        or any(len(word) > 3 and word in words for word in re.findall(r"\w+", text))
    )
