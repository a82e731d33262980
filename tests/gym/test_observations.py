"""Arrays, plain numbers and features say the same, and nothing that is shown leads back into the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import pytest

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Ints
from journeyman.gym.observe.features import HIGH, LOW, features, size, team_size
from journeyman.gym.tasks import Tier
from journeyman.gym.world import World

Make = Callable[[World, int], Ints]


@pytest.mark.parametrize("tier", list(Tier))
def test_plain_numbers_say_what_the_arrays_say(tier: Tier, wild: Make) -> None:
    """Over whole episodes of wild actions; padding and empty rows are left out."""
    world = World(tier, 6, seeds=range(2000, 2006))
    shown = dict.fromkeys(("messages", "probes", "actions", "lines"), 0)
    for step in range(world.horizon):
        world.step(wild(world, step))
        seen = world.observe()
        arrays, fleet = seen.sre(), seen.oversight()
        rows = zip(seen.each_sre(), seen.each_dev(), seen.each_manager(), seen.each_oversight(), strict=True)
        for index, (sre, dev, manager, oversight) in enumerate(rows):
            count = int(arrays.common.services[index])
            assert sre.cpu == arrays.metrics[index, 0, :count].tolist()
            assert sre.queue == arrays.metrics[index, 4, :count].tolist()
            assert [len(some) for some in sre.calls] == (arrays.calls[index, :count] >= 0).sum(axis=1).tolist()
            assert dev.change_age == seen.dev().change_age[index, :count].tolist()
            assert manager.alerts == seen.manager().alerts[index, :count].tolist()
            assert not arrays.metrics[index, :, count:].any()
            some = fleet.agent[index] >= 0
            assert [tuple(one) for one in oversight.fleet_actions] == list(
                zip(
                    *(
                        getattr(fleet, name)[index, some].tolist()
                        for name in ("age", "agent", "verb", "target", "ticket")
                    ),
                    strict=True,
                )
            )
            shown["messages"] += len(dev.messages)
            shown["probes"] += len(sre.probes)
            shown["actions"] += len(oversight.fleet_actions)
            shown["lines"] += len(world.logs(Role.SRE, index))
    assert all(count > 100 for count in shown.values()), shown


@pytest.mark.parametrize("tier", list(Tier))
def test_features_are_the_roles_vectors_side_by_side_within_their_bounds(tier: Tier, wild: Make) -> None:
    """Also into a given array whose old contents must not shine through."""
    world = World(tier, 5)
    for step in range(12):
        world.step(wild(world, step))
        dirty = np.full((5, team_size(tier)), np.nan, np.float32)
        team = world.team_features(dirty)
        assert team is dirty
        assert team.min() >= LOW
        assert team.max() <= HIGH
        parts = [features(world.observe(), tier, role) for role in Role]
        assert [part.shape[1] for part in parts] == [size(tier, role) for role in Role]
        assert np.array_equal(np.concatenate(parts, axis=1), team)


def test_features_hold_what_the_arrays_hold(wild: Make) -> None:
    """Spot checks of places, so that no column is forgotten or doubled."""
    world = World(Tier.MEDIUM, 3)
    for step in range(9):
        world.step(wild(world, step))
    seen = world.observe()
    sre, dev = features(seen, Tier.MEDIUM, Role.SRE), features(seen, Tier.MEDIUM, Role.DEV)
    assert np.allclose(sre[:, 0] * 50, seen.sre().common.step)
    assert np.allclose(sre[:, 42 + 4], seen.sre().metrics[:, 0, 0])
    assert np.allclose(sre[:, -9:-1], seen.sre().probes)
    assert np.allclose(sre[:, -1] * 50, seen.sre().look_age)
    assert np.allclose(dev[:, 42 + 4] * 50, np.minimum(seen.dev().change_age[:, 0], 400))
    manager = features(seen, Tier.MEDIUM, Role.MANAGER)
    assert np.array_equal(manager[:, 42:54], seen.manager().alerts)
    oversight = features(seen, Tier.MEDIUM, Role.OVERSIGHT)
    assert np.array_equal(oversight[:, -16:][:, 1::2], seen.oversight().blocked)


@pytest.mark.parametrize("worlds", [1, 2])
def test_nothing_that_is_shown_leads_into_the_world(worlds: int, wild: Make) -> None:
    """Whoever empties every list of an observation changes neither what is seen next nor what happens."""
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
    seen = world.observe()
    return [seen.each_sre(), seen.each_dev(), seen.each_manager(), seen.each_oversight()]


def _empty(value: object) -> int:
    """Empty all lists within a value and give how many there were."""
    if not isinstance(value, (list, tuple)):
        return 0
    within = sum(map(_empty, cast("Sequence[object]", value)))
    if isinstance(value, list):
        value.clear()
        return within + 1
    return within
