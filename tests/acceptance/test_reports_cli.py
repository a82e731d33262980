"""Reports as files: written by themselves at every ending, whole or not at all, and in every form."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]
MISSION: dict[str, Any] = {
    "name": "count",
    "directive": "Count.",
    "commands": {"count": {"run": ["echo", "n", "3"], "effect": "pure", "metrics": {"n": {"regex": r"n (\d+)"}}}},
    "criteria": [{"id": "many", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 3, "from": "count"}],
    "plan": [{"calls": [{"tool": "count"}]}],
    "budget": {"iterations": 2},
}


def written(shell: MakeShell, **more: Any) -> Shell:
    """A shell with a mission of its own."""
    user = shell("")
    (user.folder / "mission.json").write_text(json.dumps({**MISSION, **more}))
    return user


def left_over(folder: Path) -> list[str]:
    """Names of drafts that somebody forgot."""
    return [path.name for path in folder.rglob(".*")]


def test_a_mission_writes_its_report_when_it_ends(shell: MakeShell) -> None:
    """Beside the mission file, for its owner alone, in the form that the name says; the next run replaces it."""
    user = written(shell, report="out/{session}.html")
    assert f"report: {user.folder}/out/one.html" in user.run("run", "mission.json", "--id", "one").stderr
    page = user.folder / "out" / "one.html"
    assert page.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    user.run("run", "mission.json", "--id", "two", "--report", "run.json")
    again = user.folder / "run.json"
    report = json.loads(again.read_text())
    assert (report["session_id"], report["summary"]) == ("two", "Achieved at #0: count(), many 3")
    assert not (user.folder / "out" / "two.html").exists()
    assert left_over(user.folder) == []


def test_a_report_is_written_when_it_fails_could_not_start_or_is_aborted(shell: MakeShell) -> None:
    """Whoever ends it, from whatever command."""
    user = written(shell, report="r.json")
    file = user.folder / "r.json"

    def ended() -> tuple[str, str]:
        report = json.loads(file.read_text())
        file.unlink()
        return report["reason"], report["summary"]

    many = {**MISSION["criteria"][0], "target": 4}
    (user.folder / "mission.json").write_text(json.dumps({**MISSION, "criteria": [many], "report": "r.json"}))
    user.run("run", "mission.json", "-q", code=1)
    assert ended() == ("nothing_left", "Closest: count(), many 3 at #0, needs n >= 4")
    user.run("run", "mission.json", "-q", "--dry-run")
    (user.folder / "ask.json").write_text(json.dumps({**MISSION, "approve": "always", "report": "r.json"}))
    user.run("run", "ask.json", "--id", "asks", "--no-input", "-q", code=3)
    assert not file.exists()
    assert "Waits for a person: call count()?" in user.run("report", "asks").stdout
    assert "Waiting for you" in user.run("report", "asks", "--format", "markdown").stdout
    assert "report: " in user.run("abort", "asks", "--as", "mira", "-m", "too late").stderr
    assert ended() == ("aborted", "Aborted by mira (too late). Nothing was measured")
    broken = {
        **MISSION,
        "servers": {"x": {"command": "/no/such/program"}},
        "tools": ["count", "x.*"],
        "report": "r.json",
    }
    (user.folder / "broken.json").write_text(json.dumps(broken))
    user.run("run", "broken.json", "-q", code=4)
    reason, summary = ended()
    assert reason == "could_not_start"
    assert summary.startswith("Could not start: ")
    assert "/no/such/program" in summary


def test_a_report_that_cannot_be_written_costs_nothing_but_a_warning(shell: MakeShell) -> None:
    """The record is what counts; the report can be written again."""
    user = written(shell, report="mission.json/r.html")
    done = user.run("run", "mission.json", "--id", "one", "-q")
    assert "no report was written: cannot write" in done.stderr
    assert "journeyman report one -o FILE" in done.stderr
    user.run("report", "one", "-o", "r.xml")
    suite = ET.fromstring((user.folder / "r.xml").read_text())[0]  # noqa: S314  # our own
    assert suite.attrib["failures"] == "0"


def test_a_resumed_run_and_wrong_names(shell: MakeShell) -> None:
    """`resume --report` holds for that ending; a name that says no form is refused before anything is done."""
    user = written(shell, approve="always")
    user.run("run", "mission.json", "--id", "one", "--no-input", "-q", code=3)
    user.run("approve", "one", "--as", "mira")
    user.run("resume", "one", "-q", "--report", "late.md")
    assert (user.folder / "late.md").read_text().startswith("# count: Achieved\n\n**At #0")
    wrong = user.run("run", "mission.json", "--report", "r.txt", code=2).stderr
    assert "--report: 'r.txt' says no form by its name (end it in .html, .md, .json or .xml)" in wrong
    (user.folder / "mission.json").write_text(json.dumps({**MISSION, "report": "r.txt"}))
    assert "'r.txt' says no form" in user.run("check", "mission.json", code=2).stderr


def test_github_gets_a_summary_and_annotations(shell: MakeShell) -> None:
    """Appended, since other steps of a tool may have written there; printed where there is no summary."""
    user = written(shell)
    user.run("run", "mission.json", "--id", "one", "--budget", "iterations=1", "-q")
    assert user.run("report", "one", "--format", "github").stdout.startswith("### count: Achieved")
    summary = user.folder / "summary.md"
    summary.write_text("before\n")
    user.environment["GITHUB_STEP_SUMMARY"] = str(summary)
    assert user.run("report", "one", "--format", "github").stdout == ""
    assert summary.read_text().startswith("before\n### count: Achieved")


def test_the_best_so_far_stands_in_show(shell: MakeShell) -> None:
    """As in the report."""
    user = written(shell, minimize="n")
    user.run("run", "mission.json", "--id", "one", "-q")
    shown, report = user.json("show", "one"), user.json("report", "one")
    assert shown["best"] == report["best"]
    assert shown["best"]["value"] == 3


def test_two_runs_are_laid_beside_each_other(shell: MakeShell) -> None:
    """The first event at which they differ, in every form that tells of two."""
    user = written(shell)
    tool = {"run": ["cat", "n.txt"], "effect": "pure", "metrics": {"n": {"regex": r"n (\d+)"}}}
    (user.folder / "mission.json").write_text(json.dumps({**MISSION, "commands": {"count": tool}}))
    for name, count in (("one", 3), ("same", 3), ("more", 4)):
        (user.folder / "n.txt").write_text(f"n {count}")
        user.run("run", "mission.json", "--id", name, "-q")
    alike = user.json("report", "one", "--against", "same")
    assert (alike["difference"], alike["iterations"]) == (None, [])
    found = user.json("report", "one", "--against", "more")
    at = found["difference"]
    assert (at["left_kind"], at["at"], at["left"], at["right"], at["iteration"]) == ("Settled", "metrics.n", 3, 4, 0)
    assert found["iterations"][0]["right"] == "count() · many ✓ 4"
    user.run("report", "one", "--against", "more", "-o", "two.html")
    told = user.run("report", "one", "--against", "more").stdout
    for words in ("one against more", "metrics.n is 3 here, 4 there; both made the same calls throughout"):
        assert words in (user.folder / "two.html").read_text()
        assert words in told
    assert (
        "two sessions have no form 'junit'"
        in user.run("report", "one", "--against", "more", "-f", "junit", code=2).stderr
    )
    assert "no session 'none'" in user.run("report", "one", "--against", "none", code=2).stderr
