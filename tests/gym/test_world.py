"""Worlds: reproducible to the bit, independent of each other, and closed to those who must not see the truth."""

# pyright: reportPrivateUsage=false
# What was drawn is private on purpose; only these tests of the draw may look inside.

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.actions import ALLOWED_ACTIONS, Action, ActionType, Role, Topic
from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import RAISES, Failure, Probe
from journeyman.gym.policies.base import no_actions
from journeyman.gym.tasks import Split, Tier, task, tasks
from journeyman.gym.world import World
from journeyman.mission.values.errors import NotAllowed

Make = Callable[[World, int], Ints]

GOLDEN = {
    Tier.EASY: "eb57c2f4a5105539",
    Tier.MEDIUM: "196ec21038873449",
    Tier.HARD: "538f5619fd79f9bb",
}


def _one(role: Role, action: Action) -> Ints:
    actions = no_actions(1)
    actions[0, role] = action.row()
    return actions


@pytest.mark.parametrize("tier", list(Tier))
def test_the_bits_of_a_played_world_are_the_same_on_every_machine(tier: Tier) -> None:
    """The digests were taken once; another machine, Python or numpy that gives others breaks the promise."""
    world = World(tier, 3)
    world.reset([1, 2**40 + 7, 2**64 - 1])
    for step in range(12):
        actions = no_actions(3)
        for role, allowed in ALLOWED_ACTIONS.items():
            actions[:, role] = (allowed[(5 * step + role) % (len(allowed) - 1)], step % 4, step, 0)
        world.step(actions)
    assert world.fingerprint(1)[:16] == GOLDEN[tier]


def test_a_world_does_not_depend_on_its_neighbours(wild: Make) -> None:
    """The same seed in another batch, at another place and after other resets moves alike."""
    batch = World(Tier.MEDIUM, 5)
    other = World(Tier.MEDIUM, 2)
    for step in range(7):
        other.step(wild(other, 100 + step))
    batch.reset([3, 4, 5, 6, 7])
    other.reset([9, 6])
    for step in range(20):
        actions = wild(batch, step)
        batch.step(actions)
        other.step(actions[[0, 3]])
        assert batch.fingerprint(3) == other.fingerprint(1)


def test_resetting_some_worlds_leaves_the_others_alone(tame: Make) -> None:
    """Autoreset replaces rows; the rest of the batch must not notice."""
    batch, reference = World(Tier.HARD, 3), World(Tier.HARD, 3)
    for step in range(5):
        batch.step(tame(batch, step))
        reference.step(tame(reference, step))
    batch.reset([77], rows=np.array([1]))
    fresh = World(Tier.HARD, 1)
    fresh.reset([77])
    assert batch.fingerprint(0) == reference.fingerprint(0)
    assert batch.fingerprint(2) == reference.fingerprint(2)
    assert batch.fingerprint(1) == fresh.fingerprint()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=6, unique=True), st.sampled_from(list(Tier)))
@settings(max_examples=25, deadline=None)
def test_different_seeds_give_different_worlds(seeds: list[int], tier: Tier) -> None:
    """Each seed has a key of its own, and what is drawn from it differs."""
    world = World(tier, len(seeds))
    world.reset(seeds)
    assert len({tuple(row) for row in world._scenarios["key"].tolist()}) == len(seeds)
    assert len({tuple(row) for row in world._scenarios["capacity"].tolist()}) == len(seeds)


def test_seeds_vary_what_matters() -> None:
    """Seeds that only rename would pass an inequality test; failures, places, sizes and loads must vary."""
    world = World(Tier.HARD, 2000)
    scenarios = world._scenarios
    assert len(np.unique(scenarios["services"])) == 21
    assert set(np.unique(scenarios["kind"]).tolist()) == {int(one) for one in Failure}
    assert len(np.unique(scenarios["service"])) > 30
    assert len({row.tobytes() for row in scenarios["callers"]}) > 1990


@pytest.mark.parametrize("tier", list(Tier))
def test_every_service_can_be_reached_from_the_door(tier: Tier) -> None:
    """The graph is a DAG with one source, and both ends of every edge agree."""
    for scenario in World(tier, 300)._scenarios:
        services = int(scenario["services"])
        callers = zip(scenario["callers"].reshape(-1, 2), scenario["weights"].reshape(-1, 2), strict=True)
        edges = {
            (int(caller), number)
            for number, (some, weights) in enumerate(callers)
            for caller, weight in zip(some, weights, strict=True)
            if weight > 0
        }
        seen = {
            (number, int(called))
            for number, some in enumerate(scenario["calls"].reshape(-1, 3)[:services])
            for called in some
            if called >= 0
        }
        assert edges == seen
        assert all(caller < called for caller, called in edges)
        assert {called for _, called in edges} == set(range(1, services))


