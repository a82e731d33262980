"""Arguments for a tool, built from its JSON schema and from what the session has seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, cast

from journeyman.mission.fold.observed_values import Seen
from journeyman.mission.values.canonical import Json, JsonObject

MAX_CANDIDATES: Final = 24
"""Values tried for one argument."""
MAX_CALLS: Final = 200
"""Argument sets considered for one tool."""
_QUOTED = re.compile(r"""["'`]([^"'`\n]{1,80})["'`]""")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)")
_SPREAD: Final = (0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875)
"""Shares of a numeric range, coarse before fine."""
_UNBOUNDED: Final = (1, 0, 2, 10, 5, 100, 3, 50, 20, 1000)
"""Numbers tried where a schema gives no range."""


def resolved(schema: Json, root: JsonObject) -> JsonObject:
    """A property's schema with local references and one-sided unions followed."""
    for _ in range(8):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            target: Json = root
            for step in reference[2:].split("/"):
                target = target.get(step) if isinstance(target, dict) else None
            schema = target
            continue
        branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(branches, list) and branches and "type" not in schema:
            solid = [item for item in branches if not (isinstance(item, dict) and item.get("type") == "null")]
            rest = {key: item for key, item in schema.items() if key not in ("anyOf", "oneOf", "allOf")}
            first = solid[0] if solid else {}
            schema = {**first, **rest} if isinstance(first, dict) else rest
            continue
        return schema
    return {}


class ValueSources:
    """Where argument values come from besides the schema: observations and the mission's own words."""

    def __init__(
        self, seen: Seen, directive: str, best: JsonObject | None, wanted: frozenset[str] = frozenset()
    ) -> None:
        self.invents = True
        """Whether a value may be made up; never for a tool that may change the world."""
        self.seen = seen
        self.pointed = _pointed(seen, wanted)
        """What is seen under names that unmet criteria speak of, newest first: where `alerts` must go, what has one."""
        self.directive = directive
        self.best = best
        self.quoted = tuple(dict.fromkeys(_QUOTED.findall(directive)))
        self.numbers = tuple(dict.fromkeys(float(text) for text in _NUMBER.findall(directive)))

    def best_args(self, tool: str) -> JsonObject | None:
        """The arguments after which progress was highest, if that was this tool."""
        if self.best is not None and self.best.get("tool") == tool:
            return cast("JsonObject", self.best["args"])
        return None

    def named(self, name: str, tool: str, *, loosely: bool = True) -> list[Json]:
        """Seen values whose name fits an argument's, best fit first, newest first; `loosely` also all others."""
        wanted = _words(name)
        ranked: list[tuple[int, Sequence[Json]]] = []
        for key, row in self.seen.items():
            if key.startswith("error:"):
                if key == f"error:{tool}":
                    ranked.append((4, row))
                continue
            have = _words(key)
            rank = 0 if have == wanted else 1 if wanted[-1:] == have[-1:] else 2 if set(wanted) & set(have) else 3
            ranked.append((rank, tuple(reversed(row))))
        ranked.sort(key=lambda item: item[0])
        return [value for rank, row in ranked for value in row if loosely or rank < 3]


def _pointed(seen: Seen, wanted: frozenset[str]) -> tuple[Json, ...]:
    known = {word for name in wanted for word in _words(name)}
    rows = [row for key, row in seen.items() if not key.startswith("error:") and known & set(_words(key))]
    return tuple(value for row in reversed(rows) for value in reversed(row))


def _words(name: str) -> tuple[str, ...]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]
    return tuple(
        word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )


def candidates(name: str, schema: Json, root: JsonObject, sources: ValueSources, tool: str) -> list[Json]:
    """Values for one argument, most promising first; each is valid by type, range, enum and pattern."""
    spec = resolved(schema, root)
    found = list(
        islice(_unique(value for value in _raw(name, spec, root, sources, tool) if _valid(value, spec)), MAX_CANDIDATES)
    )
    return found or ([_blank(spec)] if sources.invents else [])


def _raw(name: str, spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> Iterator[Json]:
    if "const" in spec:
        yield spec["const"]
        return
    kind = spec.get("type")
    if "default" in spec and spec["default"] is not None:
        yield spec["default"]
    enum = spec.get("enum")
    if isinstance(enum, list):
        yield from sources.pointed  # those that are not in the enumeration are left out as invalid
        yield from enum
        return
    examples = spec.get("examples")
    if isinstance(examples, list):
        yield from examples
    if kind == "boolean":
        yield from (True, False)
    elif kind == "object":
        yield from objects(spec, root, sources, tool)
    elif kind == "array":
        yield from _arrays(name, spec, root, sources, tool)
    elif kind in ("integer", "number"):
        yield from _numbers(name, spec, sources, tool)
    else:
        yield from sources.named(name, tool, loosely=sources.invents)
        yield from sources.quoted
        if kind is None and sources.invents:
            yield from _UNBOUNDED


def _numbers(name: str, spec: JsonObject, sources: ValueSources, tool: str) -> Iterator[Json]:
    low, high = _bound(spec, "minimum", "exclusiveMinimum", 1), _bound(spec, "maximum", "exclusiveMaximum", -1)
    whole = spec.get("type") == "integer"
    best = (sources.best_args(tool) or {}).get(name)
    if isinstance(best, (int, float)) and not isinstance(best, bool):
        yield from (_number(value, whole=whole) for value in _around(float(best), low, high))
    fitting = [value for value in sources.named(name, tool, loosely=False) if isinstance(value, (int, float))]
    if low is not None and high is not None:
        spread = (low, high, *(low + share * (high - low) for share in _SPREAD))
        yield from (_number(value, whole=whole) for value in spread)
        if whole and high - low <= MAX_CANDIDATES:
            yield from range(int(low), int(high) + 1)
        yield from fitting
        return
    yield from fitting
    yield from (_number(value, whole=whole) for value in sources.numbers)
    if not sources.invents:
        return
    start = low if low is not None else 0
    yield from (_number(start + value, whole=whole) for value in _UNBOUNDED)
    yield from (value for value in sources.named(name, tool) if isinstance(value, (int, float)))


def _around(best: float, low: float | None, high: float | None) -> Iterator[float]:
    """The neighbours of the best number so far, at halving distances."""
    span = (high - low) / 8 if low is not None and high is not None else max(abs(best), 1)
    for _ in range(6):
        yield from (best + span, best - span)
        span /= 2


def _number(value: float, *, whole: bool) -> int | float:
    return round(value) if whole or float(value).is_integer() else round(value, 6)


def _bound(spec: JsonObject, closed: str, open_: str, inward: int) -> float | None:
    value = spec.get(closed)
    if isinstance(value, (int, float)):
        return value
    value = spec.get(open_)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + inward * (1 if spec.get("type") == "integer" else 1e-6)
    return None


def _arrays(name: str, spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> Iterator[Json]:
    items = spec.get("items", {})
    singles = candidates(name, items, root, sources, tool) if isinstance(items, dict) else []
    least = spec.get("minItems")
    size = max(1, least if isinstance(least, int) else 1)
    if len(singles) >= size:
        yield from (singles[start : start + size] for start in range(len(singles) - size + 1))
        yield cast("Json", singles)
    if least in (None, 0):
        yield []


def _valid(value: Json, spec: JsonObject) -> bool:
    enum = spec.get("enum")
    if isinstance(enum, list):
        return value in enum
    kind = spec.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), None)
    if not _of_type(value, kind):
        return False
    if isinstance(value, str):
        return _text_fits(value, spec)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = _bound(spec, "minimum", "exclusiveMinimum", 1), _bound(spec, "maximum", "exclusiveMaximum", -1)
        return (low is None or value >= low) and (high is None or value <= high)
    return True


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _of_type(value: Json, kind: Json) -> bool:
    wanted = _TYPES.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        return True
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))


def _text_fits(value: str, spec: JsonObject) -> bool:
    least, most, pattern = spec.get("minLength"), spec.get("maxLength"), spec.get("pattern")
    if isinstance(least, int) and len(value) < least:
        return False
    if isinstance(most, int) and len(value) > most:
        return False
    if isinstance(pattern, str) and len(pattern) <= 200:  # longer ones are left to the real validator
        try:
            return re.search(pattern, value) is not None
        except re.error:
            return True
    return True


def _blank(spec: JsonObject) -> Json:
    blanks: Mapping[str, Json] = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    kind = spec.get("type")
    return blanks.get(kind, "") if isinstance(kind, str) else ""


def _unique(values: Iterator[Json]) -> Iterator[Json]:
    known: set[str] = set()
    for value in values:
        mark = repr(value)
        if mark not in known:
            known.add(mark)
            yield value


def objects(spec: JsonObject, root: JsonObject, sources: ValueSources, tool: str) -> Iterator[JsonObject]:
    """Argument objects for a schema: the best guess, then one argument varied at a time, then pairs."""
    properties = cast("dict[str, Json]", spec.get("properties")) if isinstance(spec.get("properties"), dict) else {}
    required = [str(name) for name in cast("list[Json]", spec.get("required") or []) if name in properties]
    optional = [name for name in properties if name not in required]
    choices = {name: candidates(name, properties[name], root, sources, tool) for name in properties}
    for name in optional:  # left out means the same
        choices[name] = [value for value in choices[name] if value != _default(properties[name])]
    if any(not choices[name] for name in required):
        return  # nothing that it could be called with without making something up
    base: JsonObject = {name: choices[name][0] for name in required}
    best = sources.best_args(tool)
    if best is not None and set(required) <= set(best):
        base = dict(best)
    else:
        yield dict(base)
    late = [name for name in optional if _may_wait(resolved(properties[name], root))]
    yield from _varied(base, [*required, *(name for name in optional if name not in late)], late, choices)


def _default(schema: Json) -> object:
    return schema.get("default", _MISSING) if isinstance(schema, dict) else _MISSING


def _may_wait(spec: JsonObject) -> bool:
    """Tell whether an optional argument is the last to try: it has a default, or any text will do."""
    told = spec.keys() & {"enum", "const", "examples", "pattern", "format"}
    return "default" in spec or (spec.get("type") == "string" and not told)


def _varied(
    base: JsonObject, telling: list[str], late: list[str], choices: Mapping[str, list[Json]]
) -> Iterator[JsonObject]:
    """Vary one argument at a time and two together, near values first; then those that can as well be left out."""
    for order in (telling, late):
        for index in range(
            sum(sorted(len(choices[name]) for name in order)[-2:])
        ):  # every argument gets its next value before any gets the one after
            for name in order:
                if index < len(choices[name]) and base.get(name, _MISSING) != choices[name][index]:
                    yield {**base, name: choices[name][index]}
            yield from _paired(base, order, choices, index)
    yield from _paired_with(base, telling, late, choices)


def _paired(
    base: JsonObject, order: list[str], choices: Mapping[str, list[Json]], distance: int
) -> Iterator[JsonObject]:
    """Vary two arguments at once whose places among their values add up to `distance`."""
    for position, first in enumerate(order):
        for second in order[position + 1 :]:
            for place in range(1, distance):
                if place < len(choices[first]) and distance - place < len(choices[second]):
                    yield {**base, first: choices[first][place], second: choices[second][distance - place]}


def _paired_with(
    base: JsonObject, telling: list[str], late: list[str], choices: Mapping[str, list[Json]]
) -> Iterator[JsonObject]:
    for first in telling:
        for second in late:
            for one in choices[first][:8]:
                for two in choices[second][:8]:
                    yield {**base, first: one, second: two}


_MISSING: Final = object()


def argument_sets(schema: JsonObject, sources: ValueSources, tool: str, *, invents: bool = True) -> list[JsonObject]:
    """Distinct argument objects for a tool, most promising first, at most `MAX_CALLS`.

    Unless it `invents`, values come from the schema, the directive and observations alone.
    """
    sources.invents = invents
    found = _unique(cast("Iterator[Json]", objects(schema, schema, sources, tool)))
    return cast("list[JsonObject]", list(islice(found, MAX_CALLS)))
