"""Where the scripts of a plan are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.mission.model.mission import ScriptPlan
from journeyman.mission.values.errors import InvalidInput
from journeyman.wiring import load_mission

HEAD = "directive: d\nbudget: {iterations: 1}\ncriteria: [{id: c, kind: metric_threshold, metric: n, op: '>', target: 0}]\n"


def loaded(folder: Path, plan: str) -> object:
    """The plan of a mission file in a folder that has a script."""
    (folder / "look.py").write_text("await look()", "utf-8")
    (folder / "mission.yaml").write_text(f"{HEAD}plan: {plan}\n", "utf-8")
    return load_mission(folder / "mission.yaml")[0].plan


def test_a_script_stands_in_the_plan_or_in_a_file_also_as_one_of_several_steps(tmp_path: Path) -> None:
    """The record holds what was run, whatever becomes of the file."""
    assert loaded(tmp_path, "{script: look.py}") == ScriptPlan(script="await look()\n")
    steps = loaded(tmp_path, "[{script: look.py}, {script: 'await other()'}, {calls: [{tool: t}]}]")
    assert isinstance(steps, list)
    assert [step.script for step in steps] == ["await look()\n", "await other()", None]


@pytest.mark.parametrize(
    ("plan", "where"), [("{script: lok.py}", "plan.script"), ("[{script: lok.py}]", "plan.0.script")]
)
def test_a_file_that_is_not_there_is_told_with_its_place(plan: str, where: str, tmp_path: Path) -> None:
    """It was run as source once, and told of a name that is not defined."""
    with pytest.raises(InvalidInput, match=rf"{where}: 'lok.py' cannot be read"):
        loaded(tmp_path, plan)
