"""Mission files: YAML, JSON or TOML text to a Mission, or every problem at once with its line and the nearest key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, cast

import yaml
from pydantic import BaseModel, ValidationError

from journeyman.mission import criteria as kinds
from journeyman.mission.model import mission as spec
from journeyman.mission.model.servers import Server
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.values.canonical import JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, Problem

Form: TypeAlias = Literal["yaml", "json", "toml"]
Place: TypeAlias = "tuple[str | int, ...]"
Lines: TypeAlias = Mapping[Place, int]

MAX_FILE_BYTES: Final = 1 << 20
"""A mission file is written by people; larger ones are a mistake."""
_MODELS: Final[tuple[type[BaseModel], ...]] = (
    spec.Mission, spec.Budget, spec.EffectSpec, Server, spec.Cadence, spec.ContextCall, spec.Stagnation, spec.Limits, spec.ScriptPlan, spec.AdvisorChain,
    Strategy, ToolCall, kinds.Probe, kinds.JsonCheck, kinds.CsvCheck, *kinds.KIND_TYPES,
)  # fmt: skip


def parse_mission(text: str | bytes, form: Form = "yaml", what: str = "mission file") -> spec.Mission:
    """The mission in `text`; raises `InvalidInput` with every problem found."""
    data, lines = _read(text, form, what)
    return validate_mission(data, lines, what)


def validate_mission(data: object, lines: Lines | None = None, what: str = "mission") -> spec.Mission:
    """The mission in plain data; raises `InvalidInput` with every problem found."""
    lines = lines or {}
    if not isinstance(data, dict):
        raise InvalidInput(
            what, (Problem(where="", message=f"is {_kind(data)}, not an object", hint="start with `directive:`"),)
        )
    problems: list[Problem] = []
    plain: object = cast("object", data)
    try:
        plain = checked(plain)
    except NotJson as error:
        where, _, message = str(error).partition(": ")
        place = tuple(int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]$]+", where))
        problems.append(
            Problem(
                where=".".join(map(str, place)), message=message, hint="use finite JSON values", line=lines.get(place)
            )
        )
    try:
        mission = spec.Mission.model_validate(plain)
    except ValidationError as error:
        problems += _problems(error, lines)
    else:
        if not problems:
            return mission
    raise InvalidInput(what, _one_per_place(problems))


def with_ceilings(mission: spec.Mission, changes: JsonObject, what: str) -> spec.Mission:
    """The mission with other ceilings in its budget; raises `InvalidInput` with every problem found."""
    try:
        return mission.model_copy(update={"budget": mission.budget.amended(changes)})
    except ValidationError as error:
        raise InvalidInput(what, _one_per_place(_problems(error, {}, ("budget",)))) from None


def _problems(error: ValidationError, lines: Lines, at: Place = ()) -> list[Problem]:
    rows = cast("list[dict[str, Any]]", error.errors(include_url=False))
    return list(dict.fromkeys(_problem({**row, "loc": (*at, *row["loc"])}, lines) for row in rows))


def _one_per_place(problems: list[Problem]) -> tuple[Problem, ...]:
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


def _order(problem: Problem) -> tuple[int, str]:
    return (problem.line if problem.line is not None else 1 << 30, problem.where)


def _read(text: str | bytes, form: Form, what: str) -> tuple[object, Lines]:
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_FILE_BYTES:
        raise InvalidInput(
            what, (Problem(where="", message=f"is {len(raw)} bytes", hint=f"at most {MAX_FILE_BYTES} are read"),)
        )
    try:
        plain = raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            what, (Problem(where="", message=f"is not UTF-8 at byte {error.start}", hint="save it as UTF-8"),)
        ) from None
    if form == "toml":
        return _toml(plain, what), {}
    return _yaml(plain, what)


def _toml(text: str, what: str) -> object:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(what, (Problem(where="", message=f"is not TOML: {error}"[:300]),)) from None


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: dates stay text, keys stand once, aliases are refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]  # untyped library
            event = self.peek_event()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not read", problem_mark=event.start_mark)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for key, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str, what: str) -> tuple[object, Lines]:
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # the reader refuses characters that no YAML may hold
        raise InvalidInput(
            what, (Problem(where="", message=f"is not YAML: {' '.join(str(error).split())}"[:300]),)
        ) from None
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        twice: list[Problem] = []
        _walk_lines(node, (), lines, twice)
        data: object = loader.construct_document(node) if node is not None else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped library
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        raise InvalidInput(what, (Problem(where="", message=f"is not YAML: {error.problem}", line=line),)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(
            what, (Problem(where="", message=f"is not YAML: {' '.join(str(error).split())}"[:300]),)
        ) from None
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType]  # untyped library
    if twice:
        raise InvalidInput(what, tuple(twice))
    return cast("object", data), lines


def _walk_lines(node: yaml.Node | None, at: Place, lines: dict[Place, int], twice: list[Problem]) -> None:
    if node is None:
        return
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in known:
                twice.append(
                    Problem(where=".".join(map(str, (*at, name))), message="stands twice", line=key.start_mark.line + 1)
                )
            known.add(name)
            lines[(*at, name)] = key.start_mark.line + 1
            _walk_lines(value, (*at, name), lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk_lines(value, (*at, index), lines, twice)


def _problem(item: dict[str, Any], lines: Lines) -> Problem:
    place = _place(cast("tuple[str | int, ...]", item["loc"]), lines)
    line = next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)
    where = ".".join(map(str, place))
    given: object = item.get("input")
    message, hint = _words(
        str(item["type"]), cast("dict[str, object]", item.get("ctx") or {}), str(item["msg"]), given, item["loc"]
    )
    return Problem(where=where, message=message, hint=hint, line=line)


def _place(loc: Place, lines: Lines) -> Place:
    """Where in the file an error is: pydantic also names union branches, which no file holds."""
    if not lines:
        return tuple(step for step in loc if not (isinstance(step, str) and (step in kinds.KINDS or step in _BRANCHES)))
    place: Place = ()
    for index, step in enumerate(loc):
        branch = isinstance(step, str) and (*place, step) not in lines
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


def _words(kind: str, context: dict[str, object], message: str, given: object, loc: Place) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "is not a known key", _nearest(str(loc[-1]), loc)
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


def _nearest(key: str, loc: Place) -> str:
    if key in _RENAMED:
        return _RENAMED[key]
    known = _fields(loc)
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _fields(loc: Place) -> list[str]:
    """The keys of the model in which an unknown key stands."""
    for step in reversed(loc[:-1]):
        if isinstance(step, str) and step in _BY_KIND:
            return _BY_KIND[step]
        if isinstance(step, str) and step in _BY_KEY:
            return _BY_KEY[step]
    return _names(spec.Mission)


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


def _kind(value: object) -> str:
    names = {
        "NoneType": "empty",
        "list": "a list",
        "str": "text",
        "int": "a number",
        "float": "a number",
        "bool": "a truth value",
    }
    return names.get(type(value).__name__, type(value).__name__)
