"""Actions out of decoded JSON, the schema that models are given of them, and the text that they are trained to write.

Slips are put right, nothing is guessed, and whatever is not used of what was written is named to the player.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from journeyman.gym.actions import MAX_REPLICAS
from journeyman.gym.text.action import EVERYBODY, Arg, Read, ReadFailure, TextAction, unread
from journeyman.gym.text.quoting import quoted
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

MESSAGE_CHARS: Final = 300
"""Longer messages are cut; a channel is no place for novels."""
TARGET_CHARS: Final = 100
"""Longer targets are cut; no name is as long."""
_NAMED: Final = 6
"""So many things that were not used are named, the others counted."""
_SHOWN_CHARS: Final = 60
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.0+)?")
_AGENT_NAME: Final = "agent_name"
_LONGEST: Final = {"message": MESSAGE_CHARS, _AGENT_NAME: TARGET_CHARS}
_TYPES: Final = {str(one): one for one in ActionType}
_WORDS: Final[dict[str, frozenset[str]]] = {
    "to": frozenset({EVERYBODY, *AgentRole}),
    "topic": frozenset(TopicName),
    "failure_type": frozenset(FailureType),
}
_ARGS: Final = frozenset({*_WORDS, "message", "replicas", _AGENT_NAME})
_FIELDS: Final = frozenset({"action_type", "target", "args", "role"})
_USED: Final[dict[ActionType, frozenset[str]]] = {
    ActionType.COMMUNICATE: frozenset({"to", "message", "topic"}),
    ActionType.SCALE: frozenset({"replicas"}),
    ActionType.IDENTIFY_ROOT_CAUSE: frozenset({"failure_type"}),
}
"""The arguments that the world looks at."""


ACTION_JSON_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "action_type": {"type": "string", "enum": [str(one) for one in ActionType], "description": "What to do."},
        "target": {
            "type": ["string", "null"],
            "maxLength": TARGET_CHARS,
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
                _AGENT_NAME: {
                    "type": "string",
                    "maxLength": TARGET_CHARS,
                    "description": "The fleet agent, where there is no target.",
                },
            },
            "additionalProperties": False,
        },
    },
    "required": ["action_type"],
    "additionalProperties": False,
}
"""JSON Schema of an action, for structured output and tools."""


def read_action(value: object, role: AgentRole) -> Read:
    """The action that a decoded JSON value means; whatever is not one is a no-op with a reason.

    Case, surrounding space, numbers as text and arguments beside `args` are put right; nothing is guessed. Whether
    the role may do it and the names exist is the world's to say (`to_world`).
    """
    if not isinstance(value, Mapping):
        return unread(role, ReadFailure.NO_OBJECT, f"an action is an object, not {type(value).__name__}")
    items = cast("Mapping[object, object]", value).items()
    fields = {key.strip().lower(): item for key, item in items if isinstance(key, str)}
    wanted = fields.get("action_type")
    kind = _TYPES.get(wanted.strip().lower() if isinstance(wanted, str) else "")
    if kind is None:
        what = f"action_type {_shown(wanted)} is none of {', '.join(ActionType)}"
        return unread(role, ReadFailure.UNKNOWN_TYPE, what)
    acts = fields.get("role")
    if isinstance(acts, str) and acts.strip().lower() != role:
        return unread(role, ReadFailure.OTHER_ROLE, f"you are {role}, and the action is for role {_shown(acts)}")
    return Read(_Reading(role, kind).of(fields))


@dataclass(slots=True)
class _Reading:
    """One action while it is put together, and what was not used of what was written."""

    role: AgentRole
    kind: ActionType
    args: dict[str, Arg] = field(default_factory=dict[str, Arg])
    unused: list[str] = field(default_factory=list[str])

    def of(self, fields: Mapping[str, object]) -> TextAction:
        """Read the fields of an action whose type and role are right."""
        if not isinstance(fields.get("role"), str | None):
            self.unused.append("role")
        given = fields.get("args")
        self._take({key: value for key, value in fields.items() if key not in _FIELDS}, "")
        if isinstance(given, Mapping):
            self._take(cast("Mapping[object, object]", given), "args.")
        elif given is not None:
            self.unused.append("args, which is no object")
        target = self._target(fields.get("target"))
        used = _USED.get(self.kind, frozenset[str]())
        self.unused += [f"args.{name}, which {self.kind} does not take" for name in self.args if name not in used]
        if target is not None and self.kind is ActionType.RESOLVE:
            self.unused.append("target, which resolve does not take")
        return TextAction(self.role, self.kind, target, dict(sorted(self.args.items())), self._notice())

    def _notice(self) -> str:
        if not self.unused:
            return ""
        more = [f"{len(self.unused) - _NAMED} more"] if len(self.unused) > _NAMED else []
        return f"read without {'; '.join([*self.unused[:_NAMED], *more])}"

    def _take(self, given: Mapping[object, object], where: str) -> None:
        """Take over what is an argument; nothing, such as an empty text, is no argument."""
        for key, value in given.items():
            name = key.strip().lower() if isinstance(key, str) else ""
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            kept = _arg(name, value)
            if kept is None:
                shown = f" {_shown(value)}" if name in _ARGS else ""
                self.unused.append(f"{where}{name if name in _ARGS else _shown(key)}{shown}")
                continue
            if name in self.args and self.args[name] != kept:
                self.unused.append(f"{name} {_shown(self.args[name])}, which args has otherwise")
            self.args[name] = kept
            if isinstance(value, str) and len(value.strip()) > _LONGEST.get(name, len(value)):
                self.unused.append(f"what is beyond {_LONGEST[name]} characters of {where}{name}")

    def _target(self, value: object) -> str | None:
        agent = self.args.pop(_AGENT_NAME, None)
        if isinstance(value, str):
            name = whole(value.strip()[:TARGET_CHARS]) or None
            if name is not None and len(value.strip()) > TARGET_CHARS:
                self.unused.append(f"what is beyond {TARGET_CHARS} characters of target")
        else:
            name = None
            if value is not None:
                self.unused.append(f"target {_shown(value)}, which is no text")
        if agent is not None and name is not None and agent != name:
            self.unused.append(f"args.{_AGENT_NAME} {_shown(agent)}, beside a target")
        return name if name is not None or agent is None else str(agent)


def _arg(name: str, value: object) -> Arg | None:
    """The value that an argument has, or nothing."""
    if name == "replicas":
        return _replicas(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if name in _LONGEST:
        return whole(text[: _LONGEST[name]]) or None
    return text.lower() if text.lower() in _WORDS.get(name, ()) else None


def whole(text: str) -> str:
    """A text whose halves of characters, which JSON can say but no file can hold, are joined or replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _replicas(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _replicas(int(text.partition(".")[0])) if _INTEGER.fullmatch(text) else None
    is_whole = 1 <= value <= MAX_REPLICAS and value == int(value)
    return int(value) if is_whole else None


def _shown(value: object) -> str:
    """What a model wrote, as short as a reason wants it, and quoted: reasons stand in prompts."""
    if isinstance(value, str):
        return quoted(value, _SHOWN_CHARS)
    if isinstance(value, bool | None):
        return json.dumps(value)
    if isinstance(value, int | float):
        return "a number" if isinstance(value, int) and value.bit_length() > 64 else repr(value)
    return type(value).__name__


def action_to_training_target(action: TextAction) -> str:
    """The canonical text of an action: what a model is trained to write, and `read_action` reads back."""
    value: dict[str, object] = {"action_type": str(action.action_type)}
    if action.args:
        value["args"] = dict(action.args)
    if action.target is not None:
        value["target"] = action.target
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(", ", ": "))
