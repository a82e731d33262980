"""Search over numbers: which call of a tool would most likely bring what the criteria look at to where it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from journeyman.mission.model.planner_memory import MeasuredCall
from journeyman.mission.planner.arguments import ABSENT, MAX_CALLS, Argument, CallSpace, Choice
from journeyman.mission.planner.schemas import as_number
from journeyman.mission.planner.surrogate import Range, Surrogate, spread_places
from journeyman.mission.values.canonical import JsonObject

MAX_CHOICES: Final = 8
"""Values of an argument without an order that a search can tell apart."""
MAX_WIDTH: Final = 10
"""Coordinates of a search; above it the calls are gone through in their order."""
SPREAD: Final = 40
"""Places looked at over the whole range, for each argument."""
NEAR: Final = 30
"""And near the best one."""
REACHES: Final = (0.3, 0.1, 0.03)
LEAST_STEP: Final = 0.002
CAREFUL_REACH: Final = 0.25
"""Share of a range that a tool which may change the world is moved by at most, from where it has been."""
NOISY: Final = 0.01
"""Share of noise from which on it is worth while to look whether there is any."""
Args = JsonObject


@dataclass(frozen=True, slots=True)
class _Axis:
    """One argument as coordinates of the unit cube."""

    argument: Argument
    low: float = 0.0
    high: float = 1.0
    values: tuple[Choice, ...] = ()
    """Of one that is enumerated."""

    @property
    def width(self) -> int:
        """How many coordinates it takes: each of several values without an order is as far from each other."""
        return 1 if len(self.values) <= 2 or self._ordered else len(self.values)

    @property
    def _ordered(self) -> bool:
        return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in self.values)

    def value(self, share: float) -> Choice:
        """The argument's value at a share of its range."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        return as_number(self.low + share * (self.high - self.low), whole=self.argument.whole)

    def share(self, value: Choice) -> float | None:
        """Where a value stands; `None` where it is none of this axis."""
        if self.values:
            known = next((index for index, one in enumerate(self.values) if repr(one) == repr(value)), None)
            return None if known is None else (known + 0.5) / len(self.values)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return None
        return (value - self.low) / ((self.high - self.low) or 1.0)

    def coordinates(self, share: float) -> list[float]:
        """The share as coordinates."""
        if self.width == 1:
            return [share]
        place = min(int(share * len(self.values)), len(self.values) - 1)
        return [0.7 if index == place else 0.0 for index in range(len(self.values))]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A call that a search would make, and whether the very same one has been made before."""

    args: Args
    why: str


class NumberSearch:
    """The search of one tool."""

    def __init__(
        self, space: CallSpace, measured: Sequence[MeasuredCall], wanted: Mapping[str, Range], *, careful: bool
    ) -> None:
        """Look at what is known.

        Args:
            space: The calls of the tool.
            measured: Its calls so far, oldest first.
            wanted: Criterion to the numbers that meet it.
            careful: Whether it is moved by small steps only.
        """
        self._space = space
        self._careful = careful
        shared = set(wanted).intersection(*(call.numbers for call in measured)) if measured else set[str]()
        self._goals = sorted(shared)
        self._wanted = [wanted[name] for name in self._goals]
        self._best = min(measured, key=lambda call: call.shortfall) if measured else None
        self._axes = _axes(space, measured, self._best)
        self._known = [(shares, call) for call in measured if (shares := self._shares(call.args)) is not None]

    @property
    def width(self) -> int:
        """How many arguments are searched over; 0 where there is nothing to go by."""
        return len(self._axes)

    def next_call(self, is_new: Callable[[Args], bool], may_repeat: Callable[[Args], bool]) -> Suggested | None:
        """The most promising call that is new, or that may be repeated where there is noise; `None` where nothing tells."""
        coordinates = sum(axis.width for axis in self._axes)
        if not self._axes or coordinates > MAX_WIDTH or not self._goals or not self._known:
            return None
        if len(self._known) <= min(len(self._axes), 4):
            return None if self._careful else self._spread(is_new)
        outputs = [[call.numbers[name] for _, call in self._known] for name in self._goals]
        if all(max(row) - min(row) < 1e-12 * max(1.0, abs(max(row))) for row in outputs):
            return None  # flat: no call is better than another
        model = Surrogate([self._place(shares) for shares, _ in self._known], outputs, self._wanted)

        def allowed(args: Args) -> bool:
            return is_new(args) or (model.noise >= NOISY and may_repeat(args))

        found = self._candidates(allowed)
        if not found:
            return None
        rated = [(model.rating(self._place(shares)), shares) for shares in found]
        rating, shares = max(rated, key=lambda item: item[0])
        if self._space.wide:
            shares = self._climbed(model, rating, shares, allowed)
        args = self._args(shares)
        return Suggested(args, self._why(new=is_new(args)))

    def _why(self, *, new: bool) -> str:
        if not new:
            return "measured once more, since what it gives is noisy"
        best = min((call for _, call in self._known), key=lambda call: call.shortfall)
        seen = ", ".join(f"{name} {value:g}" for name, value in sorted(best.numbers.items()))
        return f"likeliest to do, after {len(self._known)} measured of which the best gave {seen}"

    def _spread(self, is_new: Callable[[Args], bool]) -> Suggested | None:
        for shares in spread_places(len(self._axes), 32, start=len(self._known)):
            args = self._args(shares)
            if is_new(args):
                return Suggested(args, "far from what is measured so far")
        return None

    def _candidates(self, allowed: Callable[[Args], bool]) -> list[list[float]]:
        if not self._space.wide:
            every = islice(self._space.calls(), MAX_CALLS)
            return [shares for args in every if allowed(args) and (shares := self._shares(args)) is not None]
        found = [shares for shares in self._sampled() if not self._careful or self._is_near(shares)]
        return [shares for shares in found if allowed(self._args(shares))]

    def _sampled(self) -> Iterator[list[float]]:
        width = len(self._axes)
        yield from spread_places(width, min(SPREAD * width, 160))
        best = min(self._known, key=lambda item: item[1].shortfall)[0]
        yield list(best)
        for index, steps in enumerate(spread_places(width, NEAR * width, start=1 + 31 * len(self._known))):
            reach = REACHES[index % len(REACHES)]
            yield [_clipped(at + reach * (2 * step - 1)) for at, step in zip(best, steps, strict=True)]

    def _climbed(
        self, model: Surrogate, rating: float, shares: list[float], allowed: Callable[[Args], bool]
    ) -> list[float]:
        """A better place near a good one, found coordinate by coordinate with shrinking steps."""
        step = 0.1
        while step > LEAST_STEP:
            before = rating
            for index in range(len(shares)):
                for way in (step, -step):
                    moved = [*shares[:index], _clipped(shares[index] + way), *shares[index + 1 :]]
                    if (self._careful and not self._is_near(moved)) or not allowed(self._args(moved)):
                        continue
                    told = model.rating(self._place(moved))
                    if told > rating + 1e-9:
                        rating, shares = told, moved
            if rating == before:
                step /= 3
        return shares

    def _is_near(self, shares: Sequence[float]) -> bool:
        return any(
            all(abs(one - other) <= CAREFUL_REACH for one, other in zip(shares, known, strict=True))
            for known, _ in self._known
        )

    def _args(self, shares: Sequence[float]) -> Args:
        """The call at a place; arguments that are no axes are as in the best call."""
        args: Args = dict(self._best.args) if self._best is not None else {}
        for axis, share in zip(self._axes, shares, strict=True):
            value = axis.value(share)
            if value is ABSENT:
                args.pop(axis.argument.name, None)
            else:
                args[axis.argument.name] = value  # pyright: ignore[reportArgumentType]
        return args

    def _shares(self, args: Args) -> list[float] | None:
        """Where a call stands; `None` where an argument has a value of no axis."""
        found: list[float] = []
        for axis in self._axes:
            share = axis.share(args.get(axis.argument.name, ABSENT))
            if share is None:
                return None
            found.append(share)
        return found

    def _place(self, shares: Sequence[float]) -> list[float]:
        """The point of the unit cube for a call: whole numbers stand where they are rounded to."""
        found: list[float] = []
        for axis, share in zip(self._axes, shares, strict=True):
            settled = axis.share(axis.value(share))
            found += axis.coordinates(share if settled is None else settled)
        return found


def _clipped(share: float) -> float:
    return min(1.0, max(0.0, share))


def _axes(space: CallSpace, measured: Sequence[MeasuredCall], best: MeasuredCall | None) -> list[_Axis]:
    """The arguments that a search moves: numbers in an order, and those with a handful of values."""
    found: list[_Axis] = []
    for argument in space.arguments:
        if len(argument.values) < 2 or best is None:
            continue
        used = [call.args[argument.name] for call in measured if argument.name in call.args]
        if argument.bounds is not None and argument.name in best.args:
            low, high = _reach(argument, used, best.args[argument.name])
            found.append(_Axis(argument, low, high))
        elif not argument.late and argument.bounds is None and len(argument.values) <= MAX_CHOICES:
            found.append(_Axis(argument, values=tuple(sorted(argument.values, key=_place_in_order))))
    return found


def _place_in_order(value: Choice) -> tuple[bool, float]:
    """Numbers by their size; others stay where they are, behind them."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return not number, float(value) if isinstance(value, (int, float)) and number else 0.0


def _reach(argument: Argument, used: Sequence[object], best: object) -> tuple[float, float]:
    """The range to search; where the schema gives none, that about the best value, and beyond it where it is the last."""
    low, high = argument.bounds or (None, None)
    numbers = sorted({float(value) for value in used if isinstance(value, (int, float))}) or [0.0]
    at = numbers.index(float(best)) if isinstance(best, (int, float)) else 0
    span = (numbers[-1] - numbers[0]) or max(abs(numbers[-1]), 1.0)
    least = numbers[max(at - 2, 0)] if at else numbers[0] - span
    most = numbers[min(at + 2, len(numbers) - 1)] if at + 1 < len(numbers) else numbers[-1] + span
    return (least if low is None else low), (most if high is None else high)
