"""What advisors can be, and how models are asked for structured answers."""

from __future__ import annotations

from enum import StrEnum


class ProviderKind(StrEnum):
    """The wire formats that models are asked in."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    """OpenAI and whatever speaks like it: vLLM, llama.cpp, Ollama, OpenRouter."""
    BEDROCK = "bedrock"


class AdvisorKind(StrEnum):
    """What an advisor can be, besides a model of a provider (`ProviderKind`)."""

    AGENT = "agent"
    """A coding agent that speaks ACP."""


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
