"""What a mission may use: tools with a schema and a pin, and what comes back when one is called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from journeyman.mission.values.canonical import Json, JsonObject

Again: TypeAlias = Callable[[], Awaitable[bool]]
"""Asked before a call that may have left is sent once more; False where nobody pays for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolHints:
    """What the tool's own author says of it; `None` where nothing was said. Hints may tighten policy, never loosen it."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool under the mission's allowlist."""

    name: str
    """Unique in the catalog: `function_name`, or `server.tool`, where a leading `server_` in the tool's own name is dropped."""
    description: str
    input_schema: JsonObject
    """JSON Schema 2020-12 of the arguments."""
    pin: str
    """SHA-256 over the definition without `_meta`; a tool whose pin changes while a mission runs is refused."""
    output_schema: JsonObject | None = None
    hints: ToolHints = field(default_factory=ToolHints)
    effect: str | None = None
    """Effect class that the operator's own code declares (`@tool(effect=...)`); MCP servers never set it."""
    probe: str | None = None
    """For effect class `probed`: the name to call, with the same arguments and key, to learn whether a call happened. It
    gives a boolean, or `{"done": boolean, "value": …}`. The catalog may leave it out of its list."""


class CallStatus(StrEnum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"
    """It certainly had no success: refused, invalid, an error envelope, or never sent."""
    UNKNOWN = "unknown"
    """It was sent and no answer came (timeout, dead server, cancel): it may have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a call gave, sorted and capped. Every value is finite JSON (`mission.canonical.checked`)."""

    status: CallStatus
    value: Json = None
    """Structured result, or JSON found in text, or the text. A text in structured content stays text."""
    metrics: JsonObject = field(default_factory=dict[str, Json])
    """From the top-level `metrics` object of structured content, and what the mission maps: name to number, text, boolean
    or nested object."""
    events: tuple[JsonObject, ...] = ()
    """From the top-level `events` list of structured content: objects with a text `name` (or `event_name`, which is copied to `name`)."""
    error_class: str | None = None
    """Stable token: `invalid_arguments`, `not_allowed`, `tool_changed`, `tool_error`, `error_envelope`, `timeout`,
    `cancelled`, `server_died`, `server_unreachable`, `protocol`, `not_json`, `too_large`, `too_many_metrics`,
    `exception`, `tool_raised`, `worker_died`."""
    error: str | None = None
    """One line for people, at most 500 characters, none of which a terminal would obey."""
    original_bytes: int = 0
    """Size of the value before the cap."""
    truncated: bool = False
    tries: int = 1
    """How often it was sent."""
    duration_s: float = 0.0
    left_running: bool = False
    """Something of it could not be stopped and runs on: a thread, or a coroutine that will not be cancelled."""
    tokens: int = 0
    """That the call used of the mission's budget."""
    cost_usd: float = 0.0


@runtime_checkable
class Catalog(Protocol):
    """A set of tools under one allowlist. An async context manager opens and closes its servers."""

    async def tools(self) -> Sequence[Tool]:
        """The allowed tools, sorted by name."""
        ...

    async def call(
        self,
        name: str,
        args: Mapping[str, Json],
        *,
        key: str,
        timeout_s: float | None = None,
        repeatable: bool = False,
        again: Again | None = None,
    ) -> Result:
        """Call a tool. Never raises for anything a tool or server does; a fault is a `Result`.

        Cancelling the awaiting task cancels the call.

        Args:
            name: As in `tools()`.
            args: Checked against the tool's schema before anything is sent.
            key: The effect's idempotency key: the same for each try of one effect, also after a crash.
            timeout_s: Limit of this call, all its tries included.
            repeatable: Whether the call may happen twice: the effect's pinned class is `pure` or `keyed`. The only
                thing that decides it, whatever hints, names or patterns say. A call that is not repeatable and may
                have left is never sent again; without an answer it is `unknown`. One that certainly never left may be
                tried again.
            again: Asked before each try that follows one which may have left, since that is one more call of the tool;
                `None` allows all of them.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """One call with all that was said of it; the fields are the arguments of `Catalog.call`."""

    name: str
    args: Mapping[str, Json]
    key: str
    timeout_s: float | None = None
    repeatable: bool = False
    again: Again | None = None


class BaseCatalog(ABC):
    """A catalog that takes each call as one value, so that what stands in for a catalog does not repeat its arguments."""

    @abstractmethod
    async def tools(self) -> Sequence[Tool]:
        """The allowed tools, sorted by name."""

    @abstractmethod
    async def handle(self, request: CallRequest) -> Result:
        """Call a tool, as `Catalog.call` says."""

    async def call(
        self,
        name: str,
        args: Mapping[str, Json],
        *,
        key: str,
        timeout_s: float | None = None,
        repeatable: bool = False,
        again: Again | None = None,
    ) -> Result:
        """Call a tool; see `Catalog.call`."""
        return await self.handle(
            CallRequest(name=name, args=args, key=key, timeout_s=timeout_s, repeatable=repeatable, again=again)
        )


class ForwardingCatalog(BaseCatalog):
    """A catalog around another one; subclasses override what they do differently and leave the rest to `super()`."""

    def __init__(self, inner: Catalog) -> None:
        self._inner = inner

    async def tools(self) -> Sequence[Tool]:
        """The allowed tools of the inner catalog."""
        return await self._inner.tools()

    async def handle(self, request: CallRequest) -> Result:
        """Call a tool of the inner catalog."""
        return await self._inner.call(
            request.name,
            request.args,
            key=request.key,
            timeout_s=request.timeout_s,
            repeatable=request.repeatable,
            again=request.again,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call that the record says was done."""

    tool: str
    args: JsonObject
    key: str
    metrics: JsonObject = field(default_factory=dict[str, Json])
    """What it measured then, empty where the record does not say."""


@runtime_checkable
class Replayable(Protocol):
    """A source of tools whose world lives in this process alone: before anything is called it is told what the record has."""

    async def replay(self, past: Sequence[PastCall]) -> None:
        """Bring the world to where the record is; raise `Unavailable` where another world comes of it."""
        ...
