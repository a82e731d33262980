"""Chance: the published cipher, right range, even spread, no dependence on who else draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from journeyman.gym.rules.rng import BLOCK, DRAW, below, between, block, word
from journeyman.gym.state import Scenario, Scratch
from journeyman.gym.tasks import Tier, world_key


def _stream(seed: int) -> tuple[Scenario, Scratch]:
    scenario, scratch = Scenario(), Scratch()
    scenario.key = np.frombuffer(world_key(Tier.EASY, seed), "<u4").tolist()
    scratch.drawn, scratch.place, scratch.counter = [0] * BLOCK, BLOCK, 0
    return scenario, scratch


def test_words_are_those_of_the_published_cipher() -> None:
    """ChaCha8 with a key of zeros; the first bytes of its published test vector."""
    out = [0] * BLOCK
    block([0] * 8, 0, 0, 0, out, 0)
    stream = np.array(out, "<u4").tobytes().hex()
    assert stream.startswith("3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e")


@given(st.integers(0, 2**32), st.floats(-100, 100), st.floats(0.1, 100))
def test_a_draw_between_bounds_stays_there(seed: int, low: float, width: float) -> None:
    """Low included, high not exceeded."""
    scenario, scratch = _stream(seed)
    drawn = [between(scenario, scratch, low, low + width) for _ in range(40)]
    assert min(drawn) >= low
    assert max(drawn) <= low + width


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_integers_stay_below_their_limit_and_reach_all(limit: int, seed: int) -> None:
    """Every value comes up when there are many draws per value."""
    scenario, scratch = _stream(seed)
    drawn = {below(scenario, scratch, limit) for _ in range(limit * 20)}
    assert drawn == set(range(limit))


def test_words_are_evenly_spread_and_do_not_follow_from_each_other() -> None:
    """Mean, spread and correlation with the next word of 20,000 draws."""
    scenario, scratch = _stream(5)
    drawn = np.array([word(scenario, scratch) for _ in range(20_000)]) / 2**32
    assert abs(drawn.mean() - 0.5) < 0.01
    assert abs(drawn.std() - 12**-0.5) < 0.005
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.03


@given(st.integers(0, 255), st.integers(0, 2**20), st.integers(0, 3), st.integers(0, 2**63))
def test_every_part_of_a_place_changes_half_of_all_bits(bit: int, counter: int, stream: int, seed: int) -> None:
    """A key that differs in one bit, another counter, place or stream: none of them gives words like those before."""
    key: list[int] = np.frombuffer(world_key(Tier.HARD, seed), "<u4").tolist()
    other = list(key)
    other[bit // 32] ^= 1 << (bit % 32)
    first = _words(key, counter, 7, stream)
    for second in (
        _words(other, counter, 7, stream),
        _words(key, counter + 1, 7, stream),
        _words(key, counter, 8, stream),
        _words(key, counter, 7, stream + 1),
    ):
        changed = sum(int(one ^ two).bit_count() for one, two in zip(first, second, strict=True))
        assert 170 < changed < 342  # of 512; seven and a half standard deviations


def _words(key: list[int], counter: int, place: int, stream: int) -> list[int]:
    out = [0] * BLOCK
    block(key, counter, place, stream, out, 0)
    return out


def test_asking_in_another_order_changes_nothing() -> None:
    """A block is a function of its place."""
    key: list[int] = np.frombuffer(world_key(Tier.EASY, 1), "<u4").tolist()
    forwards = [_words(key, counter, 0, DRAW) for counter in range(5)]
    assert [_words(key, counter, 0, DRAW) for counter in reversed(range(5))] == forwards[::-1]
