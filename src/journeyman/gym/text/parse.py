"""Actions out of model text and provider responses: the last valid one counts, anything else is a no-op with a reason.

`journeyman.answers` finds and repairs the JSON; what an action is, `read_action` decides. Nothing here raises on any
text or response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Final, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from journeyman.answers import (
    ANY_TOOL,
    ExtractionReason,
    MultipleObjects,
    ResponseContent,
    extract_from_content,
    response_content,
)
from journeyman.gym.text.action import Read, TextAction, read_action
from journeyman.gym.text.words import ActionType, AgentRole

GenerateFn: TypeAlias = Callable[[str], str]
"""Asks a model with a prompt and returns its text."""
_SHOWN_CHARS: Final = 500
_NOTHING: Final = "the reply holds no JSON object with an action_type"
_WHY: Final = {
    ExtractionReason.NOTHING: _NOTHING,
    ExtractionReason.INVALID: _NOTHING,
    ExtractionReason.TRUNCATED: "the reply ends before its JSON object does",
    ExtractionReason.MALFORMED: "the JSON in the reply cannot be read without guessing",
    ExtractionReason.TOO_LARGE: "the reply is too long to be an action",
    ExtractionReason.REFUSED: "the model refused",
    ExtractionReason.AMBIGUOUS: "the reply holds several different actions",
}


def _lower(word: object) -> object:
    return word.strip().lower() if isinstance(word, str) else word


class _Loose(BaseModel):
    """What tells an action from other objects in a text: its type, any word, with keys in any case."""

    model_config = ConfigDict(extra="allow")
    action_type: Any

    @model_validator(mode="before")
    @classmethod
    def _lower_keys(cls, value: object) -> object:
        return (
            {_lower(key): item for key, item in cast("dict[str, object]", value).items()}
            if isinstance(value, dict)
            else value
        )


class _Written(_Loose):
    """The same with a type that there is."""

    action_type: Annotated[ActionType, BeforeValidator(_lower)]


def read_text(text: object, role: AgentRole, *, finish_reason: str | None = None) -> Read:
    """Give the action in a model's text, or a no-op and why.

    Args:
        text: what the model wrote.
        role: who acts.
        finish_reason: the provider's word on why the text ended; an answer cut for length is never an action.
    """
    if not isinstance(text, (str, bytes)):
        return Read(TextAction(role), f"a reply is text, not {type(text).__name__}")
    said = response_content(text, "openai")
    return _read(replace(said, finish_reason=finish_reason or ""), role)


def _read(said: ResponseContent, role: AgentRole) -> Read:
    """Give the last call that is an action, whatever tool it names, else the text's last one."""
    for model in (_Written, _Loose):  # so that a misspelt type is named in the reason
        found = extract_from_content(said, model, tool=ANY_TOOL, several=MultipleObjects.LAST)
        if found.ok and isinstance(found.value, BaseModel):
            return read_action(found.value.model_dump(mode="python"), role)
        if found.reason is not ExtractionReason.INVALID:
            break
    return Read(TextAction(role), _WHY.get(found.reason, _NOTHING))


def parse_action(text: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP) -> TextAction:
    """Give the action in a model's text; `fallback` where there is none."""
    return _or_fallback(read_text(text, role), fallback)


def _or_fallback(read: Read, fallback: ActionType) -> TextAction:
    return replace(read.action, action_type=fallback) if read.reason else read.action


def parse_openai_response(response: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP) -> TextAction:
    """Give the action in a chat completion, an SDK object or its dict: tool calls first, then the text."""
    return _or_fallback(_read(response_content(response, "openai"), role), fallback)


def parse_anthropic_response(
    response: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP
) -> TextAction:
    """Give the action in a message, an SDK object or its dict: tool uses first, then the text."""
    return _or_fallback(_read(response_content(response, "anthropic"), role), fallback)


def generate_action_with_retry(  # noqa: PLR0913 - the older adapter's arguments, and what waiting needs
    prompt: str,
    *,
    role: AgentRole,
    generate: GenerateFn,
    max_attempts: int = 3,
    fallback: ActionType = ActionType.NOOP,
    reminder: str = "",
    backoff_s: float = 0.5,
    sleep: Callable[[float], None] | None = None,
    left_s: Callable[[], float] | None = None,
) -> TextAction:
    """Give a model's action, asking again with what was wrong until one can be read.

    Args:
        prompt: the first prompt; later ones add the reminder, the reason and the start of the bad reply.
        role: who acts.
        generate: asks the model; whatever it raises counts as a failed attempt.
        max_attempts: times to ask; at least once.
        fallback: the type of the action when none could be read.
        reminder: what else to tell after a reply without an action.
        backoff_s: wait before the second attempt, doubled for each further one.
        sleep: waits; without it there is no wait.
        left_s: seconds left; no further attempt when none are, or fewer than the wait.
    """
    asked, wait_s = prompt, 0.0
    again = f"{prompt}\n\n{reminder}" if reminder else prompt
    for _ in range(max(max_attempts, 1)):
        if left_s is not None and left_s() <= wait_s:
            break
        if wait_s and sleep is not None:
            sleep(wait_s)
        wait_s = wait_s * 2 or backoff_s
        reply = _reply(generate, asked)
        if reply is None:
            continue
        read = read_text(reply, role)
        if not read.reason:
            return read.action
        asked = f"{again}\n\nPrevious reply did not give an action: {read.reason}. It began:\n{reply[:_SHOWN_CHARS]}"
    return TextAction(role, fallback)


def _reply(generate: GenerateFn, asked: str) -> str | None:
    try:
        return generate(asked)
    except Exception:  # noqa: BLE001 - a provider may raise anything; each is a failed attempt
        return None
