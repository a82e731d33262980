"""Programs as tools: what a mission file says of one."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from journeyman.mission.criteria.schema import IN_ORDER, Bytes
from journeyman.mission.model.declared_tool import PLACEHOLDER, DeclaredTool
from journeyman.mission.values.shell_words import shell_operators

VariableName: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class CommandTool(DeclaredTool):
    """A program, its arguments, and what is read out of what it prints.

    `metrics` are searched by `regex` in both streams, by `path` in the JSON on standard output. Nobody knows what a
    program does to the world unless `effect` says so; at its limit it is ended with all that it started.
    """

    own_metrics = ("exit_code", "duration_s")
    run: list[StrictStr] | StrictStr
    """Program and arguments, `{NAME}` for a parameter. A text is split into them as a shell would, and never run by one."""
    shell: StrictBool = False
    """Give `run`, one text, to `sh -c`; parameters are its variables, `"$name"`."""
    exit_codes: Literal["any"] | list[StrictInt] | None = None
    """Those with which it has done its work. Where it is not said: any for one that is pure, so that failing tests are
    a result, 0 for all others."""
    cwd: StrictStr = "."
    """Where it runs, relative to the mission file's folder."""
    env: Annotated[dict[VariableName, StrictStr], IN_ORDER] = Field(default_factory=dict)
    """What it sees of our environment beside PATH and the like: a list of names, or names with values, `${NAME}` in them."""
    output_bytes: Annotated[Bytes, Field(ge=256, le=1 << 20)] = 64 * 1024
    """How much of each stream is kept: beginning and end."""

    @field_validator("env", mode="before")
    @classmethod
    def _named_variables(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return {name: f"${{{name}}}" for name in cast("list[object]", value)}

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

    @model_validator(mode="after")
    def _runnable(self) -> CommandTool:
        if not self.shell:
            if isinstance(self.run, str) and (signs := shell_operators(self.run)):
                raise ValueError(
                    f"no shell reads `run`, and {' and '.join(map(repr, signs))} would be an argument:"
                    " say `shell: true`, or put it in quotes if it is meant as one"
                )
            used = {name for word in self.argv for name in PLACEHOLDER.findall(word)}
            self.refuse_unused(used, "{{{}}} in `run`")
        elif isinstance(self.run, str):
            self.refuse_unused(set(re.findall(r"\$\{?([a-z_][a-z0-9_]*)", self.run)), '"${}" in the shell line')
        else:
            raise ValueError("`shell: true` needs `run` as one text, which the shell reads")
        return self

    @property
    def argv(self) -> list[str]:
        """Program and arguments, parameters not filled in."""
        if self.shell:
            return ["sh", "-c", str(self.run)]
        return shlex.split(self.run) if isinstance(self.run, str) else list(self.run)

    @property
    def takes_any_answer(self) -> str:
        """Where tests may fail and the call is still a result."""
        any_code = self.exit_codes == "any" or (self.exit_codes is None and self.only_looks)
        return "`exit_codes: [0]`" if any_code else ""

    @property
    def words(self) -> str:
        """The command line as people write it."""
        return f"Runs `{self.run if isinstance(self.run, str) else shlex.join(self.run)}`."
