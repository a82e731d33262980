"""What tests of the engine need: a mission in two lines, an engine over memory, and a look at what it recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeyman.engine import control
from journeyman.engine.advice_client import AdviceBroker
from journeyman.engine.clock import Clock, SystemClock
from journeyman.engine.engine import Engine
from journeyman.engine.records import read_record
from journeyman.engine.replaying import replay_of
from journeyman.engine.runtime import Runtime
from journeyman.engine.verification import check_record
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.events import Event
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.stores.memory import MemoryStore
from journeyman.tools.base import Catalog
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

Function = Callable[..., object]


def mission(*calls: str | Mapping[str, Any], **more: Any) -> Mission:
    """A mission whose plan is one iteration per call; it is achieved once `finish` was called."""
    steps = [{"calls": [{"tool": call}]} if isinstance(call, str) else dict(call) for call in calls]
    plain: dict[str, Any] = {
        "directive": "Finish.",
        "tools": ["*"],
        "criteria": [{"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"}],
        "plan": steps,
        "explore": False,
        "approve": "never",
        "budget": {"iterations": 20},
        "stagnation": {"threshold": 20},
    }
    return validate_mission({**plain, **more})


def finish() -> str:
    """Do the last step."""
    return "finished"


@dataclass
class EngineBench:
    """An engine over memory, with functions of the test as its tools."""

    engine: Engine
    store: MemoryStore
    clock: Clock
    predicates: Predicates
    functions: list[Function]

    async def events(self, session: str, kind: type[Event] | None = None) -> list[Any]:
        """A session's events, of one kind if so wished."""
        record = await read_record(self.store, session)
        return [item.event for item in record.events if kind is None or isinstance(item.event, kind)]

    async def settled(self, session: str) -> dict[str, str]:
        """How each call stands in the end: tool, or `tool#2` for a second call, to state."""
        state: dict[str, str] = {}
        names: dict[str, str] = {}
        for event in await self.events(session):
            kind = type(event).__name__
            if kind == "Intended":
                count = sum(name == event.tool or name.startswith(f"{event.tool}#") for name in names.values())
                names[event.effect] = event.tool if not count else f"{event.tool}#{count + 1}"
            if kind in ("Settled", "Reconciled"):
                state[names[event.effect]] = event.state
        return state

    async def holds(self, session: str) -> None:
        """Fail unless the record verifies and replays."""
        verified = await check_record(self.store, session)
        assert verified.holds, verified.problem
        replayed = await replay_of(self.store, session, self.predicates)
        assert replayed.difference is None, replayed.difference

    async def tell(self, session: str, what: str, **more: Any) -> State:
        """Do as a person what `engine.control` names."""
        act = getattr(control, what)
        return await act(self.store, self.clock, session, "ada", **more)


@asynccontextmanager
async def bench(
    *functions: Function, clock: Clock | None = None, watch_s: float = 0.01, broker: AdviceBroker | None = None
) -> AsyncGenerator[EngineBench]:
    """Open an engine with these functions, and `finish`, as its tools."""
    known = [*functions, finish]

    def opened(wanted: Mission, _: Path, deadline: Deadline, session: str) -> AbstractAsyncContextManager[Catalog]:
        @asynccontextmanager
        async def catalog() -> AsyncGenerator[Catalog]:
            limits = CallLimits(timeout_s=float(wanted.limits.call_timeout_s))
            async with open_catalog(functions=known, allow=wanted.tools, limits=limits, deadline=deadline) as found:
                yield found

        return catalog()

    async with Sandbox(1) as sandbox:
        predicates = Predicates(sandbox)
        store, time = MemoryStore(), clock or SystemClock()
        world = Runtime(
            store=store,
            open_catalog=opened,
            predicates=predicates,
            scripts=ScriptRun(sandbox),
            clock=time,
            watch_s=watch_s,
            broker=broker,
        )
        yield EngineBench(Engine(world), store, time, predicates, known)
