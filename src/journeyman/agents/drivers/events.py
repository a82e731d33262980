"""What a coding agent is seen and heard to do: one closed union, whatever the agent and the way it is spoken to.

All of it is what the agent says of itself, and a claim; what happened is in the file system and in the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

MOST_CHARS: Final = 32_768
"""Of one text in an event; the raw output keeps more."""
CUT: Final = "... [truncated]"


class ToolKind(StrEnum):
    """What a tool call does, in as few words as a policy needs."""

    READ = "read"
    """Looks at files: reading, listing, searching."""
    WRITE = "write"
    """Changes files: writing, editing, moving, deleting."""
    EXECUTE = "execute"
    """Runs a command, which may do anything."""
    FETCH = "fetch"
    """Reads from the network."""
    CALL = "call"
    """Anything else: a tool of a server, a part of the agent's own."""


class ToolStatus(StrEnum):
    """How a tool call ended."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    """It was not run: a policy or a person said no."""


class Ending(StrEnum):
    """How an agent's work ended. None of these says that the work is good: that is for checks to tell."""

    FINISHED = "finished"
    """The agent says that it is through, and its process ended as one does that is."""
    REFUSED = "refused"
    """The model would not do it."""
    LIMIT = "limit"
    """A limit struck: ours, or one of the agent's own."""
    CANCELLED = "cancelled"
    """We ended it."""
    FAILED = "failed"
    """The agent says that it could not go on: no login, an error of its model, a fault of its own."""
    UNKNOWN = "unknown"
    """It ended without a result, or what it said cannot be trusted: never a success."""


class AnsweredBy(StrEnum):
    """Who answered a request for permission."""

    POLICY = "policy"
    PERSON = "person"
    NOBODY = "nobody"
    """There was nobody to ask: refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and money, as the agent counts them, since this order began."""

    input_tokens: int = 0
    """All that was sent, what came out of a cache included."""
    output_tokens: int = 0
    """Reasoning included."""
    cached_tokens: int = 0
    """The part of the input that a cache held."""
    cost_usd: float | None = None
    """`None` where the agent does not say."""

    @property
    def tokens(self) -> int:
        """Both directions."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """Both together; money where either says so."""
        costs = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=sum(costs) if costs else None,
        )

    def at_least(self, before: Usage) -> Usage:
        """The larger of each, since nothing that was used is given back."""
        costs = [cost for cost in (self.cost_usd, before.cost_usd) if cost is not None]
        return Usage(
            input_tokens=max(self.input_tokens, before.input_tokens),
            output_tokens=max(self.output_tokens, before.output_tokens),
            cached_tokens=max(self.cached_tokens, before.cached_tokens),
            cost_usd=max(costs) if costs else None,
        )

    def since(self, before: Usage) -> Usage:
        """What was used after `before`, of the same count."""
        cost = None if self.cost_usd is None else max(0.0, self.cost_usd - (before.cost_usd or 0.0))
        return Usage(
            input_tokens=max(0, self.input_tokens - before.input_tokens),
            output_tokens=max(0, self.output_tokens - before.output_tokens),
            cached_tokens=max(0, self.cached_tokens - before.cached_tokens),
            cost_usd=cost,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """The agent is there and has a session."""

    agent: str
    session_id: str = ""
    """To go on in the same session later; empty where it has none."""
    version: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMessage:
    """Something the agent says."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """Something the agent thinks, where it shows that."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning or an error that does not end it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """A tool call begins, or is about to."""

    call_id: str
    name: str
    """As the agent names the tool."""
    kind: ToolKind
    command: str = ""
    """What is run, where the call runs something."""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUpdated:
    """A tool call goes on."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool call has ended."""

    call_id: str
    status: ToolStatus
    output: str = ""
    exit_code: int | None = None
    """Of a command, where the agent tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffClaimed:
    """The agent says that it changes a file so."""

    call_id: str
    path: str
    after: str
    before: str | None = None
    """The part that goes; `None` where the whole file is new, or it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAsked:
    """The agent wants to know whether it may."""

    request_id: str
    kind: ToolKind
    title: str
    """The command, or what else it wants to do, in the agent's words."""
    paths: tuple[str, ...] = ()
    call_id: str = ""
    options: tuple[str, ...] = ()
    """What the agent offers as answers, in its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAnswered:
    """What it was told."""

    request_id: str
    allowed: bool
    by: AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What it says that it has used, since this order began."""

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A piece of its output that is no message of its format; kept in the raw output."""

    why: str
    size_bytes: int
    head: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEnded:
    """The last event of all."""

    how: Ending
    stop_reason: str = ""
    """In the agent's own words."""
    detail: str = ""
    """What to know of it besides, for a person."""
    exit_code: int | None = None
    """`None` where it did not end by itself."""


AgentEvent: TypeAlias = (
    SessionStarted | AgentMessage | Thought | Notice | ToolStarted | ToolUpdated | ToolFinished | DiffClaimed
    | PermissionAsked | PermissionAnswered | UsageReported | Unreadable | AgentEnded
)  # fmt: skip


def clip(text: str, most: int = MOST_CHARS) -> str:
    """A text that can be kept and shown: as Unicode allows, and of at most so many characters."""
    plain = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= most else plain[: most - len(CUT)] + CUT
