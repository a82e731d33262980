"""Providers of models as the operator configures them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from journeyman.advisors.base import DEFAULT_OUTPUT_TOKENS


class ProviderKind(StrEnum):
    """The wire formats that models are asked in."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    """OpenAI and whatever speaks like it: vLLM, llama.cpp, Ollama, OpenRouter."""
    BEDROCK = "bedrock"


class AnswerMode(StrEnum):
    """How a structured answer is asked for."""

    AUTO = "auto"
    """The best that the model is known to support; one step down when the provider says that it does not."""
    NATIVE = "native"
    """The provider's own JSON schema setting."""
    TOOL = "tool"
    """A forced call of one tool."""
    PROMPTED = "prompted"
    """The schema in the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One provider as the operator configured it."""

    kind: ProviderKind
    name: str = ""
    """Under which missions mean it; the kind when empty."""
    model: str = ""
    base_url: str = ""
    api_key_env: str = ""
    """Name of the variable that holds the key; the key itself is never a setting."""
    region: str = ""
    """Bedrock only."""
    mode: AnswerMode = AnswerMode.AUTO
    stream: bool = False
    """Reads the answer as a stream, which keeps long answers alive on impatient proxies."""
    stop_early: bool = False
    """Cuts the stream as soon as the answer is whole. Off, since most providers tell the usage last: what a cut answer
    used is then partly an estimate."""
    temperature: bool = True
    """False leaves the request's temperature out, for models that refuse the setting."""
    timeout_s: float = 120.0
    """For one try; the socket's own limit, too."""
    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    costs: bool | None = None
    """Whether calls cost money; `None`: yes, unless the address is on this machine."""
