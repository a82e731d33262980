"""What is wrong with the JSON Schema that a person wrote for an argument, in words: a validator's own are for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.json_types import is_of_type

SCHEMA_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")
_BOUNDS: Final = (
    ("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum"), ("minLength", "maxLength"), ("minItems", "maxItems"),
)  # fmt: skip


def schema_fault(schema: JsonObject) -> str:
    """The first fault of a schema: a type that is none, bounds that no value is between, values that it refuses itself."""
    return next(_faults(schema), "")


def _faults(schema: JsonObject) -> Iterator[str]:
    given = schema.get("type")
    types = given if isinstance(given, list) else [given] if given is not None else []
    for name in types:
        if name not in SCHEMA_TYPES:
            near = difflib.get_close_matches(str(name), SCHEMA_TYPES, n=1)
            legal = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SCHEMA_TYPES)}"
            yield f"{name!r} names no type; {legal}"
            return
    for least, most in _BOUNDS:
        low, high = _number(schema.get(least)), _number(schema.get(most))
        if low is not None and high is not None and low > high:
            yield f"`{least}` {low:g} is above `{most}` {high:g}, so no value fits"
    values = schema.get("enum")
    if isinstance(values, list) and not values:
        yield "`enum` is empty, so no value fits"
    for key, value in _given_values(schema):
        if why := _refused(value, schema, [str(name) for name in types]):
            yield f"{key} {value!r} {why}"


def _given_values(schema: JsonObject) -> Iterator[tuple[str, Json]]:
    if schema.get("default") is not None:
        yield "`default`", schema["default"]
    examples = schema.get("examples")
    for value in examples if isinstance(examples, list) else ():
        yield "the example", value


def _refused(value: Json, schema: JsonObject, types: list[str]) -> str:
    if types and not any(is_of_type(value, name) for name in types):
        return f"is no {' or '.join(types)}"
    values = schema.get("enum")
    if isinstance(values, list) and value not in values:
        return f"is none of {', '.join(map(str, values))}"
    number, low, high = _number(value), _number(schema.get("minimum")), _number(schema.get("maximum"))
    if number is not None and low is not None and number < low:
        return f"is below `minimum` {low:g}"
    return f"is above `maximum` {high:g}" if number is not None and high is not None and number > high else ""


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
