"""What schemas of mission files are made of: names, numbers, objects that know their keys, and sources of values."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

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
Finite = Annotated[StrictInt | StrictFloat, Field(allow_inf_nan=False), BeforeValidator(_not_wide), AS_RECORDED]


class Strict(BaseModel):
    """Outside data: unknown keys are errors, values are never changed after they were read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EvidenceSource(Strict):
    """Whose values count: a tool or a pattern of tools, perhaps with these arguments only."""

    tool: Name
    args: RecordedObject | None = None
