"""Role prompts: job, eyes and hands, how to answer, and no answer table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from journeyman.gym.actions import ALLOWED_ACTIONS
from journeyman.gym.text.observation import Observation
from journeyman.gym.text.render import MAX_CHARS, render_observation
from journeyman.gym.text.words import ActionType, AgentRole

_FORMS: Final[dict[ActionType, str]] = {
    ActionType.RESTART: "restart (target)",
    ActionType.ROLLBACK: "rollback (target)",
    ActionType.SCALE: "scale (target, args.replicas)",
    ActionType.FLAG_ROGUE: "flag_rogue (target: the fleet agent to stop)",
    ActionType.IDENTIFY_ROOT_CAUSE: ('identify_root_cause (target, args.failure_type; "none" if nothing is wrong)'),
    ActionType.ESCALATE: "escalate (target: the service that outside specialists shall take on)",
    ActionType.RESOLVE: "resolve (closes the incident for good)",
}
"""What an action takes; the others take nothing that `answer.md` does not say."""


@cache
def _text(name: str) -> str:
    return (files("journeyman.gym.text") / "prompts" / f"{name}.md").read_text("utf-8").strip()


@cache
def load_briefing(role: AgentRole) -> str:
    """A role's standing instructions without how to answer: for those who call tools or type lines."""
    return f"{_text(role)}\n\n{_text('shared')}\n"


@cache
def answer_form(role: AgentRole) -> str:
    """How a role answers in text: what it may do, and the JSON."""
    may = (ActionType(one.label) for one in ALLOWED_ACTIONS[role.number])
    return f"You may: {', '.join(_FORMS.get(one, str(one)) for one in may)}.\n{_text('answer')}\n"


@cache
def load_role_prompt(role: AgentRole) -> str:
    """A role's standing instructions, read from the package once."""
    return f"{load_briefing(role)}\n{answer_form(role)}"


def prompt_parts(observation: Observation, system_prompt: str | None, max_chars: int) -> tuple[str, str]:
    """The instructions, and the view: with the form of an answer where the instructions are not the role's own."""
    view = render_observation(observation, max_chars=max_chars)
    if system_prompt is None:
        return load_role_prompt(observation.turn_role), view
    return system_prompt, f"{view}\n\n{answer_form(observation.turn_role)}".rstrip()


def build_prompt(observation: Observation, *, system_prompt: str | None = None, max_chars: int = MAX_CHARS) -> str:
    """One text with instructions and what the role sees, for models without roles in their messages.

    Args:
        observation: What the role sees.
        system_prompt: The instructions; the role's own where none are given, none at all where it is empty. With others
            than the role's own, the form of an answer stands below the view.
        max_chars: Most of the view.
    """
    system, view = prompt_parts(observation, system_prompt, max_chars)
    parts = [system.rstrip(), ""] if system else []
    return "\n".join([*parts, view, ""])
