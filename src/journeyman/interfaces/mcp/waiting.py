"""Waits for a session on behalf of a client, and tells it how far the session is."""

from __future__ import annotations

from typing import Final

import anyio

from journeyman.advisors.mcp_sampling import SamplingRounds
from journeyman.engine.records import NumberedEvent, events_after
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.interfaces.mcp.tool_definition import McpCall
from journeyman.mission.model.events import Decided, Ended

MOST_WAIT_S: Final = 300
"""How long one call waits at most: clients and proxies give up on longer ones."""
_LOOK_S: Final = 0.5
"""How often is looked for what another process appended."""
_PAUSE_S: Final = 0.1
"""Events that come closer together are told as one step of progress."""
_MOST_NEW: Final = 500


async def wait_for_rest(call: McpCall, session_id: str, wait_s: float, rounds: SamplingRounds | None = None) -> bool:
    """Wait until a session ends, waits for a person, is driven no more or, with `rounds`, asks; tell whether that came in time.

    The number of its newest event is told as progress. Raises `NotFound` for an unknown session.
    """
    host, seq = call.access.host, 0
    store = host.journeyman.store
    if await _is_at_rest(call, session_id):
        return True
    with anyio.move_on_after(wait_s):
        while True:
            changed = host.changes.next(session_id)
            new = await events_after(store, session_id, seq, _MOST_NEW)
            if new:
                seq = new[-1].seq
                await call.context.session.report_progress(seq, message=_words(new[-1]))
            if await _is_at_rest(call, session_id):
                return True
            if rounds is not None and rounds.prompts.pending(1):
                return True
            await _next_change(changed, rounds)
            await anyio.sleep(_PAUSE_S)
    return await _is_at_rest(call, session_id)


async def _next_change(changed: anyio.Event, rounds: SamplingRounds | None) -> None:
    """Wait a moment for something to be appended here, or asked."""
    with anyio.move_on_after(_LOOK_S):
        if rounds is None:
            await changed.wait()
            return
        async with anyio.create_task_group() as group:

            async def asked() -> None:
                await rounds.prompts.wait_for_prompt(_LOOK_S)
                group.cancel_scope.cancel()

            group.start_soon(asked)
            await changed.wait()
            group.cancel_scope.cancel()


async def _is_at_rest(call: McpCall, session_id: str) -> bool:
    host = call.access.host
    if host.is_driving(session_id):
        return False
    return standing_of(await row_of(host.journeyman.store, session_id)) is not Standing.RUNNING


def _words(item: NumberedEvent) -> str:
    event = item.happened.event
    more = f" {event.verdict}/{event.reason}" if isinstance(event, (Decided, Ended)) else ""
    return f"iteration {item.iteration}: {type(event).__name__}{more}"
