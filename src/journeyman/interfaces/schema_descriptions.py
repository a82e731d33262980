"""What each key of a mission file means, for editors and the reference: the texts under the fields of its models.

Pydantic can collect them itself, and then parses all of their source whenever a mission is read: a tenth of a second. Here
they are read when somebody asks for the schema.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from pydantic import BaseModel

from journeyman.mission.criteria.schema import Strict
from journeyman.mission.files.includes import ABOUT_INCLUDE
from journeyman.mission.files.includes import KEY as INCLUDE
from journeyman.mission.files.mission_schema import mission_schema
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import JsonObject


def described_schema(model: type[Mission], title: str) -> JsonObject:
    """The JSON Schema of mission files of a kind, every key with its description."""
    schema = mission_schema(model, title)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)  # noqa: S101 - the schema is our own
    models = {model.__name__: model for model in _models(Strict)}
    _describe(schema, {**field_descriptions(model), INCLUDE: ABOUT_INCLUDE})
    for name, definition in definitions.items():
        if name in models and isinstance(definition, dict):
            _describe(definition, field_descriptions(models[name]))
    return schema


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Each key of a model, as files write it, to the text that stands under its field."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            texts |= _texts_of(base)
    return {
        field.alias or name: texts[name]
        for name, field in model.model_fields.items()
        if name in texts  # what stands under nothing is told by a test
    }


def _texts_of(model: type[BaseModel]) -> dict[str, str]:
    """The texts in a class's own source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - a model is a class
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            found[field.target.id] = " ".join(text.value.value.split())
    return found


def _describe(definition: JsonObject, texts: dict[str, str]) -> None:
    keys = definition.get("properties")
    for key, row in keys.items() if isinstance(keys, dict) else ():
        if key in texts and isinstance(row, dict):
            row["description"] = texts[key]


def _models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in root.__subclasses__():
        yield model
        yield from _models(model)
