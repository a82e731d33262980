"""Chance: right range, even spread, no dependence on who else draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from journeyman.gym.chance import Dice, mixed, noise, noise_keys, places, signed

_KEYS = mixed(np.arange(20_000, dtype=np.uint64))


@given(st.floats(-100, 100), st.floats(0.1, 100), st.integers(0, 2**30))
def test_a_draw_between_bounds_stays_there(low: float, width: float, seed: int) -> None:
    """Low included, high not exceeded, and the whole range used."""
    dice = Dice(mixed(np.arange(500, dtype=np.uint64) + np.uint64(seed)))
    drawn = dice.between(7, low, low + width)
    assert drawn.min() >= low
    assert drawn.max() <= low + width
    assert drawn.max() - drawn.min() > 0.9 * width


@given(st.integers(1, 1000))
def test_integers_stay_below_their_limit_and_reach_all(limit: int) -> None:
    """Every value comes up when there are many draws per value."""
    drawn = Dice(_KEYS).below(3, limit)
    assert drawn.min() >= 0
    assert drawn.max() < limit
    assert len(np.unique(drawn)) > 0.99 * limit


def test_streams_places_and_keys_are_independent() -> None:
    """Neighbouring draws must not be correlated, or worlds would repeat themselves."""
    dice = Dice(_KEYS)
    rows = np.concatenate([dice.unit(stream, 3) for stream in (1, 2, 3)])
    correlation = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlation).max() < 0.04
    assert np.abs(np.corrcoef(rows[0, 1:], rows[0, :-1])[0, 1]) < 0.04


def test_a_world_draws_the_same_alone_and_among_others() -> None:
    """Counters are hashed, not advanced."""
    alone = Dice(_KEYS[77:78]).words(5, 4)
    assert np.array_equal(alone[:, 0], Dice(_KEYS).words(5, 4)[:, 77])


def test_noise_is_centred_and_changes_with_step_and_place() -> None:
    """The noise of a step is uniform in -1..1 and unlike that of the next."""
    keys = noise_keys(_KEYS)
    steps = np.zeros(len(keys), np.int64)
    first = signed(noise(keys, steps, places(3)))
    second = signed(noise(keys, steps + 1, places(3)))
    assert abs(first.mean()) < 0.01
    assert first.min() >= -1
    assert first.max() <= 1
    assert abs(first.std() - 3**-0.5) < 0.01
    assert np.abs(np.corrcoef(np.concatenate([first, second])) - np.eye(6)).max() < 0.04


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_mixing_keeps_different_words_different(one: int, other: int) -> None:
    """A bijection: the ground on which two seeds never give one world."""
    first, second = mixed(np.array([one, other], np.uint64)).tolist()
    assert (first == second) == (one == other)
