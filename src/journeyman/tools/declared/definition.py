"""What is the same of all tools that a mission file describes: definition, parameters in texts, metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from journeyman.mission.model.declared_tool import PLACEHOLDER, DeclaredTool
from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest_of
from journeyman.mission.values.errors import Problem
from journeyman.tools.arguments import compile_schema
from journeyman.tools.base import Tool, ToolHints
from journeyman.tools.metrics import MetricMapping, extracted
from journeyman.tools.processes.environment import VARIABLE

T = TypeVar("T")
_FILLED: Final = re.compile(f"{VARIABLE.pattern}|{PLACEHOLDER.pattern}")


class ArgumentRefused(Exception):
    """An argument that must not be sent."""


def definition_of(name: str, spec: DeclaredTool) -> Tool:
    """The tool that a mission file describes."""
    effect = None if spec.effect is None else EFFECT_RULES[spec.effect]
    description = spec.description or spec.words
    definition: JsonObject = {"name": name, "spec": spec.model_dump(mode="json", exclude_defaults=True, by_alias=True)}
    return Tool(
        name=name,
        description=description,
        input_schema=spec.input_schema(),
        pin=digest_of(definition),
        hints=ToolHints(
            read_only=None if effect is None else not effect.changes_world,
            idempotent=None if effect is None else effect.repeatable,
        ),
        effect=None if spec.effect is None else spec.effect.value,
    )


def schema_problems(where: str, spec: DeclaredTool) -> Iterator[Problem]:
    """What is wrong with the schemas of its parameters."""
    schema = compile_schema(spec.input_schema())
    if isinstance(schema, str):
        yield Problem(where=f"{where}.parameters", message=f"is no JSON Schema: {schema}")


def as_text(value: Json) -> str:
    """A value as programs and addresses hold it: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else canonical(value).decode()


def filled_text(
    template: str,
    given: JsonObject,
    written: Callable[[str, Json], str] = lambda _, value: as_text(value),
    variables: Mapping[str, str] | None = None,
) -> str | None:
    """A text with its parameters written into it; `None` where one of them was left out.

    Args:
        template: Holds `{name}` for parameters.
        given: Their values.
        written: How the value of a parameter is written there.
        variables: What `${NAME}` stands for, empty where it is not there; `None` leaves it as it is. All is filled in at
            once: neither a value nor a variable can hold what would be filled in.
    """
    names = [name for name in PLACEHOLDER.findall(template) if name in given]
    if any(given[name] is None for name in names):
        return None
    texts = {name: written(name, given[name]) for name in names}

    def filled(found: re.Match[str]) -> str:
        variable, parameter = found.groups()
        if variable is None:
            return texts.get(parameter, found[0])
        return found[0] if variables is None else variables.get(variable, "")

    return _FILLED.sub(filled, template)


def metrics_of(spec: DeclaredTool, mapped: tuple[MetricMapping, ...], *, fine: bool) -> tuple[MetricMapping, ...]:
    """What a result is read for: its own metrics, and what the mission maps.

    A default says that nothing was wrong, so it counts only in an answer that says so itself (`fine`).
    """
    rows = (*(extracted(name, source) for name, source in spec.metrics.items()), *mapped)
    return rows if fine else tuple(replace(row, default=None) for row in rows)
