"""Numbered choices of roles: each is an action that the role may take, and the mask leaves those that name what is there."""

from __future__ import annotations

import numpy as np
import pytest

from journeyman.gym.actions import ALLOWED_ACTIONS, ROLES, ActionType, Role, Topic
from journeyman.gym.arrays import Ints
from journeyman.gym.envs.role_choices import Colleagues, LearnedTeam, RoleChoices
from journeyman.gym.evaluate import play, team_named
from journeyman.gym.observe.features import features
from journeyman.gym.policies.base import no_actions
from journeyman.gym.tasks import SIZES, Split, Tier, tasks
from journeyman.gym.world import World


def rows_of(choices: RoleChoices, column: int) -> Ints:
    """The actions of all choices of one role."""
    count = choices.counts[column]
    picks: Ints = np.zeros((count, len(choices.roles)), np.int64)
    picks[:, column] = np.arange(count)
    actions = no_actions(count)
    choices.write(picks, actions)
    return actions[:, choices.roles[column]]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tier", list(Tier))
def test_the_choices_of_a_role_are_all_kinds_that_it_may_take(tier: Tier, role: Role) -> None:
    """The first is to do nothing, none stands twice, every service can be named, and nothing else is in the list."""
    rows = rows_of(RoleChoices(tier, [role]), 0)
    assert rows[0].tolist() == [ActionType.NOOP, -1, 0, 0]
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert set(rows[:, 0].tolist()) == set(ALLOWED_ACTIONS[role])
    looks = rows[rows[:, 0] == ActionType.NOOP, 1]
    assert looks.tolist() == list(range(-1, SIZES[tier].services[1]))


@pytest.mark.parametrize("tier", list(Tier))
def test_the_mask_leaves_what_names_something_that_is_there(tier: Tier) -> None:
    """Checked choice by choice against the world's own numbers of services and agents."""
    world = World(tier, 6)
    choices = RoleChoices(tier, list(Role))
    masks = choices.masks(world.observe())
    assert masks.shape == (6, sum(choices.counts))
    rows = np.concatenate([rows_of(choices, column) for column in range(ROLES)])
    for number in range(6):
        names = world.names(number)
        for (kind, target, arg, _), allowed in zip(rows.tolist(), masks[number].tolist(), strict=True):
            agent = kind == ActionType.FLAG_ROGUE or (kind == ActionType.COMMUNICATE and arg == Topic.SUSPECT)
            assert allowed == (target < len(names.agents if agent else names.services))


def test_several_roles_see_and_choose_side_by_side() -> None:
    """Vectors and masks stand in the order of the roles, and the other roles' actions stay as they were."""
    world = World(Tier.MEDIUM, 3)
    choices = RoleChoices(Tier.MEDIUM, [Role.MANAGER, Role.SRE])
    seen = choices.features(world.observe())
    parts = [features(world.observe(), Tier.MEDIUM, role) for role in choices.roles]
    assert np.array_equal(seen, np.concatenate(parts, axis=1))
    assert seen.shape[1] == choices.width
    actions = np.full((3, ROLES, 4), 7, np.int64)
    choices.write(np.zeros((3, 2), np.int64), actions)
    assert (actions[:, [Role.DEV, Role.OVERSIGHT]] == 7).all()
    assert (actions[:, [Role.MANAGER, Role.SRE], 0] == ActionType.NOOP).all()


def test_colleagues_of_single_worlds_play_as_one_team_of_the_batch() -> None:
    """World for world the same, and a world that begins anew has colleagues without a memory."""
    some = tasks(Tier.EASY, Split.TRAIN, 5)
    world = World(Tier.EASY, 5)
    world.play(some)
    alone, together = Colleagues(team_named("heuristic"), 5), team_named("heuristic")(5)
    for _ in range(12):
        actions = alone.act(world.observe())
        assert np.array_equal(actions, together.act(world.observe()))
        world.step(actions)
    world.play(some)
    alone.begin(range(5))
    assert np.array_equal(alone.act(world.observe()), team_named("heuristic")(5).act(world.observe()))
    assert np.array_equal(Colleagues(None, 5).act(world.observe()), no_actions(5))


def test_a_learner_that_does_what_the_heuristic_does_scores_as_it() -> None:
    """The learner's picks replace the others' action at its seat, and only there."""
    choices = RoleChoices(Tier.EASY, [Role.MANAGER])
    some = tasks(Tier.EASY, Split.TRAIN, 8)
    idle = play(
        lambda worlds: LearnedTeam(
            "idle", choices, lambda seen, _: np.zeros(len(seen), np.int64), team_named("heuristic")(worlds)
        ),
        some,
    )
    assert all(one.steps == World(Tier.EASY).horizon for one in idle)  # nobody closes
    closing = int(np.flatnonzero(rows_of(choices, 0)[:, 0] == ActionType.RESOLVE)[0])
    closed = play(
        lambda _: LearnedTeam("close", choices, lambda seen, _: np.full(len(seen), closing, np.int64), None), some
    )
    assert all(one.steps == 1 for one in closed)
