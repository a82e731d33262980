"""What advisors can be, and how models are asked for structured answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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
    SAMPLING = "sampling"
    """The model of a connected client, to which questions are pushed; its user allows each."""
    ROUNDS = "rounds"
    """The same of a client that answers in rounds of its own calls."""
    PULL = "pull"
    """An agent, or a person, who fetches prompts and submits answers."""


AWAITED: Final = (AdvisorKind.SAMPLING, AdvisorKind.ROUNDS, AdvisorKind.PULL)
"""Those that wait for somebody who connects; a program that embeds Journeyman finds them in `Journeyman.advisors`."""


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
