"""`guard run`: an agent's command until its work holds, or rounds and budget are used up."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO

import typer

from journeyman.config import Settings
from journeyman.guard.checking import CheckOutcome
from journeyman.guard.guarded import contract_for_check
from journeyman.guard.rounds import RoundsOrder, run_rounds
from journeyman.interfaces.cli.guard.checks import code_of, print_outcome, verifying
from journeyman.interfaces.cli.guard.guarded_folder import guarded_place
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import once_free, with_journeyman
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.wiring import Journeyman


def run_command_rounds(
    settings: Settings,
    folder: Path,
    command: list[str],
    *,
    rounds: int,
    budget_usd: float | None,
    timeout_s: float | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the rounds, print the last check, and exit with its code."""
    if not command:
        problem = Problem(
            where="COMMAND", message="is missing", hint="journeyman guard run -- claude -p 'Fix the tests'"
        )
        raise InvalidInput("the command line", (problem,))
    place = guarded_place(settings, folder)
    contract, note = contract_for_check(place)
    check = verifying(place, contract, "run", quiet=quiet, checks=rounds)
    order = RoundsOrder(
        command=command,
        check=check,
        rounds=rounds,
        budget_usd=budget_usd,
        timeout_s=timeout_s,
        tell=_silent if quiet else partial(say, err=True),
        echo=partial(_echo, sys.stderr.buffer if as_json else sys.stdout.buffer),
    )

    async def work(journeyman: Journeyman) -> CheckOutcome:
        patient = partial(once_free, journeyman)
        outcome = await run_rounds(journeyman.engine, journeyman.store, journeyman.clock, order, patient)
        await print_outcome(journeyman, outcome, note, as_json=as_json)
        return outcome

    raise typer.Exit(code_of(with_journeyman(settings, work)))


def _silent(words: str) -> None:
    del words


def _echo(stream: BinaryIO, chunk: bytes) -> None:
    """Pass on what the command prints, as it is: whoever began this sees what would be seen without us."""
    stream.write(chunk)
    stream.flush()
