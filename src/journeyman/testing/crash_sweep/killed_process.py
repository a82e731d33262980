"""The process that is killed: starts or resumes the one session of a folder and drives it to its end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from journeyman.engine import control
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import Engine
from journeyman.engine.runtime import Runtime
from journeyman.mission.chain import Head
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.rules.calls import effect_key
from journeyman.stores.base import Batch
from journeyman.stores.sqlite import SqliteStore
from journeyman.testing.crash_sweep.dying_server import ENGINE
from journeyman.testing.crash_sweep.ledger import Boundaries, Ledger, ProcessWorld, enter
from journeyman.testing.crash_sweep.missions import MISSIONS
from journeyman.tools.base import CallRequest, Catalog, ForwardingCatalog, PastCall, Replayable, Result
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import mission_catalog

LATER_S = 3600.0
"""How much later each attempt's store believes it is: a dead process's lease has run out."""


class _KillingStore(SqliteStore):
    """The store with a boundary on both sides of each commit."""

    boundaries: Boundaries

    async def append(self, batch: Batch) -> Head:
        """Commit between two boundaries."""
        self.boundaries.passed("before a commit")
        head = await super().append(batch)
        self.boundaries.passed("after a commit")
        return head


class _KillingCatalog(ForwardingCatalog):
    """The catalog with a boundary on both sides of each call."""

    def __init__(self, inner: Catalog, here: ProcessWorld) -> None:
        super().__init__(inner)
        self._here = here
        self._boundaries = here.boundaries

    async def handle(self, request: CallRequest) -> Result:
        """Call between two boundaries."""
        self._boundaries.passed("before a call")
        result = await super().handle(request)
        self._boundaries.passed("after the answer of a call")
        return result


class _KillingIncident(_KillingCatalog):
    """The same around an incident, which dies with its process: nobody but the record knows what was done to it."""

    async def handle(self, request: CallRequest) -> Result:
        """Call between two boundaries, written down before."""
        self._here.ledger.write("call", request.name, request.key, 0)
        return await super().handle(request)

    async def replay(self, past: Sequence[PastCall]) -> None:
        """Bring the incident to where the record is, between two boundaries."""
        self._boundaries.passed("before the world is brought back")
        assert isinstance(self._inner, Replayable)  # noqa: S101  # an incident is
        await self._inner.replay(past)
        self._boundaries.passed("after the world is brought back")


def attempt(folder: Path, mission: str, number: int, kills: frozenset[int] = frozenset()) -> None:
    """Drive the folder's session; die at each boundary of `kills` that comes, counted from the first process on."""
    asyncio.run(_attempt(folder, mission, number, kills))


async def _attempt(folder: Path, mission: str, number: int, kills: frozenset[int]) -> None:
    here = ProcessWorld(Ledger(folder / "ledger"), Boundaries(folder, kills))
    (folder / ENGINE).write_text(str(os.getpid()), "utf-8")
    enter(here)

    def open_catalog(
        wanted: Mission, origin: Path, deadline: Deadline, session: str
    ) -> AbstractAsyncContextManager[Catalog]:
        @asynccontextmanager
        async def opened() -> AsyncGenerator[Catalog]:
            async with mission_catalog(wanted, origin, deadline, session) as catalog:
                yield _KillingCatalog(catalog, here) if wanted.gym is None else _KillingIncident(catalog, here)

        return opened()

    store = await _KillingStore.open(folder, clock=lambda: time.time() + number * LATER_S)
    assert isinstance(store, _KillingStore)  # noqa: S101  # `open` is a classmethod
    store.boundaries = here.boundaries
    async with store, Sandbox(1) as sandbox:
        world = Runtime(
            store=store, open_catalog=open_catalog, predicates=Predicates(sandbox), scripts=ScriptRun(sandbox)
        )
        engine = Engine(world)
        rows = await store.sessions()
        session = rows[0].session_id if rows else await engine.create(MISSIONS[mission], folder)
        state = await engine.drive(session)
        while state.people.wait is WaitFor.EFFECT or state.people.pending is not None:
            await _answer_unknown_effects(store, here.ledger, state)
            state = await engine.drive(session)


async def _answer_unknown_effects(store: SqliteStore, ledger: Ledger, state: State) -> None:
    """Answer for every unknown effect what the world knows, and let no script begin again that has changed it."""
    if state.people.pending is not None:
        await control.answer(store, SystemClock(), state.session_id, "tester", granted=False)
    for effect in state.unknown:
        name = effect.intended.effect
        done = ledger.happened(effect_key(state, effect.intended))
        await control.resolve(store, SystemClock(), state.session_id, "tester", name, done=done)
