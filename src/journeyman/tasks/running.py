"""`run_task`: a task from a program, followed event by event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from journeyman.agents.drivers.installed import refuse_unready
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.apprentices.deliverables import Delivery
from journeyman.config import Settings, load_settings
from journeyman.engine.clock import Clock
from journeyman.engine.record_reading import state_of
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.model.state import State
from journeyman.tasks.contract import task_mission, words_of
from journeyman.tasks.events import TaskEvent, TaskEventKind, task_events
from journeyman.tasks.options import TaskOptions
from journeyman.tasks.outputs import delivered
from journeyman.wiring import Journeyman, opened

_MOST_IDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How a task stands when it is driven no more."""

    session_id: str
    outcome: Outcome | None
    """`None` where it has not ended: a person must act, or it is paused."""
    waits_for: str = ""
    """The question that a person must answer."""
    outputs: Delivery | None = None
    """What was put out, of the best attempt."""


async def run_task(
    text: str,
    options: TaskOptions,
    *,
    settings: Settings | None = None,
    folder: Path | None = None,
    session_id: str = "",
    on_event: Callable[[TaskEvent], None] = lambda _event: None,
) -> TaskResult:
    """Hand a task to a coding agent, and give what came of it; nothing is printed.

    Cancelling ends the agent; `journeyman resume` goes on with the session.

    Args:
        text: The task in words.
        options: The agent, its files, the contract, the mentor.
        settings: Those of the settings file and the environment when `None`.
        folder: From which relative paths begin, such as that of the outputs; the present one when `None`.
        session_id: The date and words of the task where none is given.
        on_event: Told each `TaskEvent` as it happens; what it raises ends the run.

    Raises:
        InvalidInput: Nothing in it can be checked, or an option does not fit.
        NotFound: The agent, a folder or an asset is not there.
    """
    settings = load_settings() if settings is None else settings
    origin = await anyio.Path(folder or Path()).absolute()
    mission = await anyio.to_thread.run_sync(lambda: task_mission(text, options, settings))
    refuse_unready(options.agent, apprentice_for(options.agent, settings.agents).readiness())
    async with opened(settings) as journeyman:
        name = session_id or await free_id(journeyman, task_id(journeyman.clock, text))
        return await _driven(journeyman, mission, Path(origin), name, on_event)


async def _driven(
    journeyman: Journeyman, mission: Mission, origin: Path, name: str, on_event: Callable[[TaskEvent], None]
) -> TaskResult:
    latest: list[TaskEvent] = []

    def listen(happened: EventRecord, state: State) -> None:
        for event in task_events(happened, state):
            latest[:] = [event]
            on_event(event)

    try:
        state = await journeyman.engine.run(mission, origin, listen, session_id=name)
    except anyio.get_cancelled_exc_class():
        if latest:
            on_event(replace(latest[0], kind=TaskEventKind.RUN_INTERRUPTED, message="cancelled"))
        raise
    state = await state_of(journeyman.store, name)
    ended = state.status is SessionStatus.ENDED
    pending = state.people.pending
    return TaskResult(
        session_id=name,
        outcome=state.outcome if ended else None,
        waits_for=pending.question if pending is not None else "",
        outputs=await delivered(journeyman, state) if ended else None,
    )


def task_id(clock: Clock, text: str) -> str:
    """The date plus words of the task."""
    return f"{clock.now():%Y-%m-%d}-{words_of(text)}"


async def free_id(journeyman: Journeyman, wanted: str, mark: str = "-") -> str:
    """An id that no session has yet: `wanted`, or with `-2`, `-3`, … behind it."""
    taken = {row.session_id for row in await journeyman.store.sessions()}
    names = (wanted if number == 1 else f"{wanted}{mark}{number}" for number in range(1, _MOST_IDS))
    return next(name for name in names if name not in taken)
