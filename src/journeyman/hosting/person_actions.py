"""What callers do to sessions: each needs its scope, is recorded under the caller's name, and lets the session go on."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.engine import control
from journeyman.engine.records import events_after
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost
from journeyman.mission.model.events import SessionCreated
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Started:
    """A session that was begun, now or by an earlier call."""

    session_id: str
    created: bool


def _refuse_odd_id(session_id: str) -> None:
    """Ids become names of folders and parts of addresses."""
    if session_id and not _ID.fullmatch(session_id):
        hint = "letters, digits, `.`, `_` and `-`, at most 100, the first one a letter or digit"
        raise InvalidInput(
            "the call", (Problem(where="session_id", message=f"{session_id[:120]!r} is no id", hint=hint),)
        )


@dataclass(frozen=True, slots=True)
class SessionActions:
    """A caller's actions on the sessions of a host; each gives the state right after it.

    All raise `NotAllowed` where the caller lacks the scope or the session's state forbids it, and `NotFound`.
    """

    host: SessionHost
    caller: Caller

    async def start(self, mission: Mission, origin: Path, session_id: str = "") -> str:
        """Begin a session of a mission that the caller was allowed to read; its id."""
        self.caller.require(AccessScope.RUN)
        _refuse_odd_id(session_id)
        return await self.host.start(mission, origin, session_id)

    async def start_once(self, mission: Mission, origin: Path, session_id: str = "", *, run: bool = True) -> Started:
        """The same; where a session of that id began with this very mission, that one is meant: a repeated call is harmless.

        Without `run` it is only recorded, and paused: whoever started it lets it go on.
        """
        self.caller.require(AccessScope.RUN)
        _refuse_odd_id(session_id)
        journeyman = self.host.journeyman
        try:
            created = await journeyman.engine.create(mission, origin, session_id=session_id)
        except NotAllowed:
            known = await events_after(journeyman.store, session_id, 0, 1)
            first = known[0].happened.event
            if isinstance(first, SessionCreated) and first.digest == mission_digest(mission):
                return Started(session_id, created=False)
            raise
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

    async def fork(self, session_id: str, iteration: int | None = None) -> str:
        """A new session that shares its history up to the end of an iteration; its id."""
        self.caller.require(AccessScope.PERSON)
        return await self.host.journeyman.engine.fork(session_id, iteration)

    async def _act(
        self, scope: AccessScope, session_id: str, act: Callable[..., Awaitable[State]], **given: object
    ) -> State:
        self.caller.require(scope)
        opened = self.host.journeyman
        return await self.host.act(
            session_id, lambda name: act(opened.store, opened.clock, name, self.caller.name, **given)
        )
