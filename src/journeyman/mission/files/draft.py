"""Criteria drafted from a directive, without a model: the bounds in it, over metrics that allowed tools can give.

A draft is a proposal for a person, and nothing is better than something false: a bound becomes a criterion only where
its operator, its number, its unit and its metric are all beyond doubt; every other one gets a note that says why not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from journeyman.mission.files import draft_vocabulary as words
from journeyman.mission.files.draft_bounds import Bound, Unclear, bounds_in, number_of
from journeyman.mission.values.canonical import Json, JsonObject

_NUMERAL: Final = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|`[^`]*`|“[^”]*”|«[^»]*»|„[^“]*“")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_PLAIN: Final = {"<=": "at_most", ">=": "at_least", "<": "below", ">": "above", "==": "is"}
_FLIPPED: Final = {"<": ">=", ">": "<="}
_GENERIC: Final = frozenset([*words.METRIC_UNITS, "count", "total", "number", "value", "current"])
_SHARES: Final = frozenset(["ratio", "rate", "fraction", "share", "proportion", "coverage", "percentage"])
_COMMON: Final = frozenset({
    "the", "is", "to", "of", "in", "and", "or", "for", "with", "make", "keep", "get", "it", "at", "that", "as", "be",
    "its",
})  # fmt: skip
_REACHED_BY: Final = frozenset({
    "let", "be", "get", "go", "goes", "rise", "rises", "climb", "climbs", "grow", "stay", "stays", "fall", "falls",
    "drop", "drops", "it", "the", "to", "a", "ever",
})  # fmt: skip
"""Words between a negation and the bound that it turns round."""


@dataclass(frozen=True, slots=True)
class DraftedCriteria:
    """Criteria as they would stand in a mission file, and what could not be drafted."""

    criteria: tuple[JsonObject, ...]
    notes: tuple[str, ...]


def draft(directive: str, metrics: Mapping[str, str]) -> DraftedCriteria:
    """Criteria for a directive.

    Args:
        directive: What a person wrote.
        metrics: Name of each metric that an allowed tool can give, to that tool.
    """
    found: list[JsonObject] = []
    notes: list[str] = []
    for sentence in _SENTENCE.split(_QUOTED.sub(" ", directive)):
        bounds = bounds_in(sentence)
        for bound in bounds:
            try:
                found.append(_criterion(bound, bounds, metrics, found))
            except Unclear as unclear:
                notes.append(f"{bound.text.strip()!r}: {unclear}")
    named = Counter(str(row["metric"]) for row in found)
    many = [name for name, count in sorted(named.items()) if count > 2]
    if many:
        notes.append(f"{', '.join(many)}: more than two bounds for one metric")
        found = [row for row in found if str(row["metric"]) not in many]
    if not found and not notes:
        notes.append("no bound with a number was found; write a criterion by hand, such as a predicate")
    return DraftedCriteria(tuple(found), tuple(notes))


def _criterion(
    bound: Bound, bounds: Sequence[Bound], metrics: Mapping[str, str], found: Sequence[JsonObject]
) -> JsonObject:
    """The criterion of a bound; raises `Unclear` with the first thing that is in doubt."""
    bound = replace(bound, operator=_operator(bound))
    _refuse_other_meanings(bound, bounds)
    name = _metric(bound, bounds, metrics)
    _refuse_unknown_words(bound, bounds, name)
    held = words.in_a_row(bound.sentence)
    if held is None:
        raise Unclear("how often in a row it must hold is not clear")
    row: JsonObject = {
        "id": _fresh(f"{name}_{_PLAIN[bound.operator]}", found),
        "kind": "metric_threshold",
        "metric": name,
        "op": bound.operator,
        "target": _target(bound, name),
    }
    return row | ({"hold_for": held} if held > 1 else {})


def _operator(bound: Bound) -> str:
    """The operator with a negation before it taken in, where it is clear what it turns round."""
    begin, _ = bound.clause
    before = bound.sentence[begin : bound.start]
    negations = list(words.NEGATIONS.finditer(before))
    if not negations:
        return bound.operator
    between = re.findall(r"[\w']+", before[negations[-1].end() :].lower())
    reaches = all(word in _REACHED_BY for word in between) or (
        between[:1] == ["let"] and sum(word not in _REACHED_BY for word in between) <= 3
    )
    if len(negations) > 1 or not reaches or bound.operator not in _FLIPPED or bound.language not in ("en", ""):
        raise Unclear(f"{negations[-1].group()!r} stands before it, and what it negates is not clear")
    return _FLIPPED[bound.operator]


def _refuse_other_meanings(bound: Bound, bounds: Sequence[Bound]) -> None:
    """Raise where the number is no goal, or not the whole of it."""
    sentence, (begin, end) = bound.sentence, bound.clause
    clause, before = sentence[begin:end], sentence[begin : bound.start]
    for pattern, why in (
        (words.CONDITIONS, "it says when something happens, not what is to be reached"),
        (words.TASKS, "it says which things are meant, not what is to be reached"),
    ):
        if pattern.search(sentence):
            raise Unclear(why)
    if words.NOW.search(clause) or (words.IS.search(before) and not words.GOALS.search(sentence)):
        raise Unclear("it tells how things are; say what they must be")
    if words.BY.search(sentence[: bound.start]):
        raise Unclear("it is about a change, not about a value")
    if words.RANGES.search(clause):
        raise Unclear("a range is two bounds; write both")
    if words.RATES.match(sentence[bound.end :]):
        raise Unclear("it is a rate; say it in the metric's own unit")
    if re.match(r"[\w/]|[-\u2013]\d|[.,:]\d", sentence[bound.end :]):
        raise Unclear("what stands behind the number is no unit that is known here")
    if sum(begin <= other.start < end for other in bounds) > 1:
        raise Unclear("its clause has another bound")
    rest = words.IN_A_ROW.sub(" ", f"{before}\n{sentence[bound.end : end]}")
    if _NUMERAL.search(rest):
        raise Unclear("its clause has another number")


def _refuse_unknown_words(bound: Bound, bounds: Sequence[Bound], metric: str) -> None:
    """Raise where the clause has a word whose part in what is meant is not known: no list of bad words is ever whole."""
    begin, _ = bound.clause
    end = min((other.clause[0] for other in bounds if other.start > bound.start), default=len(bound.sentence))
    around = f"{bound.sentence[begin : bound.start]} . {bound.sentence[bound.end : end]}"
    around = words.JOINTS.sub(" ", around)
    around = words.NEGATIONS.sub(" ", words.IN_A_ROW.sub(" ", around)).lower()
    own = tokens(metric) | _SHARES
    for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?", around):
        parts = set(re.split("'", word)) - {""}
        if not (tokens(word) <= own or words.GOALS.fullmatch(word) or parts <= words.HARMLESS):
            raise Unclear(f"{word!r} may change what is meant")


def _metric(bound: Bound, bounds: Sequence[Bound], metrics: Mapping[str, str]) -> str:
    """The only metric whose name the clause says, or whose name it shares with the clauses before it."""
    begin, end = bound.clause
    sentence = bound.sentence
    clause = tokens(f"{sentence[begin : bound.start]} {sentence[bound.end : end]}")
    named = _named(clause, metrics)
    earlier = max((other.clause[1] for other in bounds if other.clause[1] <= begin), default=0)
    before = tokens(sentence[earlier:begin])
    if not named:
        named = [name for name in _named(clause | before, metrics) if _name_words(name) & clause]
    if len(named) != 1:
        what = (
            f"it may be any of {', '.join(named)}" if named else "no allowed tool is known to give a metric of its name"
        )
        raise Unclear(f"{what}; use the metric's name")
    joint = sentence[:begin].rstrip().rpartition(" ")[2]
    others = [name for name in _named(before, metrics) if name != named[0] and not _name_words(name) <= clause]
    if others and (words.AND.match(joint) or sentence[:begin].rstrip().endswith(",")):
        raise Unclear(f"it may be meant for {others[0]} as well")
    return named[0]


def _named(said: frozenset[str], metrics: Mapping[str, str]) -> list[str]:
    """The metrics all of whose words are said; one whose words are part of another's is not meant."""
    found = [name for name in sorted(metrics) if _name_words(name) and _name_words(name) <= said]
    return [name for name in found if not any(_name_words(name) < _name_words(other) for other in found)]


