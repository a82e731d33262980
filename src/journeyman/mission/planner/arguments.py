"""The calls of one tool that may be worth making: each argument's values, and all their combinations, nearest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TypeAlias

from journeyman.mission.planner.numbers import (
    UNBOUNDED,
    KnownNumbers,
    bounded_numbers,
    far,
    is_number,
    neighbours,
    only_numbers,
    unbounded_numbers,
)
from journeyman.mission.planner.schemas import as_number, fits, limits, properties_of, required_of, resolved
from journeyman.mission.planner.sources import ValueSources
from journeyman.mission.values.canonical import Json, JsonObject

MAX_VALUES: Final = 500
"""Values of one enumeration."""
MAX_TEXTS: Final = 32
"""Texts, lists and objects tried for one argument."""
MAX_CALLS: Final = 500
"""Argument sets looked through for one tool; as many as the planner remembers to have tried."""
SMALL_RANGE: Final = 32
"""A range of whole numbers no wider than this is gone through like an enumeration."""
LATE: Final = 6
"""How many values further off an optional argument stands that may as well be left out."""


class _Absent:
    """Stands for an optional argument that is left out."""

    def __repr__(self) -> str:
        return "<left out>"


ABSENT: Final = _Absent()
Choice: TypeAlias = Json | _Absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument and what may be given for it, most promising first."""

    name: str
    values: tuple[Choice, ...]
    late: bool = False
    """Whether it may as well be left out."""
    bounds: tuple[float | None, float | None] | None = None
    """Of numbers in an order."""
    whole: bool = False
    wide: bool = False
    """Whether `values` are only some of very many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpace:
    """The calls of one tool."""

    arguments: tuple[Argument, ...]
    missing: tuple[str, ...] = ()
    """Arguments that it cannot be called without, and for which there is no value that nobody made up."""

    @property
    def wide(self) -> bool:
        """Whether there are more calls than can be gone through."""
        return any(argument.wide for argument in self.arguments)

    def calls(self) -> Iterator[JsonObject]:
        """Each combination once: those of the first values first, then the further off the later."""
        if self.missing:
            return
        start = (0,) * len(self.arguments)
        heap: list[tuple[int, tuple[int, ...], tuple[int, ...], int]] = [(0, start, start, 0)]
        while heap:
            _, _, places, last = heapq.heappop(heap)
            yield {
                argument.name: value
                for argument, place in zip(self.arguments, places, strict=True)
                if not isinstance(value := argument.values[place], _Absent)
            }
            for index in range(last, len(places)):
                if places[index] + 1 < len(self.arguments[index].values):
                    further = (*places[:index], places[index] + 1, *places[index + 1 :])
                    order = tuple(-place for place in further)  # of two as far off, the one with another first argument
                    heapq.heappush(heap, (self._distance(further), order, further, index))

    def _distance(self, places: tuple[int, ...]) -> int:
        return sum(
            place + (LATE if argument.late and place else 0)
            for argument, place in zip(self.arguments, places, strict=True)
        )


def call_space(schema: JsonObject, sources: ValueSources, tool: str, *, invents: bool = True) -> CallSpace:
    """The calls of a tool; unless it `invents`, no value of them is made up."""
    sources.invents = invents
    return _object_space(schema, schema, sources, tool, sources.best_args(tool))


def _object_space(
    spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str, best: JsonObject | None = None
) -> CallSpace:
    required, found, missing = required_of(spec), list[Argument](), list[str]()
    names = [*required, *(name for name in properties_of(spec) if name not in required)]
    for name in names:
        argument = _argument(name, resolved(properties_of(spec)[name], root), root, sources, tool)
        if name not in required:
            argument = _optional(argument, resolved(properties_of(spec)[name], root))
        if not argument.values:
            missing.append(name)
        found.append(_from_best(argument, best))
    return CallSpace(arguments=tuple(found), missing=tuple(missing))


def _argument(name: str, spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> Argument:
    if "const" in spec:
        return Argument(name=name, values=(spec["const"],))
    enum = spec.get("enum")
    given = [spec["default"]] if spec.get("default") is not None else []
    if isinstance(enum, list):
        return Argument(name=name, values=_distinct([*given, *sources.pointed, *enum], spec, MAX_VALUES))
    examples = spec.get("examples")
    given += examples if isinstance(examples, list) else []
    match spec.get("type"):
        case "boolean":
            return Argument(name=name, values=_distinct([*given, True, False], spec, 2))
        case "integer" | "number":
            return _number(name, spec, given, sources, tool)
        case "object":
            return Argument(
                name=name, values=_distinct([*given, *_objects(spec, root, sources, tool)], spec, MAX_TEXTS)
            )
        case "array":
            return Argument(
                name=name, values=_distinct([*given, *_arrays(name, spec, root, sources, tool)], spec, MAX_TEXTS)
            )
        case None if sources.invents:
            return Argument(
                name=name, values=_distinct([*given, *sources.texts(name, tool), *UNBOUNDED], spec, MAX_TEXTS)
            )
        case _:
            return Argument(name=name, values=_distinct([*given, *sources.texts(name, tool)], spec, MAX_TEXTS))


def _distinct(values: list[Json], spec: JsonObject, most: int) -> tuple[Choice, ...]:
    found: dict[str, Json] = {}
    for value in values:
        if fits(value, spec):
            found.setdefault(repr(value), value)
    return tuple(islice(found.values(), most))


def _optional(argument: Argument, spec: JsonObject) -> Argument:
    """An argument that may be left out, which means its default."""
    told = spec.keys() & {"enum", "const", "examples", "pattern", "format"}
    late = "default" in spec or (spec.get("type") == "string" and not told)
    values = tuple(value for value in argument.values if "default" not in spec or repr(value) != repr(spec["default"]))
    return replace(argument, values=(ABSENT, *values), late=late)


def _from_best(argument: Argument, best: JsonObject | None) -> Argument:
    """The argument with the best call's value first, and of numbers those near it next."""
    if best is None or not argument.values:
        return argument
    first: Choice = best.get(argument.name, ABSENT)
    if isinstance(first, _Absent) and ABSENT not in argument.values:
        return argument
    others = [value for value in argument.values if repr(value) != repr(first)]
    if argument.bounds is not None and isinstance(first, (int, float)):
        near = neighbours(float(first), argument.bounds, whole=argument.whole) if argument.wide else []
        others = sorted(
            {repr(value): value for value in (*near, *others)}.values(), key=lambda value: far(value, first)
        )
        others = [value for value in others if repr(value) != repr(first)]
    return replace(argument, values=(first, *others))


