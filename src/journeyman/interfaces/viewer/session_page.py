"""One session on one page: what it claims, what its evidence shows, and everything that led there."""

from __future__ import annotations

from starlette.requests import Request

from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing, standing_of
from journeyman.interfaces.pages import sections
from journeyman.interfaces.pages.elements import pill
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.attempts import attempts_section
from journeyman.interfaces.viewer.drawings import burn_down, criteria_strip, criterion_lines, metric_charts
from journeyman.interfaces.viewer.effect_ledger import effects_section
from journeyman.interfaces.viewer.frame import Page, section
from journeyman.interfaces.viewer.iteration_timeline import iterations_section
from journeyman.interfaces.viewer.questions import questions
from journeyman.interfaces.viewer.record_cache import RecordCache
from journeyman.interfaces.viewer.session_controls import controls
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.state import State
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import claim_check
from journeyman.mission.report.plain_text import one_line
from journeyman.stores.base import Summary


async def session_page(request: Request, visit: Visit, cache: RecordCache) -> Page:
    """The page of a session."""
    session_id = str(request.path_params["session_id"])
    row = await visit.row(session_id)
    state = await state_of(visit.store, session_id)
    report = await cache.report(visit.store, row)
    standing = standing_of(row)
    ended = standing in (Standing.ENDED, Standing.COULD_NOT_START)
    how = claim_check(report, "" if ended else standing.words)
    query = request.query_params
    parts = [
        _now(visit, state, row),
        *questions(visit, state),
        section("criteria", "Criteria", sections.criteria(report, criterion_lines(report)), criteria_strip(report)),
        _budget(report, state),
        _metrics(report),
        *attempts_section(visit, state),
        iterations_section(report, query.get("iterations", "")),
        effects_section(report, query.get("effects", ""), query.get("state", "")),
        section("people", "People", sections.people(report)),
        section("advice", "Advice", sections.advice(report)),
        section("words", "Lessons and follow-ups", sections.words(report)),
        controls(visit, state, standing),
        section("mission", "Mission", sections.mission(report)),
        _record(report, row),
    ]
    return Page(
        title=f"{one_line(report.name, 100)}: {how.title}",
        header=sections.header(report, how, "Session"),
        places=_places(report, state),
        parts=[part for part in parts if part],
        here=of_session(session_id) if visit.only else "/",
        live="" if ended else of_session(session_id, "stream", after=report.events),
    )


def _places(report: Report, state: State) -> Html:
    rows = [
        ("criteria", "Criteria", True),
        ("budget", "Budget", True),
        ("metrics", "Metrics", bool(report.series)),
        ("attempts", "Attempts", state.mission.task is not None),
        ("iterations", "Iterations", True),
        ("effects", "Effects", True),
        ("people", "People", True),
        ("advice", "Advice", True),
        ("words", "Lessons", True),
        ("mission", "Mission", True),
        ("record", "Record", True),
    ]
    links = [tag("li", tag("a", text(title), href=f"#{name}")) for name, title, shown in rows if shown]
    return tag("nav", tag("ul", *links), class_="places", aria_label="Sections of this session")


def _now(visit: Visit, state: State, row: Summary) -> Html:
    """Where it stands at this moment, and where else it can be looked at."""
    standing = standing_of(row)
    name = state.session_id
    parts = [pill(standing.words, "going" if standing is Standing.RUNNING else "plain-tone")]
    if standing is Standing.RUNNING:
        doing = ", ".join(effect.intended.tool for effect in state.in_flight[:5])
        phase = f"iteration {state.iteration.index}, {state.phase.value}" + (f": {doing}" if doing else "")
        parts.append(tag("span", text(one_line(phase)), class_="quiet"))
    fault = visit.host.fault(name)
    if fault is not None:
        parts.append(tag("p", text(f"It could not go on here: {one_line(str(fault), 500)}"), class_="doubt"))
    links = [
        tag("a", text("Events"), href=of_session(name, "events"), class_="button"),
        tag("a", text("Report"), href=of_session(name, "report"), class_="button"),
    ]
    if not visit.only:
        links.append(tag("a", text("Compare"), href=address("compare", left=name), class_="button"))
    return tag(
        "section",
        tag("div", *parts, class_="now"),
        tag("div", *links, class_="links"),
        id="now",
        aria_label="Now",
        class_="now-row",
    )


def _budget(report: Report, state: State) -> Html:
    """Used, reserved and left: calls in flight count as used, open questions to models as reserved."""
    tokens = sum(one for one, _ in state.advice.open.values())
    cost = sum(one for _, one in state.advice.open.values()) / 1_000_000
    reserved = {"tokens": float(tokens), "cost_usd": cost, "tool_calls": float(len(state.in_flight))}
    parts = tag("div", sections.budget(report, reserved), burn_down(report), class_="pair")
    return section("budget", "Budget", parts)


def _metrics(report: Report) -> Html:
    found = metric_charts(report)
    return section("metrics", "Metrics", tag("div", *found, class_="charts")) if found else NOTHING


def _record(report: Report, row: Summary) -> Html:
    """What the chain says, and the way to check it."""
    holds = row.head_holds
    stands = pill("its end is where the store says" if holds else "cut or changed", "good" if holds else "bad")
    check = tag("form", tag("button", text("Verify the chain"), type="submit"), method="post",
                action=of_session(report.session_id, "verify"), data_into="verified")  # fmt: skip
    return section(
        "record",
        "Record",
        tag("div", stands, check, class_="now"),
        tag("div", id="verified", role="status"),
        sections.record(report),
    )
