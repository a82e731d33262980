"""What of a report is embedded in its page: everything while it is small, both ends and a thinned middle when not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from journeyman.interfaces.pages.markup import Html
from journeyman.mission.report.text import members, objects, one_line, ratio
from journeyman.mission.values.canonical import Json, JsonObject

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


def embedded(report: JsonObject) -> JsonObject:
    """Give the report as the page embeds it, with `overview` (criteria over all iterations) and `left_out` (counts)."""
    iterations, effects = objects(report["iterations"]), objects(report["effects"])
    kept_iterations = _within([_slim(row) for row in iterations], [_eventful])
    kept_effects = _within([_slim(row) for row in effects], [_open, _not_simply_done])
    series, dropped = _series(report)
    people, notes = objects(report["people"]), report["notes"]
    left_out: JsonObject = {
        "iterations": _left_out(report, "iterations") + len(iterations) - len(kept_iterations),
        "effects": _left_out(report, "effects") + len(effects) - len(kept_effects),
        "series": dropped,
        "people": _left_out(report, "people") + max(0, len(people) - MOST_PEOPLE),
    }
    return {
        **report,
        "iterations": [*kept_iterations],
        "effects": [*kept_effects],
        "series": series,
        "budget_series": [
            *_thinned(list({str(row["iteration"]): row for row in objects(report["budget_series"])}.values()))
        ],
        "people": [*people[:MOST_PEOPLE]],
        "notes": notes,
        "overview": _overview(report),
        "left_out": left_out,
    }


def _left_out(report: JsonObject, what: str) -> int:
    """Give how many the report itself does not tell."""
    count = members(report.get("left_out")).get(what)
    return count if isinstance(count, int) else 0


def script_data(value: Json) -> Html:
    """Give JSON as the content of a script element: no `<`, `>` or `&` stands in it, so nothing can end the element."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        told = told.replace(character, f"\\u{ord(character):04x}")
    return Html(told)


def _slim(row: JsonObject) -> JsonObject:
    """Give a row without its long values."""
    return {key: _clipped(value) for key, value in row.items()}


def _clipped(value: Json) -> Json:
    if isinstance(value, str):
        return _short(value)
    if not isinstance(value, (list, dict)):
        return value
    told = json.dumps(value, ensure_ascii=False)
    if len(told) <= VALUE_CHARACTERS:
        return value
    rows = objects(value)
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
    """Give the rows that fit, in order: first those that matter, up to half of the room, then from both ends inwards."""
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


def _series(report: JsonObject) -> tuple[JsonObject, int]:
    found = members(report["series"])
    asked = {
        str(members(row["definition"]).get("metric")).removeprefix("metrics.") for row in objects(report["criteria"])
    }
    names = sorted(found, key=lambda name: (name not in asked, name))
    drawn: JsonObject = {}
    for name in names[:MOST_SERIES]:
        drawn[name] = [[at, height] for at, height in _extremes(_points(found[name]))]
    return drawn, max(0, len(names) - MOST_SERIES)


def _points(value: Json) -> list[Point]:
    """Give a series' points, the newest where an iteration was evaluated more than once."""
    found: dict[float, Point] = {}
    for pair in value if isinstance(value, list) else []:
        if isinstance(pair, list) and len(pair) == 2:
            at, height = pair
            if isinstance(at, (int, float)) and isinstance(height, (int, float)):
                found[at] = (at, height)
    return list(found.values())


def _extremes(points: list[Point]) -> list[Point]:
    """Give at most `CHART_POINTS` points with the same outline: the lowest and highest of each stretch, and both ends."""
    if len(points) <= CHART_POINTS:
        return points
    stretches = CHART_POINTS // 2 - 1
    kept = {0, len(points) - 1}
    for stretch in range(stretches):
        inside = range(len(points) * stretch // stretches, len(points) * (stretch + 1) // stretches)
        kept.add(min(inside, key=lambda index: points[index][1]))
        kept.add(max(inside, key=lambda index: points[index][1]))
    return [points[index] for index in sorted(kept)]


def _thinned(rows: list[JsonObject]) -> list[JsonObject]:
    """Give at most `CHART_POINTS` rows evenly, the last one among them."""
    if len(rows) <= CHART_POINTS:
        return rows
    last = len(rows) - 1
    return [rows[last * step // (CHART_POINTS - 1)] for step in range(CHART_POINTS)]


def _overview(report: JsonObject) -> JsonObject:
    """Give how the criteria stood over all iterations: in each column the newest evaluation of a stretch."""
    rows = [row for row in objects(report["iterations"]) if row.get("evaluation")]
    columns: list[Json] = []
    count = min(len(rows), OVERVIEW_COLUMNS)
    for column in range(count):
        inside = rows[len(rows) * column // count : len(rows) * (column + 1) // count]
        told: JsonObject = {
            str(item["id"]): [item["status"], round(ratio(item["progress"]), 3)]
            for item in objects(inside[-1]["evaluation"])
        }
        columns.append({"from": inside[0]["index"], "to": inside[-1]["index"], "criteria": told})
    names: list[Json] = [one_line(row["id"], 100) for row in objects(report["criteria"])]
    return {"columns": columns, "criteria": names[:30]}
