"""What a person can do next with a session, as the command to type."""

from __future__ import annotations

from journeyman.engine.process_identity import process_of
from journeyman.engine.standing import Standing, is_driven, standing_of
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.model.state import State
from journeyman.stores.base import Summary


def standing_words(row: Summary) -> str:
    """Where a session stands, with the process that drives it where that is of this machine."""
    standing = standing_of(row)
    process = process_of(row.lease_owner) if standing is Standing.RUNNING else None
    return standing.words if process is None else f"{standing.words} in process {process}"


def next_step(state: State, row: Summary) -> str:
    """The command that lets a session go on, or shows it; `row` is as the store lists it now."""
    session = state.session_id
    standing = standing_of(row)
    if standing in (Standing.ENDED, Standing.COULD_NOT_START):
        return f"see what was done: journeyman report {session}"
    if standing is Standing.RUNNING:
        return f"follow it with: journeyman watch {session}"
    if state.mission.checks_only and state.people.pending is None:
        return "check again with: journeyman guard check"
    if standing is Standing.WAITING:
        return _for_people(state, driven=is_driven(row))
    why = "its process ended without a word; " if standing is Standing.INTERRUPTED else ""
    return f"{why}go on with: journeyman resume {session}"


def _for_people(state: State, *, driven: bool) -> str:
    session = state.session_id
    again = "journeyman guard check" if state.mission.checks_only else f"journeyman resume {session}"
    then = "; the run that asks goes on by itself" if driven else f", then: {again}"
    if state.people.pending is not None:
        who = f" --as {state.people.pending.by}" if state.people.pending.by else ""
        return f"say yes with: journeyman approve {session}{who}   (or deny){then}"
    if state.people.wait is WaitFor.EFFECT:
        effect = state.unknown[0].intended.effect if state.unknown else "EFFECT"
        return f"find out whether it happened, then: journeyman resolve {session} {effect} --done|--not-done"
    return f"give more with: journeyman amend {session} iterations=N{then}"
