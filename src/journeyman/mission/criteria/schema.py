"""What schemas of mission files are made of: names, numbers, objects that know their keys, and sources of values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from journeyman.mission.values.canonical import MAX_SAFE_INTEGER, Json, canonical, key_order, parsed

T = TypeVar("T")

Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Identifier = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
_WIDE: Final = re.compile(r"-?[0-9]{16,4300}")
"""An integer beyond 2^53 - 1 comes as its digits, as `canonical.checked` keeps it."""


def _not_wide(value: object) -> object:
    if isinstance(value, str) and _WIDE.fullmatch(value):
        raise ValueError(
            f"{value} is beyond {MAX_SAFE_INTEGER} (2^53 - 1), where JSON readers round; write it as a float:"
            f" {float(value)!r}"
        )
    return value


def _as_recorded(value: Json) -> Json:
    return value if value == {} else parsed(canonical(value))


def _in_order(table: dict[str, T]) -> dict[str, T]:
    return {key: table[key] for key in sorted(table, key=key_order)}


AS_RECORDED: Final = AfterValidator(_as_recorded)
"""Makes JSON what a reader of its record gets, so that what is validated once need not be read again to be the same:
keys in order, whole floats as integers."""
IN_ORDER: Final = AfterValidator(_in_order)
"""The same for an object of models by name."""
RecordedObject = Annotated[dict[str, Json], AS_RECORDED]
_UNITS_S: Final = {"ms": Decimal("0.001"), "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SIZE: Final = TypeAdapter(ByteSize)
_SIZE_TEXT: Final = r"^[0-9]+(\.[0-9]+)? ?[kKMGTP]?i?[bB]?$"
"""pydantic reads the beginning of a text and lets what follows pass."""


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = _DURATION.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ValueError(f"{value!r} is no duration: write seconds, or as in 500ms, 30s, 10m, 1h30m, 2d")
    return float(sum(Decimal(number) * _UNITS_S[unit] for number, unit in parts))


def _bytes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if re.search(_SIZE_TEXT, value):
            return int(_SIZE.validate_python(value))
    except ValidationError:
        pass
    raise ValueError(f"{value!r} is no size: write bytes, or as in 500kB, 64KiB, 10MB")


@dataclass(frozen=True, slots=True)
class _AlsoText:
    """Says in JSON Schema that a number may be written as a text with units."""

    pattern: str

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(core), {"type": "string", "pattern": self.pattern}]}


Finite = Annotated[StrictInt | StrictFloat, Field(allow_inf_nan=False), BeforeValidator(_not_wide), AS_RECORDED]
Seconds = Annotated[Finite, BeforeValidator(_seconds), _AlsoText(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$")]
"""Seconds, or a text with units such as `1h30m`."""
Bytes = Annotated[StrictInt, BeforeValidator(_bytes), _AlsoText(_SIZE_TEXT)]
"""Bytes, or a text with a unit such as `64KiB`; pydantic reads it."""


class Strict(BaseModel):
    """Outside data: unknown keys are errors, values are never changed after they were read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EvidenceSource(Strict):
    """Whose values count: a tool or a pattern of tools, perhaps with these arguments only."""

    tool: Name
    """A tool, a pattern of tools, or `script`, the operator's own."""
    args: RecordedObject | None = None
    """Only calls with exactly these arguments; any where it is left out."""

    @classmethod
    def of(cls, written: str | EvidenceSource) -> EvidenceSource:
        """The source, which may be written as the name of its tool."""
        return cls(tool=written) if isinstance(written, str) else written
