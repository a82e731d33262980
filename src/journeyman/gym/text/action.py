"""An action in words, with names instead of numbers, and what the world makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, NOOP, Action
from journeyman.gym.names import Names
from journeyman.gym.text.quoting import quoted
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

Arg: TypeAlias = "str | int"
EVERYBODY: Final = "all"
_SHOWN_CHARS: Final = 60
_AIMED: Final = frozenset(
    {
        ActionType.RESTART,
        ActionType.ROLLBACK,
        ActionType.SCALE,
        ActionType.FLAG_ROGUE,
        ActionType.IDENTIFY_ROOT_CAUSE,
        ActionType.ESCALATE,
    }
)


@dataclass(frozen=True, slots=True)
class TextAction:
    """One role's action with names: `target` is a service, for `flag_rogue` a fleet agent."""

    role: AgentRole
    action_type: ActionType = ActionType.NOOP
    target: str | None = None
    args: Mapping[str, Arg] = field(default_factory=dict[str, Arg])
    notice: str = field(default="", compare=False)
    """What the role is to be told of how it was read: why it is a no-op, or what of it is not used.

    It travels with the action, so that it reaches the player through whatever plays it, and is no part of what the
    action means."""


class ReadFailure(StrEnum):
    """Why there is no action in what was written, for counts and logs: nothing that was written stands in it."""

    NOT_TEXT = "the reply is no text"
    NOTHING = "the reply holds no JSON object with an action_type"
    TRUNCATED = "the reply ends before its JSON object does"
    MALFORMED = "the JSON in the reply cannot be read without guessing"
    TOO_LARGE = "the reply is too long to be an action"
    REFUSED = "the model refused"
    NO_OBJECT = "an action is an object"
    UNKNOWN_TYPE = "there is no such action_type"
    OTHER_ROLE = "the action is another role's"


@dataclass(frozen=True, slots=True)
class Read:
    """An action and why it is not what was written; `reason` is empty when it is."""

    action: TextAction
    reason: str = ""
    failure: ReadFailure | None = None
    """The class of the reason."""


def unread(role: AgentRole, failure: ReadFailure, reason: str = "") -> Read:
    """A no-op that tells its player why."""
    why = reason or failure.value
    return Read(TextAction(role, notice=f"not carried out: {why}"), why, failure)


def to_world(action: TextAction, names: Names) -> tuple[Action, str]:
    """The world's form of an action, and why it is a no-op where it cannot be carried out."""
    if action.action_type is ActionType.NOOP and action.target is None:
        return NOOP, ""
    number = action.action_type.number
    if number not in ALLOWED_ACTIONS[action.role.number]:
        allowed = ", ".join(one.label for one in ALLOWED_ACTIONS[action.role.number])
        return Action(), f"{action.action_type} is not for {action.role}, who may {allowed}"
    target, unknown = _number_of(action, names)
    reason = unknown or _missing(action, target)
    if reason:
        return Action(), reason
    arg = to = 0
    if action.action_type is ActionType.SCALE:
        arg = int(action.args["replicas"])
    if action.action_type is ActionType.IDENTIFY_ROOT_CAUSE:
        arg, target = int(FailureType(str(action.args["failure_type"])).number), max(target, 0)
    if action.action_type is ActionType.COMMUNICATE:
        arg = int(TopicName(str(action.args.get("topic", TopicName.NOTE))).number)
        hearer = str(action.args.get("to", EVERYBODY))
        to = 0 if hearer == EVERYBODY else 1 + int(AgentRole(hearer).number)
    return Action(number, target, arg, to), ""


def names_for(action: TextAction, names: Names) -> tuple[str, ...]:
    """What the target of an action names: fleet agents, where it is about one, else services."""
    agent = action.action_type is ActionType.FLAG_ROGUE or action.args.get("topic") == TopicName.SUSPECT
    return names.agents if agent else names.services


def _number_of(action: TextAction, names: Names) -> tuple[int, str]:
    if action.target is None:
        return -1, ""
    pool = names_for(action, names)
    known = {name.lower(): number for number, name in enumerate(pool)}
    number = known.get(action.target.strip().lower(), -1)
    what = "fleet agent" if pool is names.agents else "service"
    return number, "" if number >= 0 else f"there is no {what} {quoted(action.target, _SHOWN_CHARS)}"


def _missing(action: TextAction, target: int) -> str:
    kind, args = action.action_type, action.args
    if kind in _AIMED and target < 0 and args.get("failure_type") != FailureType.NONE:
        return f"{kind} needs a target"
    if kind is ActionType.SCALE and "replicas" not in args:
        return f"scale needs args.replicas, a whole number from 1 to {MAX_REPLICAS}"
    if kind is ActionType.IDENTIFY_ROOT_CAUSE and "failure_type" not in args:
        return f"identify_root_cause needs args.failure_type, one of {', '.join(FailureType)}"
    if kind is ActionType.COMMUNICATE and not args.get("message") and "topic" not in args:
        return "communicate needs args.message or args.topic"
    return ""
