"""Programs as tools: what a mission file says of one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias, cast

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from journeyman.mission.criteria.schema import IN_ORDER, Finite, Name, RecordedObject, Strict
from journeyman.mission.model.effects import EFFECT_RULES, AfterCrash, EffectClass
from journeyman.mission.model.metric_sources import MetricExtraction
from journeyman.mission.values.canonical import Json, JsonObject

JSON_TYPES: Final = ("string", "integer", "number", "boolean", "array")
PLACEHOLDER: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
KEY_NAME: Final = "idempotency_key"
"""`{idempotency_key}` in `run` stands for the key of the call."""
ENVIRONMENT_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"
PARAMETER_NAME: Final = r"^[a-z_][a-z0-9_]{0,49}$"
"""In small letters, as variables of programs' environments hardly are: a shell line gets its parameters as such."""
ParameterName: TypeAlias = Annotated[StrictStr, Field(pattern=PARAMETER_NAME)]
VariableName: TypeAlias = Annotated[StrictStr, Field(pattern=ENVIRONMENT_NAME)]


class CommandTool(Strict):
    """A program, its arguments, and what is read out of what it prints."""

    run: list[StrictStr] | StrictStr
    """Program and arguments, `{NAME}` for a parameter. A text is split into them as a shell would, and never run by one."""
    shell: StrictBool = False
    """Give `run`, one text, to `sh -c`; parameters are its variables, `"$name"`."""
    description: StrictStr = ""
    """What planner, advisors and people are told of it; its command line where empty."""
    parameters: Annotated[dict[ParameterName, RecordedObject], IN_ORDER] = Field(default_factory=dict)
    """Name to JSON Schema, or to a type such as `integer`. One with a `default` may be left out; with `default: null`
    the argument that names it is then left out, too."""
    effect: EffectClass | None = None
    """What running it does to the world; unknown, and so unsafe, where nobody says. `probed` stands under `effects`."""
    exit_codes: Literal["any"] | list[StrictInt] | None = None
    """Those with which it has done its work. Where it is not said: any for one that is pure, so that failing tests are
    a result, 0 for all others."""
    metrics: Annotated[dict[Name, MetricExtraction], Field(max_length=100), IN_ORDER] = Field(default_factory=dict)
    """Numbers out of what it printed: by `regex` in both streams, by `path` in the JSON on standard output."""
    cwd: StrictStr = "."
    """Where it runs, relative to the mission file's folder."""
    env: Annotated[dict[VariableName, StrictStr], IN_ORDER] = Field(default_factory=dict)
    """What it sees of our environment beside PATH and the like: a list of names, or names with values, `${NAME}` in them."""
    timeout_s: Annotated[Finite, Field(gt=0, le=86_400)] | None = None
    """Its own limit in place of `limits.call_timeout_s`; it is ended then, with all that it started."""
    output_bytes: Annotated[StrictInt, Field(ge=256, le=1 << 20)] = 64 * 1024
    """How much of each stream is kept: beginning and end."""

    @field_validator("env", mode="before")
    @classmethod
    def _named_variables(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return {name: f"${{{name}}}" for name in cast("list[object]", value)}

    @field_validator("parameters", mode="before")
    @classmethod
    def _short_parameters(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        rows = cast("dict[object, object]", value)
        wrong = [f"{name}: {row}" for name, row in rows.items() if isinstance(row, str) and row not in JSON_TYPES]
        if wrong:
            raise ValueError(f"{wrong[0]!r} names no type; there are {', '.join(JSON_TYPES)}, or write a JSON Schema")
        return {name: {"type": row} if isinstance(row, str) else row for name, row in rows.items()}

    @model_validator(mode="after")
    def _runnable(self) -> CommandTool:
        if self.shell:
            if not isinstance(self.run, str) or not self.run.strip():
                raise ValueError("`shell: true` needs `run` as one text, which the shell reads")
            used = set(re.findall(r"\$\{?([a-z_][a-z0-9_]*)", self.run))
            form = '"${}" in the shell line'
        else:
            used = {name for word in self.argv for name in PLACEHOLDER.findall(word)}
            form = "{{{}}} in `run`"
        unused = [name for name in self.parameters if name not in used]
        if unused:
            raise ValueError(f"parameter {unused[0]!r} is not used: write {form.format(unused[0])}")
        if KEY_NAME in self.parameters:
            raise ValueError(f"{KEY_NAME!r} is no parameter: `{{{KEY_NAME}}}` is the key of each call")
        return self

    @field_validator("run")
    @classmethod
    def _is_a_line(cls, run: list[str] | str) -> list[str] | str:
        try:
            words = shlex.split(run) if isinstance(run, str) else run
        except ValueError as error:
            raise ValueError(f"{run!r} cannot be split into arguments: {error}; write a list of them") from None
        if not words or not words[0]:
            raise ValueError("is empty: write the program and its arguments")
        return run

    @field_validator("effect")
    @classmethod
    def _asks_nobody(cls, effect: EffectClass | None) -> EffectClass | None:
        if effect is not None and EFFECT_RULES[effect].after_crash is AfterCrash.ASK_WORLD:
            raise ValueError(f"{effect.value!r} needs `probe` and `done_when`: say it under the mission's `effects`")
        return effect

    @property
    def argv(self) -> list[str]:
        """Program and arguments, parameters not filled in."""
        if self.shell:
            return ["sh", "-c", str(self.run)]
        return shlex.split(self.run) if isinstance(self.run, str) else list(self.run)

    @property
    def words(self) -> str:
        """The command line as people write it."""
        return self.run if isinstance(self.run, str) else shlex.join(self.run)

    def input_schema(self) -> JsonObject:
        """JSON Schema of the arguments."""
        properties: dict[str, Json] = {name: dict(row) for name, row in self.parameters.items()}
        needed: list[Json] = [name for name, row in self.parameters.items() if "default" not in row]
        schema: JsonObject = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**schema, "required": needed} if needed else schema

    def with_defaults(self, args: Mapping[str, Json]) -> JsonObject:
        """The arguments of a call, all parameters there."""
        return {name: args[name] if name in args else row.get("default") for name, row in self.parameters.items()}


def command_of(value: object) -> object:
    """The long form of a command that may be written as a text, or as a list of arguments."""
    return {"run": cast("object", value)} if isinstance(value, (str, list)) else value
