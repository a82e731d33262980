"""What schemas of mission files are made of: names, numbers, objects that know their keys, and sources of values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from journeyman.mission.values.canonical import Json

Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Identifier = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
Finite = Annotated[StrictInt | StrictFloat, Field(allow_inf_nan=False)]


class Strict(BaseModel):
    """Outside data: unknown keys are errors, values are never changed after they were read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(Strict):
    """Whose values count: a tool or a pattern of tools, perhaps with these arguments only."""

    tool: Name
    args: dict[str, Json] | None = None
