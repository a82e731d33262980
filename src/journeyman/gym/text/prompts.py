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


def build_prompt(observation: Observation, *, system_prompt: str | None = None, max_tokens: int = MAX_TOKENS) -> str:
    """Give one text with instructions and what the role sees, for models without roles in their messages.

    Args:
        observation: what the role sees.
        system_prompt: the instructions; the role's own where none are given, none at all where it is empty.
        max_tokens: most of the view.
    """
    system = load_role_prompt(observation.turn_role) if system_prompt is None else system_prompt
    parts = [system.rstrip(), ""] if system else []
    return "\n".join([*parts, render_observation(observation, max_tokens=max_tokens), ""])
