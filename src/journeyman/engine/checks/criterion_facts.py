"""The facts that criteria are judged by which the engine checks itself."""

from __future__ import annotations

import time
from pathlib import Path

from journeyman.engine.checks.check_runner import run_checks
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import CheckFact
from journeyman.mission.model.mission import Mission


async def check_facts(mission: Mission, base_dir: Path, left_s: float | None) -> list[CheckFact]:
    """The fact about every such criterion, within `left_s` seconds; `met` is null when it could not be told."""
    checks = {
        criterion.id: check for criterion in walk(mission.criteria) if (check := criterion.engine_check()) is not None
    }
    deadline_s = None if left_s is None else time.monotonic() + left_s
    found = await run_checks(checks, base_dir, deadline_s)
    return [CheckFact(id=name, met=result.met, evidence=result.evidence) for name, result in found.items()]
