"""All sessions: searched, filtered, a page at a time, alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from journeyman.engine.standing import Standing, standing_of
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.pages.elements import bar, none, pill, table
from journeyman.interfaces.pages.markup import NOTHING, Html, joined, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.pager import paged, pager
from journeyman.interfaces.viewer.record_cache import ListedCost, RecordCache
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.report.criterion_text import TONES
from journeyman.mission.report.phrases import OUTCOMES
from journeyman.mission.report.plain_text import MISSING, amount_text, one_line, time_text
from journeyman.stores.base import Summary

_ROWS: Final = 50
_STANDING_TONES: Final = {
    Standing.RUNNING: "going",
    Standing.WAITING: "warn",
    Standing.INTERRUPTED: "unsure",
    Standing.COULD_NOT_START: "bad",
}
_OUTCOMES: Final = ("achieved", "not_achieved", "unknown")
"""Of those that ended."""


async def sessions_page(request: Request, visit: Visit, cache: RecordCache) -> Page:
    """The list."""
    query = request.query_params
    words, wanted = query.get("q", "")[:200], query.get("status", "")
    rows = await visit.rows()
    named = [row for row in rows if _matches(row, words)]
    kinds = Counter(_kind(row) for row in named)
    chosen = paged([row for row in named if wanted in ("", _kind(row))], query.get("page", ""), _ROWS)
    costs = [await cache.cost(visit.store, row) for row in chosen.rows]
    found = tag(
        "section",
        _filters(words, wanted, kinds, len(named)),
        _table(chosen.rows, costs) if chosen.rows else _nothing(visit, filtered=bool(rows)),
        pager(chosen, "sessions", lambda page: address(q=words, status=wanted, page=page)),
        id="sessions",
        aria_label="Sessions",
    )
    tenant = visit.caller.tenant
    waiting = sum(_kind(row) == Standing.WAITING for row in rows)
    intro = f"{len(rows):,} session{'' if len(rows) == 1 else 's'}"
    intro += f", {waiting:,} waiting for a person" if waiting else ""
    return Page(
        title="Sessions",
        header=heading("Sessions", intro, above=f"Tenant {tenant}"),
        parts=[found],
        here="/",
        live=address("stream"),
    )


def _matches(row: Summary, words: str) -> bool:
    told = f"{row.session_id} {row.name} {row.origin} {row.verdict}".lower()
    return all(word in told for word in words.lower().split())


def _kind(row: Summary) -> str:
    """What filters tell apart: where a session stands, and of those that ended, how."""
    standing = standing_of(row)
    return row.outcome if standing is Standing.ENDED and row.outcome else standing.value


def _kind_words(kind: str) -> str:
    return OUTCOMES.get(kind, kind.replace("_", " ").capitalize())


def _filters(words: str, wanted: str, kinds: Counter[str], count: int) -> Html:
    known = [*(one.value for one in Standing), *_OUTCOMES]
    shown = [("", "All", count), *((kind, _kind_words(kind), kinds[kind]) for kind in known if kinds[kind])]
    links = [
        tag("a", text(f"{name} {many:,}"), href=address(q=words, status=kind), class_="choice",
            aria_current="true" if kind == wanted else None)
        for kind, name, many in shown
    ]  # fmt: skip
    search = tag(
        "form",
        tag("label", text("Search"), for_="q"),
        tag("input", type="search", name="q", id="q", value=words, autocomplete="off", spellcheck="false",
            placeholder="name, id, folder or verdict"),
        tag("input", type="hidden", name="status", value=wanted) if wanted else NOTHING,
        tag("button", text("Search"), type="submit"),
        method="get", action="/", role="search", class_="search", data_filter="",
    )  # fmt: skip
    return joined([search, tag("div", *links, class_="states", role="group", aria_label="Sessions by status")])


def _table(rows: Sequence[Summary], costs: Sequence[ListedCost | None]) -> Html:
    cells = [_cells(row, cost) for row, cost in zip(rows, costs, strict=True)]
    columns = ["Status", "Session", "Progress", "Iteration", "Cost", "Last event"]
    return table("Sessions", columns, cells, "plain sessions-table")


def _cells(row: Summary, cost: ListedCost | None) -> list[Html]:
    standing = standing_of(row)
    name = tag("a", text(one_line(row.name, 100)), href=of_session(row.session_id), class_="session-name")
    under = tag("span", text(row.session_id), class_="mono quiet")
    verdict = tag("span", text(row.verdict.replace("/", ": ").replace("_", " ")), class_="quiet verdict-words")
    damaged = NOTHING if row.head_holds and cost is not None else tag("span", text("record damaged"), class_="stale")
    tone = TONES.get(row.outcome) if standing is Standing.ENDED else _STANDING_TONES.get(standing, "plain-tone")
    shown = pill(_kind_words(_kind(row)), tone or "plain-tone")
    if cost is None:
        return [shown, tag("div", name, under, damaged), NOTHING, text(f"{row.iteration:,}"), NOTHING, _when(row)]
    spent = amount_text("cost_usd", cost.cost_usd) if cost.cost_usd or cost.tokens else MISSING
    tokens = tag("span", text(f"{cost.tokens:,} tokens"), class_="quiet") if cost.tokens else NOTHING
    return [
        shown,
        tag("div", name, under, verdict, damaged),
        bar(cost.progress, f"Progress of {row.session_id}", TONES.get(row.outcome, "going")),
        text(f"{row.iteration:,}"),
        tag("div", tag("span", text(spent)), tokens),
        _when(row),
    ]


def _when(row: Summary) -> Html:
    return tag("time", text(time_text(row.updated_at)), datetime=row.updated_at)


def _nothing(visit: Visit, *, filtered: bool) -> Html:
    if filtered:
        return none("No session matches. Search for less, or choose another status.")
    if visit.missions is not None and visit.may(AccessScope.RUN):
        start = tag("a", text("Start a mission"), href=address("missions"))
        return tag("p", text("There are no sessions yet. "), start, text("."), class_="none")
    return none("There are no sessions yet. `journeyman run` starts one.")
