"""JSON Schema's names of types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journeyman.mission.values.canonical import Json

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def is_of_type(value: Json, kind: Json) -> bool:
    """Whether a value is of this type; a type that has no name here fits all."""
    wanted = _TYPES.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        return True
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))
