"""The facts that a mission's artifact criteria are judged by."""

from __future__ import annotations

from pathlib import Path

from journeyman.engine.checks.model import Check, CheckResult, CommandCheck, FileCheck
from journeyman.engine.checks.run import run_checks
from journeyman.mission.criteria import Artifact, walk
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import JsonObject


async def look(mission: Mission, base_dir: Path, deadline_s: float | None = None) -> JsonObject:
    """Give the facts about every artifact criterion: id to `{met, evidence}`; `met` is null when it could not be told."""
    wanted = [criterion for criterion in walk(mission.criteria) if isinstance(criterion, Artifact)]
    checks: dict[str, Check] = {}
    for criterion in wanted:
        checks[criterion.id] = _file(criterion)
        if criterion.command is not None:
            checks[_command_of(criterion)] = CommandCheck(
                argv=criterion.command.argv,
                folder=criterion.path,
                exit_code=criterion.command.exit_code,
                timeout_s=float(criterion.command.timeout_s),
            )
    found = await run_checks(checks, base_dir, deadline_s)
    return {criterion.id: _fact(found[criterion.id], found.get(_command_of(criterion))) for criterion in wanted}


def _command_of(criterion: Artifact) -> str:
    return f"{criterion.id} command"  # No id holds a space.


def _file(criterion: Artifact) -> FileCheck:
    json, csv = criterion.json_value, criterion.csv
    return FileCheck(
        path=criterion.path,
        json=None if json is None else (json.path, json.op, json.target),
        csv=None if csv is None else (csv.header, csv.min_rows),
        regex=criterion.regex,
        sha256=criterion.sha256,
    )


def _fact(file: CheckResult, command: CheckResult | None) -> JsonObject:
    if command is None or file.met is False:
        return {"evidence": file.evidence, "met": file.met}
    answers = (file.met, command.met)
    met = False if False in answers else None if None in answers else True
    return {"evidence": {"file": file.evidence, "command": command.evidence}, "met": met}
