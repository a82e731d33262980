"""Chance as a pure function of (seed, stream, place): the same bits on every machine, in any order of asking.

Counters are hashed, never advanced, so one world of a batch draws what it would draw alone. The mixing steps are
SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) and, for the noise of every step,
the 32-bit finalizer "lowbias32" (Wellons, hash-prospector, 2018). Only integer operations and exact conversions are
used, so no result depends on a math library.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from journeyman.gym.arrays import Floats, Ints, Words

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_STREAM: Final = np.uint64(0xD1B54A32D192ED03)
_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)
_STEP: Final = np.uint32(0x9E3779B9)
_PLACE: Final = np.uint32(0x85EBCA6B)
_LOW_A: Final = np.uint32(0x7FEB352D)
_LOW_B: Final = np.uint32(0x846CA68B)
_UNIT24: Final = 2.0**-24
_UNIT31: Final = 2.0**-31
_MASK: Final = 0xFFFFFFFF

Noise32 = NDArray[np.uint32]


def mixed(words: Words) -> Words:
    """Give each 64-bit word scrambled; a bijection, so different words stay different."""
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * _MIX_A
    words = (words ^ (words >> np.uint64(27))) * _MIX_B
    return words ^ (words >> np.uint64(31))


def stream_places(stream: int, count: int) -> Words:
    """Give the first `count` places of a stream of `Dice`."""
    return (np.arange(count, dtype=np.uint64) + np.uint64((stream << 20) + 1)) * _STREAM


class Dice:
    """Draws for a batch of worlds: every draw names its stream, so adding one never shifts another."""

    def __init__(self, keys: Words) -> None:
        self._keys = keys

    def words(self, stream: int, *shape: int) -> Words:
        """Give hashed words of shape `(*shape, worlds)`."""
        count = 1
        for side in shape:
            count *= side
        return self.at(stream_places(stream, count)).reshape(*shape, len(self._keys))

    def at(self, where: Words) -> Words:
        """Give hashed words `(places, worlds)` at places of one stream or several."""
        return mixed(where[:, None] ^ self._keys)

    def below(self, stream: int, limit: int | Ints, *shape: int) -> Ints:
        """Give integers in `0 .. limit - 1`; `limit` may differ per world."""
        high = self.words(stream, *shape) >> np.uint64(33)
        return ((high.astype(np.int64) * limit) >> 31).astype(np.int64, copy=False)

    def unit(self, stream: int, *shape: int) -> Floats:
        """Give floats in [0, 1), multiples of 2^-24, hence exact."""
        return (self.words(stream, *shape) >> np.uint64(40)).astype(np.float64) * _UNIT24

    def between(self, stream: int, low: float, high: float, *shape: int) -> Floats:
        """Give floats in [low, high)."""
        return self.unit(stream, *shape) * (high - low) + low


def noise_keys(keys: Words) -> Noise32:
    """Give the 32-bit keys that `noise` wants."""
    return (keys >> np.uint64(32)).astype(np.uint32)


def places(count: int, stream: int = 0) -> Noise32:
    """Give the `(count, 1)` place offsets that `noise` wants, once per use, not per step."""
    return ((np.arange(count, dtype=np.uint32) + np.uint32(1 + (stream << 8))) * _PLACE)[:, None]


def noise(keys: Noise32, steps: Ints, offsets: Noise32) -> Noise32:
    """Give 32 hashed bits per place and world for the current step of each world."""
    bits = (keys + steps.astype(np.uint32) * _STEP) ^ offsets
    bits = (bits ^ (bits >> 16)) * _LOW_A
    bits = (bits ^ (bits >> 15)) * _LOW_B
    return np.asarray(bits ^ (bits >> 16), np.uint32)


def noise_bits(key: int, step: int, place: int) -> int:
    """Give the same bits for one place of one world, from plain integers: numpy's cost per call saved."""
    word = ((key + step * 0x9E3779B9) & _MASK) ^ place
    word = ((word ^ (word >> 16)) * 0x7FEB352D) & _MASK
    word = ((word ^ (word >> 15)) * 0x846CA68B) & _MASK
    return word ^ (word >> 16)


def signed(bits: Noise32) -> Floats:
    """Give noise bits as floats in [-1, 1]."""
    return bits.view(np.int32).astype(np.float64) * _UNIT31
