"""What waits for a person: an approval with its calls and all their arguments, or an effect that may have happened."""

from __future__ import annotations

from journeyman.engine.control import unsettled
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.pages.elements import pill
from journeyman.interfaces.pages.markup import Html, tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.effect_ledger import block
from journeyman.interfaces.viewer.forms import button, form, hidden, labelled
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.state import Effect, PendingApproval, State
from journeyman.mission.model.strategy import ToolCall
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.rules.approvals import needs_person, sent_arguments
from journeyman.mission.values.canonical import Json


def questions(visit: Visit, state: State, back: str = "") -> list[Html]:
    """The open questions of a session, each as a section with the form that answers it; `back` is where that leads."""
    found: list[Html] = []
    if state.people.pending is not None:
        found.append(_approval(visit, state, state.people.pending, back))
    if state.unknown:
        found += [_unknown(visit, state, effect, back) for effect in unsettled(state)]
    return found


def _approval(visit: Visit, state: State, pending: PendingApproval, back: str) -> Html:
    strategy = state.iteration.strategy
    is_strategy = pending.approval == f"iteration-{state.iteration.index}"
    calls = strategy.calls if strategy is not None and is_strategy and strategy.script is None else ()
    parts = [_call(state, call) for call in calls if needs_person(state, call.tool)]
    if strategy is not None and is_strategy and strategy.script is not None:
        parts.append(block("Script", strategy.script))
    if strategy is not None and is_strategy and strategy.rationale:
        parts.append(tag("p", text(f"Why: {one_line(strategy.rationale, 1000)}"), class_="quiet"))
    by = f"{pending.by} must answer." if pending.by else "Anybody with the scope `person` may answer."
    who = tag(
        "p", text(f"{pending.approval}, proposed by {state.iteration.source or 'the mission'}. {by}"), class_="quiet"
    )
    name = f"note-{state.session_id}-{pending.approval}"
    ask = form(
        of_session(state.session_id, "act"),
        hidden("act", "answer"),
        hidden("approval", pending.approval),
        hidden("back", back),
        labelled("Note for the record", _note(name), name),
        tag(
            "div",
            button("Approve", name="granted", value="yes", kind="yes"),
            button("Deny", name="granted", value="no", kind="no"),
            class_="choices",
        ),
        label=f"Answer {pending.approval} of {state.mission.name}",
    )  # fmt: skip
    return _card(
        "A person is asked",
        [tag("p", text(one_line(pending.question, 2000)), class_="question"), *parts, who],
        ask if visit.may(AccessScope.PERSON) else _may_not(),
        f"question-{state.session_id}",
    )


def _call(state: State, call: ToolCall) -> Html:
    spec = state.tools.get(call.tool)
    kind = "" if spec is None else spec.effect.value + (", destructive" if spec.destructive else "")
    sent: dict[str, Json] = dict(sent_arguments(state, call.tool, call.args))
    filled = ", ".join(name for name in sent if name not in call.args)
    rows = [tag("h3", tag("code", text(call.tool)), text(" "), tag("small", text(kind)))]
    rows.append(block("With these arguments", sent))
    if filled:
        rows.append(tag("p", text(f"By default: {filled}"), class_="quiet"))
    return tag("div", *rows, class_="call-asked")


def _unknown(visit: Visit, state: State, effect: Effect, back: str) -> Html:
    intended = effect.intended
    name = f"text-{state.session_id}-{intended.effect}"
    ask = form(
        of_session(state.session_id, "act"),
        hidden("act", "resolve"),
        hidden("effect", intended.effect),
        hidden("back", back),
        labelled("How you know", _note(name), name),
        tag(
            "div",
            button("It happened", name="done", value="yes", kind="yes"),
            button("It did not happen", name="done", value="no", kind="no"),
            class_="choices",
        ),
        label=f"Settle effect {intended.effect} of {state.mission.name}",
    )
    words = (
        "Its answer was lost, and nothing may go on as if it had, or had not, happened. Look at the world, then say."
    )
    parts = [
        tag("p", text(f"Did {intended.tool} (effect {intended.effect}) happen?"), class_="question"),
        tag("p", text(words), class_="quiet"),
        block("With these arguments", intended.args),
    ]
    can = visit.may(AccessScope.PERSON)
    return _card(
        "Nobody knows whether it happened",
        parts,
        ask if can else _may_not(),
        f"unknown-{state.session_id}-{intended.effect}",
    )


def _note(identity: str) -> Html:
    return tag("input", type="text", name="note", id=identity, autocomplete="off")


def _may_not() -> Html:
    return tag("p", text("Answering needs the scope `person`, which you do not have here."), class_="quiet")


def _card(title: str, parts: list[Html], ask: Html, name: str) -> Html:
    head = tag("div", pill("waiting for a person", "warn"), tag("h2", text(title), id=f"{name}-title"), class_="now")
    return tag("section", head, *parts, ask, id=name, class_="card asked", aria_labelledby=f"{name}-title")
