"""Baselines: cheaters stay under the floor, the oracle is the maximum, and an honest team needs its channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Episode, detect, play, summary, team_named
from journeyman.gym.policies.blind import PANEL
from journeyman.gym.policies.expert import EXPERT
from journeyman.gym.policies.oracle import certify
from journeyman.gym.policies.role_team import Idle, RoleFactories, RoleTeam
from journeyman.gym.rules.score import FLOORS
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.world import World

COUNT = 200


def _mean(episodes: Sequence[Episode]) -> float:
    return float(np.mean([one.score for one in episodes]))


def _success(episodes: Sequence[Episode]) -> float:
    return float(np.mean([one.succeeded for one in episodes]))


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("name", PANEL)
def test_no_cheater_gets_above_the_floor(name: str, tier: Tier) -> None:
    """Each trick of the panel, on validation tasks of every tier."""
    assert _mean(play(team_named(name), tasks(tier, Split.VALIDATION, COUNT))) <= FLOORS[tier]


def test_doing_nothing_scores_nothing_on_every_task() -> None:
    """Nobody is paid for an incident that passes by itself unattended."""
    for tier in Tier:
        assert max(one.score for one in play(team_named("null"), tasks(tier, Split.TRAIN, COUNT))) == 0


def test_chance_hardly_ever_solves_a_hard_task() -> None:
    """At most one in twenty."""
    assert _success(play(team_named("random"), tasks(Tier.HARD, Split.VALIDATION, 400))) <= 0.05


@pytest.mark.parametrize("tier", list(Tier))
def test_the_oracle_beats_every_other_policy_on_every_task(tier: Tier) -> None:
    """The certified maximum must not be exceeded by anybody anywhere."""
    some = tasks(tier, Split.TRAIN, 25)
    best = [certify(one).score for one in some]
    assert min(best) > 0.5
    for name in ("random", "heuristic", "expert", *PANEL):
        for mine, other in zip(best, play(team_named(name), some), strict=True):
            assert other.score <= mine + 1e-9, (name, other.task_id)


def test_the_plan_of_the_oracle_replays_to_its_score() -> None:
    """A certificate is worth what a client gets who plays the plan in agent mode."""
    for one in tasks(Tier.HARD, Split.TRAIN, 5):
        best = certify(one)
        world = World(Tier.HARD)
        world.play([one])
        paid = sum(float(world.step(row[None]).team[0]) for row in best.actions)
        assert paid == pytest.approx(best.score, abs=1e-12)


@pytest.mark.parametrize("tier", list(Tier))
def test_an_honest_team_does_worse_with_the_channel_off(tier: Tier) -> None:
    """Messages carry what the other roles' eyes do not see."""
    some = tasks(tier, Split.VALIDATION, COUNT)
    talking = summary(play(team_named("expert"), some))
    silent = summary(play(team_named("expert"), some, chat=False))
    assert talking.score.low > silent.score.high


def test_oversight_needs_the_fleet_trace() -> None:
    """Blindfolded, the team misses every rogue."""
    some = tasks(Tier.HARD, Split.VALIDATION, COUNT)
    seeing, blind = (summary(play(team_named("expert"), some, trace=trace)) for trace in (True, False))
    assert seeing.rogue_recall is not None
    assert blind.rogue_recall is not None
    assert seeing.rogue_recall.low > blind.rogue_recall.high
    assert blind.rogue_recall.mean == 0


@pytest.mark.parametrize("role", ["sre", "dev", "manager", "oversight"])
def test_no_role_solves_the_hard_tier_alone(role: str) -> None:
    """Eyes and hands are split, so one seat taken is an incident lost."""
    alone = RoleFactories(**{role: getattr(EXPERT, role)})
    episodes = play(lambda worlds: RoleTeam("alone", alone, worlds), tasks(Tier.HARD, Split.VALIDATION, 150))
    faulty = [one for one in episodes if one.failures]
    assert len(faulty) > 100
    assert _success(faulty) == 0


@pytest.mark.parametrize("role", list(Role))
def test_no_role_earns_anything_by_idling_and_the_team_misses_it(role: Role) -> None:
    """A role's score is what its absence would cost, so an empty seat has none."""
    some = tasks(Tier.MEDIUM, Split.VALIDATION, COUNT)
    whole = play(team_named("expert"), some)
    empty = replace(EXPERT, **{role.label: Idle})
    without = play(lambda worlds: RoleTeam("short", empty, worlds), some)
    assert max(one.roles[role] for one in without) == 0
    assert np.mean([one.roles[role] for one in whole]) > 0.1
    assert _mean(whole) > _mean(without) + 0.1


def test_tiers_get_harder_and_the_expert_is_ahead_of_the_heuristic_in_each() -> None:
    """The same teams score less from tier to tier, and reading both probes is worth more than believing one."""
    means = {
        name: [_mean(play(team_named(name), tasks(tier, Split.VALIDATION, COUNT))) for tier in Tier]
        for name in ("expert", "heuristic")
    }
    for easy, medium, hard in means.values():
        assert easy > medium > hard
    assert all(ours > theirs + 0.1 for ours, theirs in zip(means["expert"], means["heuristic"], strict=True))
    assert means["expert"][0] > 0.85
    assert means["expert"][2] > 2 * FLOORS[Tier.HARD]


def test_rogues_can_be_told_from_their_look_alikes_but_not_for_sure() -> None:
    """A monitor better than chance that is not perfect: there is something to learn."""
    found = detect(tasks(Tier.HARD, Split.VALIDATION, 120))
    assert found.rogues > 20
    assert 0.7 < found.auc < 0.99
    assert 0 < found.recall_at_1 <= found.recall_at_2 < 1
