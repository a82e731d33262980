"""What callers do to sessions: each needs its scope, is recorded under the caller's name, and lets the session go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from journeyman.engine import control
from journeyman.engine.records import events_after
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.conditional_store import ConditionalStore, record_moved
from journeyman.hosting.host import SessionHost
from journeyman.mission.chain import Head
from journeyman.mission.model.events import SessionCreated
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotAllowed
from journeyman.stores.base import Store
from journeyman.stores.validation import check_session_id


def _check_given(session_id: str) -> None:
    if session_id:
        check_session_id(session_id)


@dataclass(frozen=True, slots=True)
class Started:
    """A session that was begun, now or by an earlier call."""

    session_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class SessionActions:
    """A caller's actions on the sessions of a host; each gives the state right after it.

    All raise `NotAllowed` where the caller lacks the scope or the session's state forbids it, and `NotFound`.
    """

    host: SessionHost
    caller: Caller
    seen: Head | None = None
    """Where the caller has seen the record end: an action on one that has gone on since is refused, with
    `precondition_failed`. `None` acts on whatever is there."""

    async def start(self, mission: Mission, origin: Path, session_id: str = "") -> str:
        """Begin a session of a mission that the caller was allowed to read; its id."""
        self.caller.require(AccessScope.RUN)
        _check_given(session_id)
        return await self.host.start(mission, origin, session_id, who=self.caller.name)

    async def start_once(
        self,
        mission: Mission,
        origin: Path,
        session_id: str = "",
        *,
        run: bool = True,
        prepare: Callable[[str], None] = lambda _session_id: None,
    ) -> Started:
        """The same; where a session of that id began with this very mission, that one is meant: a repeated call is harmless.

        Without `run` it is only recorded, and paused: whoever started it lets it go on. `prepare` is done with the id of a new
        session before it runs.
        """
        self.caller.require(AccessScope.RUN)
        _check_given(session_id)
        journeyman = self.host.journeyman
        try:
            created = await self.host.record(mission, origin, session_id, who=self.caller.name)
        except NotAllowed:
            known = await events_after(journeyman.store, session_id, 0, 1)
            first = known[0].happened.event
            if isinstance(first, SessionCreated) and first.digest == mission_digest(mission):
                return Started(session_id, created=False)
            raise
        prepare(created)
        if run:
            self.host.go_on(created)
        else:
            await control.pause(journeyman.store, journeyman.clock, created, self.caller.name, "begun without running")
        return Started(created, created=True)

    async def iterate(self, session_id: str, iterations: int) -> None:
        """Go on for so many iterations at most, in the background, and pause then."""
        self.caller.require(AccessScope.RUN)
        await self.host.go_on_for(session_id, iterations, self.caller.name)

    async def pause(self, session_id: str, note: str = "") -> State:
        """Stop at the next safe point."""
        return await self._act(AccessScope.RUN, session_id, control.pause, note=note)

    async def resume(self, session_id: str) -> State:
        """Go on where it was paused, stopped or interrupted."""
        return await self._act(AccessScope.RUN, session_id, control.resume)

    async def end(self, session_id: str, *, abort: bool, note: str = "") -> State:
        """End it, as `forced` or, with `abort`, cancelling running calls; the outcome is what the evidence says."""
        return await self._act(AccessScope.PERSON, session_id, control.end, abort=abort, note=note)

    async def answer(self, session_id: str, *, granted: bool, approval: str = "", note: str = "") -> State:
        """Say yes or no to what it asks."""
        return await self._act(
            AccessScope.PERSON, session_id, control.answer, granted=granted, approval=approval, note=note
        )

    async def amend(self, session_id: str, changes: JsonObject) -> State:
        """Change ceilings of its budget."""
        return await self._act(AccessScope.PERSON, session_id, control.amend, changes=changes)

    async def note(self, session_id: str, text: str) -> State:
        """Add words to its record."""
        return await self._act(AccessScope.PERSON, session_id, control.note, text=text)

    async def resolve(self, session_id: str, effect: str, *, done: bool, text: str = "") -> State:
        """Say whether an unknown effect happened."""
        return await self._act(AccessScope.PERSON, session_id, control.resolve, effect=effect, done=done, text=text)

    async def fork(self, session_id: str, iteration: int | None = None, new_id: str = "") -> str:
        """A new session that shares its history up to the end of an iteration; its id. `resume` drives it."""
        self.caller.require(AccessScope.PERSON)
        return await self.host.journeyman.engine.fork(session_id, iteration, new_id)

    async def _act(
        self, scope: AccessScope, session_id: str, act: Callable[..., Awaitable[State]], **given: object
    ) -> State:
        self.caller.require(scope)
        opened, store = self.host.journeyman, await self._store(session_id)
        return await self.host.act(session_id, lambda name: act(store, opened.clock, name, self.caller.name, **given))

    async def _store(self, session_id: str) -> Store:
        store = self.host.journeyman.store
        if self.seen is None:
            return store
        if await store.head(session_id) != self.seen and await store.read(session_id, 0, 1):
            raise record_moved(session_id)
        return ConditionalStore(store, self.seen)
