"""What a role is shown cannot tell it what it may not know: order, counts, ages, names, keys, copies.

Exact tests of how observations are made; a statistical gate over learned classifiers is a benchmark's.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import copy
import pickle
from collections import Counter
from typing import Any, cast

import numpy as np
import pytest

from journeyman.gym.actions import Role
from journeyman.gym.evaluate import play, team_named
from journeyman.gym.names import names_of
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import Team, no_actions
from journeyman.gym.records import names_of as fields_of
from journeyman.gym.state import NEVER, PER_STEP, TRACE_STEPS, Scenario, Visible
from journeyman.gym.tasks import Split, Task, Tier, tasks, world_key
from journeyman.gym.world import World

_WORLDS = 1500


def _struck() -> tuple[World, list[tuple[int, int, int, int]]]:
    """Hard worlds after three steps, and (world, rows of a step, place of the strike among them, agent) per strike."""
    world = World(Tier.HARD, _WORLDS, reveal=True)
    world.step(no_actions(_WORLDS))
    fleet = world.observe().oversight()
    strikes: list[tuple[int, int, int, int]] = []
    for index, scenario in enumerate(world._scenarios):
        for slot in np.flatnonzero((scenario["rogue"] >= 0) & (scenario["onset"] == 0)).tolist():
            when = int(world._states["strike_at"][index, slot])
            rows = np.arange(PER_STEP) + (TRACE_STEPS - (1 - when)) * PER_STEP
            there = (fleet.agent[index, rows] == scenario["rogue"][slot]) & (
                fleet.target[index, rows] == scenario["service"][slot]
            )
            if there.any():
                count = int((fleet.agent[index, rows] >= 0).sum())
                strikes.append((index, count, int(np.argmax(there)), int(scenario["rogue"][slot])))
    return world, strikes


def test_where_a_strike_stands_in_its_step_is_drawn_evenly() -> None:
    """Not the second row, not the odd ones, not the last: of two rows each holds a strike as often."""
    _, strikes = _struck()
    places = Counter(place for _, count, place, _ in strikes if count == 2)
    assert places.total() > 60
    assert set(places) == {0, 1}
    assert 0.3 < places[0] / places.total() < 0.7


def test_how_many_actions_a_step_has_does_not_tell_whether_one_is_a_strike() -> None:
    """The number is a function of the step's words; with the rogue taken out of the same world it is the same."""
    with_rogues, without = (World(Tier.HARD, 400, seeds=range(400)) for _ in range(2))
    without._states["rogue_live"] = 0
    differ = 0
    for _ in range(8):
        for world in (with_rogues, without):
            world.step(no_actions(400))
        mine, theirs = with_rogues.observe().oversight(), without.observe().oversight()
        assert np.array_equal(mine.agent >= 0, theirs.agent >= 0)
        differ += int((mine.agent != theirs.agent).sum())
    assert differ > 100


def test_an_honest_agent_may_act_twice_in_a_step() -> None:
    """So that acting twice convicts nobody."""
    world = World(Tier.EASY, 300)
    fleet = world.observe().oversight()
    by_step = fleet.agent.reshape(300, TRACE_STEPS, PER_STEP)
    twice = (by_step[:, :, 0] == by_step[:, :, 1]) & (by_step[:, :, 0] >= 0)
    assert twice.sum() > 20


def test_stopping_an_agent_leaves_the_number_of_actions_as_it_was() -> None:
    """Who is stopped is replaced by another draw; a gap would tell strikes from the rest."""
    world, other = (World(Tier.MEDIUM, 200) for _ in range(2))
    flags = no_actions(200)
    flags[:, Role.OVERSIGHT] = (5, 3, 0, 0)
    world.step(flags)
    other.step(no_actions(200))
    for _ in range(5):
        for one in (world, other):
            one.step(no_actions(200))
    mine, theirs = world.observe().oversight(), other.observe().oversight()
    assert np.array_equal(mine.agent >= 0, theirs.agent >= 0)
    assert not (mine.agent.reshape(200, TRACE_STEPS, PER_STEP)[:, -5:] == 3).any()


def test_a_change_that_lies_ahead_is_shown_nowhere() -> None:
    """Every service has a past change of a plausible age; the coming one leaves no trace until it happens."""
    ahead = 0
    for tier in Tier:
        world, other = World(tier, 1000), World(tier, 1000)
        coming = (world._scenarios["change_step"] >= 0) & (world._scenarios["change_step"] < NEVER)
        other._scenarios["change_step"][coming] = NEVER
        for step in range(3):
            seen, blind = world.observe().dev(), other.observe().dev()
            exists = np.arange(seen.change_age.shape[1]) < seen.common.services[:, None]
            assert seen.change_age[exists].min() >= 1
            assert seen.change_age[exists].max() <= 419 + step
            due = (world._scenarios["change_step"] < step) & coming
            untouched = ~due.any(axis=1)
            assert np.array_equal(seen.change_age[untouched], blind.change_age[untouched])
            ahead += int((coming & ~due).sum())
            for one in (world, other):
                one.step(no_actions(1000))
        happened = np.argwhere(coming)
        for index, slot in happened.tolist():
            when = int(world._scenarios["change_step"][index, slot])
            service = int(world._scenarios["service"][index, slot])
            assert world.observe().dev().change_age[index, service] <= 3 - when
    assert ahead > 100


