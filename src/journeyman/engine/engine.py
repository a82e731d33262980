"""Engine: starts missions, drives sessions, goes on with what a crash left, forks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar, cast

import anyio

from journeyman.engine.checks.requested_check import RequestedCheck
from journeyman.engine.driver import Driver
from journeyman.engine.journal import Journal
from journeyman.engine.lease_waiting import drive_once_free
from journeyman.engine.record_reading import read_events
from journeyman.engine.runtime import Runtime
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission, dump, mission_digest
from journeyman.mission.model.reasons import SessionStatus, VerdictLabel, VerdictReason
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import JourneymanError, LeaseHeld, LeaseLost, NotAllowed

T = TypeVar("T")
OnEvent = Callable[[EventRecord, State], None]


class Engine:
    """Runs any number of sessions on one event loop over one tenant's store."""

    def __init__(self, world: Runtime) -> None:
        self._world = world

    async def create(
        self, mission: Mission, origin: Path | None = None, *, session_id: str = "", actor: str = "engine"
    ) -> str:
        """Record a new session of a mission and give its id; `drive` runs it.

        `origin` is the folder from which functions, servers and artifacts are found; the present one when `None`.
        `session_id` is drawn where none is given; `actor` is who wants it. Raises `NotAllowed` where a session has that id
        already.
        """
        return (await self._begun(mission, origin, None, session_id, actor)).session_id

    async def drive(
        self, session_id: str, on_event: OnEvent | None = None, *, most_iterations: int | None = None
    ) -> State:
        """Drive a session until it ends, pauses or waits for a person; give its state then.

        `on_event` is told what happens from here on. With `most_iterations` it is put down after so many, at the latest. Raises `NotFound`, `LeaseHeld` (another process drives it) or `LeaseLost` (another one took over).
        """
        journal = self._journal(session_id)
        await journal.load()
        if on_event is not None:
            journal.listeners.append(on_event)
        return await self._driven(journal, most_iterations=most_iterations)

    async def once_free(
        self, session_id: str, drive: Callable[[], Awaitable[T]], tell: Callable[[str], None] = lambda _words: None
    ) -> T:
        """What `drive` gives, once the lease of a process that was killed has run out, which `tell` says.

        Raises `LeaseHeld` at once where the process that holds it is known to live.
        """
        return await drive_once_free(self._world, session_id, drive, tell)

    async def check(self, session_id: str, requested: RequestedCheck, on_event: OnEvent | None = None) -> State:
        """Judge a mission of mode `check` once more, by the files as they are now; give the session's state then.

        Where its criteria do not hold and checks are left, the session stays open for the next one. One that has ended is
        left as it is. Raises as `drive` does.
        """
        return await self._driven(self._journal(session_id, on_event), requested)

    async def conclude(
        self,
        session_id: str,
        reason: VerdictReason = VerdictReason.MAX_WALL_CLOCK,
        why: str = "a tool held the process past the mission's deadline",
    ) -> State:
        """Write the ending of a session, one whose process was killed at its deadline, say; give its state then.

        Raises `NotFound`, or `LeaseHeld` while another process drives it.
        """
        return await Driver(self._world, self._journal(session_id)).conclude(reason, why)

    async def run(
        self, mission: Mission, origin: Path | None = None, on_event: OnEvent | None = None, *, session_id: str = ""
    ) -> State:
        """Start a mission and drive it until it ends, pauses or waits for a person; see `create` and `drive`."""
        return await self._driven(await self._begun(mission, origin, on_event, session_id))

    async def run_many(self, missions: list[Mission], at_once: int = 64) -> list[State]:
        """Run missions side by side, at most `at_once` at a time; give their states in order."""
        limit = anyio.CapacityLimiter(at_once)
        states: dict[int, State] = {}

        async def one(index: int, mission: Mission) -> None:
            async with limit:
                states[index] = await self.run(mission)

        async with anyio.create_task_group() as group:
            for index, mission in enumerate(missions):
                group.start_soon(one, index, mission)
        return [states[index] for index in range(len(missions))]

    async def recover(
        self, at_once: int = 64, on_fault: Callable[[str, JourneymanError], None] | None = None
    ) -> list[State]:
        """Go on with every session that was running when its process ended; leave those that others drive.

        A session that cannot go on, since its tools are not there any more, say, is told to `on_fault` and stays as it
        is; the others go on.
        """
        running = [
            row.session_id for row in await self._world.store.sessions() if row.status == SessionStatus.OPEN.value
        ]
        states: list[State] = []
        limit = anyio.CapacityLimiter(at_once)

        async def one(session_id: str) -> None:
            try:
                async with limit:
                    states.append(await self.drive(session_id))
            except (LeaseHeld, LeaseLost):
                return
            except JourneymanError as error:
                if on_fault is not None:
                    on_fault(session_id, error)

        async with anyio.create_task_group() as group:
            for session_id in running:
                group.start_soon(one, session_id)
        return states

    async def fork(self, session_id: str, iteration: int | None = None, new_id: str = "") -> str:
        """Begin a session that shares another's history up to the end of an iteration (the last one when `None`).

        Its id is drawn where none is given; raises `NotAllowed` where a session has that id already.

        Where that iteration ended the other session, its verdict and what asked for it are left out: the new session
        decides again, so that an amended budget lets it go on.
        """
        world = self._world
        source = [happened async for happened in read_events(world.store, session_id)]
        cut = _index_of_verdict(source, iteration)
        created = source[0].event
        if isinstance(created, e.SessionCreated) and created.mission.get("task") is not None:
            raise NotAllowed(
                f"session {session_id} is a task, whose attempts lie in a folder of its own; journeyman follow-up {session_id}"
                " goes on from its best attempt"
            )
        if cut is None or not isinstance(created, e.SessionCreated):
            raise NotAllowed(
                f"session {session_id} has no finished iteration {iteration if iteration is not None else 0} to fork from"
            )
        decided = cast("e.Decided", source[cut].event)
        if new_id and await world.store.read(new_id, 0, 1):
            raise _taken(new_id)
        new_id = new_id or f"s{world.clock.new_id()}"
        journal = self._journal(new_id)
        first = e.SessionCreated(
            tenant=created.tenant,
            session_id=new_id,
            mission=created.mission,
            digest=created.digest,
            parent=f"{session_id}@{decided.iteration}",
            origin=created.origin,
        )
        journal.record(first, at=source[0].at)
        final = decided.verdict in (VerdictLabel.COMPLETE, VerdictLabel.TERMINATE)
        for happened in source[1 : cut if final else cut + 1]:
            if not isinstance(happened.event, (e.EndAsked, e.SnapshotTaken)):  # a snapshot is of the other session
                journal.record(_externalize_tools(journal, happened.event), actor=happened.actor, at=happened.at)
        await journal.commit()
        return new_id

    def _journal(self, session_id: str, on_event: OnEvent | None = None) -> Journal:
        journal = Journal(self._world.store, self._world.clock, session_id)
        if on_event is not None:
            journal.listeners.append(on_event)
        return journal

    async def _begun(
        self,
        mission: Mission,
        origin: Path | None,
        on_event: OnEvent | None,
        session_id: str,
        actor: str = "engine",
    ) -> Journal:
        """A new session, recorded; whoever drives it at once need not read it again."""
        journal = self._journal(session_id or f"s{self._world.clock.new_id()}", on_event)
        if session_id and await self._world.store.read(session_id, 0, 1):
            raise _taken(session_id)
        event = e.SessionCreated(
            tenant=self._world.store.tenant,
            session_id=journal.session_id,
            mission=dump(mission),
            digest=mission_digest(mission),
            origin=str((origin or Path()).resolve()),
        )
        journal.begin(event, mission, actor)
        if not await journal.commit():
            raise _taken(session_id)
        return journal

    async def _driven(
        self, journal: Journal, requested: RequestedCheck | None = None, most_iterations: int | None = None
    ) -> State:
        try:
            return await Driver(self._world, journal, requested, most_iterations).drive()
        except BaseExceptionGroup as group:
            raise _single_error(group) from None


