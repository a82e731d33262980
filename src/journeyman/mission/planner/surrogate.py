"""A Gaussian process over measured numbers, in plain Python: where a measurement would most likely meet the criteria.

What is asked for is known, so a place is rated by the probability that one measurement there meets every criterion
(Jones, "A taxonomy of global optimization methods based on response surfaces", 2001, section 6, goal seeking). Matérn
5/2 kernel with a length of its own for each coordinate, constant mean, noise; lengths and noise are those of the
highest likelihood among a few. A library would need numpy, which the base does not have; at `MAX_POINTS` points one
proposal takes some tens of milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import mul
from typing import Final, TypeAlias

Vector: TypeAlias = Sequence[float]
Matrix: TypeAlias = Sequence[Vector]
Range: TypeAlias = tuple[float | None, float | None]
"""The numbers that meet a criterion: least and greatest, `None` for no limit."""

LENGTHS: Final = (0.15, 0.3, 0.6, 1.2)
"""Tried for all coordinates together; then each by itself, twice as long and half as long."""
NOISES: Final = (1e-6, 1e-3, 3e-2, 0.2)
"""Shares of the signal's variance."""
USUAL_LENGTH: Final = 0.5
_SQRT5: Final = math.sqrt(5)


@dataclass(frozen=True, slots=True)
class _FittedKernel:
    """A kernel with the lower factor of its matrix."""

    scales: Vector
    noise: float
    factor: Matrix
    likelihood: float
    signals: Vector
    """Variance of each output, in units of its own scatter."""


class Surrogate:
    """What is believed of every place of the unit cube after some measurements."""

    def __init__(self, places: Matrix, outputs: Matrix, wanted: Sequence[Range]) -> None:
        """Fit the kernel.

        Args:
            places: Each measured place, coordinates 0..1.
            outputs: For each criterion its number at each place.
            wanted: What meets each criterion.
        """
        self._places = places
        self._wanted = wanted
        self._means = [sum(row) / len(row) for row in outputs]
        self._rows = [[value - mean for value in row] for row, mean in zip(outputs, self._means, strict=True)]
        self._fit = self._fitted(len(places[0]))
        self.noise = self._fit.noise
        self._weights = [_solved(self._fit.factor, row) for row in self._rows]

    def rating(self, place: Vector) -> float:
        """The logarithm of the probability that one measurement at the place meets every criterion."""
        fit = self._fit
        near = [_matern(place, other, fit.scales) for other in self._places]
        half = _forward(fit.factor, near)
        spread = max(1 + fit.noise - sum(map(mul, half, half)), 1e-12)
        total = 0.0
        for mean, weights, signal, limits in zip(self._means, self._weights, fit.signals, self._wanted, strict=True):
            total += _log_within(mean + sum(map(mul, near, weights)), math.sqrt(signal * spread), limits)
        return total

    def _fitted(self, width: int) -> _FittedKernel:
        best = self._kernel([LENGTHS[0]] * width, NOISES[0])
        for noise, length in product(NOISES, LENGTHS):
            best = self._better(best, [length] * width, noise)
        for index in range(width if width > 1 else 0):
            for factor in (0.5, 2.0, 4.0):
                scales = list(best.scales)
                scales[index] *= factor
                best = self._better(best, scales, best.noise)
        return best

    def _better(self, best: _FittedKernel, scales: Vector, noise: float) -> _FittedKernel:
        other = self._kernel(scales, noise)
        return other if other.likelihood > best.likelihood else best

    def _kernel(self, scales: Vector, noise: float) -> _FittedKernel:
        """A kernel with its likelihood, each output's own variance being the likeliest, and usual lengths likelier."""
        matrix = [
            [_matern(one, other, scales) for other in self._places[: index + 1]]
            for index, one in enumerate(self._places)
        ]
        factor = _cholesky(matrix, noise)
        signals: list[float] = []
        told = -len(self._rows) * sum(math.log(row[-1]) for row in factor)
        told -= sum(math.log(scale / USUAL_LENGTH) ** 2 for scale in scales) + 0.1 * math.log(noise / NOISES[0])
        for row in self._rows:
            half = _forward(factor, row)
            signals.append(max(sum(map(mul, half, half)) / len(factor), 1e-18))
            told -= len(factor) / 2 * math.log(signals[-1])
        return _FittedKernel(scales, noise, factor, told, signals)


def _matern(one: Vector, other: Vector, scales: Vector) -> float:
    square = 0.0
    for a, b, scale in zip(one, other, scales, strict=True):
        step = (a - b) / scale
        square += step * step
    far = math.sqrt(5 * square)
    return (1 + far + far * far / 3) * math.exp(-far)


def _cholesky(matrix: Matrix, noise: float) -> list[list[float]]:
    """The lower factor of a correlation matrix, given as its lower half, with noise on its diagonal."""
    factor: list[list[float]] = []
    for index, row in enumerate(matrix):
        line: list[float] = []
        for column in range(index):
            other = factor[column]
            line.append((row[column] - sum(map(mul, line, other))) / other[column])
        line.append(math.sqrt(max(1 + noise - sum(map(mul, line, line)), 1e-9)))
        factor.append(line)
    return factor


def _forward(factor: Matrix, values: Vector) -> list[float]:
    found: list[float] = []
    for row, value in zip(factor, values, strict=True):
        found.append((value - sum(map(mul, found, row))) / row[-1])
    return found


def _solved(factor: Matrix, values: Vector) -> list[float]:
    half = _forward(factor, values)
    count = len(half)
    found = [0.0] * count
    for index in range(count - 1, -1, -1):
        left = half[index] - sum(factor[row][index] * found[row] for row in range(index + 1, count))
        found[index] = left / factor[index][index]
    return found


def _log_within(mean: float, spread: float, limits: Range) -> float:
    """The logarithm of the probability that a normal number lies within limits."""
    low, high = limits
    if low is None or high is None:
        return (
            0.0
            if low is None and high is None
            else _log_below((high - mean if high is not None else mean - (low or 0)) / spread)
        )
    middle, reach = (low + high) / 2, max((high - low) / 2, 0.05 * spread)
    return _log_below((reach - abs(mean - middle)) / spread)


def _log_below(z: float) -> float:
    """The logarithm of the standard normal distribution, also far out, where the distribution itself is 0."""
    if z > -30:
        return math.log(max(0.5 * math.erfc(-z / math.sqrt(2)), 1e-300))
    return -z * z / 2 - math.log(-z * math.sqrt(2 * math.pi))


_PRIMES: Final = (2, 3, 5, 7, 11, 13, 17, 19)


def spread_places(width: int, count: int, start: int = 1) -> Iterator[list[float]]:
    """Places spread evenly over the unit cube (Halton's sequence), the same ones each time."""
    for index in range(start, start + count):
        yield [_radical_inverse(index, _PRIMES[axis % len(_PRIMES)]) for axis in range(width)]


def _radical_inverse(index: int, base: int) -> float:
    value, share = 0.0, 1 / base
    while index:
        index, digit = divmod(index, base)
        value, share = value + digit * share, share / base
    return value
