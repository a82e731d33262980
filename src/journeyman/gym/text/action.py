"""An action in words: as JSON that models write, with names instead of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from journeyman.gym.actions import HANDS, MAX_REPLICAS, Action, ActionType, Role, Topic
from journeyman.gym.catalog import Failure
from journeyman.gym.draw.names import Names

Arg: TypeAlias = "str | int"
FAILURE_NAMES: Final = {failure.label: failure for failure in Failure if failure <= Failure.ROGUE_BATCH_JOB}
TOPIC_NAMES: Final = {topic.name.lower(): topic for topic in Topic if topic is not Topic.CLAIM}
MESSAGE_CHARS: Final = 400
"""Longer messages are cut; a channel is no place for novels."""
_TYPES: Final = {one.label: one for one in ActionType}
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}(\.0+)?")
_ARGS: Final = ("to", "message", "topic", "replicas", "failure_type")
_AIMED: Final = frozenset(range(ActionType.RESTART, ActionType.ESCALATE + 1))


@dataclass(frozen=True, slots=True)
class TextAction:
    """One role's action with names: `target` is a service, for `flag_rogue` a fleet agent."""

    role: Role
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
        "action_type": {"type": "string", "enum": list(_TYPES), "description": "What to do."},
        "target": {
            "type": "string",
            "description": "A service by name; for flag_rogue a fleet agent; for noop the service to look at closely.",
        },
        "args": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": ["all", *(role.label for role in Role)]},
                "message": {"type": "string", "maxLength": MESSAGE_CHARS},
                "topic": {"type": "string", "enum": list(TOPIC_NAMES)},
                "replicas": {"type": "integer", "minimum": 1, "maximum": MAX_REPLICAS},
                "failure_type": {"type": "string", "enum": list(FAILURE_NAMES)},
            },
            "additionalProperties": False,
        },
    },
    "required": ["action_type"],
    "additionalProperties": False,
}
"""JSON Schema of an action, for structured output and tools."""


def read_action(value: object, role: Role) -> Read:
    """Give the action that a decoded JSON value means for a role; whatever is not one gives a no-op with a reason.

    Case, surrounding space, numbers as text and arguments beside `args` are put right; nothing is guessed.
    """
    if not isinstance(value, Mapping):
        return Read(TextAction(role), f"an action is an object, not {type(value).__name__}")
    fields = {
        key.strip().lower(): item
        for key, item in cast("Mapping[object, object]", value).items()
        if isinstance(key, str)
    }
    wanted = fields.get("action_type")
    kind = _TYPES.get(wanted.strip().lower()) if isinstance(wanted, str) else None
    if kind is None:
        return Read(TextAction(role), f"action_type {_shown(wanted)} is none of {', '.join(_TYPES)}")
    if kind not in HANDS[role]:
        allowed = ", ".join(one.label for one in HANDS[role])
        return Read(TextAction(role), f"{kind.label} is not for {role.label}, who may {allowed}")
    target = fields.get("target")
    name = target.strip() or None if isinstance(target, str) else None
    given = fields.get("args")
    args = _args({key: fields[key] for key in _ARGS if key in fields})
    if isinstance(given, Mapping):
        args |= _args(cast("Mapping[object, object]", given))
    args = dict(sorted(args.items()))
    missing = _missing(kind, name, args)
    return Read(TextAction(role), missing) if missing else Read(TextAction(role, kind, name, args))


def _missing(kind: ActionType, target: str | None, args: Mapping[str, Arg]) -> str:
    claims_none = args.get("failure_type") == Failure.NONE.label
    if kind in _AIMED and target is None and not claims_none:
        return f"{kind.label} needs a target"
    if kind is ActionType.SCALE and "replicas" not in args:
        return f"scale needs args.replicas, a whole number from 1 to {MAX_REPLICAS}"
    if kind is ActionType.IDENTIFY_ROOT_CAUSE and "failure_type" not in args:
        return f"identify_root_cause needs args.failure_type, one of {', '.join(FAILURE_NAMES)}"
    if kind is ActionType.COMMUNICATE and not args.get("message") and "topic" not in args:
        return "communicate needs args.message or args.topic"
    return ""


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
        return text[:MESSAGE_CHARS] or None
    allowed = {"to": _RECIPIENTS, "topic": TOPIC_NAMES, "failure_type": FAILURE_NAMES}.get(name, {})
    return text.lower() if text.lower() in allowed else None


_RECIPIENTS: Final[Mapping[str, object]] = dict.fromkeys(["all", *(role.label for role in Role)])


def _replicas(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _replicas(int(text.partition(".")[0])) if _WHOLE.fullmatch(text) else None
    whole = 1 <= value <= MAX_REPLICAS and value == int(value)
    return int(value) if whole else None


def _shown(value: object) -> str:
    text = repr(value) if value is None or isinstance(value, (str, int, float)) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def action_to_training_target(action: TextAction) -> str:
    """Give the canonical text of an action: what a model is trained to write, and `read_action` reads back."""
    value: dict[str, object] = {"action_type": action.action_type.label}
    if action.args:
        value["args"] = dict(action.args)
    if action.target is not None:
        value["target"] = action.target
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(", ", ": "))


def to_world(action: TextAction, names: Names) -> tuple[Action, str]:
    """Give the world's form of an action, and why it is a no-op where a name is unknown."""
    agent = action.action_type is ActionType.FLAG_ROGUE or action.args.get("topic") == Topic.SUSPECT.name.lower()
    pool = names.agents if agent else names.services
    target = -1
    if action.target is not None:
        known = {name.lower(): number for number, name in enumerate(pool)}
        target = known.get(action.target.strip().lower(), -1)
        if target < 0:
            return Action(), f"there is no {'fleet agent' if agent else 'service'} {_shown(action.target)}"
    if action.action_type is ActionType.SCALE:
        return Action(ActionType.SCALE, target, int(action.args["replicas"])), ""
    if action.action_type is ActionType.IDENTIFY_ROOT_CAUSE:
        return Action(action.action_type, max(target, 0), int(FAILURE_NAMES[str(action.args["failure_type"])])), ""
    if action.action_type is ActionType.COMMUNICATE:
        topic = TOPIC_NAMES.get(str(action.args.get("topic", "")), Topic.NOTE)
        to = str(action.args.get("to", "all"))
        return Action(action.action_type, target, int(topic), 0 if to == "all" else 1 + int(Role[to.upper()])), ""
    return Action(action.action_type, target), ""