def _number(name: str, spec: JsonObject, given: list[Json], sources: ValueSources, tool: str) -> Argument:
    """Numbers, beginning with what is usual: the schema's default, else the value in use, else the directive's."""
    bounds, whole = limits(spec), spec.get("type") == "integer"
    current = sources.current(name)
    known = KnownNumbers(
        usual=[*only_numbers(given), *only_numbers([current])],
        told=[as_number(value, whole=whole) for value in sources.numbers(name, loosely=False)],
        current=current if is_number(current) else None,
    )
    low, high = bounds
    if low is not None and high is not None:
        small = whole and high - low <= SMALL_RANGE
        rows = bounded_numbers(low, high, known, whole=whole, careful=not sources.invents, every=small)
        wide = not small
    else:
        best = only_numbers([(sources.best_args(tool) or {}).get(name)])
        loose = sources.numbers(name, loosely=True) if sources.invents else None
        rows = unbounded_numbers(bounds, known, best, loose, whole=whole)
        wide = bool(best) or loose is not None
    return Argument(name=name, values=_distinct([*rows], spec, MAX_VALUES), bounds=bounds, whole=whole, wide=wide)


def _objects(spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> list[Json]:
    if not properties_of(spec):
        return [{}] if sources.invents else []
    return list(islice(_object_space(spec, root, sources, tool).calls(), MAX_TEXTS))


def _arrays(name: str, spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> list[Json]:
    items, least = resolved(spec.get("items", {}), root), spec.get("minItems")
    singles: list[Json] = [
        value for value in _argument(name, items, root, sources, tool).values if not isinstance(value, _Absent)
    ][:MAX_TEXTS]
    size = max(1, least if isinstance(least, int) else 1)
    found: list[Json] = [singles[start : start + size] for start in range(len(singles) - size + 1)]
    if len(singles) >= size:
        found.append(singles)
    return [*found, []] if least in (None, 0) else found
