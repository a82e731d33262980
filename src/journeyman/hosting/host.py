"""Drives sessions of one tenant in the background of this process, and lets go of all of them in order at the end."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import TaskGroup

from journeyman.engine import control
from journeyman.engine.engine import OnEvent
from journeyman.engine.process_identity import process_of
from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing, is_driven, row_of, standing_of
from journeyman.hosting.changes import Changes
from journeyman.mission.chain import open_entry
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import BugError, JourneymanError, LeaseHeld, LeaseLost, NotAllowed
from journeyman.stores.base import Summary
from journeyman.wiring import Journeyman

AtEnding = Callable[[Journeyman, str], Awaitable[str]]
"""Done where a session was driven until it ended: writes its report and outputs, and gives words about them."""
MARK: Final = "hosted-"
"""Begins the names of drivers of a host: its successor goes on with the sessions that it drove, and with no others."""
_WANTED_BY: Final = "person:"
"""Begins the actor of the first event of sessions that were started through a host."""
_MOST_FAULTS: Final = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Steps:
    """How far a session goes on, and who asked for that."""

    iterations: int
    who: str


async def _nothing(_journeyman: Journeyman, _session_id: str) -> str:
    return ""


class SessionHost:
    """Sessions of one tenant, driven here on one event loop."""

    def __init__(
        self,
        journeyman: Journeyman,
        group: TaskGroup,
        at_ending: AtEnding,
        most_at_once: int,
        listeners: Sequence[OnEvent] = (),
    ) -> None:
        self.journeyman = journeyman
        self._listeners = listeners
        self.changes = Changes()
        self._group = group
        self._at_ending = at_ending
        self._free = anyio.CapacityLimiter(most_at_once)
        self._driven: dict[str, anyio.Event] = {}
        """Session to what is set once it is not driven here any more."""
        self._again: set[str] = set()
        """Those that something was done to while their driver was about to stop."""
        self._faults: OrderedDict[str, JourneymanError] = OrderedDict()

    async def start(self, mission: Mission, origin: Path, session_id: str = "", *, who: str = "") -> str:
        """Record a new session that somebody wants, and drive it in the background; give its id.

        Raises `NotAllowed` where a session has that id already.
        """
        created = await self.record(mission, origin, session_id, who=who)
        self.go_on(created)
        return created

    async def record(self, mission: Mission, origin: Path, session_id: str = "", *, who: str = "") -> str:
        """Record a new session that somebody wants, and leave it at that; give its id. Raises as `start` does."""
        actor = f"{_WANTED_BY}{who}"
        return await self.journeyman.engine.create(mission, origin, session_id=session_id, actor=actor)

    def go_on(self, session_id: str) -> None:
        """Drive a session in the background until it ends, pauses or waits for a person."""
        if session_id in self._driven:
            self._again.add(session_id)
            return
        self._begin(session_id)

    async def go_on_for(self, session_id: str, iterations: int, who: str) -> None:
        """Drive a session in the background for so many iterations at most, and pause it then in the name of `who`.

        Raises `NotAllowed` where it goes on already, has ended, or is judged by a guard alone.
        """
        store = self.journeyman.store
        if session_id in self._driven or is_driven(await row_of(store, session_id)):
            raise NotAllowed(f"session {session_id} is driven already; pause it first to go on step by step")
        state = await state_of(store, session_id)
        if state.status is SessionStatus.ENDED:
            raise NotAllowed(f"session {session_id} has ended ({state.reason}); there is nothing to go on with")
        if state.mission.checks_only:
            raise NotAllowed(
                f"session {session_id} only judges, whenever a check is asked for: it has no steps to go on by"
            )
        await control.resume(store, self.journeyman.clock, session_id, who)
        if session_id not in self._driven:
            self._begin(session_id, _Steps(iterations, who))

    def _begin(self, session_id: str, steps: _Steps | None = None) -> None:
        self._driven[session_id] = anyio.Event()
        self._group.start_soon(self._drive, session_id, steps)

    async def act(self, session_id: str, act: Callable[[str], Awaitable[State]]) -> State:
        """Do what a person wants to a session, then go on with it where nobody drives it; its state right after the act."""
        state = await act(session_id)
        if state.status is not SessionStatus.ENDED:
            self.go_on(session_id)  # whoever drives it elsewhere holds its lease, and sees what was done
        self.changes.notify(session_id)
        return state

    def is_driving(self, session_id: str) -> bool:
        """Tell whether a session is driven here."""
        return session_id in self._driven

    def standing(self, row: Summary) -> Standing:
        """Where a session stands; one that is about to be driven here, and has no lease yet, is running."""
        found = standing_of(row)
        not_yet = found in (Standing.STOPPED, Standing.INTERRUPTED) and self.is_driving(row.session_id)
        return Standing.RUNNING if not_yet else found

    @property
    def driving(self) -> int:
        """How many sessions are driven here."""
        return len(self._driven)

    def fault(self, session_id: str) -> JourneymanError | None:
        """Why a session could not go on here when it was tried last."""
        return self._faults.get(session_id)

    async def rest(self, session_id: str, timeout_s: float | None = None) -> bool:
        """Wait until a session is not driven here any more; tell whether that came in time."""
        with anyio.move_on_after(timeout_s):
            while (done := self._driven.get(session_id)) is not None:
                await done.wait()
        return session_id not in self._driven

    async def take_up(self) -> list[str]:
        """Go on with what an earlier host of this tenant drove when it stopped or was killed; give those sessions."""
        store, taken = self.journeyman.store, list[str]()
        for row in await store.sessions():
            standing = standing_of(row)
            maybe_dead = standing is Standing.RUNNING and process_of(row.lease_owner) is None  # its lease will tell
            if standing not in (Standing.INTERRUPTED, Standing.STOPPED) and not maybe_dead:
                continue
            state = await state_of(store, row.session_id)
            left = not state.people.paused and not state.mission.checks_only
            if left and await self._was_hosted(row, state):
                self.go_on(row.session_id)
                taken.append(row.session_id)
        return taken

    async def _was_hosted(self, row: Summary, state: State) -> bool:
        """Tell whether a host drove a session, or was killed before it could: the first event says who wanted it."""
        if state.owner or row.lease_owner:
            return (row.lease_owner or state.owner).startswith(MARK)
        (first,) = await self.journeyman.store.read(row.session_id, 0, 1)
        return open_entry(first).actor.startswith(_WANTED_BY)

    async def _drive(self, session_id: str, steps: _Steps | None) -> None:
        try:
            async with self._free:
                await self._driven_until_at_rest(session_id, steps)
        finally:
            self._driven.pop(session_id).set()
            is_wanted = session_id in self._again
            self._again.discard(session_id)
            self.changes.notify(session_id)
        if is_wanted:  # something was done to it after its driver had looked for the last time
            self.go_on(session_id)

    async def _driven_until_at_rest(self, session_id: str, steps: _Steps | None) -> None:
        engine = self.journeyman.engine
        while True:
            self._again.discard(session_id)
            most = None if steps is None else steps.iterations
            try:
                state = await engine.once_free(
                    session_id, partial(engine.drive, session_id, self._tell, most_iterations=most)
                )
                self._faults.pop(session_id, None)
                if steps is not None and session_id not in self._again:
                    await self._paused_after(state, steps)
                steps = None
                if state.status is SessionStatus.ENDED:
                    if self.journeyman.clients is not None:
                        self.journeyman.clients.release(session_id)
                    _log.info("%s ended; %s", session_id, await self._at_ending(self.journeyman, session_id))
            except (LeaseHeld, LeaseLost) as error:
                _log.info("%s is driven elsewhere: %s", session_id, error.code)
                return
            except JourneymanError as error:
                self._keep_fault(session_id, error)
                return
            except Exception as error:  # noqa: BLE001  # one session's fault must not stop the others
                _log.exception("%s met a fault of Journeyman", session_id)
                self._keep_fault(session_id, BugError(f"{type(error).__name__} while {session_id} was driven"))
                return
            if session_id not in self._again:
                return

    async def _paused_after(self, state: State, steps: _Steps) -> None:
        """Pause what stopped for its steps alone: a successor of this host would go on with it otherwise."""
        people = state.people
        if state.status is SessionStatus.OPEN and not people.paused:
            words = f"after {steps.iterations} iteration{'' if steps.iterations == 1 else 's'}, as asked for"
            with suppress(NotAllowed):  # somebody was quicker: it is paused, or has ended
                await control.pause(self.journeyman.store, self.journeyman.clock, state.session_id, steps.who, words)

    def _tell(self, happened: EventRecord, state: State) -> None:
        self.changes.notify(state.session_id)
        for listen in self._listeners:
            listen(happened, state)

    def _keep_fault(self, session_id: str, error: JourneymanError) -> None:
        _log.warning("%s cannot go on: %s", session_id, error.code)
        self._faults[session_id] = error
        while len(self._faults) > _MOST_FAULTS:
            self._faults.popitem(last=False)


@asynccontextmanager
async def hosted(
    journeyman: Journeyman,
    *,
    at_ending: AtEnding = _nothing,
    most_at_once: int = 64,
    listeners: Sequence[OnEvent] = (),
) -> AsyncGenerator[SessionHost]:
    """A host of an open Journeyman; at the end what it drives is put down in order, to be taken up again.

    Args:
        journeyman: Opened with `driver_mark=MARK`, so that a later host knows its sessions.
        at_ending: Done for each session that ends here.
        most_at_once: Sessions driven at a time; others wait for their turn.
        listeners: Told each event of what is driven here, once it is durable, with the state right after it.
    """
    async with anyio.create_task_group() as group:
        try:
            yield SessionHost(journeyman, group, at_ending, most_at_once, listeners)
        finally:
            group.cancel_scope.cancel()
