"""The facts that criteria are judged by which the engine checks itself."""

from __future__ import annotations

import time
from pathlib import Path

from journeyman.engine.checks.check_runner import run_checks
from journeyman.engine.checks.check_types import Check, CommandCheck, FileCheck
from journeyman.mission.criteria import ArtifactCriterion, CommandCriterion
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import CheckFact
from journeyman.mission.model.mission import Mission


async def check_facts(mission: Mission, base_dir: Path, left_s: float | None) -> list[CheckFact]:
    """The fact about every such criterion, within `left_s` seconds; `met` is null when it could not be told."""
    checks: dict[str, Check] = {}
    for criterion in walk(mission.criteria):
        if isinstance(criterion, ArtifactCriterion):
            checks[criterion.id] = _file(criterion)
        elif isinstance(criterion, CommandCriterion):
            checks[criterion.id] = CommandCheck(
                argv=criterion.run,
                folder=criterion.path,
                exit_code=criterion.exit_code,
                timeout_s=float(criterion.timeout_s),
            )
    deadline_s = None if left_s is None else time.monotonic() + left_s
    found = await run_checks(checks, base_dir, deadline_s)
    return [CheckFact(id=name, met=result.met, evidence=result.evidence) for name, result in found.items()]


def _file(criterion: ArtifactCriterion) -> FileCheck:
    json, csv = criterion.json_value, criterion.csv
    return FileCheck(
        path=criterion.path,
        json=None if json is None else (json.path, json.op, json.target),
        csv=None if csv is None else (csv.header, csv.min_rows),
        regex=criterion.regex,
        sha256=criterion.sha256,
    )
