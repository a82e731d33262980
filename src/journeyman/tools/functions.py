"""Tools made of typed Python functions: the schema comes from annotations, the words from the docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import anyio
import pydantic

from journeyman.mission.model.effects import EFFECT_RULES, LOOKING, AfterCrash, EffectClass
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked, digest_of
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tools.base import Result, Tool, ToolHints
from journeyman.tools.blocking import run_blocking
from journeyman.tools.containment import (
    EscapedException,
    call_guarded,
    describe_error,
    plain_value,
    run_contained,
    run_in_new_loop,
)
from journeyman.tools.docstring import argument_texts, without_arguments
from journeyman.tools.foreign_loop import run_on_foreign_loop
from journeyman.tools.results import failed_result
from journeyman.tools.send_state import SendState

Function = TypeVar("Function", bound=Callable[..., object])
Sort: TypeAlias = Callable[[object], Result]
"""Makes a result of plain Python values."""

KEY_PARAMETER: Final = "idempotency_key"
_MARK: Final = "__journeyman_tool__"
_NO_SCHEMA: Final = (pydantic.errors.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError, RecursionError)


@dataclass(frozen=True, slots=True)
class _ToolDeclaration:
    name: str | None
    effect: EffectClass | None
    probe: Callable[..., object] | None
    destructive: bool | None = None


def tool(
    *,
    name: str | None = None,
    effect: str | None = None,
    probe: Callable[..., object] | None = None,
    destructive: bool | None = None,
) -> Callable[[Function], Function]:
    """A decorator that says more of a function than its signature can.

    Args:
        name: The tool's name; the function's own by default.
        effect: A value of `EffectClass`, such as `pure`; the mission's word where it is not given.
        probe: For `probed`: takes the same arguments (those that it names) and tells whether the call happened, as a
            boolean or as `{"done": boolean, "value": what the call gave}`.
        destructive: Whether a call cannot be taken back, so that under `approve: destructive` a person is asked first;
            where it is not given, only `unsafe` calls are.
    """
    problems = _mark_problems(effect, probe)
    if problems:
        raise InvalidInput("@tool(...)", tuple(problems))

    def mark(function: Function) -> Function:
        setattr(function, _MARK, _ToolDeclaration(name, EffectClass(effect) if effect else None, probe, destructive))
        return function

    return mark


def _mark_problems(effect: str | None, probe: object) -> list[Problem]:
    classes = [*EffectClass]
    if effect is not None and effect not in classes:
        return [Problem(where="effect", message=f"{effect!r} is not one of {', '.join(classes)}")]
    asks = effect is not None and EFFECT_RULES[EffectClass(effect)].after_crash is AfterCrash.ASK_WORLD
    if asks != (probe is not None):
        return [Problem(where="probe", message='effect="probed" and a probe go together', hint="give both or neither")]
    return []


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function under its tool definition."""

    tool: Tool
    function: Callable[..., object]
    arguments: type[pydantic.BaseModel]
    takes_key: bool
    probe: FunctionTool | None = None
    """Answers for a `probed` tool; called `NAME.probe`, never listed."""
    foreign: bool = False
    """Its coroutines run on a loop of their own: nobody vouches for what a mission file names, and it may block one."""

    async def call(
        self, args: Mapping[str, Json], key: str, sort: Sort, threads: anyio.CapacityLimiter, sending: SendState
    ) -> Result:
        """Call the function: on a loop when it is async, else in a thread, as many at a time as `threads` allows.

        Whatever it raises is a failed result; `sort` makes one of what it returns. Cancelling leaves a thread behind,
        and a coroutine that will not stop; `sending.running` says so.
        """
        given = self.typed_arguments(args, key)
        if isinstance(given, Result):
            return given
        try:
            return await self._run(given, sort, threads, sending)
        except EscapedException as error:
            return failed_result("tool_raised", str(error))
        except Exception as error:  # noqa: BLE001 - a function may raise anything; that is the call's failure
            return failed_result("exception", describe_error(error))

    def typed_arguments(self, args: Mapping[str, Json], key: str) -> dict[str, Any] | Result:
        """The typed arguments of the function, or the failure that they are."""
        try:
            model = self.arguments.model_validate(dict(args))
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            return failed_result("invalid_arguments", f"{where}: {first['msg']}, but it is {first['input']!r}")
        given = {field.alias or name: getattr(model, name) for name, field in self.arguments.model_fields.items()}
        return given | {KEY_PARAMETER: key} if self.takes_key else given

    async def _run(
        self, given: dict[str, Any], sort: Sort, threads: anyio.CapacityLimiter, sending: SendState
    ) -> Result:
        if inspect.iscoroutinefunction(self.function):
            return _sorted(
                await self._awaited(lambda: cast("Awaitable[object]", self.function(**given)), sending), sort
            )

        def begin() -> None:
            sending.sent, sending.running = True, "its thread cannot be stopped and was left running"

        def work() -> Result | Awaitable[object]:
            value = call_guarded(self.function, given)
            return cast("Awaitable[object]", value) if inspect.isawaitable(value) else _sorted(value, sort)

        value = await run_blocking(work, limiter=threads, begin=begin)
        sending.running = ""
        return value if isinstance(value, Result) else _sorted(await self._awaited(lambda: value, sending), sort)

    async def _awaited(self, make: Callable[[], Awaitable[object]], sending: SendState) -> object:
        def begin() -> None:
            sending.sent = True

        def left(why: str) -> None:
            sending.running = why

        if self.foreign:
            return await run_on_foreign_loop(lambda: run_in_new_loop(make), begin, left)
        begin()
        return await run_contained(make(), sending)


