"""Lines over iterations: small ones drawn here, large ones described for the page's script, which draws them to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

from journeyman.interfaces.pages.embedded_report import extremes, metric_series, overview, thinned
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import BUDGETS
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.report.rows import CriterionRow
from journeyman.mission.values.canonical import Json, JsonObject

_WIDTH: Final = 132
_HEIGHT: Final = 30
_MOST_CHARTS: Final = 12

Point = tuple[float, float]


def sparkline(
    name: str,
    points: Sequence[Point],
    target: float | None = None,
    tone: str = "calm",
    span_of: tuple[float, float] | None = None,
) -> Html:
    """A line as small as a word, with its bound; described for those who do not see it. Nothing for fewer than two points.

    It fills its height, or shows at least the values of `span_of`, so that noise stays as small as it is.
    """
    if len(points) < 2:
        return NOTHING
    drawn = extremes(list(points))
    lowest, highest = min(y for _, y in drawn), max(y for _, y in drawn)
    low, high = (lowest, highest) if span_of is None else (min(lowest, span_of[0]), max(highest, span_of[1]))
    near = target is not None and low - 2 * (high - low) <= target <= high + 2 * (high - low)
    if target is not None and near:
        low, high = min(low, target), max(high, target)
    span, first, last = (high - low) or 1.0, drawn[0][0], drawn[-1][0]

    def place(point: Point) -> str:
        x = 2 + (point[0] - first) / ((last - first) or 1) * (_WIDTH - 6)
        y = 3 + (1 - (point[1] - low) / span) * (_HEIGHT - 6)
        return f"{x:.1f},{y:.1f}"

    parts: list[Html] = []
    if target is not None and near:
        at = f"{3 + (1 - (target - low) / span) * (_HEIGHT - 6):.1f}"
        parts.append(tag("line", x1="0", x2=str(_WIDTH), y1=at, y2=at, class_="bound"))
    parts.append(tag("polyline", points=" ".join(map(place, drawn))))
    x, _, y = place(drawn[-1]).partition(",")
    parts.append(tag("circle", cx=x, cy=y, r="2.4"))
    bound = f", bound {_number(target)}" if target is not None else ""
    told = f"{name} from {_number(drawn[0][1])} to {_number(drawn[-1][1])}, lowest {_number(lowest)}, highest {_number(highest)}{bound}"
    return tag("svg", tag("title", text(told)), *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_=f"spark {tone}",
               role="img", aria_label=told)  # fmt: skip


def criterion_lines(report: Report) -> dict[str, Html]:
    """For each criterion how it came there: its metric where it has one, else its progress."""
    progress: dict[str, list[Point]] = {}
    for row in report.iterations:
        for judged in row.evaluation:
            progress.setdefault(judged.id, []).append((row.index, judged.progress))
    found: dict[str, Html] = {}
    for row in report.criteria:
        measured = report.series.get(_metric(row))
        if measured is not None and len(measured) > 1:
            found[row.id] = sparkline(_metric(row), [(at, y) for at, y in measured], row.bound, _tone(row))
        elif not row.abort_when_met:
            found[row.id] = sparkline(f"progress of {row.id}", progress.get(row.id, []), 1.0, _tone(row))
    return found


def _metric(row: CriterionRow) -> str:
    return str(row.definition.get("metric", "")).removeprefix("metrics.")


def _tone(row: CriterionRow) -> str:
    if row.status is CriterionStatus.INCONCLUSIVE:
        return "unsure"
    return "good" if (row.status is CriterionStatus.MET) != row.abort_when_met else "bad"


def burn_down(report: Report) -> Html:
    """What was left of each budget after each iteration."""
    rows = thinned(report.budget_series)
    series: list[Json] = []
    for kind, title in BUDGETS.items():
        ceiling = report.budget.of(kind)
        if ceiling and len(rows) > 1:
            points: list[Json] = [[row.iteration, max(0.0, 1 - getattr(row, kind) / ceiling)] for row in rows]
            series.append({"name": title.lower(), "points": points})
    return _chart("burn-down", {"title": "What was left", "note": "of each budget, open reservations counted as used",
                                "series": series, "fixed": [0, 1], "percent": True})  # fmt: skip


def metric_charts(report: Report) -> list[Html]:
    """The metrics over iterations, those that criteria ask for first."""
    series, _ = metric_series(report)
    found: list[Html] = []
    for place, (name, points) in enumerate(list(series.items())[:_MOST_CHARTS]):
        asked = [row for row in report.criteria if _metric(row) == name]
        targets: list[Json] = [
            {"value": row.bound, "label": _goal(row), "bad": row.abort_when_met}
            for row in asked
            if row.bound is not None
        ]
        known: JsonObject = {"title": one_line(name, 100), "series": [{"name": one_line(name, 100), "points": points}]}
        found.append(_chart(f"metric-{place}", {**known, "targets": targets}))
    return [one for one in found if one]


def _goal(row: CriterionRow) -> str:
    sign = str(row.definition.get("op", ""))
    return f"{'abort: ' if row.abort_when_met else ''}{sign} {_number(row.bound or 0.0)}".strip()


def criteria_strip(report: Report) -> Html:
    """How all criteria stood over the iterations; drawn by the script alone, the table beside it says how they stand."""
    found = overview(report)
    if len(cast("list[Json]", found["columns"])) < 2:
        return NOTHING
    aborts: list[Json] = [row.id for row in report.criteria if row.abort_when_met]
    data = json.dumps({**found, "aborts": aborts}, ensure_ascii=False)
    return tag("figure", id="overview", class_="card", data_strip=data, hidden="")


def _chart(name: str, described: Mapping[str, Json]) -> Html:
    series = cast("list[JsonObject]", described["series"])
    if not series or len(cast("list[Json]", series[0]["points"])) < 2:
        return NOTHING
    plain = [
        tag("p", sparkline(str(one["name"]), [(x, y) for x, y in cast("list[list[float]]", one["points"])]),
            text(f" {one['name']}"), class_="quiet")
        for one in series
    ]  # fmt: skip
    head = tag("figcaption", text(str(described["title"])))
    return tag("figure", head, *plain, id=name, class_="card", data_chart=json.dumps(described, ensure_ascii=False))


def _number(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.4g}"
