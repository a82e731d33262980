"""Lets a person answer in the view that shows the question, or from anywhere else, whichever comes first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from journeyman.engine import control
from journeyman.engine.engine import OnEvent
from journeyman.engine.journal import Journal
from journeyman.engine.process_identity import owner_name
from journeyman.engine.standing import Standing
from journeyman.interfaces.cli.approval_rows import FailedCalls, approval_rows
from journeyman.interfaces.cli.live_display import Display
from journeyman.interfaces.cli.typed_lines import can_ask, typed_lines
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import NotAllowed
from journeyman.wiring import Journeyman

_LOOK_S = 0.1
"""Between two looks at the keys and at the record: a person does not notice."""
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False}


def is_for(state: State, who: str) -> bool:
    """Tell whether the open question may be answered here, by this person."""
    pending = state.people.pending
    return pending is not None and bool(who) and pending.by in ("", who) and can_ask()


async def answered(
    journeyman: Journeyman, state: State, display: Display, who: str, failed: FailedCalls, listen: OnEvent
) -> None:
    """Show the question until it is asked no more: answered here, from elsewhere, or overtaken by an ending.

    The session is held meanwhile, so that lists and commands elsewhere know that this process will go on with it.
    """
    asked = state.people.pending
    journal = Journal(journeyman.store, journeyman.clock, state.session_id)
    state = await journal.load()
    journal.listeners.append(listen)
    display.stand(state, Standing.WAITING.words)
    async with _held(journeyman, state.session_id):
        with typed_lines(display.typed, echoes=display.echoes) as typed:
            display.ask(approval_rows(state, failed))
            try:
                while state.people.pending == asked and not state.people.paused:
                    if typed.lines:
                        await _take(journeyman, state, display, who, typed.lines.popleft())
                    else:
                        await journeyman.clock.sleep(_LOOK_S)
                    await journal.refresh()
                    state = journal.state
            finally:
                display.ask(())


async def _take(journeyman: Journeyman, state: State, display: Display, who: str, line: str) -> None:
    granted = _ANSWERS.get(line.strip().lower())
    pending = state.people.pending
    if granted is None or pending is None:
        display.say(f"{line.strip()!r} is neither y nor n; nothing was answered" if line.strip() else "")
        return
    try:
        await control.answer(
            journeyman.store, journeyman.clock, state.session_id, who, granted=granted, approval=pending.approval
        )
    except NotAllowed as late:  # somebody else was quicker
        display.say(str(late))


@asynccontextmanager
async def _held(journeyman: Journeyman, session_id: str) -> AsyncGenerator[None]:
    store, ttl_s = journeyman.store, journeyman.settings.lease_ttl_s
    lease = await store.claim(session_id, owner_name(journeyman.clock.new_id()), ttl_s)

    async def beat() -> None:
        nonlocal lease
        while True:
            await journeyman.clock.sleep(ttl_s / 3)
            lease = await store.renew(lease, ttl_s)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(beat)
            yield
            group.cancel_scope.cancel()
    finally:
        with anyio.move_on_after(1, shield=True):
            await store.release(lease)