def _sorted(value: object, sort: Sort) -> Result:
    found = plain_value(value)
    return found if isinstance(found, Result) else sort(found.value)


def function_tool(function: Callable[..., object], *, foreign: bool = False) -> FunctionTool:
    """The tool of a typed function; raises `InvalidInput` with everything that keeps it from being one."""
    mark = cast("_ToolDeclaration", getattr(function, _MARK, _ToolDeclaration(None, None, None)))
    name = mark.name or getattr(function, "__name__", "")
    problems: list[Problem] = []
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
        problems.append(
            Problem(where=name or repr(function), message="is no name for a tool", hint="use @tool(name=...)")
        )
    fields, takes_key = _fields(function, problems)
    if problems:
        raise InvalidInput(f"function {name or function!r}", tuple(problems))
    arguments, input_schema = _arguments(name, fields)
    definition: JsonObject = {
        "name": name,
        "description": without_arguments(inspect.cleandoc(inspect.getdoc(function) or "")),
        "input_schema": input_schema,
        "output_schema": _output_schema(function),
    }
    probe = _probe(mark.probe, name, foreign=foreign) if mark.probe is not None else None
    return FunctionTool(_tool(definition, mark, probe), function, arguments, takes_key, probe, foreign)


def _tool(definition: JsonObject, mark: _ToolDeclaration, probe: FunctionTool | None) -> Tool:
    effect = mark.effect
    pure = None if effect is None else not EFFECT_RULES[effect].changes_world
    return Tool(
        name=cast("str", definition["name"]),
        description=cast("str", definition["description"]),
        input_schema=cast("JsonObject", definition["input_schema"]),
        output_schema=cast("JsonObject | None", definition["output_schema"]),
        pin=digest_of(definition),
        hints=ToolHints(
            read_only=pure,
            destructive=mark.destructive,
            idempotent=None if effect is None else EFFECT_RULES[effect].repeatable,
        ),
        effect=effect.value if effect else None,
        probe=probe.tool.name if probe else None,
    )


def _probe(probe: Callable[..., object], name: str, *, foreign: bool) -> FunctionTool:
    found = function_tool(probe)
    definition = checked({"of": name, "pin": found.tool.pin})
    probe_tool = Tool(
        name=f"{name}.probe",
        description=found.tool.description,
        input_schema={**found.tool.input_schema, "additionalProperties": True},
        pin=digest_of(definition),
        hints=ToolHints(read_only=True),
        effect=LOOKING.value,
    )
    lenient = type(found.arguments.__name__, (found.arguments,), {"model_config": pydantic.ConfigDict(extra="ignore")})
    return FunctionTool(probe_tool, found.function, lenient, found.takes_key, foreign=foreign)


def _fields(function: Callable[..., object], problems: list[Problem]) -> tuple[dict[str, Any], bool]:
    """Pydantic's field for each parameter, and whether the function wants the key."""
    try:
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
    except (TypeError, ValueError, NameError) as error:
        problems.append(Problem(where="", message=f"its annotations cannot be read: {error}"))
        return {}, False
    said = argument_texts(inspect.getdoc(function) or "")
    fields: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if name == KEY_PARAMETER:
            continue
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
            problems.append(
                Problem(where=name, message=f"is {parameter.kind.description}; a tool is called by keywords")
            )
        elif name not in hints:
            problems.append(Problem(where=name, message="has no annotation", hint=f"write its type, as in {name}: str"))
        else:
            # Not under its own name: a model has attributes, such as `json`, that a parameter may be called.
            fields[f"argument_{len(fields)}"] = (_named(name, hints[name], said.get(name)), _default(parameter))
    return fields, KEY_PARAMETER in signature.parameters


def _default(parameter: inspect.Parameter) -> object:
    return ... if parameter.default is parameter.empty else parameter.default


def _named(name: str, annotation: object, text: str | None) -> object:
    """Add the name, and the docstring's words unless the annotation brings a description of its own."""
    own = get_origin(annotation) is Annotated and any(map(_has_description, get_args(annotation)[1:]))
    field = pydantic.Field(alias=name, title=name.replace("_", " ").strip().capitalize())
    words = (pydantic.Field(description=text),) if text is not None and not own else ()
    return Annotated[(annotation, *words, field)]  # pyright: ignore[reportInvalidTypeForm] - made at run time


def _has_description(metadata: object) -> bool:
    return isinstance(getattr(metadata, "description", None), str)


def _arguments(name: str, fields: dict[str, Any]) -> tuple[type[pydantic.BaseModel], JsonObject]:
    """The model that turns JSON into typed arguments, and its schema."""
    try:
        model = pydantic.create_model(
            f"{name}_arguments", __config__=pydantic.ConfigDict(extra="forbid", protected_namespaces=()), **fields
        )
        schema = cast("JsonObject", checked(model.model_json_schema()))
    except (*_NO_SCHEMA, NotJson) as error:
        problem = Problem(where="", message=f"has no JSON Schema: {str(error).splitlines()[0]}")
        raise InvalidInput(f"function {name!r}", (problem,)) from error
    return model, {key: value for key, value in schema.items() if key != "title"}


def _output_schema(function: Callable[..., object]) -> JsonObject | None:
    """The schema of what comes back where the annotation promises an object; `None` elsewhere."""
    annotation = get_type_hints(function).get("return")
    if annotation is None:
        return None
    try:
        schema = checked(pydantic.TypeAdapter[object](annotation).json_schema(mode="serialization"))
    except (*_NO_SCHEMA, NotJson):
        return None  # It is a promise to readers only; what really comes back is checked.
    return schema if isinstance(schema, dict) and schema.get("type") == "object" else None
