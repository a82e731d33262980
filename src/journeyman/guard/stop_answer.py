"""What a check means for an agent that wants to stop: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from journeyman.agents.base import StopAnswer
from journeyman.guard.reasons import keys_of, open_criteria, reasons
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.printable import visible_line

MOST_ERRORS: Final = 2
"""Blocks for faults of the guard's own; one more is a release, recorded as unknown."""
_MOST_SHOWN: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """What was said to an agent since it was let go last."""

    told: Mapping[str, str] = field(default_factory=dict[str, str])
    """Criterion to what it was told of it."""
    errors: int = 0
    """Faults of the guard's own in a row."""
    waits: int = 0
    """How often in a row it was told that a check still runs."""

    def to_json(self) -> dict[str, object]:
        """As it is kept."""
        return {"told": dict(self.told), "errors": self.errors, "waits": self.waits}

    @classmethod
    def of_json(cls, data: Mapping[str, object]) -> LoopState:
        """What was kept; the beginning where that is malformed."""
        told, errors, waits = data.get("told"), data.get("errors"), data.get("waits")
        if not isinstance(told, dict) or not isinstance(errors, int) or not isinstance(waits, int):
            return cls()
        rows = cast("dict[object, object]", told)
        return cls(told={str(key): str(value) for key, value in rows.items()}, errors=errors, waits=waits)


def answer_of(state: State, loop: LoopState, *, note: str = "") -> tuple[StopAnswer, LoopState]:
    """The answer to a stop that was checked, and what is remembered; `note` says how the file differs from what counts."""
    session = state.session_id
    if state.status is SessionStatus.OPEN:
        found = open_criteria(state)
        touched = [f"Protected: {row['path']} was {row['how']}; the pinned one was checked." for row in _touched(state)]
        words = reasons(found, loop.told, notes=[*touched, *([f"{note}."] if note else [])])
        return StopAnswer(block=True, reason=words), LoopState(told=keys_of(found))
    if state.status is SessionStatus.ENDED and state.outcome == "achieved":
        message = f"journeyman guard: achieved, all that is required holds (session {session})"
    elif state.status is SessionStatus.ENDED:
        names = ", ".join(item.id for item in open_criteria(state)[:_MOST_SHOWN])
        message = (
            f"journeyman guard: RELEASED although not finished: {state.label}/{state.reason}, outcome {state.outcome}"
            f"{f'; unmet: {names}' if names else ''}; journeyman report {session}"
        )
    else:
        message = f"journeyman guard: waits for a person: journeyman show {session}"
    return StopAnswer(block=False, message=f"{message}; {note}" if note else message), LoopState()


def answer_to_error(code: str, words: str, loop: LoopState) -> tuple[StopAnswer, LoopState]:
    """The answer where the guard itself failed: a block at most twice, then a release that everybody sees."""
    said = visible_line(f"{code}: {words}")
    if loop.errors < MOST_ERRORS:
        reason = (
            f"journeyman guard could not check the work ({said}). Nothing is known to hold; if you can repair the cause, do, "
            "and finish again."
        )
        return StopAnswer(block=True, reason=reason), replace(loop, errors=loop.errors + 1)
    message = f"journeyman guard: RELEASED, outcome unknown: the check itself failed ({said})"
    return StopAnswer(block=False, message=message), LoopState()


def answer_while_running(loop: LoopState, most: int) -> tuple[StopAnswer, LoopState]:
    """The answer while a check goes on in the background: a block, so many times; then a release that everybody sees."""
    if loop.waits < most:
        reason = (
            "journeyman guard: the checks are still running in the background. Wait some minutes, then finish again."
        )
        return StopAnswer(block=True, reason=reason), replace(loop, waits=loop.waits + 1)
    message = "journeyman guard: RELEASED, outcome unknown: the checks are still running; journeyman guard check tells"
    return StopAnswer(block=False, message=message), LoopState()


def _touched(state: State) -> list[dict[str, str]]:
    rows = [{"path": visible_line(str(row["path"]), 120), "how": str(row["how"])} for row in state.check.touched]
    more = {"path": f"{len(rows) - 3} more files", "how": "touched"}
    return rows if len(rows) <= 4 else [*rows[:3], more]
