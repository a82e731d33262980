"""Policies by name, as the command line says them, and how they play tasks in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.evaluation.policy_code import load_maker, policy_code
from journeyman.evaluation.policy_file import read_tuning
from journeyman.gym.evaluate import MakeTeam, play, team_named
from journeyman.gym.policies.expert import expert_factories
from journeyman.gym.policies.oracle import Oracle
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, incident_tasks
from journeyman.mission.values.errors import InvalidInput, Problem

BATCH: Final = 16
"""Tasks played together: always the same sixteen, so that a policy that draws does so alike however a run was cut."""
TIERS: Final = {tier.label: tier for tier in Tier}
SPLITS: Final = {split.label: split for split in Split}
TeamFor = Callable[[Sequence[Task], int], MakeTeam]
"""Gives the maker of a team for some tasks and a seed."""


def team_for(name: str, *, option: str = "--policy") -> TeamFor:
    """Look up what makes the policy `name`; its faults are told before anything is played, as faults of `option`."""
    kind, colon, rest = name.partition(":")
    code = policy_code(name)
    if code is not None:
        make = load_maker(code)
        return lambda _some, _seed: make
    if name == "oracle":
        return lambda some, _: lambda _worlds: Oracle(some)
    if kind == "trained" and colon:
        factories = expert_factories(read_tuning(Path(rest)))
        return lambda _some, _seed: lambda worlds: RoleTeam(name, factories, worlds)
    try:
        team_named(name)
    except KeyError as error:
        more = "oracle, trained:FILE, FILE.py:NAME or advisor:NAME" if option == "--policy" else "or nobody"
        hint = f"{str(error.args[0]).partition('; ')[2]}, {more}"
        raise InvalidInput(option, (Problem(where="", message=f"{name!r} is no policy", hint=hint),)) from None
    return lambda _some, seed: team_named(name, seed=seed)


def label_of(name: str) -> str:
    """How a policy's episodes are kept: with the digest of its file where it is code, so that no file mixes versions."""
    code = policy_code(name)
    return name if code is None else f"{name} (sha256 {code.sha256[:12]})"


def play_all(log: EpisodeLog, name: str, make: TeamFor, wanted: Sequence[Task], advance: Callable[[int], None]) -> None:
    """Play those of some tasks that the log does not have, a batch at a time; `advance` hears of each batch."""
    batches: dict[int, list[Task]] = {}
    for one in wanted:
        batches.setdefault(one.number // BATCH, []).append(one)
    for batch, some in batches.items():
        missing = {one.id for one in some if (name, one.id) not in log.episodes}
        if missing:
            # A plan is made per task, so only the missing; who draws needs the same worlds around it each time.
            whole = [one for one in some if one.id in missing] if name == "oracle" else _whole(some[0], batch)
            played = play(make(whole, batch), whole)
            log.add(name, [one for one in played if one.task_id in missing])
        advance(len(some))


def _whole(one: Task, batch: int) -> list[Task]:
    if one.incident:
        return list(incident_tasks(one.salt))
    return [replace(one, number=number) for number in range(batch * BATCH, (batch + 1) * BATCH)]
