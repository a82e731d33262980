"""What a control tool is: its arguments and result as models, from which its schemas are made, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

import mcp_types as types
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import to_json

from journeyman.hosting.access import AccessScope
from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.mission.values.canonical import JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tools.servers.definition import CONTROL_MARK

A = TypeVar("A", bound="Arguments")


class Arguments(BaseModel):
    """Arguments of a tool: none that is not known, none that is of another type than it says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class ToolReply(BaseModel):
    """A tool's result."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class McpCall:
    """A call, with what it reaches and the connection that it came over."""

    access: McpAccess
    context: RequestContext
    responses: dict[str, Any]
    """What the client's person and model have answered to what an earlier round of this call asked; empty in the first."""
    state: str = ""
    """What an earlier round of this call gave the client to bring back; it is the client's word."""


ToolResult: TypeAlias = BaseModel | types.InputRequiredResult
"""What a tool gives, or what it must be told before it can."""


class CallHints(Enum):
    """What a call may change: the hints that clients decide by whether to ask their person."""

    READS = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    """Changes nothing."""
    RECORDS = types.ToolAnnotations(
        read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    """Adds to a record; the same call again adds nothing that matters."""
    DRIVES = types.ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True
    )
    """Lets the tools of a mission work, which may do whatever they can do."""
    STARTS = types.ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True
    )
    """The same, and with the same key it does nothing twice."""
    ENDS = types.ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
    )
    """Ends what cannot be taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTool(Generic[A]):
    """A tool that a client may call."""

    name: str
    title: str
    about: str
    """For whoever decides whether to call it, a model mostly: what it does, when, what to do next."""
    scopes: tuple[AccessScope, ...]
    """Whoever has one of them may call it; what it does may need more."""
    kind: CallHints
    arguments: type[A]
    result: type[BaseModel]
    run: Callable[[McpCall, A], Awaitable[ToolResult]]

    def definition(self) -> types.Tool:
        """As clients list it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.about,
            input_schema=schema_of(self.arguments, "validation"),
            output_schema=schema_of(self.result, "serialization"),
            annotations=self.kind.value,
            _meta={CONTROL_MARK: True},
        )

    async def called(self, call: McpCall, raw: JsonObject) -> ToolResult:
        """The result; raises `InvalidInput` with everything that is wrong with the arguments."""
        return await self.run(call, self._read(raw))

    def _read(self, raw: JsonObject) -> A:
        try:
            plain = checked(raw)  # finite numbers, whole text, bounded depth: before anything walks through it
            return self.arguments.model_validate_json(to_json(plain))  # as JSON: an array is a list, a text no number
        except NotJson as error:
            raise InvalidInput(f"the call of {self.name}", (Problem(where="", message=str(error)),)) from None
        except ValidationError as error:
            rows = error.errors(include_url=False, include_input=False, include_context=False)
            problems = [_problem(row["loc"], row["msg"], row["type"], self.arguments) for row in rows[:_MOST_PROBLEMS]]
            raise InvalidInput(f"the call of {self.name}", tuple(problems)) from None


_MOST_PROBLEMS: Final = 20


def _problem(where: tuple[int | str, ...], message: str, kind: str, arguments: type[BaseModel]) -> Problem:
    hint = f"it has: {', '.join(arguments.model_fields) or 'no arguments'}" if kind == "extra_forbidden" else ""
    return Problem(where=".".join(map(str, where)), message=message.removeprefix("Value error, "), hint=hint)


class _ToolSchema(GenerateJsonSchema):
    """Schemas as clients and models like them: no titles, which only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def schema_of(model: type[BaseModel], mode: JsonSchemaMode) -> JsonSchemaValue:
    """The JSON Schema of a model."""
    made = model.model_json_schema(mode=mode, schema_generator=_ToolSchema)
    made.pop("title", None)
    for inner in cast("dict[str, dict[str, Any]]", made.get("$defs", {})).values():
        inner.pop("title", None)
    return made
