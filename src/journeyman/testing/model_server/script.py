"""What the server says, in order: answers and faults, from Python or from a YAML file."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

NOISE_TOKENS: Final = 100_000
_NOISE_WORD: Final = "zu{l "  # one token of four characters and an opening brace now and then


class ScriptedFault(StrEnum):
    """What goes wrong with an answer."""

    RATE_LIMITED = "rate_limited"
    """429, with `retry-after` when the line has `retry_after_s`."""
    SERVER_ERROR = "server_error"
    """500."""
    AUTH = "auth"
    """401, or 403 where the provider uses that."""
    BAD_REQUEST = "bad_request"
    """400, as for a setting that the model does not know."""
    HALF = "half"
    """The connection ends in the middle of the answer."""
    WRONG_SCHEMA = "wrong_schema"
    """A JSON object that nobody asked for."""
    GARBLED = "garbled"
    """The body is no message of this provider."""
    SILENCE = "silence"
    """Nothing, until the caller goes away."""
    REFUSAL = "refusal"
    """The model refuses."""
    TRUNCATED = "truncated"
    """The answer stops in the middle, and the provider says that it ended for length."""
    NOISE = "noise"
    """A hundred thousand tokens without an answer in them."""
    RESET = "reset"
    """The connection is reset before the answer."""
    SLOW_DRIP = "slow_drip"
    """The answer comes in small pieces with pauses of `drip_s`."""


class ScriptLine(BaseModel):
    """One line of the script. Give one of `text`, `value` (in YAML: `json`) or `tool`, a `fault`, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str | None = Field(default=None, repr=False)
    """With a fault that is an error: the text of the error."""
    value: Any = Field(default=None, validation_alias=AliasChoices("value", "json"), repr=False)
    """Answered in the form that the request asks for: as a tool call, or as JSON text."""
    tool: str | None = None
    """Name of a tool to call, with `args`; `NAMESPACE/NAME` for one of a namespace (OpenAI Responses)."""
    args: dict[str, Any] = Field(default_factory=dict[str, Any], repr=False)
    fault: ScriptedFault | None = None
    status: int | None = Field(default=None, ge=300, le=599)
    """An error or a redirect with this status, whatever the fault."""
    code: str = ""
    """What kind of error it is, in the provider's words, such as `insufficient_quota`."""
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Further headers of an error, such as `location`."""
    retry_after_s: float | None = Field(default=None, ge=0)
    delay_s: float = Field(default=0.0, ge=0)
    """Waits so long before the answer."""
    drip_s: float = Field(default=0.05, ge=0)
    """Pause between the pieces of a slow drip."""
    times: int = Field(default=1, ge=1)
    """Says the line so many times."""
    usage: bool = True
    """Whether the answer reports what it used."""
    output_tokens: int | None = None
    """What it reports, true or not; `None` counts."""


class Script(BaseModel):
    """Lines in order; then the last one again when `repeat`, or an error 500."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: tuple[ScriptLine, ...]
    repeat: bool = False
    aside: ScriptLine | None = None
    """Answers requests that offer no tools, outside the order: coding agents ask for titles and summaries beside their
    work. `None`: they take the next line like all others."""

    def lines(self) -> list[ScriptLine]:
        """The lines, each as often as it is said."""
        return [line for line in self.answers for _ in range(line.times)]


def load_script(path: Path) -> Script:
    """The script in a YAML or JSON file: a list of lines, or `{answers: [...], repeat: true}`.

    Raises:
        NotFound: The file cannot be read.
        InvalidInput: It is no script; all faults are named at once.
    """
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"cannot read the script {str(path)!r}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = Problem(where="", message=f"is no YAML: {' '.join(str(error).split())[:200]}")
        raise InvalidInput(str(path), (problem,)) from None
    if isinstance(plain, list):
        plain = {"answers": cast("list[object]", plain)}
    try:
        return Script.model_validate(plain)
    except ValidationError as error:
        problems = tuple(
            Problem(where=".".join(str(part) for part in row["loc"]), message=row["msg"])
            for row in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(str(path), problems) from None


def spoken(line: ScriptLine) -> str:
    """The text of a line, before the request's form is known."""
    if line.fault is ScriptedFault.NOISE:
        return _NOISE_WORD * NOISE_TOKENS
    if line.fault is ScriptedFault.WRONG_SCHEMA:
        return '{"unasked": [1, 2, 3]}'
    if line.text is not None:
        return line.text
    return json.dumps(line.value, ensure_ascii=False) if line.value is not None else ""
