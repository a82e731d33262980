"""What roles see of a world alone is what they see of it in a batch, and worlds drawn ahead are the worlds drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import cast

import numpy as np
import pytest

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Ints
from journeyman.gym.draw.ahead import TOGETHER, draw_one
from journeyman.gym.draw.incident import draw
from journeyman.gym.tasks import Tier
from journeyman.gym.world.world import World
from journeyman.mission.values.errors import BugError


@pytest.mark.parametrize("tier", list(Tier))
def test_a_world_alone_shows_what_a_world_in_a_batch_shows(tier: Tier, wild: Callable[[World, int], Ints]) -> None:
    """Two implementations of every role's eyes and logs, over whole episodes of wild actions."""
    seeds = list(range(2000, 2012))
    batch = World(tier, len(seeds), seeds=seeds)
    alone = [World(tier, 1, seeds=[seed]) for seed in seeds]
    shown = dict.fromkeys(("messages", "probes", "deeds", "lines"), 0)
    for step in range(batch.horizon):
        actions = wild(batch, step)
        batch.step(actions)
        together = batch.sights()
        views = list(zip(together.sre(), together.dev(), together.manager(), together.oversight(), strict=True))
        for index, world in enumerate(alone):
            world.step(actions[index : index + 1])
            sights = world.sights()
            (sre,), (dev,), (manager,), (oversight,) = sights.sre(), sights.dev(), sights.manager(), sights.oversight()
            assert (sre, dev, manager, oversight) == views[index]
            lines = world.logs(Role.SRE)
            assert lines == batch.logs(Role.SRE, index)
            shown["messages"] += len(dev.messages)
            shown["probes"] += len(sre.probes)
            shown["deeds"] += len(oversight.deeds)
            shown["lines"] += len(lines)
    assert all(count > 100 for count in shown.values()), shown


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("first", [0, 95, 96 * 10**6, 2**64 - 97])
def test_a_world_drawn_with_its_neighbours_is_the_world_drawn_alone(tier: Tier, first: int) -> None:
    """Which worlds were asked for before may not show."""
    for seed in [*range(first, min(first + 3 * TOGETHER, 2**64), 7), first]:
        got, wanted = draw_one(seed, tier), draw(np.array([seed], np.uint64), tier)
        for one, other in zip(got, wanted, strict=True):
            for field in fields(one):
                mine, theirs = getattr(one, field.name), getattr(other, field.name)
                assert mine.dtype == theirs.dtype
                assert np.array_equal(mine, theirs), field.name


def test_a_world_drawn_ahead_is_not_worn_by_who_played_it(wild: Callable[[World, int], Ints]) -> None:
    """Neighbours share what was drawn; the second who plays a world must find it fresh."""
    prints: list[str] = []
    for _ in range(4):
        world = World(Tier.EASY, 1, seeds=[333])
        prints.append(world.fingerprint())
        for step in range(world.horizon):
            world.step(wild(world, step))
    assert len(set(prints)) == 1


@pytest.mark.parametrize("worlds", [1, 2])
def test_nothing_that_is_shown_leads_into_the_world(worlds: int, wild: Callable[[World, int], Ints]) -> None:
    """Whoever empties every list of a sight changes neither what is seen next nor what happens."""
    world, other = World(Tier.HARD, worlds), World(Tier.HARD, worlds)
    emptied = 0
    for step in range(8):
        for every in (_seen(world), [world.logs(Role.SRE), world.names()]):
            emptied += _empty(every)
        assert _seen(world) == _seen(other)
        for one in (world, other):
            one.step(wild(world, step))
        assert [world.fingerprint(index) for index in range(worlds)] == [
            other.fingerprint(index) for index in range(worlds)
        ]
    assert emptied > 100


def _seen(world: World) -> list[object]:
    sights = world.sights()
    return [sights.sre(), sights.dev(), sights.manager(), sights.oversight()]


def _empty(value: object) -> int:
    """Empty all lists within a value and give how many there were."""
    if not isinstance(value, (list, tuple)):
        return 0
    within = sum(map(_empty, cast("Sequence[object]", value)))
    if isinstance(value, list):
        value.clear()
        return within + 1
    return within


def test_a_batch_is_not_moved_as_a_world_alone() -> None:
    """The plain step has no place for several worlds."""
    with pytest.raises(BugError, match="use `step`"):
        World(Tier.EASY, 2).step_alone([(0, -1, 0, 0)] * 4)
