"""The mission of one run: its file with what the command line says otherwise, all of which is recorded with it."""

from __future__ import annotations

from pathlib import Path

from journeyman.advisors.model_choice import SEPARATOR, settings_name
from journeyman.config import Settings
from journeyman.interfaces.cli.mission_tools import located
from journeyman.interfaces.cli.named_values import named_values
from journeyman.interfaces.pages.report_files import report_option
from journeyman.mission.files.mission_file import with_ceilings
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.wiring import advisor_problems


def mission_for_run(
    mission: Mission,
    settings: Settings,
    file: Path,
    *,
    budget: list[str],
    advisor: str,
    model: str,
    report: Path | None,
) -> Mission:
    """The mission with this run's ceilings, advisor, model and report file; raises `InvalidInput` where it names an advisor that is none."""
    if mission.checks_only:
        problem = Problem(
            where="mode",
            message="is `check`: nothing would be done, only judged",
            hint="check it with: journeyman guard check",
        )
        raise InvalidInput(str(file), (problem,))
    if budget:
        mission = with_ceilings(mission, budget_changes(budget), "--budget")
    if advisor:
        mission = mission.model_copy(update={"advisor": advisor})
    if model:
        mission = mission.model_copy(update={"advisor": _with_model(mission, model)})
    if report is not None:
        mission = mission.model_copy(update={"report": str(report_option(report))})
    problems = advisor_problems(settings, mission)
    if problems:
        raise InvalidInput("--advisor", problems) if advisor else InvalidInput(str(file), located(problems, file))
    return mission


def _with_model(mission: Mission, model: str) -> str:
    names = mission.advisors
    if len(names) != 1:
        message = f"{model!r} needs one advisor that is asked for it, and the mission has {', '.join(names) or 'none'}"
        problem = Problem(where="--model", message=message, hint="name one with --advisor")
        raise InvalidInput("the command line", (problem,))
    return f"{settings_name(names[0])}{SEPARATOR}{model}"


def budget_changes(texts: list[str]) -> JsonObject:
    """Ceilings from `KIND=N` texts; `none` means no limit, and a duration may have units."""
    given = named_values(texts, "budget", form="KIND=N", example="iterations=10, wall_clock_s=30m")
    return {name: _ceiling(value) for name, value in given}


def _ceiling(text: str) -> int | float | str | None:
    if text == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
