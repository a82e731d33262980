"""Puts out the files of a task's best attempt when its session has ended, however it ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from journeyman.apprentices.task_paths import judged_folder
from journeyman.engine.record_reading import state_of
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import JourneymanError
from journeyman.wiring import Journeyman, tasks_folder

if TYPE_CHECKING:
    from journeyman.apprentices.deliverables import Delivery


async def delivered(journeyman: Journeyman, state: State, output: Path | None = None) -> Delivery | None:
    """Put out what the best attempt left, to the folder `output`, or where the mission says; `None` where there is nothing.

    Raises what keeps it from being written.
    """
    task, best = state.mission.task, state.task
    if task is None or not best.best or (output is None and task.output is None):
        return None
    from journeyman.apprentices.deliverables import deliver  # noqa: PLC0415  # every command that drives loads this file
    from journeyman.apprentices.task_folder import TaskFolder  # noqa: PLC0415  # as above

    place = output or Path(state.identity.origin, task.output or "")
    folder = TaskFolder(tasks_folder(journeyman.settings) / state.session_id)
    return await anyio.to_thread.run_sync(lambda: deliver(folder, task, best.best, place, best.best_digest))


async def put_out(journeyman: Journeyman, session_id: str, output: Path | None = None) -> str:
    """The same in words; of a session that goes on, where its newest attempt lies. Empty where there is nothing."""
    state = await state_of(journeyman.store, session_id)
    if state.mission.task is None or not state.task.last:
        return ""
    if state.status is not SessionStatus.ENDED:
        left = judged_folder(tasks_folder(journeyman.settings) / session_id, state.task.last)
        return f"what attempt {state.task.last} left: {left}"
    made = await delivered(journeyman, state, output)
    return "" if made is None else _words(state, made)


async def put_out_at_ending(journeyman: Journeyman, session_id: str) -> str:
    """The same where a session was driven; what goes wrong is told, since the attempts are kept."""
    try:
        return await put_out(journeyman, session_id)
    except JourneymanError as error:
        return f"no outputs were written: {error} (journeyman finish {session_id} does it again)"


def files_words(made: Delivery) -> str:
    """How many files were put out."""
    return f"{len(made.files)} file{'' if len(made.files) == 1 else 's'}"


def _words(state: State, made: Delivery) -> str:
    which = f"attempt {state.task.best}"
    short = "" if state.outcome is Outcome.ACHIEVED else ", the best one, which does not fulfil the contract"
    lines = [f"outputs: {files_words(made)} of {which}{short} in {made.path}"]
    source = state.mission.task.source if state.mission.task is not None else None
    if source is not None and made.diff.stat().st_size:
        where = Path(state.identity.origin, source)
        lines.append(f"take them over with: git -C {where} apply {made.diff}")
    return "\n".join(lines)
