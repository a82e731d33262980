"""Parameters of missions: what `--set` may choose, and `${name}` stands for in every text of the file."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import StrictStr, ValidationError, model_validator

from journeyman.mission.criteria.schema import AS_RECORDED, Finite, Strict
from journeyman.mission.values.canonical import Json, checked
from journeyman.mission.values.documents import document
from journeyman.mission.values.json_types import is_of_type

PARAMETER_TYPES: Final = ("string", "integer", "number", "boolean")


class MissionParameter(Strict):
    """One parameter; in a record its `default` is the value with which the mission ran."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    """What `--set` reads its value as."""
    default: Annotated[Json, AS_RECORDED] = None
    """Its value unless `--set` says another; without one it must be set."""
    description: StrictStr = ""
    """What it is for."""
    enum: Annotated[list[Json], AS_RECORDED] | None = None
    """The values that it may have."""
    minimum: Finite | None = None
    """The least that a number may be."""
    maximum: Finite | None = None
    """The most that a number may be."""

    @model_validator(mode="before")
    @classmethod
    def _long(cls, row: object) -> object:
        return long_parameter(row)

    @model_validator(mode="after")
    def _default_fits(self) -> MissionParameter:
        if self.default is not None:
            self.read(self.default)
        return self

    def read(self, given: Json) -> bool | int | float | str:
        """The value, a text read as the parameter's type; raises `ValueError` with what is wrong."""
        value = given
        if isinstance(given, str) and self.type != "string":
            try:
                value = checked(document(given))
            except (ValueError, RecursionError):
                value = given
        if not is_of_type(value, self.type) or not isinstance(value, (bool, int, float, str)):
            raise ValueError(f"{given!r} is no {self.type}")
        if self.enum is not None and value not in self.enum:
            raise ValueError(f"{given!r} is none of {', '.join(map(str, self.enum))}")
        if isinstance(value, str):
            if "${" in value:
                raise ValueError(f"{value!r} holds '${{', which would be read from the environment")
        elif self.minimum is not None and value < self.minimum:
            raise ValueError(f"{given!r} is below {self.minimum}")
        elif self.maximum is not None and value > self.maximum:
            raise ValueError(f"{given!r} is above {self.maximum}")
        return value


def long_parameter(row: object) -> object:
    """The long form of a parameter: a text is the type of one that must be set, anything else its default."""
    if isinstance(row, str):
        if row not in PARAMETER_TYPES:
            raise ValueError(f"{row!r} names no type ({', '.join(PARAMETER_TYPES)}); a value is `{{default: {row}}}`")
        return {"type": row}
    if isinstance(row, bool):
        return {"type": "boolean", "default": row}
    if isinstance(row, (int, float)):
        return {"type": "number", "default": row}
    return row


def parameter_of(row: object) -> MissionParameter | None:
    """The parameter that a file's row describes, in either form; `None` where it is none."""
    try:
        return MissionParameter.model_validate(row)
    except ValidationError:
        return None
