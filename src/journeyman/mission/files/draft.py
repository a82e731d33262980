"""Criteria drafted from a directive, without a model: the numbers in it, the metrics that allowed tools can give.

A draft is a proposal for a person. Nothing here invents a target: a criterion with a number comes from a number in the
directive, and names a metric that is known to come from an allowed tool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria import MetricThreshold, MetricTrend, ToolCallSucceeded, walk
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import Problem

_BELOW: Final = r"below|under|less than|lower than|fewer than|smaller than|<(?!=)"
_AT_MOST: Final = r"at most|no more than|not more than|up to|within|<=|≤"
_ABOVE: Final = r"above|over|more than|greater than|higher than|>(?!=)"
_AT_LEAST: Final = r"at least|no less than|not less than|minimum of|>=|≥"
_EQUAL: Final = r"exactly|equal to|equals|==|="
_OPERATORS: Final = ((_AT_MOST, "<="), (_AT_LEAST, ">="), (_BELOW, "<"), (_ABOVE, ">"), (_EQUAL, "=="))
_NUMBER: Final = r"(-?\d+(?:[.,]\d+)?)\s*(%|percent|ms|milliseconds?|s\b|seconds?|minutes?)?"
_TIMES: Final = re.compile(
    r"(\w+) (?:times|evaluations|checks|iterations) in a row|(\w+) consecutive (?:times|evaluations|checks)",
    re.IGNORECASE,
)
_WORDS: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_IN_MS: Final = {
    "ms": 1,
    "millisecond": 1,
    "milliseconds": 1,
    "s": 1000,
    "second": 1000,
    "seconds": 1000,
    "minute": 60_000,
    "minutes": 60_000,
}
_TREND: Final = (
    ("decreasing", r"decreas|falling|fall|shrink|improve[sd]? downward"),
    ("increasing", r"increas|rising|grow"),
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """Criteria as they would stand in a mission file, and what could not be drafted."""

    criteria: tuple[JsonObject, ...]
    notes: tuple[str, ...]


def draft(directive: str, tools: Sequence[ToolSpec], metrics: Mapping[str, str]) -> Drafted:
    """Give criteria for a directive.

    Args:
        directive: What a person wrote.
        tools: The allowed tools.
        metrics: Name of each metric that a tool can give, to that tool.
    """
    found: list[JsonObject] = []
    notes: list[str] = []
    hold = _hold_for(directive)
    for operator, number, unit, before in _bounds(directive):
        name = _metric_named(before, metrics)
        if name is None:
            notes.append(f"{number:g}{unit}: no allowed tool is known to give a metric for {before.strip()[-60:]!r}")
            continue
        target = _in_unit(number, unit, name)
        row: JsonObject = {
            "id": _fresh(f"{name}_{_PLAIN[operator]}", found),
            "kind": "metric_threshold",
            "metric": name,
            "op": operator,
            "target": target,
        }
        if hold > 1:
            row["hold_for"] = hold
        found.append(row)
    found += _trends(directive, metrics, found)
    if not found:
        named = [tool.name for tool in tools if _overlap(f"{tool.name} {tool.description}", directive)]
        found = [
            {"id": _fresh(f"did_{_identifier(name)}", found), "kind": "tool_call_succeeded", "tool": name}
            for name in named[:5]
        ]
        notes.append("no number in the directive could be checked: these only say that a tool was called")
    if not found:
        notes.append(
            "nothing could be drafted: write a criterion by hand, such as a predicate over what a tool returns"
        )
    return Drafted(tuple(found), tuple(notes))


_PLAIN: Final = {"<=": "at_most", ">=": "at_least", "<": "below", ">": "above", "==": "is"}


def _bounds(directive: str) -> list[tuple[str, float, str, str]]:
    """Give (operator, number, unit, the words before) for each bound in the directive, in order."""
    rows: list[tuple[int, str, float, str, str]] = []
    taken: list[range] = []
    for words, operator in _OPERATORS:
        for match in re.finditer(rf"(?:{words})\s*{_NUMBER}", directive, re.IGNORECASE):
            if any(match.start() in span or match.end() - 1 in span for span in taken):
                continue
            taken.append(range(match.start(), match.end()))
            number = float(match.group(1).replace(",", "."))
            rows.append(
                (
                    match.start(),
                    operator,
                    number,
                    (match.group(2) or "").lower(),
                    _clause(directive, match.start(), match.end()),
                )
            )
    return [row[1:] for row in sorted(rows)]


def _clause(directive: str, start: int, end: int) -> str:
    """Give the words of the same clause: those before a bound, then those after it."""
    before = re.split(r"[.;,]\s|\band\b", directive[:start])[-1]
    after = re.split(r"[.;,]|\band\b", directive[end:])[0]
    return f"{before} {after}"


def _metric_named(words: str, metrics: Mapping[str, str]) -> str | None:
    """Give the metric whose name shares most words with a clause; the only one there is when none does."""
    best = max(metrics, key=lambda name: (_overlap(name, words), -len(name)), default=None)
    if best is None or (_overlap(best, words) == 0 and len(metrics) > 1):
        return None
    return best


def _overlap(name: str, words: str) -> int:
    return len(_tokens(name) & _tokens(words))


def _tokens(text: str) -> set[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower()
    words = {word for word in re.split(r"[^a-z0-9]+", spaced) if len(word) > 1 and word not in _COMMON}
    return {word[:-1] if word.endswith("s") and len(word) > 3 else word for word in words}


_COMMON: Final = frozenset(
    [
        "the",
        "is",
        "to",
        "of",
        "in",
        "and",
        "or",
        "for",
        "with",
        "until",
        "make",
        "keep",
        "get",
        "ms",
        "it",
        "at",
        "that",
        "as",
        "be",
    ]
)


def _in_unit(number: float, unit: str, metric: str) -> int | float:
    """Give a number in the metric's unit, where both say what they are."""
    value = number
    if unit in _IN_MS:
        if metric.endswith("_ms"):
            value = number * _IN_MS[unit]
        elif metric.endswith("_s"):
            value = number * _IN_MS[unit] / 1000
    elif unit in ("%", "percent") and metric.endswith("_ratio"):
        value = number / 100
    return int(value) if float(value).is_integer() else value


