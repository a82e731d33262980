"""`guard check`: the same criteria by hand, with what each found as it is found."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.guard.checking import CheckOrder, CheckOutcome, check_folder
from journeyman.guard.contract import Contract
from journeyman.guard.contract_lookup import GuardPlace
from journeyman.guard.guarded import contract_for_check
from journeyman.guard.reasons import observed_words
from journeyman.guard.results import result_json
from journeyman.interfaces.cli.guard.guarded_folder import guarded_place
from journeyman.interfaces.cli.shared import exit_code, print_json
from journeyman.interfaces.cli.status_marks import mark_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import once_free, with_journeyman
from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.events import CheckFact
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.values.canonical import JsonObject
from journeyman.wiring import Journeyman

PERSON = "person"
"""Asks for the checks that are made by hand."""


def check_by_hand(settings: Settings, folder: Path, *, anew: bool, quiet: bool, as_json: bool) -> None:
    """Check a folder once, print what was found, and exit with the verdict's code."""
    place = guarded_place(settings, folder)
    contract, note = contract_for_check(place)
    if not quiet:
        say(f"checking {place.root} by {contract.guard.name!r}", err=True)
    order = CheckOrder(
        place=place,
        contract=contract,
        asker=PERSON,
        checks=1,
        anew=anew,
        on_found=None if quiet else tell_fact,
    )
    raise typer.Exit(check_and_print(settings, order, note, as_json=as_json))


def verifying(place: GuardPlace, contract: Contract, who: str, *, quiet: bool, checks: int = 1) -> CheckOrder:
    """A check for a verdict, in a session of its own: every file is read, and no evidence is kept."""
    return CheckOrder(
        place=place,
        contract=contract,
        asker=f"{who}:{SystemClock().new_id()}",
        checks=checks,
        verified=True,
        on_found=None if quiet else tell_fact,
    )


def check_and_print(settings: Settings, order: CheckOrder, note: str, *, as_json: bool) -> int:
    """Check, print the result, and give its exit code."""

    async def work(journeyman: Journeyman) -> CheckOutcome:
        outcome = await checked(journeyman, order)
        await print_outcome(journeyman, outcome, note, as_json=as_json)
        return outcome

    return code_of(with_journeyman(settings, work))


async def checked(journeyman: Journeyman, order: CheckOrder) -> CheckOutcome:
    """The outcome; where a process was killed while it checked, once its lease has run out."""
    return await check_folder(journeyman.engine, journeyman.store, order, partial(once_free, journeyman))


def code_of(outcome: CheckOutcome) -> int:
    """The exit code: a session that goes on, since checks are left, is not achieved."""
    return 1 if outcome.state.status is SessionStatus.OPEN else exit_code(outcome.state)


def tell_fact(fact: CheckFact) -> None:
    """Say what a check found as it ends."""
    status = {True: CriterionStatus.MET, False: CriterionStatus.UNMET, None: CriterionStatus.INCONCLUSIVE}[fact.met]
    words = "" if fact.met else f": {observed_words(fact.evidence)}"
    say(f"  {mark_of(status, aborts=False).sign} {fact.id}{words}", err=True)


async def print_outcome(journeyman: Journeyman, outcome: CheckOutcome, note: str, *, as_json: bool) -> None:
    """Print a check's result."""
    head = await journeyman.store.head(outcome.state.session_id)
    found = result_json(outcome, head=head.hash.hex(), note=note)
    if as_json:
        print_json(found)
        return
    for line in _lines(outcome, found, note):
        say(line)
    _next_steps(outcome)


def _lines(outcome: CheckOutcome, found: JsonObject, note: str) -> list[str]:
    state = outcome.state
    verdict = f"{state.label}/{state.reason}" if state.verdict is not None else "no verdict"
    standing = state.outcome or ("waiting for you" if state.status is SessionStatus.WAITING else "not achieved yet")
    lines = [f"{standing} ({verdict})  session {state.session_id}"]
    kept = set(outcome.kept)
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        status = known.status if known is not None else CriterionStatus.INCONCLUSIVE
        sign = mark_of(status, aborts=criterion.abort_when_met).sign
        seen = "" if known is None or status is CriterionStatus.MET else f": {observed_words(known.result.evidence)}"
        held = " (kept: its files are the same)" if criterion.id in kept else ""
        lines.append(f"  {sign} {criterion.id}: {criterion.sentence()}{seen}{held}")
    for row in found["touched"] if isinstance(found["touched"], list) else []:
        assert isinstance(row, dict)  # noqa: S101 - our own rows
        lines.append(f"  protected: {row['path']} was {row['how']}; the pinned one was checked")
    lines += [f"  silent: {words}" for words in outcome.silent]
    return [*lines, *([f"  note: {note}"] if note else [])]


def _next_steps(outcome: CheckOutcome) -> None:
    session = outcome.state.session_id
    if outcome.state.status is SessionStatus.WAITING:
        say(f"say yes with: journeyman approve {session}, then check again", err=True)
    else:
        say(f"the whole report: journeyman report {session}", err=True)
