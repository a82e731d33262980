"""What of a report is embedded in its page: everything while it is small, both ends and a thinned middle when not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

from journeyman.interfaces.pages.markup import Html
from journeyman.mission.report.call_text import call_text
from journeyman.mission.report.iteration_text import IterationText, argument_changes, iteration_texts
from journeyman.mission.report.model import Report, to_json
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.report.rows import BudgetPoint
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.value import replace

LIST_BYTES: Final = 4_000_000
"""Most bytes of iterations, and as many of effects: all of some ten thousand iterations with a criterion or two."""
VALUE_CHARACTERS: Final = 2_000
"""Longest argument, result or piece of evidence; readers find the whole value in the record."""
CHART_POINTS: Final = 800
"""Points of a line: more than a screen has pixels to tell apart."""
MOST_SERIES: Final = 100
OVERVIEW_COLUMNS: Final = 160
MOST_PEOPLE: Final = 1_000

Point: TypeAlias = tuple[float, float]


def embedded(report: Report) -> JsonObject:
    """The report as the page embeds it.

    Besides its fields: `overview` (criteria over all iterations), `left_out` (counts), `texts` (iterations in the words of
    the live lines) and `effect_texts` (each call, and what was different from the one of the same tool before).
    """
    iterations = [_slim(to_json(row)) for row in report.iterations]
    effects = [_slim(to_json(row)) for row in report.effects]
    kept_iterations = _within(iterations, [_eventful])
    kept_effects = _within(effects, [_open, _not_simply_done])
    kept_names = {str(row["effect"]) for row in kept_effects}
    texts, changes = iteration_texts(report), argument_changes(report.effects)
    series, dropped = metric_series(report)
    budgets = list({row.iteration: row for row in report.budget_series}.values())
    left_out: JsonObject = {
        "iterations": report.left_out.iterations + len(iterations) - len(kept_iterations),
        "effects": report.left_out.effects + len(effects) - len(kept_effects),
        "series": dropped,
        "people": report.left_out.people + max(0, len(report.people) - MOST_PEOPLE),
    }
    bare = replace(report, iterations=[], effects=[], series={}, budget_series=[], people=report.people[:MOST_PEOPLE])
    return {
        **to_json(bare),
        "iterations": [*kept_iterations],
        "effects": [*kept_effects],
        "series": series,
        "budget_series": [to_json(row) for row in thinned(budgets)],
        "overview": overview(report),
        "texts": {str(row["index"]): _text(texts[cast("int", row["index"])]) for row in kept_iterations},
        "effect_texts": {
            row.effect: [call_text(row.tool, row.args, 200), changes.get(row.effect, "")]
            for row in report.effects
            if row.effect in kept_names
        },
        "left_out": left_out,
    }


def _text(row: IterationText) -> JsonObject:
    return {"line": row.line, "changed": row.changed, "trouble": [[*pair] for pair in row.trouble], "took": row.took}


def script_data(value: Json) -> Html:
    """JSON as the content of a script element: no `<`, `>` or `&` stands in it, so nothing can end the element."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        told = told.replace(character, f"\\u{ord(character):04x}")
    return Html(told)


def _slim(row: JsonObject) -> JsonObject:
    """A row without its long values."""
    return {key: _clipped(value) for key, value in row.items()}


def _clipped(value: Json) -> Json:
    if isinstance(value, str):
        return _short(value)
    if not isinstance(value, (list, dict)):
        return value
    told = json.dumps(value, ensure_ascii=False)
    if len(told) <= VALUE_CHARACTERS:
        return value
    rows = [row for row in value if isinstance(row, dict)]
    if rows and len(rows) == len(value):  # evaluations and errors stay lists of rows, each value shortened
        return [{key: _short(told) if isinstance(told, str) else told for key, told in row.items()} for row in rows]
    return _short(told)


def _short(text: str) -> str:
    dropped = len(text) - VALUE_CHARACTERS
    return text if dropped <= 0 else f"{text[:VALUE_CHARACTERS]}… [{dropped:,} more characters in the record]"


def _eventful(row: JsonObject) -> bool:
    return row.get("verdict") != "continue" or bool(row.get("errors"))


def _open(row: JsonObject) -> bool:
    return row.get("state") in ("unknown", "intended")


def _not_simply_done(row: JsonObject) -> bool:
    return row.get("state") != "done" or "reconciled_by" in row


def _within(rows: list[JsonObject], matters: Sequence[Callable[[JsonObject], bool]]) -> list[JsonObject]:
    """The rows that fit, in order: first those that matter, up to half of the room, then from both ends inwards."""
    sizes = [len(json.dumps(row, ensure_ascii=False).encode()) + 1 for row in rows]
    if sum(sizes) <= LIST_BYTES:
        return rows
    inwards = [index for pair in zip(range(len(rows)), reversed(range(len(rows))), strict=True) for index in pair]
    inwards = inwards[: len(rows)]
    kept: set[int] = set()
    passes = [([index for index in inwards if matter(rows[index])], LIST_BYTES // 2) for matter in matters]
    for order, room in (*passes, (inwards, LIST_BYTES)):
        used = sum(sizes[index] for index in kept)
        for index in order:
            if index in kept:
                continue
            used += sizes[index]
            if used > room:
                break
            kept.add(index)
    return [rows[index] for index in sorted(kept)]


def metric_series(report: Report) -> tuple[JsonObject, int]:
    """The lines of metrics, those that criteria ask for first, and how many are left out."""
    asked = {str(row.definition.get("metric")).removeprefix("metrics.") for row in report.criteria}
    names = sorted(report.series, key=lambda name: (name not in asked, name))
    drawn: JsonObject = {}
    for name in names[:MOST_SERIES]:
        newest = {at: height for at, height in report.series[name]}  # noqa: C416  # of an iteration that was evaluated more than once
        drawn[name] = [[at, height] for at, height in extremes(list(newest.items()))]
    return drawn, max(0, len(names) - MOST_SERIES)


def extremes(points: list[Point]) -> list[Point]:
    """At most `CHART_POINTS` points with the same outline: the lowest and highest of each stretch, and both ends."""
    if len(points) <= CHART_POINTS:
        return points
    stretches = CHART_POINTS // 2 - 1
    kept = {0, len(points) - 1}
    for stretch in range(stretches):
        inside = range(len(points) * stretch // stretches, len(points) * (stretch + 1) // stretches)
        kept.add(min(inside, key=lambda index: points[index][1]))
        kept.add(max(inside, key=lambda index: points[index][1]))
    return [points[index] for index in sorted(kept)]


def thinned(rows: list[BudgetPoint]) -> list[BudgetPoint]:
    """At most `CHART_POINTS` rows evenly, the last one among them."""
    if len(rows) <= CHART_POINTS:
        return rows
    last = len(rows) - 1
    return [rows[last * step // (CHART_POINTS - 1)] for step in range(CHART_POINTS)]


def overview(report: Report) -> JsonObject:
    """How the criteria stood over all iterations: in each column the newest evaluation of a stretch."""
    rows = [row for row in report.iterations if row.evaluation]
    columns: list[Json] = []
    count = min(len(rows), OVERVIEW_COLUMNS)
    for column in range(count):
        inside = rows[len(rows) * column // count : len(rows) * (column + 1) // count]
        stood: JsonObject = {
            item.id: [item.status.value, round(min(1.0, max(0.0, item.progress)), 3)] for item in inside[-1].evaluation
        }
        columns.append({"from": inside[0].index, "to": inside[-1].index, "criteria": stood})
    names: list[Json] = [one_line(row.id, 100) for row in report.criteria]
    return {"columns": columns, "criteria": names[:30]}
