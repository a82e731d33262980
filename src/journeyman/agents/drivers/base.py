"""The port to coding agents: give one a task in a folder, follow what it does, and have its end.

```python
apprentice = apprentice_for("claude-code", AgentSettings())
order = WorkOrder(prompt="Make the failing tests pass.", workspace=copy, limits=WorkLimits(wall_clock_s=900, cost_usd=2))
async with apprentice.start(order) as session:
    async for event in session.follow():      # `AgentEvent`, as it happens; `AgentEnded` is the last one
        show(event)
    result = await session.collect()          # how it ended, what it used, its raw output
```

What holds for every driver, and `journeyman.testing.check_apprentice` proves:

1. `start` raises (`NotFound`, `CouldNotStart`) where the agent is not there. After that nothing of the agent's raises.
2. Leaving the block, by whatever way, ends the agent and all its descendants.
3. The last event is one `AgentEnded`, and nothing follows it. `FINISHED` only where the agent said so in its own format, all of
   that could be read, and its process did not say otherwise.
4. Limits are held from outside, whatever the agent says or does: time always; tokens, money and calls as soon as the agent
   tells them, which some do at the end alone (`Capabilities.live_usage`).
5. Requests for permission are answered by the policy, or by the person that the order names, or refused. Time that a
   person takes does not count.
6. What the agent writes that nobody understands is kept, and does not end the session.
7. Who follows slowly slows the agent, not our memory.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from journeyman.agents.drivers.confinement import Confinement
from journeyman.agents.drivers.events import AgentEnded, AgentEvent, PermissionAsked, Usage
from journeyman.agents.drivers.permissions import PermissionPolicy
from journeyman.mission.values.errors import InvalidInput, Problem

AskPerson: TypeAlias = Callable[[PermissionAsked], Awaitable[bool]]
"""Asks a person whether the agent may; cancelled when the agent ends before the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLimits:
    """What ends an agent from outside; `None` is no limit."""

    wall_clock_s: float | None = None
    """Seconds, waits for a person aside."""
    silence_s: float | None = None
    """Seconds in which it writes nothing at all."""
    tokens: int | None = None
    """Both directions."""
    cost_usd: float | None = None
    tool_calls: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no measure could ever exceed, such as NaN."""
        wrong = [
            Problem(where=name, message=f"{value!r} is no limit", hint="a number from 0 on, or none at all")
            for name in ("wall_clock_s", "silence_s", "tokens", "cost_usd", "tool_calls")
            if (value := getattr(self, name)) is not None and not (math.isfinite(value) and value >= 0)
        ]
        if wrong:
            raise InvalidInput("limits", tuple(wrong))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One piece of work for an agent."""

    prompt: str = field(repr=False)
    workspace: Path
    """Where it works: its own copy, since it may do there as it likes."""
    limits: WorkLimits = field(default_factory=WorkLimits)
    policy: PermissionPolicy = field(default_factory=PermissionPolicy)
    ask_person: AskPerson | None = None
    resume: str = ""
    """The id of an earlier session that this goes on with, where the agent can (`Capabilities.resumes`); in the same folder,
    which most agents need."""
    used_before: Usage | None = None
    """What that session had used in all its orders: agents that count on (`Capabilities.counts_on`) tell the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a driver can do with its agent."""

    asks: bool = False
    """The agent asks before it acts; one that does not is started with fixed permissions."""
    resumes: bool = False
    live_usage: bool = False
    """It says while it works what it has used; otherwise limits of tokens and money strike at its end."""
    counts_on: bool = False
    """In a resumed session it tells what all orders used together."""
    tells_usage: bool = True
    tells_cost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReadiness:
    """Whether an agent can be started, as far as can be told without starting it."""

    ready: bool
    why: str
    """The path of its program, or what is missing and how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkResult:
    """What is known at the end, by the agent's own account; `ended.how` says how far that goes."""

    ended: AgentEnded
    session_id: str = ""
    usage: Usage | None = None
    """`None` where it never said."""
    tool_calls: int = 0
    message: str = field(default="", repr=False)
    """The last thing it said."""
    raw: bytes = field(default=b"", repr=False)
    """Its output as it came; the middle of a long one is left out, and said so."""
    raw_bytes: int = 0
    """How much it wrote in all."""
    errors: bytes = field(default=b"", repr=False)
    """The end of its standard error."""
    confinement: Confinement | None = None
    """What held of its program; `None` where it has none."""
    duration_s: float = 0.0
    """From start to end, waits for a person included."""


class AgentSession(Protocol):
    """An agent at work."""

    def follow(self) -> AsyncIterator[AgentEvent]:
        """The events as they come, `AgentEnded` as the last one; for one follower."""
        ...

    async def cancel(self) -> None:
        """Have it ended; `collect` has the result."""
        ...

    async def collect(self) -> WorkResult:
        """The result, once it has ended; events that nobody followed are passed over."""
        ...


class Apprentice(Protocol):
    """A coding agent that can be put to work."""

    @property
    def name(self) -> str:
        """Its name in settings and records."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What can be had of it."""
        ...

    def readiness(self) -> AgentReadiness:
        """Tell whether it is there."""
        ...

    def start(self, order: WorkOrder) -> AbstractAsyncContextManager[AgentSession]:
        """Put it to work; leaving the block ends it.

        Raises:
            NotFound: Its program is not there.
            CouldNotStart: It cannot do what the order needs, such as resume.
        """
        ...
