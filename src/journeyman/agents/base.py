"""A host: how a coding agent tells that it wants to stop, and how it is answered. Pure tables; hooks do the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, cast

Payload: TypeAlias = "Mapping[str, object]"
"""What a host writes to a hook, read as JSON."""


class Defer(StrEnum):
    """Why a stop is none that is judged."""

    BACKGROUND = "background_tasks"
    """Work goes on, or will be woken: the agent pauses, and stops later."""
    PLAN = "plan_mode"
    """Nothing was done yet that could be checked."""
    ABORTED = "aborted"
    """A person has stopped it, and wants no further turn."""
    SUBAGENT = "subagent"
    """A part of the work, whose whole is judged when the agent itself stops."""
    OTHER_HOST = "other_host"
    """Another hook of the same guard answers this stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """A host asks whether its agent may stop."""

    session: str
    """The host's name for the conversation; empty where it gave none."""
    folder: str
    """Where the agent works; empty where it gave none."""
    defer: Defer | None = None
    subagent: str = ""
    """Names the agent that an agent has started."""
    tells_continued: bool = False
    """Whether the host says which stops follow a block: where nothing can be kept, nothing else bounds the blocks."""
    continued: bool = False
    """The host says that a hook has kept it from stopping before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAnswer:
    """What becomes of the stop."""

    block: bool
    reason: str = ""
    """What the agent is told when it goes on."""
    message: str = ""
    """What the person is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A coding agent's program."""

    name: str
    read: Callable[[Payload], StopRequest]
    render: Callable[[StopAnswer], dict[str, object] | None]
    """The answer as the host understands it; `None` prints nothing."""
    wait_s: float
    """How long a hook may wait for a check: below the time after which the host lets the agent go in silence."""
    cap: int | None
    """Blocks in a row after which the host lets the agent go whatever hooks say; `None` where it never does."""
    cap_variable: str = ""
    """The variable in which a hook finds another cap, where people may set one; 0 there means none."""
    programs: tuple[str, ...] = ()
    """Names of its program on the command line."""
    prompt_flags: tuple[str, ...] = ()
    """Flags whose value is the prompt; where the command has none of them, its last word is."""
    state: tuple[str, ...] = ()
    """Where it keeps login, settings and sessions, below a home folder."""
    state_variables: tuple[str, ...] = ()
    """Variables that name another folder for all of that."""

    def cap_here(self, environment: Mapping[str, str]) -> int | None:
        """The cap that counts where the hook runs."""
        said = environment.get(self.cap_variable, "") if self.cap_variable else ""
        return (int(said) or None) if said.isdecimal() else self.cap


def text(payload: Payload, *keys: str) -> str:
    """The first of the keys that holds text."""
    return next((value for key in keys if isinstance(value := payload.get(key), str) and value), "")


def listed(payload: Payload, key: str) -> list[object]:
    """A list of the payload; an empty one where there is none."""
    value = payload.get(key)
    return cast("list[object]", value) if isinstance(value, list) else []


def plain_answer(answer: StopAnswer) -> dict[str, object] | None:
    """The form that most hosts share: a decision with its reason, and a message for the person."""
    found: dict[str, object] = {"decision": "block", "reason": answer.reason} if answer.block else {}
    if answer.message:
        found["systemMessage"] = answer.message
    return found or None