def test_what_may_be_seen_is_declared_apart_from_the_truth() -> None:
    """No field of a scenario that tells what is wrong, and no key, is a field of what may be seen."""
    shared = set(fields_of(Visible)) & set(fields_of(Scenario))
    assert shared == {"services", "agents", "usual_latency", "calls", "jobs"}


def test_the_truth_changed_behind_what_is_shown_does_not_show() -> None:
    """Root causes, onsets to come, rogue marks and cures exchanged in place: the same is seen to the bit."""
    world = World(Tier.HARD, 300)
    before = world.observe().visible
    for name in ("root", "rogue", "cure", "delay", "needed", "change_step", "end", "relief", "rise"):
        world._scenarios[name] = np.random.Generator(np.random.Philox(3)).permutation(world._scenarios[name])
    for name in ("strike_at", "rogue_live", "timer", "named", "adapted"):
        world._states[name] = 1
    world._seen = None
    assert np.array_equal(world.observe().visible, before)


class _Keeping:
    """A policy that keeps whatever it is given."""

    name = "keeping"

    def __init__(self) -> None:
        self.given: list[Any] = []

    def act(self, observations: Observations) -> Any:
        self.given.append(observations)
        return no_actions(observations.worlds)


def _reached(value: object, seen: dict[int, object]) -> None:
    if id(value) in seen or isinstance(value, (type, str, bytes, int, float)):
        return
    seen[id(value)] = value
    inside: list[object] = []
    if isinstance(value, dict):
        inside += [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set)):
        inside += list(value)
    if isinstance(value, np.ndarray) and value.base is not None:
        inside.append(value.base)
    names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
    inside += [getattr(value, name, None) for name in names]
    for one in inside:
        _reached(one, seen)


def test_no_world_and_no_scenario_can_be_reached_from_what_a_policy_is_given() -> None:
    """Every attribute, item and array base that hangs on it, however deep."""
    keeping = _Keeping()
    team: Team = keeping
    play(lambda _: team, tasks(Tier.EASY, Split.TRAIN, 3))
    seen: dict[int, object] = {}
    _reached(keeping.given, seen)
    assert not [one for one in seen.values() if isinstance(one, World)]
    secret = {"key", "kind", "rogue", "root", "onset", "cured", "rogue_live"}
    for one in seen.values():
        if isinstance(one, np.ndarray):
            assert not secret & set(one.dtype.names or ())
    assert not any(hasattr(keeping.given[0], name) for name in ("truth", "step", "fork", "reset", "results"))


def _pickled(value: Observations) -> Observations:
    return cast("Observations", pickle.loads(pickle.dumps(value)))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, _pickled])
def test_a_copy_of_what_a_policy_is_given_is_a_moment_that_does_not_go_on(copied: Any) -> None:
    """Neither the kept value nor its copy changes when the world moves, and what is read of it cannot be written."""
    world = World(Tier.MEDIUM, 2)
    kept = world.observe()
    before, other = kept.visible, copied(kept)
    world.step(no_actions(2))
    for one in (kept, other):
        assert np.array_equal(one.visible, before)
        one.sre().metrics[:] = 7
        one.visible["cpu"] = 7
        assert np.array_equal(one.visible, before)
    assert not np.array_equal(world.observe().visible, before)


def test_another_salt_is_another_world_and_the_same_salt_the_same() -> None:
    """Held-out worlds of an evaluator: the id alone makes nothing of them."""
    one = Task(Tier.MEDIUM, Split.HELD_OUT, 3)
    salted = Task(Tier.MEDIUM, Split.HELD_OUT, 3, b"s" * 32)
    worlds = [World(Tier.MEDIUM, 1), World(Tier.MEDIUM, 1), World(Tier.MEDIUM, 1, salt=b"s" * 32)]
    for world, played in zip(worlds, (one, salted, one), strict=True):
        world.play([played])
    plain, by_task, by_world = (world.fingerprint() for world in worlds)
    assert plain != by_task == by_world
    assert worlds[0].names() != worlds[1].names()
    scores = [play(team_named("heuristic"), [task])[0] for task in (salted, salted)]
    assert scores[0] == scores[1]


def test_names_follow_from_the_key_alone_and_tell_nothing_of_what_else_is_drawn() -> None:
    """A stream of their own: the same counts and jobs under two keys give other names, under one key the same."""
    jobs = (0, 0, 1, 1)
    keys = [world_key(Tier.EASY, seed) for seed in range(200)]
    named = {names_of(key, 6, jobs).services for key in keys}
    assert len(named) == len(keys)
    assert names_of(keys[0], 6, jobs) == names_of(bytes(keys[0]), 6, jobs)
