"""Role prompts: job, eyes and hands, and no answer table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from journeyman.gym.text.observation import Observation
from journeyman.gym.text.render import MAX_TOKENS, render_observation
from journeyman.gym.text.words import AgentRole


@cache
def load_role_prompt(role: AgentRole) -> str:
    """Give a role's standing instructions, read from the package once."""
    folder = files("journeyman.gym.text") / "prompts"
    shared = (folder / "shared.md").read_text("utf-8")
    return (folder / f"{role}.md").read_text("utf-8").rstrip() + "\n\n" + shared.rstrip() + "\n"


def build_prompt(observation: Observation, *, max_tokens: int = MAX_TOKENS) -> str:
    """Give one text with the role's instructions and what it sees, for models without roles in their messages."""
    return (
        load_role_prompt(observation.turn_role) + "\n" + render_observation(observation, max_tokens=max_tokens) + "\n"
    )