def test_failures_sit_at_different_services_and_never_at_the_door() -> None:
    """One slot per service is what effects rely on."""
    for tier in Tier:
        for scenario in World(tier, 1000)._scenarios:
            used = scenario["service"][scenario["kind"] > 0].tolist()
            assert len(set(used)) == len(used)
            assert all(0 < service < scenario["services"] for service in used)


def test_a_healthy_world_stays_healthy() -> None:
    """Without failures the load's wave and noise alone must not break the objective."""
    world = World(Tier.HARD, 400, reveal=True)
    for name in ("kind", "effects", "real"):
        world._scenarios[name] = 0
    world._scenarios["service"] = -1
    world._states["effects"] = 0
    for _ in range(world.horizon - 1):
        world.step(no_actions(400))
    assert world.results().availability.min() > 0.97
    assert world._states["alert"].sum() == 0


def test_failures_are_felt_at_the_door_in_most_worlds() -> None:
    """An incident that no customer feels is allowed, but not the rule."""
    world = World(Tier.MEDIUM, 400, reveal=True)
    for _ in range(world.horizon):
        world.step(no_actions(400))
    faulty = world._scenarios["real"].any(axis=1)
    assert world.results().availability[faulty].mean() < 0.5
    assert world.results().availability[~faulty].mean() > 0.5


def test_stepping_after_the_end_changes_nothing(wild: Make) -> None:
    """Neither a reward nor a bit of state comes from an ended world, while its neighbour plays on."""
    world = World(Tier.EASY, 2)
    closing = no_actions(2)
    closing[0, Role.MANAGER] = Action(ActionType.RESOLVE).row()
    stepped = world.step(closing)
    assert stepped.terminated.tolist() == [True, False]
    before = world.fingerprint(0)
    for step in range(world.horizon + 3):
        stepped = world.step(wild(world, step))
        assert stepped.team[0] == 0
        assert not stepped.roles[0].any()
        assert not stepped.terminated[0]
    assert world.fingerprint(0) == before


def _pickled(world: World) -> World:
    return cast("World", pickle.loads(pickle.dumps(world)))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("worlds", [1, 3])
@pytest.mark.parametrize("copied", [copy.deepcopy, _pickled])
def test_a_copied_world_goes_on_like_the_first(worlds: int, copied: Callable[[World], World], wild: Make) -> None:
    """Trainers send worlds to other processes; there failures must grow, cure and come with resets as here."""
    first = World(Tier.MEDIUM, worlds)
    first.step(wild(first, 1))
    second = copied(first)
    for step in range(12):
        if step == 6:
            for world in (first, second):
                world.reset([7], rows=np.array([worlds - 1]))
        for world in (first, second):
            world.step(wild(world, step))
        for index in range(worlds):
            assert second.fingerprint(index) == first.fingerprint(index)
    first.step(wild(first, 99))
    assert second.fingerprint() != first.fingerprint()


def test_time_runs_out_once_and_only_once() -> None:
    """The step that ends the episode says so, later ones do not."""
    world = World(Tier.EASY)
    flags = [bool(world.step(no_actions(1)).truncated[0]) for _ in range(world.horizon + 5)]
    assert flags.index(True) == world.horizon - 1
    assert sum(flags) == 1


def test_agent_mode_refuses_every_question_about_the_truth() -> None:
    """A client that holds the world itself still cannot ask what is wrong."""
    world = World(Tier.EASY)
    for ask in (world.truth, world.over, world.results, lambda: world.rehearse(np.zeros((1, 30, 4, 4), np.int64))):
        with pytest.raises(NotAllowed):
            ask()


def test_views_are_copies() -> None:
    """Writing into a view must not heal the world, and a kept view must not change with the world."""
    world = World(Tier.HARD, 2)
    world.step(no_actions(2))
    before = world.fingerprint(0)
    seen = world.observe()
    for batch in (seen.sre(), seen.dev(), seen.manager(), seen.oversight()):
        for array in _arrays(batch):
            array[...] = 0
    assert world.fingerprint(0) == before
    kept = world.observe().sre()
    snapshot = kept.metrics.copy()
    world.step(no_actions(2))
    assert np.array_equal(kept.metrics, snapshot)


def _arrays(value: object) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if is_dataclass(value):
        return [array for field in fields(value) for array in _arrays(getattr(value, field.name))]
    return []


