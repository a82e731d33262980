"""Tool definitions and messages in the providers' forms, from the one schema."""

from __future__ import annotations

from typing import Any, Final, cast

from journeyman.answers import Vendor, messages, tool_spec
from journeyman.gym.text.observation import Observation
from journeyman.gym.text.prompts import prompt_parts
from journeyman.gym.text.reading import ACTION_JSON_SCHEMA
from journeyman.gym.text.render import MAX_CHARS

TOOL_NAME: Final = "incident_action"
_DESCRIPTION: Final = "Take your role's next action in the incident. Exactly one call per step."


def openai_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """The action as a function for OpenAI's chat completions."""
    return tool_spec(ACTION_JSON_SCHEMA, "openai", name=name, description=_DESCRIPTION)


def anthropic_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """The action as a tool for Anthropic's messages."""
    return tool_spec(ACTION_JSON_SCHEMA, "anthropic", name=name, description=_DESCRIPTION)


def build_openai_messages(
    observation: Observation, *, system_prompt: str | None = None, max_chars: int = MAX_CHARS
) -> list[dict[str, str]]:
    """System and user messages; the system prompt is the role's unless another is given, empty for none.

    With another one the view says how to answer, as `build_prompt` does.
    """
    rows = _messages(observation, system_prompt, max_chars, "openai")["messages"]
    return cast("list[dict[str, str]]", rows)


def build_anthropic_messages(
    observation: Observation, *, system_prompt: str | None = None, max_chars: int = MAX_CHARS
) -> dict[str, Any]:
    """The `messages` and, unless it is empty, the `system` argument; else as `build_openai_messages`."""
    return _messages(observation, system_prompt, max_chars, "anthropic")


def _messages(observation: Observation, system_prompt: str | None, max_chars: int, vendor: Vendor) -> dict[str, Any]:
    system, view = prompt_parts(observation, system_prompt, max_chars)
    return messages(system, view, vendor)
