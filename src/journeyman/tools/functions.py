"""Tools made of typed Python functions: the schema comes from annotations, the words from the docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

import anyio
import anyio.to_thread
import pydantic
from pydantic_core import PydanticSerializationError, to_jsonable_python

from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked, digest_of
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tools.base import Hints, Result, Tool
from journeyman.tools.docstring import argument_texts, without_arguments
from journeyman.tools.results import Caps, failure, sorted_value

Function = TypeVar("Function", bound=Callable[..., object])

KEY_PARAMETER: Final = "idempotency_key"
_MARK: Final = "__journeyman_tool__"
_NO_SCHEMA: Final = (pydantic.errors.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError, RecursionError)


class Effect(StrEnum):
    """What may be done with a call of which nobody knows whether it happened."""

    PURE = "pure"
    """It changes nothing: call it again."""
    KEYED = "keyed"
    """The same `idempotency_key` makes it happen once: call it again."""
    PROBED = "probed"
    """Its probe tells whether it happened."""
    UNSAFE = "unsafe"
    """Only a person can tell."""


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str | None
    effect: Effect | None
    probe: Callable[..., object] | None
    destructive: bool | None = None


def tool(
    *,
    name: str | None = None,
    effect: str | None = None,
    probe: Callable[..., object] | None = None,
    destructive: bool | None = None,
) -> Callable[[Function], Function]:
    """Give a decorator that says more of a function than its signature can.

    Args:
        name: The tool's name; the function's own by default.
        effect: `pure`, `keyed`, `probed` or `unsafe`; the mission's word where it is not given.
        probe: For `probed`: takes the same arguments (those that it names) and tells whether the call happened, as a
            boolean or as `{"done": boolean, "value": what the call gave}`.
        destructive: Whether a call cannot be taken back, so that under `approve: destructive` a person is asked first;
            where it is not given, only `unsafe` calls are.
    """
    problems = _mark_problems(effect, probe)
    if problems:
        raise InvalidInput("@tool(...)", tuple(problems))

    def mark(function: Function) -> Function:
        setattr(function, _MARK, _Mark(name, Effect(effect) if effect else None, probe, destructive))
        return function

    return mark


def _mark_problems(effect: str | None, probe: object) -> list[Problem]:
    classes = [*Effect]
    if effect is not None and effect not in classes:
        return [Problem(where="effect", message=f"{effect!r} is not one of {', '.join(classes)}")]
    if (effect == Effect.PROBED) != (probe is not None):
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

    async def call(self, args: Mapping[str, Json], key: str, caps: Caps, limiter: anyio.CapacityLimiter) -> Result:
        """Call the function: on the loop when it is async, else in a thread of `limiter`. Whatever it raises is a result."""
        try:
            model = self.arguments.model_validate(dict(args))
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            return failure("invalid_arguments", f"{where}: {first['msg']}, but it is {first['input']!r}")
        given = {field.alias or name: getattr(model, name) for name, field in self.arguments.model_fields.items()}
        if self.takes_key:
            given[KEY_PARAMETER] = key
        try:
            return _result(await self._run(given, limiter), caps)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a function may raise anything; that is the call's failure
            return failure("exception", _shown(error))

    async def _run(self, given: dict[str, Any], limiter: anyio.CapacityLimiter) -> object:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**given)
        value = await anyio.to_thread.run_sync(
            lambda: _guarded(self.function, given), abandon_on_cancel=True, limiter=limiter
        )
        return await cast("Awaitable[object]", value) if inspect.isawaitable(value) else value


def _result(value: object, caps: Caps) -> Result:
    try:
        plain: object = to_jsonable_python(value, by_alias=True)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        return failure("not_json", f"the function returned a {type(value).__name__} that is not JSON: {error}")
    return sorted_value(plain, caps)


def function_tool(function: Callable[..., object]) -> FunctionTool:
    """Give the tool of a typed function; raise `InvalidInput` with everything that keeps it from being one."""
    mark = cast("_Mark", getattr(function, _MARK, _Mark(None, None, None)))
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
    probe = _probe(mark.probe, name) if mark.probe is not None else None
    return FunctionTool(_tool(definition, mark, probe), function, arguments, takes_key, probe)


def _tool(definition: JsonObject, mark: _Mark, probe: FunctionTool | None) -> Tool:
    effect = mark.effect
    pure = None if effect is None else effect is Effect.PURE
    return Tool(
        name=cast("str", definition["name"]),
        description=cast("str", definition["description"]),
        input_schema=cast("JsonObject", definition["input_schema"]),
        output_schema=cast("JsonObject | None", definition["output_schema"]),
        pin=digest_of(definition),
        hints=Hints(
            read_only=pure,
            destructive=mark.destructive,
            idempotent=None if effect is None else effect in {Effect.PURE, Effect.KEYED},
        ),
        effect=effect.value if effect else None,
        probe=probe.tool.name if probe else None,
    )


def _probe(probe: Callable[..., object], name: str) -> FunctionTool:
    found = function_tool(probe)
    definition = checked({"of": name, "pin": found.tool.pin})
    probe_tool = Tool(
        name=f"{name}.probe",
        description=found.tool.description,
        input_schema={**found.tool.input_schema, "additionalProperties": True},
        pin=digest_of(definition),
        hints=Hints(read_only=True),
        effect=Effect.PURE.value,
    )
    lenient = type(found.arguments.__name__, (found.arguments,), {"model_config": pydantic.ConfigDict(extra="ignore")})
    return FunctionTool(probe_tool, found.function, lenient, found.takes_key)


def _fields(function: Callable[..., object], problems: list[Problem]) -> tuple[dict[str, Any], bool]:
    """Give pydantic's field for each parameter, and whether the function wants the key."""
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
    """Give the model that turns JSON into typed arguments, and its schema."""
    try:
        model = pydantic.create_model(
            f"{name}_arguments", __config__=pydantic.ConfigDict(extra="forbid", protected_namespaces=()), **fields
        )
        schema = cast("JsonObject", checked(model.model_json_schema()))
    except (*_NO_SCHEMA, NotJson) as error:
        problem = Problem(where="", message=f"has no JSON Schema: {str(error).splitlines()[0]}")
        raise InvalidInput(f"function {name!r}", (problem,)) from error
    return model, {key: value for key, value in schema.items() if key != "title"}


class _Escaped(Exception):
    """A function in a thread raised what ends or cancels programs; no real interrupt arrives there, so it is its own."""


def _guarded(function: Callable[..., object], given: Mapping[str, object]) -> object:
    try:
        return function(**given)
    except Exception:
        raise
    except BaseException as error:  # noqa: BLE001 - what is neither caught above nor by any caller
        raise _Escaped(_shown(error)) from None


def _shown(error: BaseException) -> str:
    try:
        return str(error) if isinstance(error, _Escaped) else f"{type(error).__name__}: {error}"
    except Exception as fault:  # noqa: BLE001 - showing an error runs its own code
        return f"{type(error).__name__}, which cannot be shown ({type(fault).__name__})"


def _output_schema(function: Callable[..., object]) -> JsonObject | None:
    """Give the schema of what comes back where the annotation promises an object."""
    annotation = get_type_hints(function).get("return")
    if annotation is None:
        return None
    try:
        schema = checked(pydantic.TypeAdapter[object](annotation).json_schema(mode="serialization"))
    except (*_NO_SCHEMA, NotJson):
        return None  # It is a promise to readers only; what really comes back is checked.
    return schema if isinstance(schema, dict) and schema.get("type") == "object" else None
