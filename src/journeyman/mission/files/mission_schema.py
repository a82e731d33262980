"""The JSON Schema of mission files, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from journeyman.mission.files.includes import KEY as INCLUDE
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json, JsonObject, checked

_TEXT: Final[JsonObject] = {"type": "string"}
_LIST: Final[JsonObject] = {"type": "array", "items": {"type": "string"}}
_OBJECT: Final[JsonObject] = {"type": "object"}
_SHORT: Final[Mapping[str, tuple[JsonObject, ...]]] = {
    "effects": (_TEXT,), "commands": (_TEXT, _LIST), "http": (_TEXT,),
    "parameters": ({"type": ["string", "number", "boolean"]},),
}  # fmt: skip
"""Members of these objects may be written short, as what one of their keys holds."""
_EITHER: Final[Mapping[str, Mapping[str, JsonObject]]] = {
    "CommandTool": {"env": _LIST, "parameters": _OBJECT},
    "HttpTool": {"parameters": _OBJECT, "method": _TEXT},
}
"""Keys of definitions that may be written in another form, too."""

_REFERENCE: Final = "ParameterReference"


def mission_schema(model: type[Mission], title: str) -> JsonObject:
    """JSON Schema 2020-12 of what a mission file of a kind may hold, the short forms that it may be written in included.

    It says what stands where; what hangs together over several keys is told by `journeyman check`.
    """
    schema = cast("JsonObject", checked(model.model_json_schema(by_alias=True)))
    keys = _object(schema["properties"])
    for name, forms in _SHORT.items():
        _widen_members(_object(keys[name]), forms)
    keys[INCLUDE] = _any_of(_TEXT, _LIST)
    context = _object(keys["context"])
    context["items"] = _any_of(context["items"], _TEXT)
    definitions = _object(schema["$defs"])
    for definition, forms in _EITHER.items():
        rows = _object(_object(definitions[definition])["properties"])
        for key, form in forms.items():
            rows[key] = _any_of(rows[key], form)
    schema = _object(_or_parameter(schema))
    _object(schema["$defs"])[_REFERENCE] = {"type": "string", "pattern": r"^\$\{[a-z_][a-z0-9_]*\}$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _or_parameter(node: Json) -> Json:
    """The schema in which every number and truth value may be a parameter: `${name}`."""
    if isinstance(node, list):
        return [_or_parameter(item) for item in node]
    if not isinstance(node, dict):
        return node
    made: JsonObject = {key: _or_parameter(item) for key, item in node.items()}
    if node.get("type") in ("integer", "number", "boolean"):
        return _any_of(made, {"$ref": f"#/$defs/{_REFERENCE}"})
    return made


def _widen_members(row: JsonObject, forms: tuple[JsonObject, ...]) -> None:
    """Let the members of an object, by pattern of their names or not, have other forms."""
    if "additionalProperties" in row and row["additionalProperties"] is not False:
        row["additionalProperties"] = _any_of(row["additionalProperties"], *forms)
    patterns = row.get("patternProperties")
    for pattern, form in _object(patterns).items() if patterns is not None else ():
        _object(patterns)[pattern] = _any_of(form, *forms)


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)  # noqa: S101 - the schema is our own
    return value


def _any_of(*forms: Json) -> JsonObject:
    return {"anyOf": [*forms]}
