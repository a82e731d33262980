"""Policies by name, as the command line says them, and the bar that shows how far work is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from journeyman.gym.evaluate import MakeTeam, team_named
from journeyman.gym.policies.crew import Crew
from journeyman.gym.policies.heuristic import roster
from journeyman.gym.policies.oracle import Oracle
from journeyman.gym.tasks import Split, Task, Tier
from journeyman.interfaces.cli.gym.policy import read_tuning
from journeyman.interfaces.cli.terminal import SafeConsole
from journeyman.mission.values.errors import InvalidInput, Problem

TIERS: Final = {tier.label: tier for tier in Tier}
SPLITS: Final = {split.label: split for split in Split}
TeamFor = Callable[[Sequence[Task], int], MakeTeam]
"""Gives the maker of a team for some tasks and a seed."""


def team_for(name: str, *, option: str = "--policy") -> TeamFor:
    """Give what makes the policy `name`; its faults are told before anything is played, as faults of `option`."""
    kind, colon, rest = name.partition(":")
    if name == "oracle":
        return lambda some, _: lambda _worlds: Oracle(some)
    if kind == "trained" and colon:
        seats = roster(read_tuning(Path(rest)))
        return lambda _some, _seed: lambda worlds: Crew(name, seats, worlds)
    try:
        team_named(name)
    except KeyError as error:
        more = "oracle, trained:FILE or advisor:NAME" if option == "--policy" else "or nobody"
        hint = f"{str(error.args[0]).partition('; ')[2]}, {more}"
        raise InvalidInput(option, (Problem(where="", message=f"{name!r} is no policy", hint=hint),)) from None
    return lambda _some, seed: team_named(name, seed=seed)


def bar() -> AbstractContextManager[Progress]:
    """Give a progress bar on standard error; none where that is no terminal."""
    out = SafeConsole(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
