"""A coding agent that does what a test says: the port to agents, with no program behind it.

```python
async def work(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
    allowed = yield PermissionAsked(request_id="1", kind=ToolKind.WRITE, title="write done.txt", paths=("done.txt",))
    if allowed:
        (order.workspace / "done.txt").write_text("done")
    yield AgentMessage(text="Done." if "feedback" in order.prompt else "Not yet.")

apprentice = ScriptedApprentice(works=(work,))
```

What it yields is told to who follows; what comes back from a `yield` of `PermissionAsked` is the answer. Without an `AgentEnded` of
its own it ends as finished.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from journeyman.agents.drivers.base import AgentReadiness, Capabilities, WorkOrder
from journeyman.agents.drivers.events import AgentEnded, AgentEvent, Ending, PermissionAsked, SessionStarted
from journeyman.agents.drivers.session import Session, session_of

Work: TypeAlias = Callable[[WorkOrder], AsyncGenerator[AgentEvent, bool | None]]
"""What the agent does with an order."""


@dataclass(slots=True, kw_only=True)
class ScriptedApprentice:
    """Does one work for each order, the last one again when there are no more; keeps the orders that it was given."""

    works: Sequence[Work]
    name: str = "scripted"
    orders: list[WorkOrder] = field(default_factory=list[WorkOrder])

    @property
    def capabilities(self) -> Capabilities:
        """All that there is."""
        return Capabilities(asks=True, resumes=True, live_usage=True, tells_cost=True)

    def readiness(self) -> AgentReadiness:
        """It is always there."""
        return AgentReadiness(ready=True, why="scripted")

    @asynccontextmanager
    async def start(self, order: WorkOrder) -> AsyncGenerator[Session]:
        """Do the next work."""
        number = len(self.orders)
        self.orders.append(order)
        work = self.works[min(number, len(self.works) - 1)]
        session_id = order.resume or f"scripted-{number + 1}"
        async with session_of(_ScriptedConversation(self.name, session_id, work), order) as session:
            yield session


@dataclass(frozen=True, slots=True)
class _ScriptedConversation:
    name: str
    session_id: str
    work: Work

    async def hold(self, session: Session) -> AgentEnded:
        """Do the work."""
        session.begun()
        await session.tell(SessionStarted(agent=self.name, session_id=self.session_id))
        answer: bool | None = None
        async with aclosing(self.work(session.order)) as steps:
            while True:
                try:
                    event = await steps.asend(answer)
                except StopAsyncIteration:
                    return AgentEnded(how=Ending.FINISHED, stop_reason="scripted")
                answer = None
                match event:
                    case AgentEnded():
                        return event
                    case PermissionAsked():
                        answer = await session.ask(event)
                    case _:
                        await session.tell(event)
