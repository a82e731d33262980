"""Rewards: bounded, paid once, in the step that ends the episode, and not to be farmed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from journeyman.gym.actions import Action, ActionType, Role
from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import ACTOR, CATALOG
from journeyman.gym.evaluate import team_named
from journeyman.gym.policies.base import no_actions
from journeyman.gym.policies.oracle import certify
from journeyman.gym.rules.score import DETECT, DIAGNOSE, LOCALISE, OPEN, WRONG
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.world import World

Make = Callable[[World, int], Ints]


@pytest.mark.parametrize("tier", list(Tier))
def test_all_rewards_lie_between_0_and_1_and_come_at_the_end(tier: Tier, wild: Make) -> None:
    """Chance actions over whole episodes, in the mode that agents play."""
    world = World(tier, 200)
    for step in range(world.horizon):
        stepped = world.step(wild(world, step))
        ending = stepped.terminated | stepped.truncated
        assert ((stepped.team >= 0) & (stepped.team <= 1)).all()
        assert ((stepped.roles >= 0) & (stepped.roles <= stepped.team[:, None])).all()
        assert not stepped.team[~ending].any()
    assert world.ended.all()


@pytest.mark.parametrize("tier", list(Tier))
def test_potential_rewards_sum_to_the_final_score(tier: Tier, wild: Make) -> None:
    """Shaping must not change what is best: the differences telescope, whatever is done."""
    final, shaped = World(tier, 100), World(tier, 100, rewards="potential")
    team = team_named("expert")(100)
    sums = [np.zeros(100), np.zeros(100)]
    for step in range(final.horizon):
        actions = np.where(np.arange(100)[:, None, None] < 30, wild(final, step), team.act(final.observe()))
        sums[0] += final.step(actions).team
        sums[1] += shaped.step(actions).team
    assert np.allclose(sums[0], sums[1], atol=1e-12)
    assert (sums[0] > 0).sum() > 30


def _world_with(failure: ActionType, tier: Tier = Tier.EASY) -> tuple[World, int, int]:
    for one in tasks(tier, Split.TRAIN, 200):
        world = World(tier, reveal=True)
        world.play([one])
        causes = [cause for cause in world.truth().causes if cause.real]
        if len(causes) == 1 and CATALOG[causes[0].failure].cure is failure and not causes[0].onset:
            return world, causes[0].service, int(causes[0].failure)
    raise AssertionError(failure)


def _finish(world: World, actions: list[tuple[Role, Action]]) -> float:
    paid = 0.0
    for role, action in actions:
        row = no_actions(1)
        row[0, role] = action.row()
        paid += float(world.step(row).team[0])
    while not world.ended.all():
        row = no_actions(1)
        if world.over()[0]:
            row[0, Role.MANAGER] = Action(ActionType.RESOLVE).row()
        paid += float(world.step(row).team[0])
    return paid


@pytest.mark.parametrize("cure", list(ACTOR))
def test_the_right_action_by_the_right_role_ends_an_incident_that_was_named(cure: ActionType) -> None:
    """Each kind of cure works, with its delay, and nothing else was needed."""
    world, service, failure = _world_with(cure)
    named = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure))
    replicas = int(world.observe().sre().replicas[0, service]) + 1
    assert _finish(world, [named, (ACTOR[cure], Action(cure, service, replicas))]) > 0.85


def test_naming_the_cause_pays_once() -> None:
    """The older gym paid a diagnosis on every repetition."""
    scores: list[float] = []
    for times in (0, 1, 6):
        world, service, failure = _world_with(ActionType.RESTART)
        claim = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure))
        cure = (Role.SRE, Action(ActionType.RESTART, service))
        scores.append(_finish(world, [*[claim] * times, cure]))
    assert scores[1] > scores[0] + 0.8
    assert scores[2] <= scores[1]


def test_a_cure_of_something_unnamed_earns_less_than_doing_nothing_wrong() -> None:
    """Whoever mends by luck and names nothing scores below whoever names the cause and lets time run out."""
    lucky, service, failure = _world_with(ActionType.RESTART)
    late, _, _ = _world_with(ActionType.RESTART)
    idle, _, _ = _world_with(ActionType.RESTART)
    cure = (Role.SRE, Action(ActionType.RESTART, service))
    claim = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure))
    unnamed, careful = _finish(lucky, [cure]), _finish(idle, [claim])
    assert unnamed == 0 < careful
    # Naming it once the effect is seen pays the diagnosis, and the cure stays luck.
    afterwards = _finish(late, [cure, *[(Role.MANAGER, Action())] * 3, claim])
    assert afterwards == pytest.approx(0.5)


def test_each_stage_counts_for_itself() -> None:
    """The right failure a call away localises half, the right place with a wrong failure wholly, and detects."""
    stages: list[float] = []
    for place, kind in ((0, 0), (0, 1), (1, 0)):
        world, service, failure = _world_with(ActionType.RESTART)
        calls = world.observe().sre().calls[0].tolist()
        caller = next(number for number, called in enumerate(calls) if service in called)
        target = (service, caller)[place]
        other = next(row.failure for row in CATALOG if not row.benign and row.failure != failure)
        named = Action(ActionType.IDENTIFY_ROOT_CAUSE, target, (failure, int(other))[kind])
        stages.append(_finish(world, [(Role.DEV, named)]))
    assert stages[0] == pytest.approx(OPEN * (DETECT + LOCALISE + DIAGNOSE))
    assert stages[1] == pytest.approx(OPEN * (1 - WRONG) * (DETECT + LOCALISE))
    assert stages[2] == pytest.approx(OPEN * (1 - WRONG) * (DETECT + LOCALISE / 2))


def test_a_wrong_claim_first_closes_no_window_and_costs() -> None:
    """In the older gym a wrong first claim was free."""
    world, service, failure = _world_with(ActionType.RESTART)
    clean, _, _ = _world_with(ActionType.RESTART)
    cure = (Role.SRE, Action(ActionType.RESTART, service))
    right = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure))
    wrong = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure % 17 + 1))
    assert 0 < _finish(world, [wrong, right, cure]) < _finish(clean, [right, cure]) - 0.15


def test_a_role_is_paid_what_its_absence_would_cost() -> None:
    """Who named, who cured and who closed are all needed; who did nothing has nothing."""
    world, service, failure = _world_with(ActionType.RESTART)
    claim = (Role.DEV, Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure))
    team = _finish(world, [claim, (Role.SRE, Action(ActionType.RESTART, service))])
    sre, dev, manager, oversight = world.results().roles[0].tolist()
    assert 0 < sre < dev == pytest.approx(team)
    assert sre == pytest.approx(team - OPEN * (DETECT + LOCALISE + DIAGNOSE))
    assert 0.5 * team < manager < team
    assert oversight == 0


def test_closing_too_early_pays_nothing() -> None:
    """A manager's premature resolve was free in the older gym."""
    for tier in Tier:
        world = World(tier, 300)
        actions = no_actions(300)
        actions[:, Role.MANAGER] = Action(ActionType.RESOLVE).row()
        assert world.step(actions).team.max() == 0


def test_an_action_more_never_pays() -> None:
    """A disruptive act that meets no failure lowers the score even when the rest is perfect."""
    for one in tasks(Tier.MEDIUM, Split.TRAIN, 10):
        best = certify(one)
        world = World(Tier.MEDIUM, reveal=True)
        world.play([one])
        touched = {cause.service for cause in world.truth().causes}
        spare = next(
            service for service in range(int(world.observe().sre().common.services[0])) if service not in touched
        )
        total = 0.0
        for step, row in enumerate(best.actions):
            actions = row[None].copy()
            if actions[0, Role.DEV, 0] == 0 and step == 1:
                actions[0, Role.DEV] = Action(ActionType.ROLLBACK, spare).row()
            total += float(world.step(actions).team[0])
        assert total <= best.score