def test_a_private_message_reaches_its_addressee_and_its_sender_only() -> None:
    """Channels are walls: oversight must not read what the SRE tells the developer."""
    world = World(Tier.EASY)
    world.step(_one(Role.SRE, Action(ActionType.COMMUNICATE, 2, int(Topic.SYMPTOM), 1 + Role.DEV)))
    seen = world.observe()
    heard = {
        "sre": seen.sre().common.messages,
        "dev": seen.dev().common.messages,
        "manager": seen.manager().common.messages,
        "oversight": seen.oversight().common.messages,
    }
    sizes = {name: int((messages[:, :, 1] >= 0).sum()) for name, messages in heard.items()}
    assert sizes == {"sre": 1, "dev": 1, "manager": 0, "oversight": 0}
    assert heard["dev"][0, -1].tolist() == [0, Role.SRE, 1 + Role.DEV, Topic.SYMPTOM, 2]


def test_a_role_cannot_do_what_is_not_in_its_hands() -> None:
    """Every disruptive action has one owner; from others it is a no-op without cost."""
    world = World(Tier.EASY, reveal=True)
    actions = no_actions(1)
    actions[0, Role.DEV] = Action(ActionType.RESTART, 1).row()
    actions[0, Role.SRE] = Action(ActionType.RESOLVE).row()
    actions[0, Role.MANAGER] = Action(ActionType.FLAG_ROGUE, 0).row()
    actions[0, Role.OVERSIGHT] = Action(ActionType.ROLLBACK, 1).row()
    assert not world.step(actions).terminated[0]
    assert world.results().wrong_acts.sum() == 0
    assert not world.observe().oversight().blocked.any()


def test_look_alikes_differ_only_in_closer_looks() -> None:
    """A world whose deadlock is exchanged for a slow disk shows every role the same until the SRE looks closer."""
    worlds: list[World] = []
    for failure in (Failure.DB_DEADLOCK, Failure.SLOW_DISK):
        world = World(Tier.EASY, 1)
        number = next(seed for seed in range(500) if _sole_failure(seed) in (Failure.DB_DEADLOCK, Failure.SLOW_DISK))
        world.reset([number])
        world._scenarios["kind"][0, 0] = failure
        world._scenarios["raises"][0, :2] = RAISES[2 * failure : 2 * failure + 2]
        for _ in range(6):
            world.step(no_actions(1))
        worlds.append(world)
    first, second = worlds
    assert np.array_equal(first.observe().visible, second.observe().visible)
    service = int(first._scenarios["service"][0, 0])
    for world in worlds:
        for role in (Role.SRE, Role.DEV):
            world.step(_one(role, Action(ActionType.NOOP, service)))
    changed = np.flatnonzero(first.observe().sre().probes[0] != second.observe().sre().probes[0])
    assert changed.tolist() == [Probe.LOCK_WAIT, Probe.IO_WAIT]
    assert np.array_equal(first.observe().dev().probes, second.observe().dev().probes)


def _sole_failure(seed: int) -> Failure:
    world = World(Tier.EASY, 1)
    world.reset([seed])
    return Failure(int(world._scenarios["kind"][0, 0]))


def test_actions_of_a_wrong_shape_are_refused() -> None:
    """A silent broadcast would give every role the same action."""
    with pytest.raises(ValueError, match="shape"):
        World(Tier.EASY, 2).step(np.zeros((1, 4, 4), np.int64))


def test_actions_that_are_no_integers_are_refused() -> None:
    """A half service or a NaN must not be cut into something else."""
    actions: Any = np.full((1, 4, 4), 0.5)
    with pytest.raises(ValueError, match="integers"):
        World(Tier.EASY).step(actions)


@pytest.mark.parametrize("worlds", [1, 2])
@pytest.mark.parametrize("value", [-(2**63), -1, 2**31, 2**63 - 1])
def test_absurd_integers_are_harmless(worlds: int, value: int) -> None:
    """Whatever a client sends, the step survives, alone and in a batch."""
    world = World(Tier.MEDIUM, worlds)
    for kind in range(len(ActionType)):
        actions = np.full((worlds, 4, 4), value, np.int64)
        actions[..., 0] = kind
        world.step(actions)
        actions[..., 0], actions[..., 1] = value, 1
        world.step(actions)
    assert np.isfinite(world.observe().sre().metrics).all()


def test_playing_a_task_is_resetting_to_its_seed() -> None:
    """Task ids are stable names of worlds."""
    named, seeded = World(Tier.MEDIUM), World(Tier.MEDIUM)
    named.play([task("medium-held_out-5@3")])
    seeded.reset([17])
    assert named.fingerprint() == seeded.fingerprint()
    with pytest.raises(ValueError, match="tier"):
        named.play(tasks(Tier.EASY, Split.TRAIN, 1))
