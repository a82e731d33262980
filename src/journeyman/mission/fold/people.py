"""The part of the fold that holds what people said: answers, notes, amendments, endings. A wait makes evidence stale."""

from __future__ import annotations

from journeyman.mission.fold.plan import without_step
from journeyman.mission.fold.planner_memory import after_denial
from journeyman.mission.fold.world_knowledge import interrupted
from journeyman.mission.model import events as e
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.model.state import PendingApproval, PeopleState, Phase, State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace

AGAIN = "again-"
"""Begins the name of the question whether a script may begin again."""


def approval_asked(state: State, event: e.ApprovalAsked) -> State:
    """The state that waits for a person's answer."""
    pending = PendingApproval(approval=event.approval, question=event.question, by=event.by)
    return replace(state, people=replace(state.people, pending=pending))


def approval_answered(state: State, event: e.ApprovalAnswered, actor: str) -> State:
    """The state after an answer: a denied call is not made, an approval criterion is judged again."""
    people = state.people
    asked = people.pending is not None and people.pending.approval == event.approval
    people = replace(
        people,
        pending=None if asked else people.pending,
        answers={**people.answers, event.approval: (event.granted, actor)},
        notes=_with_note(people.notes, _feedback(event)) if state.mission.task is not None else people.notes,
    )
    state = replace(state, people=people, world=interrupted(state.world) if asked else state.world)
    if event.approval == f"iteration-{state.iteration.index}":
        return state if event.granted or state.phase is not Phase.APPROVE else _denied(state, actor)
    if event.approval.startswith(AGAIN):
        plan = state.plan
        plan = replace(plan, blocked=False) if event.granted else without_step(plan, state.mission)
        return replace(state, plan=plan)
    if state.phase is Phase.NEXT:
        return measured_again(state)
    return state


def _feedback(event: e.ApprovalAnswered) -> str:
    """What an answer tells the next attempt of a task."""
    about_outputs = not event.granted and not event.approval.startswith("iteration-")
    return event.note or (f"{event.approval} was denied" if about_outputs else "")


def asked_anew(people: PeopleState) -> PeopleState:
    """People in the next attempt of a task: whoever said no to the last one is asked again."""
    return replace(people, answers={name: answer for name, answer in people.answers.items() if answer[0]})


def _denied(state: State, actor: str) -> State:
    error: JsonObject = {"error": f"denied by {actor}", "error_class": "denied", "tool": ""}
    iteration = replace(state.iteration, denied=True, errors=(*state.iteration.errors, error))
    return replace(state, iteration=iteration, memory=after_denial(state), phase=Phase.EXECUTE)


def measured_again(state: State) -> State:
    """Let the iteration measure afresh, and be judged again on that."""
    iteration = replace(state.iteration, probed=False, refreshed=False, checked=False)
    return replace(state, iteration=iteration, phase=Phase.EXECUTE)


def wait_ended(state: State) -> State:
    """The state after a sleep."""
    return replace(
        state,
        people=replace(state.people, wait=None, wait_until=""),
        iteration=replace(state.iteration, slept=True),
    )


def resumed(state: State) -> State:
    """The state after a pause, in which anything may have changed."""
    return replace(state, people=replace(state.people, paused=False), world=interrupted(state.world))


def noted(state: State, event: e.NoteAdded) -> State:
    """The state with a person's note; the newest twenty are kept."""
    return replace(state, people=replace(state.people, notes=_with_note(state.people.notes, event.text)))


def _with_note(notes: tuple[str, ...], text: str) -> tuple[str, ...]:
    return (*notes, text)[-20:] if text.strip() else notes


def amended(state: State, event: e.BudgetAmended) -> State:
    """The state under the new budget; an iteration that waited for one goes on where it stood."""
    budget = state.mission.budget.amended(event.changes)
    waited = state.people.wait is WaitFor.BUDGET
    state = replace(state, mission=state.mission.model_copy(update={"budget": budget}), digest=event.digest)
    if not waited:
        return state
    state = replace(state, people=replace(state.people, wait=None), world=interrupted(state.world))
    return measured_again(state) if state.phase is Phase.NEXT else state


def end_asked(state: State, event: e.EndAsked, actor: str) -> State:
    """The state that ends at the next step."""
    people = replace(state.people, end_asked=event.reason, end_by=actor, pending=None, wait=None, paused=False)
    return replace(state, people=people)
