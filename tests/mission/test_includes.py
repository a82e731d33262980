"""Mission files that include others."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.mission.values.errors import InvalidInput
from journeyman.wiring import load_mission

MAIN = """
include: shared/tools.yaml
directive: Do it.
budget: {iterations: 3}
criteria:
  - {id: done, kind: plan_finished}
plan:
  - calls: [{tool: two}]
"""
SHARED = """
include: [more.json]
commands: {one: "true", two: "true"}
criteria:
  - {id: green, kind: metric_threshold, metric: one.exit_code, op: "<=", target: 0, from: one}
budget: {iterations: 9, tool_calls: 5}
"""
MORE = '{"parameters": {"word": {"default": "x"}}, "commands": {"one": "echo ${word}"}, "name": "shared"}'


def written(folder: Path, **files: str) -> Path:
    """A folder with these files, the mission among them."""
    (folder / "shared").mkdir()
    for place, text in {"mission.yaml": MAIN, "shared/tools.yaml": SHARED, "shared/more.json": MORE, **files}.items():
        (folder / place).write_text(text, encoding="utf-8")
    return folder / "mission.yaml"


def test_objects_are_joined_lists_begin_with_what_is_included_and_own_values_count(tmp_path: Path) -> None:
    """So what several missions share stands once, and each says what is its own; paths are relative to the includer."""
    made, folder = load_mission(written(tmp_path), {"word": "y"})
    assert folder == tmp_path.resolve()
    assert (made.name, made.budget.iterations, made.budget.tool_calls) == ("shared", 3, 5)
    assert [criterion.id for criterion in made.criteria] == ["green", "done"]
    assert {name: spec.argv for name, spec in made.commands.items()} == {"one": ["true"], "two": ["true"]}


def test_a_fault_is_told_with_the_file_and_the_line_that_hold_it(tmp_path: Path) -> None:
    """Of lists that were joined, too."""
    broken = SHARED.replace('op: "<="', 'op: "=<"')
    file = written(
        tmp_path, **{"shared/tools.yaml": broken, "mission.yaml": MAIN.replace("plan_finished", "plan_done")}
    )
    with pytest.raises(InvalidInput) as caught:
        load_mission(file)
    found = [(problem.file, problem.line, problem.where) for problem in caught.value.problems]
    assert found == [("", 6, "criteria.1"), ("shared/tools.yaml", 5, "criteria.0.op")]
    assert "shared/tools.yaml: line 5: criteria.0.op" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"mission.yaml": "include: gone.yaml\n"}, "line 1: include: 'gone.yaml' cannot be read: No such file"),
        ({"mission.yaml": "include: tools.txt\n"}, "is no mission file (name it .yaml, .json or .toml)"),
        ({"mission.yaml": "include: {a: b}\n"}, "is no file name"),
        ({"shared/more.json": "[]"}, "'shared/more.json' holds no object"),
        ({"shared/more.json": '{"include": "tools.yaml"}'}, "includes itself by shared/tools.yaml → shared/more.json"),
        ({"shared/more.json": '{"include"'}, "shared/more.json: line 1: is not JSON: Expecting"),
    ],
)
def test_a_file_that_cannot_be_included_is_told_with_what_to_do(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Not a word of what else would be missing then."""
    with pytest.raises(InvalidInput) as caught:
        load_mission(written(tmp_path, **files))
    assert words in str(caught.value)
