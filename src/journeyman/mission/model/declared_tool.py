"""What tools that a mission file itself describes have in common: parameters, and numbers out of their results."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StrictStr, field_validator

from journeyman.mission.criteria.schema import IN_ORDER, Name, RecordedObject, Seconds, Strict
from journeyman.mission.model.argument_schema import schema_fault
from journeyman.mission.model.effects import EFFECT_RULES, AfterCrash, EffectClass
from journeyman.mission.model.metric_sources import MetricExtraction
from journeyman.mission.values.canonical import Json, JsonObject

JSON_TYPES: Final = ("string", "integer", "number", "boolean", "array")
PLACEHOLDER: Final = re.compile(r"(?<!\$)\{([a-z_][a-z0-9_]*)\}")
"""`{name}` is a parameter; `${name}` never is: it is a variable of the environment."""
KEY_NAME: Final = "idempotency_key"
"""`{idempotency_key}` stands for the key of the call."""
ParameterName: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[a-z_][a-z0-9_]{0,49}$")]
"""In small letters, as variables of programs' environments hardly are: a shell line gets its parameters as such."""


def _schema(row: object) -> object:
    if not isinstance(row, str):
        return row
    if row not in JSON_TYPES:
        raise ValueError(f"{row!r} names no type; there are {', '.join(JSON_TYPES)}, or write a JSON Schema")
    return {"type": row}


def _without_fault(schema: JsonObject) -> JsonObject:
    if fault := schema_fault(schema):
        raise ValueError(fault)
    return schema


ArgumentSchema: TypeAlias = Annotated[RecordedObject, BeforeValidator(_schema), AfterValidator(_without_fault)]
"""JSON Schema of one argument, or its type alone."""


class DeclaredTool(Strict, ABC):
    """A tool that the mission file describes."""

    own_metrics: ClassVar[tuple[str, ...]]
    """What every call measures by itself, in the record under the tool's name: `tests.exit_code`."""
    description: StrictStr = ""
    """What planner, advisors and people are told of it; its command line or request where empty."""
    parameters: Annotated[dict[ParameterName, ArgumentSchema], IN_ORDER] = Field(default_factory=dict)
    """Name to JSON Schema, or to a type such as `integer`. One with a `default` may be left out; with `default: null`
    what names it is then left out, too."""
    effect: EffectClass | None = None
    """What a call does to the world. `probed` stands under the mission's `effects`."""
    metrics: Annotated[dict[Name, MetricExtraction], Field(max_length=100), IN_ORDER] = Field(default_factory=dict)
    """Numbers out of its results."""
    timeout_s: Annotated[Seconds, Field(gt=0, le=86_400)] | None = None
    """Its own limit in place of `limits.call_timeout_s`."""

    @field_validator("parameters")
    @classmethod
    def _leaves_the_key(cls, parameters: dict[str, JsonObject]) -> dict[str, JsonObject]:
        if KEY_NAME in parameters:
            raise ValueError(f"{KEY_NAME!r} is no parameter: `{{{KEY_NAME}}}` is the key of each call")
        return parameters

    @field_validator("effect")
    @classmethod
    def _asks_nobody(cls, effect: EffectClass | None) -> EffectClass | None:
        if effect is not None and EFFECT_RULES[effect].after_crash is AfterCrash.ASK_WORLD:
            raise ValueError(f"{effect.value!r} needs `probe` and `done_when`: say it under the mission's `effects`")
        return effect

    @property
    @abstractmethod
    def words(self) -> str:
        """What it does, in one line that holds no secret."""

    @property
    @abstractmethod
    def takes_any_answer(self) -> str:
        """How it is said what counts as done, where any answer does: that a call succeeded proves nothing then."""

    @property
    def only_looks(self) -> bool:
        """Whether a call is said to change nothing."""
        return self.effect is not None and not EFFECT_RULES[self.effect].changes_world

    def input_schema(self) -> JsonObject:
        """JSON Schema of the arguments."""
        properties: dict[str, Json] = {name: dict(row) for name, row in self.parameters.items()}
        needed: list[Json] = [name for name, row in self.parameters.items() if "default" not in row]
        schema: JsonObject = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**schema, "required": needed} if needed else schema

    def with_defaults(self, args: Mapping[str, Json]) -> JsonObject:
        """The arguments of a call, all parameters there."""
        return {name: args[name] if name in args else row.get("default") for name, row in self.parameters.items()}

    def refuse_unused(self, used: set[str], form: str) -> None:
        """Raise `ValueError` for a parameter that nothing uses; `form` says how it would be."""
        unused = [name for name in self.parameters if name not in used]
        if unused:
            raise ValueError(f"parameter {unused[0]!r} is not used: write {form.format(unused[0])}")


def long_form(key: str, value: object) -> object:
    """The long form of a tool that may be written as what stands under one of its keys."""
    return {key: value} if isinstance(value, (str, list)) else value  # pyright: ignore[reportUnknownVariableType] - outside data
