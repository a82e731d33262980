"""What the next attempt of a task is told: which checks failed and what they found, and what reviewers said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.values.canonical import Json, JsonObject, canonical

MOST_FOUND_CHARS: Final = 1500
"""Of what one check found; its end, where programs say what was wrong."""
MOST_CHECKS: Final = 12
MOST_SHOWN_CHARS: Final = 400
"""Of one reviewer's words in a question."""
MOST_FEEDBACK_CHARS: Final = 8000
"""Of what one reviewer said."""
PERSON: Final = "person"
"""The source of feedback that people gave as notes."""


def next_attempt(state: State) -> Strategy:
    """One attempt, told what is known of those before it."""
    return Strategy(calls=[ToolCall(tool=ATTEMPT, args=attempt_args(state))], rationale=_why(state))


def with_feedback(state: State, strategy: Strategy, reviewer: str) -> Strategy:
    """A reviewer's strategy, whose attempts are also told what only the record knows; its words stand as the reviewer's."""
    if state.mission.task is None:
        return strategy
    calls = [
        ToolCall(tool=ATTEMPT, args=attempt_args(state, reviewer, str(call.args.get("feedback", ""))))
        if call.tool == ATTEMPT
        else call
        for call in strategy.calls
    ]
    return strategy.model_copy(update={"calls": calls})


def attempt_args(state: State, reviewer: str = "", said: str = "") -> JsonObject:
    """The arguments of the next attempt: `failed`, `feedback`, what the budget leaves, and what the task began with."""
    args: JsonObject = {}
    after = state.task.last
    failed: list[Json] = [*_failed(state)] if after else []
    if failed:
        args["failed"] = failed
    if state.task.base:
        args["base"] = state.task.base
    if said.strip():
        args["feedback"] = [_said(reviewer, said)]
    budget, usage = state.mission.budget, state.usage
    if budget.tokens is not None:
        args["tokens_left"] = max(0, budget.tokens - usage.tokens)
    if budget.cost_usd is not None:
        args["microusd_left"] = max(0, round(budget.cost_usd * 1_000_000) - usage.cost_microusd)
    return with_notes(state, args)


def attempt_question(state: State, call: ToolCall) -> str:
    """What a person is asked before an attempt: which one, and what a reviewer would have it told."""
    assert state.mission.task is not None  # noqa: S101 - only tasks make attempts
    number = state.task.last + 1
    failed, said = (call.args.get(name) for name in ("failed", "feedback"))
    names = [str(row["criterion"]) for row in failed if isinstance(row, dict)] if isinstance(failed, list) else []
    words = [
        f"{row['source']}: {str(row['text'])[:MOST_SHOWN_CHARS]!r}"
        for row in (said if isinstance(said, list) else [])
        if isinstance(row, dict)
    ]
    told = "; ".join([f"{', '.join(names)} failed", *words] if names else words)
    return f"let {state.mission.task.agent} make attempt {number}{f', told: {told}' if told else ''}?"


def with_notes(state: State, args: JsonObject) -> JsonObject:
    """The arguments of an attempt with all that people have noted so far: also what came with their yes to it."""
    if state.mission.task is None:
        return args
    given = args.get("feedback")
    others: list[Json] = [row for row in given if _source(row) != PERSON] if isinstance(given, list) else []
    feedback: list[Json] = [*(_said(PERSON, note) for note in state.people.notes), *others]
    return {**args, "feedback": feedback} if feedback else args


def _said(source: str, text: str) -> JsonObject:
    return {"source": source, "text": text.strip()[:MOST_FEEDBACK_CHARS]}


def _source(row: Json) -> Json:
    return row.get("source") if isinstance(row, dict) else None


def _failed(state: State) -> Iterator[JsonObject]:
    """What is not met yet of what the agent can do something about."""
    shown = 0
    for criterion in state.mission.criteria:
        if criterion.is_alarm or all(one.asks_person() is not None for one in _leaves(criterion)):
            continue
        known = state.progress.criteria.get(criterion.id)
        if known is None or known.status is CriterionStatus.MET:
            continue
        if (shown := shown + 1) > MOST_CHECKS:
            return
        yield {"asks": criterion.sentence(), "criterion": criterion.id, "found": _found(known.result.evidence)}


def _leaves(criterion: Criterion) -> list[Criterion]:
    return [one for one in walk((criterion,)) if not one.members()]


def _found(evidence: Json) -> str:
    """What a check found, in words: why, how the program ended, and the end of what it printed."""
    if not isinstance(evidence, dict):
        return _end(evidence if isinstance(evidence, str) else canonical(evidence).decode())
    printed = evidence.get("output_tail")
    if not isinstance(printed, str):
        return _end(canonical(evidence).decode())
    head = [str(evidence["reason"])] if "reason" in evidence else []
    head += [f"it exited with {evidence['exit_code']}"] if "exit_code" in evidence and not head else []
    return "\n".join([*head, _end(printed)]).strip()


def _end(text: str) -> str:
    return text if len(text) <= MOST_FOUND_CHARS else f"[…]{text[-MOST_FOUND_CHARS:]}"


def _why(state: State) -> str:
    if not state.task.last:
        return "the first attempt"
    return f"what attempt {state.task.last} left does not fulfil the contract yet"
