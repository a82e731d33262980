"""The mission of a follow-up: what an ended task was, and what is asked for besides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from journeyman.config import Settings
from journeyman.mission.criteria.base import as_json
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import NotAllowed
from journeyman.tasks.contract import task_mission
from journeyman.tasks.options import MOST_ATTEMPTS, MentorMode, TaskOptions


def following_mission(
    settings: Settings,
    state: State,
    text: str,
    *,
    assets: Sequence[Path] = (),
    checks: Sequence[str] = (),
    files: Sequence[str] = (),
    attempts: int | None = None,
    who: str,
) -> Mission:
    """The mission of a follow-up: the earlier one with more words, more assets, more checks.

    Raises `NotAllowed` where no attempt of the earlier one left anything.
    """
    earlier = state.mission
    assert earlier.task is not None  # noqa: S101 - a task's mission
    if not state.task.best:
        raise NotAllowed(
            f"no attempt of {state.session_id} left anything to go on from; begin anew with journeyman task"
        )
    kept: list[Json] = [as_json(criterion) for criterion in earlier.criteria if criterion.asks_person() is None]
    asks = len(kept) < len(earlier.criteria)
    directive = f"{earlier.directive}\n\nBesides: {text.strip()}"
    options = TaskOptions(
        agent=earlier.task.agent, source=None, assets=assets, checks=checks, files=files, protect=earlier.task.protect,
        mounts=earlier.task.mounts, attempts=attempts or earlier.budget.iterations or MOST_ATTEMPTS,
        timeout_s=float(earlier.task.limits.wall_clock_s), tokens=earlier.budget.tokens, cost_usd=earlier.budget.cost_usd,
        mentor=_mentor_of(earlier, asks=asks), mentor_advisor=next(iter(earlier.advisors), ""), who=who, criteria=kept,
        follows={"session": state.session_id, "attempt": state.task.best},
        output=None if earlier.task.output is None else Path(earlier.task.output),
    )  # fmt: skip
    mission = task_mission(directive, options, settings)
    return mission.model_copy(update={"name": earlier.name})


def _mentor_of(mission: Mission, *, asks: bool) -> MentorMode | None:
    if asks:
        return MentorMode.hybrid if mission.advisors else MentorMode.expert_led
    return MentorMode.model_assisted if mission.advisors else None