def _name_words(name: str) -> frozenset[str]:
    """The words by which a metric is named: without its unit, where anything else is left."""
    whole = tokens(name)
    return frozenset(whole - _GENERIC) or whole


def tokens(text: str) -> frozenset[str]:
    """The words of a text in the language of metrics' names, in the singular."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower().replace("_", " ")
    made: set[str] = set()
    for word in map(str, re.findall(r"[^\W_]+(?:'[^\W_]+)?", spaced)):
        for part in (word, word.partition("'")[2]):
            made.update(words.NOUNS.get(part, part).split())
    return frozenset(_singular(word) for word in made if len(word) > 1 and word not in _COMMON)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith("ss") else word


def _target(bound: Bound, metric: str) -> int | float:
    """The number in the metric's unit, which its name must say where the directive says one."""
    value = number_of(bound)
    unit = words.METRIC_UNITS.get(re.split(r"[^a-z]+", metric.lower())[-1], "")
    if bound.unit and bound.unit != unit:
        wanted, own = words.SCALES.get(bound.unit), words.SCALES.get(unit)
        if wanted is None or own is None or wanted[0] != own[0]:
            raise Unclear(f"the name of {metric} does not say how its values and {bound.unit} convert")
        value = round(value * wanted[1] / own[1], 12)
    if unit in ("ratio", "percent") and bound.unit != "percent" and not tokens(bound.sentence) & _SHARES:
        raise Unclear(f"{metric} is a share, and {bound.text.strip()!r} may be a count")
    if unit == "ratio" and not 0 <= value <= 1:
        raise Unclear(f"{metric} is a ratio, and {value:g} is not between 0 and 1")
    return int(value) if float(value).is_integer() else value


def _fresh(name: str, found: Sequence[JsonObject]) -> str:
    taken = {str(row["id"]) for row in found}
    wanted = re.sub(r"\W+", "_", name).strip("_") or "criterion"
    return next(
        candidate for candidate in (wanted, *(f"{wanted}_{n}" for n in range(2, 999))) if candidate not in taken
    )


def schema_metrics(output_schema: Json) -> list[str]:
    """The metrics that a tool's output schema names."""
    properties = output_schema.get("properties") if isinstance(output_schema, dict) else None
    metrics = properties.get("metrics") if isinstance(properties, dict) else None
    named = metrics.get("properties") if isinstance(metrics, dict) else None
    return list(named) if isinstance(named, dict) else []
