"""Roles of the incident gym: what the expert team loses without its channel, its trace, or one of its roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Episode, Estimate, estimate, play, summary, team_named
from journeyman.gym.policies.expert import EXPERT
from journeyman.gym.policies.role_team import Idle, RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, tasks

TASKS: Final = 500
LOSS: Final = 0.15


def run(progress: Meter) -> list[Row]:
    """Play the held-out tasks of each tier whole, silent, blindfolded, and with one role unfilled."""
    progress.start("teams", len(Tier) * (3 + len(Role)))
    rows: list[Row] = []
    for tier in Tier:
        rows += _tier(tier, tasks(tier, Split.HELD_OUT, TASKS), progress)
    return rows


def _tier(tier: Tier, some: tuple[Task, ...], progress: Meter) -> list[Row]:
    whole = play(team_named("expert"), some)
    silent = play(team_named("expert"), some, chat=False)
    blind = play(team_named("expert"), some, trace=False)
    progress.step(3)
    label, without_chat = tier.label, _lost(whole, silent)
    rows = [
        Row(f"{label}: whole team, score", str(summary(whole).score)),
        Row(f"{label}: chat off, loss per task", str(without_chat), "score", "interval above 0", without_chat.low > 0),
        Row(f"{label}: fleet trace off, loss per task", str(_lost(whole, blind)), "score"),
    ]
    for role in Role:
        empty = play(lambda worlds, role=role: RoleTeam("short", replace(EXPERT, **{role.label: Idle}), worlds), some)
        lost, played = _lost(whole, empty), estimate([one.roles[role] for one in whole])
        idle = max(one.roles[role] for one in empty)
        matters = tier is not Tier.EASY
        bar, holds = (f"mean >= {LOSS}", lost.mean >= LOSS) if matters else ("", True)
        rows.append(Row(f"{label}: {role.label} unfilled, loss per task", str(lost), "score", bar, holds))
        rows.append(Row(f"{label}: {role.label}, own score when it plays", str(played), "score"))
        rows.append(Row(f"{label}: {role.label}, best own score by idling", idle, "score", "= 0", idle == 0))
        progress.step()
    return rows


def _lost(whole: tuple[Episode, ...], less: tuple[Episode, ...]) -> Estimate:
    return estimate([one.score - other.score for one, other in zip(whole, less, strict=True)])
