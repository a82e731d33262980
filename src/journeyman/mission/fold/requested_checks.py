"""The part of the fold that holds which check was asked for, and whether checks go round in a circle."""

from __future__ import annotations

from journeyman.mission.fold.people import measured_again
from journeyman.mission.fold.world_knowledge import interrupted
from journeyman.mission.model import events as e
from journeyman.mission.model.reasons import Phase
from journeyman.mission.model.state import CheckState, State
from journeyman.mission.values.canonical import Json, digest_of
from journeyman.mission.values.value import replace


def asked(state: State, event: e.CheckAsked) -> State:
    """The state in which all is to be judged anew, since others may have changed anything.

    An iteration that was cut off, or that waits for a person, measures again. What people approved was the files as
    they were: with other files they are asked again.
    """
    known, people = state.check, replace(state.people, pending=None)
    if event.workspace != known.workspace:
        people = replace(people, answers={})
    state = replace(
        state,
        people=people,
        world=interrupted(state.world),
        check=CheckState(
            asked=True,
            workspace=event.workspace,
            contract=event.contract,
            asker=event.asker,
            touched=tuple(event.touched),
            found=known.found,
            same=known.same,
        ),
    )
    waits = state.phase is Phase.NEXT and state.verdict is not None and state.verdict.reason.waits
    if not waits and state.phase in (Phase.PROPOSE, Phase.NEXT, Phase.ENDED):
        return state
    return replace(measured_again(state), check=replace(state.check, asked=False))


def judged(before: State, state: State) -> State:
    """The state that knows whether the check found what the one before it had found."""
    if not state.mission.checks_only or before.iteration.judged:
        return state
    standing: list[Json] = [[name, row.status.value] for name, row in sorted(state.progress.criteria.items())]
    found = digest_of([state.check.workspace, standing])
    same = state.check.same + 1 if found == state.check.found else 1
    return replace(state, check=replace(state.check, found=found, same=same))
