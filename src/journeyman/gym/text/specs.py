"""Tool definitions and messages in the providers' forms, from the one schema."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from journeyman.gym.text.action import ACTION_JSON_SCHEMA
from journeyman.gym.text.observation import Observation
from journeyman.gym.text.prompts import load_role_prompt
from journeyman.gym.text.render import MAX_TOKENS, render_observation

TOOL_NAME: Final = "incident_action"
_DESCRIPTION: Final = "Take your role's next action in the incident. Exactly one call per step."


def openai_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """Give the action as a function for OpenAI's chat completions."""
    parameters = deepcopy(ACTION_JSON_SCHEMA)
    return {"type": "function", "function": {"name": name, "description": _DESCRIPTION, "parameters": parameters}}


def anthropic_tool_spec(name: str = TOOL_NAME) -> dict[str, Any]:
    """Give the action as a tool for Anthropic's messages."""
    return {"name": name, "description": _DESCRIPTION, "input_schema": deepcopy(ACTION_JSON_SCHEMA)}


def build_openai_messages(observation: Observation, *, max_tokens: int = MAX_TOKENS) -> list[dict[str, str]]:
    """Give system and user messages."""
    return [
        {"role": "system", "content": load_role_prompt(observation.turn_role)},
        {"role": "user", "content": render_observation(observation, max_tokens=max_tokens)},
    ]


def build_anthropic_messages(observation: Observation, *, max_tokens: int = MAX_TOKENS) -> dict[str, Any]:
    """Give the `system` and `messages` arguments."""
    content = render_observation(observation, max_tokens=max_tokens)
    return {"system": load_role_prompt(observation.turn_role), "messages": [{"role": "user", "content": content}]}
