"""Actions out of model text and provider responses: the last valid one counts, anything else is a no-op with a reason.

`journeyman.answers` finds and repairs the JSON; what an action is, `read_action` decides. Nothing here raises on any
text or response.
"""

from __future__ import annotations

import logging
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
    reason_for_finish,
    response_content,
)
from journeyman.answers.strict_json import parse_strict
from journeyman.gym.text.action import Read, ReadFailure, TextAction, unread
from journeyman.gym.text.quoting import quoted
from journeyman.gym.text.reading import read_action
from journeyman.gym.text.words import ActionType, AgentRole

GenerateFn: TypeAlias = Callable[[str], str]
"""Asks a model with a prompt and returns its text."""
_SHOWN_CHARS: Final = 500
_PLAIN_CHARS: Final = 4096
_TYPES: Final = frozenset(map(str, ActionType))
_FAILURES: Final = {
    ExtractionReason.TRUNCATED: ReadFailure.TRUNCATED,
    ExtractionReason.MALFORMED: ReadFailure.MALFORMED,
    ExtractionReason.TOO_LARGE: ReadFailure.TOO_LARGE,
    ExtractionReason.REFUSED: ReadFailure.REFUSED,
}
_log = logging.getLogger(__name__)


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
    """The last action in a model's text, or a no-op and why.

    Args:
        text: What the model wrote.
        role: Who acts.
        finish_reason: The provider's word on why the text ended; an answer cut for length is never an action.
    """
    if not isinstance(text, (str, bytes)):
        return unread(role, ReadFailure.NOT_TEXT, f"a reply is text, not {type(text).__name__}")
    content = response_content(text, "openai")
    return _read(replace(content, finish_reason=finish_reason) if finish_reason else content, role)


def _read(content: ResponseContent, role: AgentRole) -> Read:
    """The last call that is an action, whatever tool it names, else the text's last one."""
    plain = _plain_action(content.calls[-1][1] if content.calls else content.text)
    if plain is not None and reason_for_finish(content.finish_reason) is None:
        return read_action(plain, role)
    return _extracted(content, role)


def _plain_action(given: object) -> dict[str, object] | None:
    """What is nothing but an action already, as most answers are: looking for it would find the same and cost twice."""
    if isinstance(given, str) and len(given) <= _PLAIN_CHARS and given.startswith("{"):
        try:
            given = parse_strict(given)
        except (ValueError, RecursionError):
            return None
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, object]", given)
    kind = fields.get("action_type")
    # A call that was written out has a name, and its action may be in its arguments.
    return fields if isinstance(kind, str) and kind in _TYPES and "name" not in fields else None


def _extracted(content: ResponseContent, role: AgentRole) -> Read:
    for model in (_Written, _Loose):  # so that a misspelt type is named in the reason
        found = extract_from_content(content, model, tool=ANY_TOOL, several=MultipleObjects.LAST_OF_ALL)
        if found.ok and isinstance(found.value, _Loose):
            fields = {"action_type": found.value.action_type, **(found.value.model_extra or {})}
            return read_action(fields, role)
        if found.reason is not ExtractionReason.INVALID:
            break
    return unread(role, _FAILURES.get(found.reason, ReadFailure.NOTHING))


def parse_action(text: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP) -> TextAction:
    """The last action in a model's text; `fallback` where there is none."""
    return _or_fallback(read_text(text, role), fallback)


def _or_fallback(read: Read, fallback: ActionType) -> TextAction:
    return replace(read.action, action_type=fallback) if read.reason else read.action


def parse_openai_response(response: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP) -> TextAction:
    """The action in a chat completion, an SDK object or its dict: tool calls first, then the text."""
    return _or_fallback(_read(response_content(response, "openai"), role), fallback)


def parse_anthropic_response(
    response: object, role: AgentRole, *, fallback: ActionType = ActionType.NOOP
) -> TextAction:
    """The action in a message, an SDK object or its dict: tool uses first, then the text."""
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
    """A model's action, asked for again with what was wrong until one can be read.

    Each attempt that failed is logged by its class, without anything that was written.

    Args:
        prompt: The first prompt; later ones add the reminder, the reason and the start of the bad reply, quoted.
        role: Who acts.
        generate: Asks the model; whatever it raises counts as a failed attempt.
        max_attempts: Times to ask; at least once.
        fallback: The type of the action when none could be read.
        reminder: What else to tell after a reply without an action.
        backoff_s: Wait before the second attempt, doubled for each further one.
        sleep: Waits; without it there is no wait.
        left_s: Seconds left; no further attempt when none are, or fewer than the wait.
    """
    asked, wait_s = prompt, 0.0
    again = f"{prompt}\n\n{reminder}" if reminder else prompt
    last = Read(TextAction(role))
    attempts = max(max_attempts, 1)
    for attempt in range(1, attempts + 1):
        if left_s is not None and left_s() <= wait_s:
            break
        if wait_s and sleep is not None:
            sleep(wait_s)
        wait_s = wait_s * 2 or backoff_s
        reply = _reply(generate, asked)
        if isinstance(reply, Exception):
            _log.warning("attempt %d of %d failed: %s", attempt, attempts, type(reply).__name__)
            continue
        last = read_text(reply, role)
        if not last.reason:
            return last.action
        _log.warning("attempt %d of %d gave no action: %s", attempt, attempts, last.failure)
        began = quoted(reply[:_SHOWN_CHARS], _SHOWN_CHARS) if isinstance(reply, str) else type(reply).__name__
        asked = f"{again}\n\nPrevious reply did not give an action: {last.reason}. It began: {began}"
    return replace(last.action, action_type=fallback)


def _reply(generate: GenerateFn, asked: str) -> object:
    """What the model wrote, which may be anything, or what was raised instead."""
    try:
        return generate(asked)
    except Exception as error:  # noqa: BLE001 - a provider may raise anything; each is a failed attempt
        return error
