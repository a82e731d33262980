"""Actions out of model text and provider responses: the last valid one counts, anything else is a no-op with a reason.

`journeyman.answers` finds and repairs the JSON; what an action is, `read_action` decides. Nothing here raises on any
text or response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias, cast

from pydantic import BaseModel, ConfigDict

from journeyman.answers import ExtractionReason, ResponseContent, extract, response_content
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


class _Written(BaseModel):
    """What tells an action from other objects in a text."""

    model_config = ConfigDict(extra="allow")
    action_type: ActionType


class _Loose(_Written):
    """The same with any word, so that a misspelt type is named in the reason."""

    action_type: Any


def read_text(text: object, role: AgentRole, *, finish_reason: str | None = None) -> Read:
    """Give the action in a model's text, or a no-op and why.

    Args:
        text: what the model wrote.
        role: who acts.
        finish_reason: the provider's word on why the text ended; an answer cut for length is never an action.
    """
    if not isinstance(text, (str, bytes)):
        return Read(TextAction(role), f"a reply is text, not {type(text).__name__}")
    for model in (_Written, _Loose):
        found = extract(text, model, finish_reason=finish_reason)
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
    return _or_fallback(_best(response_content(response, "openai"), role), fallback)


def parse_anthropic_response(
    response: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP
) -> TextAction:
    """Give the action in a message, an SDK object or its dict: tool uses first, then the text."""
    return _or_fallback(_best(response_content(response, "anthropic"), role), fallback)


def _best(said: ResponseContent, role: AgentRole) -> Read:
    """Give the last tool call that is an action, whatever tool it names, else the text's."""
    read = Read(TextAction(role), _NOTHING)
    for _, call in said.calls:
        tried = _called(call, role, said.finish_reason)
        if read.reason or not tried.reason:
            read = tried
    if not read.reason:
        return read
    spoken = read_text(said.text, role, finish_reason=said.finish_reason)
    return read if said.calls and spoken.reason else spoken


def _called(call: object, role: AgentRole, stopped: str | None) -> Read:
    if not isinstance(call, Mapping):
        return read_text(call, role, finish_reason=stopped)
    given = cast("Mapping[str, object]", call)
    inner = given.get("arguments", given.get("input"))
    wrapped = "action_type" not in given and isinstance(inner, Mapping)
    return read_action(cast("object", inner) if wrapped else given, role)


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
