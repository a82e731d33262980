"""What pydantic found wrong in mission files, said in words: what, where, the nearest key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError

from journeyman.mission import criteria as kinds
from journeyman.mission.files.documents import Place, Position, Positions
from journeyman.mission.model import mission as spec
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.model.objective import Objective
from journeyman.mission.model.parameters import MissionParameter
from journeyman.mission.model.servers import Server
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.values.errors import Problem

_MODELS: Final[tuple[type[BaseModel], ...]] = (
    spec.Mission, spec.Budget, spec.EffectSpec, Server, spec.Cadence, spec.ContextCall, spec.Stagnation, spec.Limits, spec.ScriptPlan, spec.AdvisorChain,
    Strategy, ToolCall, kinds.Probe, kinds.JsonCheck, kinds.CsvCheck, *kinds.KIND_TYPES,
)  # fmt: skip


def problems_of(error: ValidationError, positions: Positions, at: Place = ()) -> list[Problem]:
    """Each thing that pydantic found, `at` before its place."""
    rows = cast("list[dict[str, Any]]", error.errors(include_url=False))
    keys = _names(GuardFile if error.title == GuardFile.__name__ else spec.Mission)
    return list(dict.fromkeys(_problem({**row, "loc": (*at, *row["loc"])}, positions, keys) for row in rows))


def one_per_place(problems: list[Problem]) -> tuple[Problem, ...]:
    """One problem per place; the branch of a union that was not meant says nothing."""
    kept: dict[str, Problem] = {}
    for problem in problems:
        vague = problem.message.startswith("input should be a valid ")
        deeper = any(
            other is not problem and (other.where == problem.where or other.where.startswith(f"{problem.where}."))
            for other in problems
        )
        if not (vague and deeper and problem.where):
            kept.setdefault(problem.where, problem)
    return tuple(sorted(kept.values(), key=_order)) or tuple(problems[:1])


def _order(problem: Problem) -> tuple[str, int, str]:
    return (problem.file, problem.line if problem.line is not None else 1 << 30, problem.where)


def problem_at(place: Place, positions: Positions, message: str, hint: str = "") -> Problem:
    """A problem with the line of its place, or of the nearest thing around it that has one."""
    ends = range(len(place), -1, -1)
    position = next((positions[place[:end]] for end in ends if place[:end] in positions), Position())
    where = ".".join(map(str, place))
    return Problem(where=where, message=message, hint=hint, line=position.line, file=position.file)


def _problem(item: dict[str, Any], positions: Positions, keys: list[str]) -> Problem:
    place = _place(cast("tuple[str | int, ...]", item["loc"]), positions)
    given: object = item.get("input")
    message, hint = _words(
        str(item["type"]), cast("dict[str, object]", item.get("ctx") or {}), str(item["msg"]), given, item["loc"], keys
    )
    return problem_at(place, positions, message, hint)


def _place(loc: Place, positions: Positions) -> Place:
    """Where in the file an error is: pydantic also names union branches, which no file holds."""
    place: Place = ()
    for index, step in enumerate(loc):
        branch = isinstance(step, str) and (*place, step) not in positions
        if branch and (index < len(loc) - 1 or step in _BRANCHES or "[" in str(step)):
            continue
        place = (*place, step)
    return place


_BRANCHES: Final = frozenset(
    {
        "ScriptPlan",
        "AdvisorChain",
        "Function",
        "list[Strategy]",
        "constrained-str",
        "constrained-int",
        "constrained-float",
        "int",
        "float",
        "str",
    }
)


def _words(
    kind: str, context: dict[str, object], message: str, given: object, loc: Place, keys: list[str]
) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "is not a known key", _nearest(str(loc[-1]), loc, keys)
        case "missing":
            return "is missing", ""
        case "union_tag_invalid":
            tag = str(context.get("tag"))
            near = difflib.get_close_matches(tag, kinds.KINDS, n=1)
            if tag == "rubric":
                return "kind 'rubric' is judged by a mentor, and mentors are not here yet", ""
            return (
                f"kind {tag!r} is unknown",
                f"did you mean {near[0]!r}?" if near else f"one of {', '.join(kinds.KINDS)}",
            )
        case "union_tag_not_found":
            return "has no `kind`", f"one of {', '.join(kinds.KINDS)}"
        case "value_error":
            return message.removeprefix("Value error, "), ""
        case _:
            return f"{message[0].lower()}{message[1:]}, not {_shown(given)}", ""


_RENAMED: Final = {
    "guard": "an abort condition says `abort_when_met: true`",
    "command": "a command is a criterion of its own: `kind: command` with `run`",
}
"""What other versions called things."""


def _nearest(key: str, loc: Place, keys: list[str]) -> str:
    if key in _RENAMED:
        return _RENAMED[key]
    known = _fields(loc) or keys
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _fields(loc: Place) -> list[str]:
    """The keys of the model in which an unknown key stands; none for the mission itself."""
    for step in reversed(loc[:-1]):
        if isinstance(step, str) and step in _BY_KIND:
            return _BY_KIND[step]
        if isinstance(step, str) and step in _BY_KEY:
            return _BY_KEY[step]
    return []


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _kind_tables() -> Iterator[tuple[str, list[str]]]:
    for model in _MODELS:
        field = model.model_fields.get("kind")
        if field is not None:
            yield cast("Any", field.annotation).__args__[0], _names(model)


_BY_KIND: Final = dict(_kind_tables())
_BY_KEY: Final[Mapping[str, list[str]]] = {
    "budget": _names(spec.Budget),
    "effects": _names(spec.EffectSpec),
    "functions": _names(spec.Function),
    "metrics": _names(spec.MetricSource),
    "minimize": _names(Objective),
    "maximize": _names(Objective),
    "at_end": _names(ToolCall),
    "parameters": _names(MissionParameter),
    "servers": _names(Server),
    "gym": _names(spec.Gym),
    "cadence": _names(spec.Cadence),
    "context": _names(spec.ContextCall),
    "stagnation": _names(spec.Stagnation),
    "limits": _names(spec.Limits),
    "plan": _names(Strategy),
    "calls": _names(ToolCall),
    "probe": _names(kinds.Probe),
    "json": _names(kinds.JsonCheck),
    "csv": _names(kinds.CsvCheck),
    "advisor": _names(spec.AdvisorChain),
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
