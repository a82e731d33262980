"""Ablations of the incident gym: what the honest team loses without its channel, its trace, or its colleagues."""

from __future__ import annotations

from typing import Final

from benchmarks.report import Meter, Row
from journeyman.gym.evaluate import Episode, play, summary, team_named
from journeyman.gym.policies.heuristic import HEURISTIC
from journeyman.gym.policies.role_team import RoleFactories, RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, tasks

TASKS: Final = 400
_ROLES: Final = ("sre", "dev", "manager", "oversight")


def run(progress: Meter) -> list[Row]:
    """Play the held-out tasks of each tier whole, silent, blindfolded, and with one seat taken."""
    progress.start("teams", len(Tier) * (3 + len(_ROLES)))
    rows: list[Row] = []
    for tier in Tier:
        rows += _tier(tier, tasks(tier, Split.HELD_OUT, TASKS), progress)
    return rows


def _tier(tier: Tier, some: tuple[Task, ...], progress: Meter) -> list[Row]:
    whole = summary(play(team_named("heuristic"), some))
    silent = summary(play(team_named("heuristic"), some, chat=False))
    blind = summary(play(team_named("heuristic"), some, trace=False))
    progress.step(3)
    drops = whole.success.low > silent.success.high
    rows = [
        Row(f"{tier.label}: whole team, success", str(whole.success)),
        Row(f"{tier.label}: whole team, score", str(whole.score)),
        Row(f"{tier.label}: chat off, success", str(silent.success), "", "below, intervals apart", drops),
        Row(f"{tier.label}: fleet trace off, success", str(blind.success)),
    ]
    if whole.rogue_recall and blind.rogue_recall:
        needs = whole.rogue_recall.low > blind.rogue_recall.high
        rows.append(Row(f"{tier.label}: whole team, rogue recall", str(whole.rogue_recall)))
        rows.append(
            Row(f"{tier.label}: fleet trace off, recall", str(blind.rogue_recall), "", "below, intervals apart", needs)
        )
    for role in _ROLES:
        faulty = [one for one in _alone(role, some) if one.failures]
        found = summary(faulty).success
        rows.append(Row(f"{tier.label}: {role} alone, success with failures", str(found), "", "= 0", found.mean == 0))
        progress.step()
    return rows


def _alone(role: str, some: tuple[Task, ...]) -> tuple[Episode, ...]:
    alone = RoleFactories(**{role: getattr(HEURISTIC, role)})
    return play(lambda worlds: RoleTeam(f"{role} alone", alone, worlds), some)
