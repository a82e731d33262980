"""What prompts say of a session as it stands: criteria, tools, what is left, who must be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from journeyman.mission.criteria.base import as_json, walk
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.prompt.truncation import fenced, line_of, rows, size, text_of, truncate
from journeyman.mission.rules.approvals import needs_person
from journeyman.mission.values.canonical import Json, JsonObject

_DESCRIPTION: Final = 800
"""Characters of a tool's description beside its schema."""
_ABOUT: Final = 100
"""Characters of the first line, where a tool is only named."""
_WORD: Final = re.compile(r"[a-z0-9]+")
_SHORT: Final = 3
"""Words of fewer letters point at no tool."""


def criteria(state: State, most_bytes: int) -> str:
    """Each criterion and how it stands, those that are not met first, with its evidence as data where it fits."""
    judged = state.progress.criteria
    ordered = sorted(walk(state.mission.criteria), key=lambda item: item.id in judged and judged[item.id].met)
    made: list[str] = []
    for criterion in ordered:
        known = judged.get(criterion.id)
        plain: JsonObject = as_json(criterion)
        plain.pop("criteria", None)
        shown: JsonObject = {
            "criterion": plain,
            "status": known.status if known is not None else "not yet evaluated",
            "progress": known.progress if known is not None else 0,
            "fresh": known is None or not known.result.carried,
        }
        made.append(text_of(shown))
    left = most_bytes - sum(map(_row_bytes, made))
    for index, criterion in enumerate(ordered):
        known = judged.get(criterion.id)
        if left <= 0 or known is None or known.result.evidence in (None, ""):
            continue
        evidence = fenced(known.result.evidence, 300)
        if _row_bytes(evidence) <= left:
            made[index] = f"{made[index]}\n{evidence}"
            left -= _row_bytes(evidence)
    return rows(made, most_bytes, "criteria")


def budget(state: State) -> str:
    """What is left of each limit; `null` stands for no limit."""
    limits, used = state.mission.budget, state.usage

    def left(limit: float | None, spent: float) -> Json:
        return None if limit is None else max(0, round(limit - spent, 6))

    return text_of(
        {
            "iterations": left(limits.iterations, used.iterations),
            "seconds": left(limits.wall_clock_s, round(used.wall_clock_s)),
            "tool_calls": left(limits.tool_calls, used.tool_calls),
            "tokens": left(limits.tokens, used.tokens),
            "cost_usd": left(limits.cost_usd, used.cost_microusd / 1_000_000),
        }
    )


def approvals(state: State, most_bytes: int) -> str:
    """Name the tools whose calls wait for a person; empty when there are none."""
    names = [name for name in sorted(state.tools) if needs_person(state, name)]
    if names and len(names) == len(state.tools):
        return "every call"
    return truncate(", ".join(names), most_bytes)


def wanted_words(state: State) -> list[str]:
    """The texts that point at the tools which unmet criteria need: their own words, probes and sources."""
    known = frozenset(state.world.known)
    found: list[str] = []
    for criterion in walk(state.mission.criteria):
        judged = state.progress.criteria.get(criterion.id)
        if judged is not None and judged.met:
            continue
        found += [*criterion.words(), *(probe.tool for probe in criterion.probes)]
        found += [
            tool for name in sorted(criterion.metric_names(known)) for tool in sorted(state.world.known.get(name, ()))
        ]
    return found


def tools(specs: Mapping[str, ToolSpec], wanted: Sequence[str], directive: str, most_bytes: int) -> str:
    """Every tool by name: those that are needed first and whole, the others with one line, none cut in a schema.

    A tool is whole or it has one line. Where not even the lines fit, the others have their names alone; where those
    do not fit either, the last are counted.
    """
    ranked = sorted(specs.values(), key=lambda spec: (_rank(spec, wanted, directive), spec.name))
    short = [_without_schema(spec) for spec in ranked]
    if sum(map(_row_bytes, short)) > most_bytes // 2:
        short = [text_of({"name": spec.name}) for spec in ranked]
    left = most_bytes - 60 - sum(map(_row_bytes, short))
    if left < 0:
        return _as_many(short, most_bytes)
    whole: list[str] = []
    others: list[str] = []
    for spec, line in zip(ranked, short, strict=True):
        text = _with_schema(spec)
        more = _row_bytes(text) - _row_bytes(line)
        if more <= left:
            whole.append(text)
            left -= more
        else:
            others.append(line)
    named = ["Also allowed, by name:", *others] if others else []
    return "\n".join([*whole, *named]) or "none"


def _as_many(lines: Sequence[str], most_bytes: int) -> str:
    kept: list[str] = []
    left = most_bytes - 60
    for line in lines:
        left -= _row_bytes(line)
        if left < 0:
            break
        kept.append(line)
    return "\n".join([*kept, f"[{len(lines) - len(kept)} more tools dropped]"])


def _row_bytes(text: str) -> int:
    return size(text) + 1


def _with_schema(spec: ToolSpec) -> str:
    plain: JsonObject = {
        "name": spec.name,
        "effect": spec.effect,
        "description": truncate(spec.description, _DESCRIPTION),
        "input_schema": spec.input_schema,
    }
    return text_of(plain)


def _without_schema(spec: ToolSpec) -> str:
    first = next((line.strip() for line in spec.description.splitlines() if line.strip()), "")
    return text_of({"name": spec.name, "about": line_of(first)[:_ABOUT]})


def _rank(spec: ToolSpec, wanted: Sequence[str], directive: str) -> tuple[int, int]:
    """Lower for what is needed more: named by a criterion, named by the directive, sharing words with them."""
    name = spec.name.lower()
    if any(name in text.lower() for text in wanted):
        return 0, 0
    own = _tokens(spec.name)
    asked, said = {word for text in wanted for word in _tokens(text)}, _tokens(directive)
    if name in directive.lower() or (own and own <= said):
        return 1, 0
    told = own | _tokens(spec.description[:_DESCRIPTION])
    return 2, -(3 * len(own & (asked | said)) + 2 * len(told & asked) + len(told & said))


def _tokens(text: str) -> frozenset[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower()
    return frozenset(word for word in _WORD.findall(spaced) if len(word) >= _SHORT)


def form(schema: JsonObject, *, scripts: bool) -> JsonObject:
    """The form of an answer without what only repeats its keys, and without scripts where none is allowed."""
    plain = _without_titles(schema)
    made: JsonObject = plain if isinstance(plain, dict) else {}
    if scripts:
        return made
    for part in _parts(made):
        properties = part.get("properties")
        if isinstance(properties, dict) and "script" in properties and "calls" in properties:
            del properties["script"]
    return made


def _parts(schema: JsonObject) -> Iterator[JsonObject]:
    yield schema
    defs = schema.get("$defs")
    for item in defs.values() if isinstance(defs, dict) else ():
        if isinstance(item, dict):
            yield item


def _without_titles(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _without_titles(item) for key, item in value.items() if not (key == "title" and isinstance(item, str))
        }
    return value
