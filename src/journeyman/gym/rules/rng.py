"""Chance as a function of (key, counter, place, stream): the same words on every machine, in any order of asking.

The function is ChaCha with 8 rounds and its final addition (Bernstein 2008), keyed with 256 bits, so that who sees any
number of words can compute neither the key nor another word. Counters are never advanced: one world of a batch draws
what it would draw alone.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.state import Scenario, Scratch

STEP: Final = 0
PROBES: Final = 1
LOGS: Final = 2
DRAW: Final = 3
"""The streams."""
BLOCK: Final = 16
"""Words of 32 bits that come together."""
BEFORE: Final = 1 << 8
"""What is added to steps, so that those before the first count upwards too."""
UNIT: Final = 2.0**-32
_MASK: Final = 0xFFFFFFFF
_C0: Final = 0x61707865
_C1: Final = 0x3320646E
_C2: Final = 0x79622D32
_C3: Final = 0x6B206574


def _quarter(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = (a + b) & _MASK
    d = d ^ a
    d = ((d << 16) | (d >> 16)) & _MASK
    c = (c + d) & _MASK
    b = b ^ c
    b = ((b << 12) | (b >> 20)) & _MASK
    a = (a + b) & _MASK
    d = d ^ a
    d = ((d << 8) | (d >> 24)) & _MASK
    c = (c + d) & _MASK
    b = b ^ c
    b = ((b << 7) | (b >> 25)) & _MASK
    return a, b, c, d


def block(key: list[int], counter: int, place: int, stream: int, out: list[int], at: int) -> None:
    """Write the sixteen words of one place to `out` from `at` on."""
    a, b, c, d = _C0, _C1, _C2, _C3
    e, f, g, h = key[0], key[1], key[2], key[3]
    i, j, k, m = key[4], key[5], key[6], key[7]
    n, o, p, q = counter, place, stream, 0
    for _ in range(4):
        a, e, i, n = _quarter(a, e, i, n)
        b, f, j, o = _quarter(b, f, j, o)
        c, g, k, p = _quarter(c, g, k, p)
        d, h, m, q = _quarter(d, h, m, q)
        a, f, k, q = _quarter(a, f, k, q)
        b, g, m, n = _quarter(b, g, m, n)
        c, h, i, o = _quarter(c, h, i, o)
        d, e, j, p = _quarter(d, e, j, p)
    out[at] = (a + _C0) & _MASK
    out[at + 1] = (b + _C1) & _MASK
    out[at + 2] = (c + _C2) & _MASK
    out[at + 3] = (d + _C3) & _MASK
    out[at + 4] = (e + key[0]) & _MASK
    out[at + 5] = (f + key[1]) & _MASK
    out[at + 6] = (g + key[2]) & _MASK
    out[at + 7] = (h + key[3]) & _MASK
    out[at + 8] = (i + key[4]) & _MASK
    out[at + 9] = (j + key[5]) & _MASK
    out[at + 10] = (k + key[6]) & _MASK
    out[at + 11] = (m + key[7]) & _MASK
    out[at + 12] = (n + counter) & _MASK
    out[at + 13] = (o + place) & _MASK
    out[at + 14] = (p + stream) & _MASK
    out[at + 15] = q


def word(scenario: Scenario, scratch: Scratch) -> int:
    """The next word of the stream that draws a scenario."""
    if scratch.place == BLOCK:
        block(scenario.key, scratch.counter, 0, DRAW, scratch.drawn, 0)
        scratch.counter = scratch.counter + 1
        scratch.place = 0
    scratch.place = scratch.place + 1
    return scratch.drawn[scratch.place - 1]


def below(scenario: Scenario, scratch: Scratch, limit: int) -> int:
    """A drawn integer in `0 .. limit - 1`."""
    return (word(scenario, scratch) * limit) >> 32


def between(scenario: Scenario, scratch: Scratch, low: float, high: float) -> float:
    """A drawn number in [low, high)."""
    return word(scenario, scratch) * UNIT * (high - low) + low