def _taken(session_id: str) -> NotAllowed:
    return NotAllowed(
        f"there is a session {session_id!r} already; take another id, or go on with it: journeyman resume {session_id}"
    )


def _externalize_tools(journal: Journal, event: e.Event) -> e.Event:
    """The event, its tool definitions in a blob when they are large."""
    if not isinstance(event, e.CatalogPinned):
        return event
    return e.CatalogPinned(tools=cast("list[JsonObject] | JsonObject", journal.externalize(cast("Json", event.tools))))


def _index_of_verdict(source: list[EventRecord], iteration: int | None) -> int | None:
    """The index of the verdict that ends the iteration."""
    found = [index for index, happened in enumerate(source) if isinstance(happened.event, e.Decided)]
    if iteration is not None:
        found = [index for index in found if getattr(source[index].event, "iteration", None) == iteration]
    return found[-1] if found else None


def _single_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error inside nested groups: callers catch errors, not groups.

    Of several of our own the first will do: a lost lease fails the heartbeat and the commit alike. Foreign errors are
    faults of ours, and more than one of them stays a group.
    """
    found = _leaves(group)
    foreign = [error for error in found if not isinstance(error, JourneymanError)]
    if not foreign:
        return found[0]
    return foreign[0] if len(foreign) == 1 else group


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    group = cast("BaseExceptionGroup[BaseException]", error)
    return [leaf for inner in group.exceptions for leaf in _leaves(inner)]
