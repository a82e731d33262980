"""What a JSON schema says of one argument: its type, its bounds, and whether a value fits."""

from __future__ import annotations

import re
from typing import cast

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.json_types import is_of_type


def resolved(schema: Json, root: JsonObject) -> JsonObject:
    """A property's schema with local references and one-sided unions followed."""
    for _ in range(8):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            target: Json = root
            for step in reference[2:].split("/"):
                target = target.get(step) if isinstance(target, dict) else None
            schema = target
            continue
        branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(branches, list) and branches and "type" not in schema:
            solid = [item for item in branches if not (isinstance(item, dict) and item.get("type") == "null")]
            rest = {key: item for key, item in schema.items() if key not in ("anyOf", "oneOf", "allOf")}
            first = solid[0] if solid else {}
            schema = {**first, **rest} if isinstance(first, dict) else rest
            continue
        return schema
    return {}


def properties_of(spec: JsonObject) -> dict[str, Json]:
    """The arguments of an object's schema."""
    properties = spec.get("properties")
    return properties if isinstance(properties, dict) else {}


def required_of(spec: JsonObject) -> list[str]:
    """The names without which an object is refused."""
    required = cast("list[Json]", spec.get("required") or [])
    known = properties_of(spec)
    return [str(name) for name in required if name in known]


def limits(spec: JsonObject) -> tuple[float | None, float | None]:
    """The least and the greatest number that fit."""
    return _bound(spec, "minimum", "exclusiveMinimum", 1), _bound(spec, "maximum", "exclusiveMaximum", -1)


def _bound(spec: JsonObject, closed: str, open_: str, inward: int) -> float | None:
    value = spec.get(closed)
    if isinstance(value, (int, float)):
        return value
    value = spec.get(open_)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + inward * (1 if spec.get("type") == "integer" else 1e-6)
    return None


def as_number(value: float, *, whole: bool) -> int | float:
    """A number as an argument: whole where it must or can be, else with six decimals."""
    return round(value) if whole or float(value).is_integer() else round(value, 6)


def fits(value: Json, spec: JsonObject) -> bool:
    """Tell whether a value is valid by enumeration, type, range and pattern."""
    enum = spec.get("enum")
    if isinstance(enum, list):
        return any(value == item and type(value) is type(item) for item in enum)
    kind = spec.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), None)
    if not is_of_type(value, kind):
        return False
    if isinstance(value, str):
        return _text_fits(value, spec)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = limits(spec)
        return (low is None or value >= low) and (high is None or value <= high)
    return True


def _text_fits(value: str, spec: JsonObject) -> bool:
    least, most, pattern = spec.get("minLength"), spec.get("maxLength"), spec.get("pattern")
    if isinstance(least, int) and len(value) < least:
        return False
    if isinstance(most, int) and len(value) > most:
        return False
    if isinstance(pattern, str) and len(pattern) <= 200:  # longer ones are left to the real validator
        try:
            return re.search(pattern, value) is not None
        except re.error:
            return True
    return True
