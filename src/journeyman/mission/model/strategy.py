"""Strategy: what one iteration will do, and whether the catalog, the policy and the budget allow it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, StrictBool, StrictStr, model_validator

from journeyman.mission.criteria.allowed_tools import AllowedTools
from journeyman.mission.criteria.schema import Name, RecordedObject, Seconds, Strict
from journeyman.mission.model.effects import EFFECT_RULES, EffectClass
from journeyman.mission.values import value
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import Problem

MAX_CALLS = 100
"""Most tool calls in one strategy."""


class ToolCall(Strict):
    """One call of an allowed tool."""

    tool: Name
    """An allowed tool."""
    args: RecordedObject = Field(default_factory=dict)
    """Its arguments."""


class Strategy(Strict):
    """Tool calls in order (or at once when `parallel`), or a script; then perhaps a wait."""

    calls: Annotated[list[ToolCall], Field(max_length=MAX_CALLS)] = Field(default_factory=list[ToolCall])
    """The calls, in order; those after one that fails are not made."""
    script: StrictStr | None = None
    """Python source for the sandbox."""
    parallel: StrictBool = False
    """Whether the calls may run at once."""
    sleep_s: Annotated[Seconds, Field(ge=0, le=86_400)] = 0
    """Seconds to wait after the iteration."""
    until: StrictStr | None = None
    """Expression over `obs`: the strategy is repeated, `sleep_s` apart, until it is true."""
    rationale: Annotated[StrictStr, Field(max_length=2000)] = ""
    """Why, for people who read the record."""

    @model_validator(mode="after")
    def _one_way(self) -> Strategy:
        if bool(self.calls) and self.script is not None:
            raise ValueError("give either `calls` or `script`, not both")
        if not self.calls and self.script is None and not self.sleep_s:
            raise ValueError("is empty: give `calls`, `script` or `sleep_s`")
        return self


def dump_strategy(strategy: Strategy) -> JsonObject:
    """A strategy as JSON without defaults."""
    return strategy.model_dump(mode="json", exclude_defaults=True)


class ToolSpec(value.Value, frozen=True, kw_only=True):
    """What the rules know of an allowed tool."""

    name: str
    description: str
    input_schema: value.JsonObject
    pin: str
    effect: EffectClass
    """After the operator's word and the hints."""
    destructive: bool
    """Whether a call waits for a person under `approve: destructive`."""

    def defaults_besides(self, args: Mapping[str, value.Json]) -> value.JsonObject:
        """The arguments that the schema fills in where a call leaves them out: what is sent holds them, too."""
        properties = self.input_schema.get("properties")
        rows = properties.items() if isinstance(properties, dict) else ()
        return {
            name: row["default"]
            for name, row in rows
            if name not in args and isinstance(row, dict) and row.get("default") is not None
        }


def allowed_tools(tools: Iterable[ToolSpec]) -> AllowedTools:
    """The tools as criteria may know them."""
    specs = sorted(tools, key=lambda spec: spec.name)
    pure = [spec for spec in specs if not EFFECT_RULES[spec.effect].changes_world]
    return AllowedTools(
        names=tuple(spec.name for spec in specs),
        pure=frozenset(spec.name for spec in pure),
        pure_with_arguments=tuple(spec.name for spec in pure if spec.input_schema.get("properties")),
    )


def problems(strategy: Strategy, tools: Mapping[str, ToolSpec], *, scripts_allowed: bool) -> tuple[Problem, ...]:
    """Every reason why a strategy may not run; empty when it may. Arguments are checked by the catalog."""
    found: list[Problem] = []
    if strategy.script is not None and not scripts_allowed:
        found.append(
            Problem(where="script", message="scripts are not allowed in this mission", hint="set `scripts: allowed`")
        )
    for index, call in enumerate(strategy.calls):
        if call.tool not in tools:
            near = difflib.get_close_matches(call.tool, list(tools), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(sorted(tools)) or 'none'}"
            found.append(
                Problem(where=f"calls.{index}.tool", message=f"{call.tool!r} is not an allowed tool", hint=hint)
            )
    return tuple(found)
