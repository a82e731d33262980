"""What a person does to a session from its page, each under their own name in the record."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from journeyman.engine.standing import Standing
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.forms import button, field, form, form_of, hidden, labelled
from journeyman.interfaces.viewer.frame import section
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.state import State
from journeyman.mission.report.phrases import BUDGETS
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import CallerError

_NUMBERS: Final = {"wall_clock_s": float, "cost_usd": float}
"""Kinds of budget that are no whole numbers."""
WAITING: Final = "waiting"
"""Where a form leads back to that was sent from the list of all questions."""


def controls(visit: Visit, state: State, standing: Standing) -> Html:
    """The forms that fit the session and the caller."""
    if standing in (Standing.ENDED, Standing.COULD_NOT_START):
        return NOTHING
    parts: list[Html] = []
    if visit.may(AccessScope.RUN):
        parts.append(_pausing(state, standing))
    if visit.may(AccessScope.PERSON):
        parts += [_noting(state), _amending(state), _ending(state)]
    return section("act", "Act on this session", tag("div", *parts, class_="charts")) if any(parts) else NOTHING


def _form(state: State, act: str, title: str, *content: Html) -> Html:
    head = tag("h3", text(title))
    return form(
        of_session(state.session_id, "act"), head, hidden("act", act), *content, class_="form card", label=title
    )


def _pausing(state: State, standing: Standing) -> Html:
    if state.people.paused or standing in (Standing.STOPPED, Standing.INTERRUPTED):
        return _form(state, "resume", "Let it go on", button("Resume"))
    hint = "It stops at its next safe point; running calls settle."
    return _form(state, "pause", "Pause", labelled("Why", field("pause-note"), "pause-note", hint), button("Pause"))


def _noting(state: State) -> Html:
    area = tag("textarea", name="note-text", id="note-text", rows="3", aria_describedby="note-text-hint")
    hint = "Reports, advisors and agents see it under your name."
    return _form(state, "note", "Add a note", labelled("Note", area, "note-text", hint), button("Add"))


def _amending(state: State) -> Html:
    budget = state.mission.budget.model_dump(mode="json")
    rows = [
        labelled(title, field(f"budget-{kind}", "" if budget[kind] is None else f"{budget[kind]}"), f"budget-{kind}")
        for kind, title in BUDGETS.items()
    ]
    hint = tag("p", text("Empty is no limit. Seconds, whole numbers, US dollars."), class_="quiet")
    fields = tag("details", tag("summary", text("Ceilings")), hint, *rows, button("Amend"))
    return _form(state, "amend", "Change the budget", fields)


def _ending(state: State) -> Html:
    note = labelled("Why", field("end-note"), "end-note", "The outcome is what the evidence says, whatever you choose.")
    choices = tag(
        "div",
        button("End after its calls", name="how", value="end"),
        button("Abort now", name="how", value="abort", kind="no"),
        class_="choices",
    )
    return _form(state, "end", "End it", tag("details", tag("summary", text("End or abort")), note, choices))


async def act(request: Request, visit: Visit) -> str:
    """Do what a form asks for; give the address that shows what came of it."""
    session_id = str(request.path_params["session_id"])
    given = await form_of(request)
    await visit.row(session_id)
    actions, note = visit.actions, given.get("note", "")
    match given.get("act"):
        case "pause":
            await actions.pause(session_id, given.get("pause-note", ""))
        case "resume":
            await actions.resume(session_id)
        case "note":
            await actions.note(session_id, given.get("note-text", ""))
        case "amend":
            await actions.amend(session_id, _ceilings(given))
        case "end":
            await actions.end(session_id, abort=given.get("how") == "abort", note=given.get("end-note", ""))
        case "answer":
            granted = _chosen(given, "granted")
            if not given.get("approval"):
                raise CallerError("the form does not say which question it answers; load the page again")
            await actions.answer(session_id, granted=granted, approval=given.get("approval", ""), note=note)
        case "resolve":
            done = _chosen(given, "done")
            await actions.resolve(session_id, given.get("effect", ""), done=done, text=note)
        case other:
            raise CallerError(f"the form asks for {other!r}, which nothing here does; load the page again")
    return address(WAITING) if given.get("back") == WAITING else of_session(session_id)


def _chosen(given: dict[str, str], name: str) -> bool:
    """Yes or no, said and not left out: whoever presses Enter in a field has chosen neither."""
    if given.get(name) not in ("yes", "no"):
        raise CallerError("neither yes nor no was chosen, so nothing was done; press one of the two buttons")
    return given[name] == "yes"


def _ceilings(given: dict[str, str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for kind in BUDGETS:
        told = given.get(f"budget-{kind}")
        if told is None:
            continue
        try:
            found[kind] = _NUMBERS.get(kind, int)(told) if told.strip() else None
        except ValueError:
            message = f"{BUDGETS[kind]} is {told!r}, which is no number; write one, or leave it empty for no limit"
            raise CallerError(message, code="invalid_input") from None
    return found
