"""The gym in words: what a role sees as text, and what it may do as a tool. Drop-in names for older adapters.

What reads actions out of model text stands on `journeyman.answers`.
"""

from journeyman.gym.text.action import Read, TextAction
from journeyman.gym.text.observation import Observation, RoleView, ServiceMetrics
from journeyman.gym.text.parse import (
    GenerateFn,
    generate_action_with_retry,
    parse_action,
    parse_anthropic_response,
    parse_openai_response,
    read_text,
)
from journeyman.gym.text.prompts import build_prompt, load_role_prompt
from journeyman.gym.text.reading import ACTION_JSON_SCHEMA, action_to_training_target, read_action
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.specs import (
    anthropic_tool_spec,
    build_anthropic_messages,
    build_openai_messages,
    openai_tool_spec,
)
from journeyman.gym.text.stream import StreamingActionParser, parse_streaming_action
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

__all__ = [
    "ACTION_JSON_SCHEMA",
    "ActionType",
    "AgentRole",
    "FailureType",
    "GenerateFn",
    "Observation",
    "Read",
    "RoleView",
    "ServiceMetrics",
    "StreamingActionParser",
    "TextAction",
    "TextWorld",
    "TopicName",
    "action_to_training_target",
    "anthropic_tool_spec",
    "build_anthropic_messages",
    "build_openai_messages",
    "build_prompt",
    "generate_action_with_retry",
    "load_role_prompt",
    "openai_tool_spec",
    "parse_action",
    "parse_anthropic_response",
    "parse_openai_response",
    "parse_streaming_action",
    "read_action",
    "read_text",
    "render_observation",
]