def _hold_for(directive: str) -> int:
    match = _TIMES.search(directive)
    if match is None:
        return 1
    word = (match.group(1) or match.group(2)).lower()
    return int(word) if word.isdigit() else _WORDS.get(word, 1)


def _trends(directive: str, metrics: Mapping[str, str], found: Sequence[JsonObject]) -> list[JsonObject]:
    rows: list[JsonObject] = []
    for direction, words in _TREND:
        match = re.search(rf"\b(?:{words})\w*", directive, re.IGNORECASE)
        name = _metric_named(_clause(directive, match.start(), match.end()), metrics) if match is not None else None
        if name is not None and all(row.get("metric") != name for row in found):
            rows.append(
                {
                    "id": _fresh(f"{name}_{direction}", rows),
                    "kind": "metric_trend",
                    "metric": name,
                    "direction": direction,
                }
            )
    return rows


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_") or "criterion"


def _fresh(name: str, found: Sequence[JsonObject]) -> str:
    taken = {str(row["id"]) for row in found}
    wanted = _identifier(name)
    return next(
        candidate for candidate in (wanted, *(f"{wanted}_{n}" for n in range(2, 999))) if candidate not in taken
    )


def undecidable(mission: Mission, tools: Sequence[str], metrics: Mapping[str, str]) -> tuple[Problem, ...]:
    """Give the criteria of a draft that no allowed tool can decide."""
    found: list[Problem] = []
    for criterion in walk(mission.criteria):
        if isinstance(criterion, (MetricThreshold, MetricTrend)):
            name = criterion.metric.removeprefix("metrics.").partition(".")[0]
            if name not in metrics:
                found.append(
                    Problem(
                        where=criterion.id,
                        message=f"no allowed tool gives a metric {name!r}",
                        hint=f"known: {', '.join(metrics) or 'none'}",
                    )
                )
        elif isinstance(criterion, ToolCallSucceeded) and criterion.tool not in tools:
            found.append(Problem(where=criterion.id, message=f"{criterion.tool!r} is not an allowed tool"))
    return tuple(found)


def schema_metrics(output_schema: Json) -> list[str]:
    """Give the metrics that a tool's output schema names."""
    properties = output_schema.get("properties") if isinstance(output_schema, dict) else None
    metrics = properties.get("metrics") if isinstance(properties, dict) else None
    named = metrics.get("properties") if isinstance(metrics, dict) else None
    return list(named) if isinstance(named, dict) else []
