"""Tool definitions and messages in the providers' forms, from the one schema."""

from __future__ import annotations

from typing import Any, Final, cast

from journeyman.answers import Vendor, messages, tool_spec
from journeyman.gym.text.action import ACTION_JSON_SCHEMA
from journeyman.gym.text.observation import Observation
from journeyman.gym.text.prompts import load_role_prompt
from journeyman.gym.text.render import MAX_TOKENS, render_observation

TOOL_NAME: Final = "incident_action"
_DESCRIPTION: Final = "Take your role's next action in the incident. Exactly one call per step."


def openai_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """Give the action as a function for OpenAI's chat completions."""
    return tool_spec(ACTION_JSON_SCHEMA, "openai", name=name, description=_DESCRIPTION)


def anthropic_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """Give the action as a tool for Anthropic's messages."""
    return tool_spec(ACTION_JSON_SCHEMA, "anthropic", name=name, description=_DESCRIPTION)


def build_openai_messages(
    observation: Observation, *, system_prompt: str | None = None, max_tokens: int = MAX_TOKENS
) -> list[dict[str, str]]:
    """Give system and user messages; the system prompt is the role's unless another is given, empty for none."""
    rows = _messages(observation, system_prompt, max_tokens, "openai")["messages"]
    return cast("list[dict[str, str]]", rows)


def build_anthropic_messages(
    observation: Observation, *, system_prompt: str | None = None, max_tokens: int = MAX_TOKENS
) -> dict[str, Any]:
    """Give the `messages` and, unless it is empty, the `system` argument."""
    return _messages(observation, system_prompt, max_tokens, "anthropic")


def _messages(observation: Observation, system_prompt: str | None, max_tokens: int, vendor: Vendor) -> dict[str, Any]:
    system = load_role_prompt(observation.turn_role) if system_prompt is None else system_prompt
    return messages(system, render_observation(observation, max_tokens=max_tokens), vendor)
