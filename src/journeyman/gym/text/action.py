"""An action in words: as JSON that models write, with names instead of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, NOOP, Action
from journeyman.gym.names import Names
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

Arg: TypeAlias = "str | int"
MESSAGE_CHARS: Final = 400
"""Longer messages are cut; a channel is no place for novels."""
EVERYBODY: Final = "all"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.0+)?")
_ARGS: Final = ("to", "message", "topic", "replicas", "failure_type")
_TYPES: Final = {str(one): one for one in ActionType}
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
_WORDS: Final[dict[str, frozenset[str]]] = {
    "to": frozenset({EVERYBODY, *AgentRole}),
    "topic": frozenset(TopicName),
    "failure_type": frozenset(FailureType),
}


@dataclass(frozen=True, slots=True)
class TextAction:
    """One role's action with names: `target` is a service, for `flag_rogue` a fleet agent."""

    role: AgentRole
    action_type: ActionType = ActionType.NOOP
    target: str | None = None
    args: Mapping[str, Arg] = field(default_factory=dict[str, Arg])


@dataclass(frozen=True, slots=True)
class Read:
    """An action and why it is not what was written; `reason` is empty when it is."""

    action: TextAction
    reason: str = ""


ACTION_JSON_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "action_type": {"type": "string", "enum": [str(one) for one in ActionType], "description": "What to do."},
        "target": {
            "type": "string",
            "description": "A service by name; for flag_rogue a fleet agent; for noop the service to look at closely.",
        },
        "args": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": [EVERYBODY, *map(str, AgentRole)]},
                "message": {"type": "string", "maxLength": MESSAGE_CHARS},
                "topic": {"type": "string", "enum": [str(one) for one in TopicName]},
                "replicas": {"type": "integer", "minimum": 1, "maximum": MAX_REPLICAS},
                "failure_type": {"type": "string", "enum": [str(one) for one in FailureType]},
            },
            "additionalProperties": False,
        },
    },
    "required": ["action_type"],
    "additionalProperties": False,
}
"""JSON Schema of an action, for structured output and tools."""


def read_action(value: object, role: AgentRole) -> Read:
    """Give the action that a decoded JSON value means; whatever is not one gives a no-op with a reason.

    Case, surrounding space, numbers as text and arguments beside `args` are put right; nothing is guessed. Whether
    the role may do it and the names exist is the world's to say (`to_world`).
    """
    if not isinstance(value, Mapping):
        return Read(TextAction(role), f"an action is an object, not {type(value).__name__}")
    items = cast("Mapping[object, object]", value).items()
    fields = {key.strip().lower(): item for key, item in items if isinstance(key, str)}
    wanted = fields.get("action_type")
    word = wanted.strip().lower() if isinstance(wanted, str) else ""
    kind = _TYPES.get(word)
    if kind is None:
        return Read(TextAction(role), f"action_type {_shown(wanted)} is none of {', '.join(ActionType)}")
    target = fields.get("target")
    name = _whole(target).strip() or None if isinstance(target, str) else None
    given = fields.get("args")
    args = _args({key: fields[key] for key in _ARGS if key in fields})
    if isinstance(given, Mapping):
        args |= _args(cast("Mapping[object, object]", given))
    return Read(TextAction(role, kind, name, dict(sorted(args.items()))))


def _args(given: Mapping[object, object]) -> dict[str, Arg]:
    found: dict[str, Arg] = {}
    for key, value in given.items():
        name = key.strip().lower() if isinstance(key, str) else ""
        kept = _arg(name, value)
        if kept is not None:
            found[name] = kept
    return found


def _arg(name: str, value: object) -> Arg | None:
    if name == "replicas":
        return _replicas(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if name == "message":
        return _whole(text[:MESSAGE_CHARS]) or None
    return text.lower() if text.lower() in _WORDS.get(name, ()) else None


def _whole(text: str) -> str:
    """Give a text whose halves of characters, which JSON can say but no file can hold, are joined or replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _replicas(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _replicas(int(text.partition(".")[0])) if _INTEGER.fullmatch(text) else None
    whole = 1 <= value <= MAX_REPLICAS and value == int(value)
    return int(value) if whole else None


def _shown(value: object) -> str:
    text = repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def action_to_training_target(action: TextAction) -> str:
    """Give the canonical text of an action: what a model is trained to write, and `read_action` reads back."""
    value: dict[str, object] = {"action_type": str(action.action_type)}
    if action.args:
        value["args"] = dict(action.args)
    if action.target is not None:
        value["target"] = action.target
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(", ", ": "))


def to_world(action: TextAction, names: Names) -> tuple[Action, str]:
    """Give the world's form of an action, and why it is a no-op where it cannot be carried out."""
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


def _number_of(action: TextAction, names: Names) -> tuple[int, str]:
    if action.target is None:
        return -1, ""
    agent = action.action_type is ActionType.FLAG_ROGUE or action.args.get("topic") == TopicName.SUSPECT
    known = {name.lower(): number for number, name in enumerate(names.agents if agent else names.services)}
    number = known.get(action.target.strip().lower(), -1)
    return number, "" if number >= 0 else f"there is no {'fleet agent' if agent else 'service'} {_shown(action.target)}"


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
