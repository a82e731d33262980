"""Which numbers are tried for an argument, and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from journeyman.mission.planner.schemas import as_number

Number = int | float
Bounds = tuple[float | None, float | None]

UNBOUNDED: Final = (1, 0, 2, 10, 5, 100, 3, 50, 20, 1000)
"""Numbers tried where a schema gives no range."""
MOST_TOLD: Final = 4
"""Numbers of the directive that are tried before those of the range."""
_LEVELS: Final = 5
"""How often a range is halved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNumbers:
    """What is known of an argument besides its range."""

    usual: Sequence[Number]
    """The schema's default and examples, then the value in use."""
    told: Sequence[Number]
    """Of the directive, and seen under names like the argument's."""
    current: Number | None
    """The value in use."""


def is_number(value: object) -> TypeGuard[Number]:
    """Tell whether a value is a number; a boolean is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def only_numbers(values: Sequence[object]) -> list[Number]:
    """The numbers among some values."""
    return [value for value in values if is_number(value)]


def far(value: object, middle: float) -> float:
    """How far a value is from a number; what is none is farthest."""
    return abs(value - middle) if is_number(value) else float("inf")


def bounded_numbers(
    low: float, high: float, known: KnownNumbers, *, whole: bool, careful: bool, every: bool
) -> list[Number]:
    """Numbers of a range, what is in use first and then coarse before fine.

    Args:
        low: The least.
        high: The greatest.
        known: What else is known of the argument.
        whole: Whether only whole numbers fit.
        careful: Whether a call may change the world: then a service that runs is moved step by step from where it is,
            and not set to what it is set to.
        every: Whether all whole numbers of the range are wanted.
    """
    spread = [as_number(low + share * (high - low), whole=whole) for share in _shares()]
    rows = [*spread, *(range(int(low), int(high) + 1) if every else ())]
    starts = [value for value in (*known.usual, *known.told) if low <= value <= high]
    if not careful:
        return (
            [*known.usual, *known.told[:MOST_TOLD], *rows]
            if starts
            else [as_number((low + high) / 2, whole=whole), *rows]
        )
    middle = float(starts[0]) if starts else (low + high) / 2
    rows = sorted([*known.usual, *known.told[:MOST_TOLD], *rows], key=lambda value: far(value, middle))
    return sorted(rows, key=lambda value: value == known.current)


def unbounded_numbers(
    bounds: Bounds, known: KnownNumbers, best: Sequence[Number], loose: Sequence[Number] | None, *, whole: bool
) -> list[Number]:
    """Numbers where a bound is missing; such as nobody has written only where `loose` values may be used."""
    near = [value for one in best for value in neighbours(float(one), bounds, whole=whole)]
    made = [] if loose is None else [as_number((bounds[0] or 0) + value, whole=whole) for value in UNBOUNDED]
    return [*near, *known.usual, *known.told, *made, *(loose or ())]


def neighbours(best: float, bounds: Bounds, *, whole: bool) -> list[Number]:
    """The neighbours of the best number so far, at halving distances."""
    low, high = bounds
    found = (as_number(value, whole=whole) for value in _around(best, bounds))
    return [value for value in found if (low is None or value >= low) and (high is None or value <= high)]


def _around(best: float, bounds: Bounds) -> Iterator[float]:
    low, high = bounds
    span = (high - low) / 8 if low is not None and high is not None else max(abs(best), 1)
    for _ in range(6):
        yield from (best + span, best - span)
        span /= 2


def _shares() -> list[float]:
    """Shares of a range, coarse before fine."""
    found = [0.0, 1.0]
    for level in range(1, _LEVELS + 1):
        found += [odd / 2**level for odd in range(1, 2**level, 2)]
    return found
