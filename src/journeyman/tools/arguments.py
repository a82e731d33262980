"""Check arguments against a tool's JSON Schema before anything is sent."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jsonschema_rs

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.tools.results import one_line

_SHOWN_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class ArgumentSchema:
    """A compiled schema."""

    validator: jsonschema_rs.Validator
    names: tuple[str, ...]

    def problems(self, args: Mapping[str, Json]) -> tuple[Problem, ...]:
        """What is wrong with `args`: the path, the value and what was expected; empty when they fit."""
        return tuple(self._problem(error) for error in self.validator.iter_errors(dict(args)))

    def _problem(self, error: jsonschema_rs.ValidationError) -> Problem:
        path = ".".join(map(str, error.instance_path)) or "arguments"
        return Problem(where=path, message=self._message(error), hint=self._hint(error))

    def _message(self, error: jsonschema_rs.ValidationError) -> str:
        """The validator's sentence, with a long value in it cut short."""
        words = " ".join(error.message.split())
        return words if len(words) <= 3 * _SHOWN_CHARS else f"{words[:_SHOWN_CHARS]}…{words[-_SHOWN_CHARS:]}"

    def _hint(self, error: jsonschema_rs.ValidationError) -> str:
        kind = error.kind
        if not isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties) or error.instance_path:
            return ""
        close = difflib.get_close_matches(kind.unexpected[0], self.names, 1)
        return f"nearest: {close[0]}" if close else f"known: {', '.join(self.names) or 'none'}"


def compile_schema(schema: JsonObject) -> ArgumentSchema | str:
    """The compiled schema (2020-12 unless it names another draft), or what is wrong with it.

    References out of the schema are refused: a server must not make us fetch anything.
    """
    properties = schema.get("properties")
    names = tuple(properties) if isinstance(properties, dict) else ()
    try:
        return ArgumentSchema(jsonschema_rs.validator_for(schema, offline=True), names)
    except (ValueError, TypeError, jsonschema_rs.ReferencingError) as error:
        return one_line(str(error))
