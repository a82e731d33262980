"""Every example does what its file says, in real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]


def prepared(shell: Shell, module: str, call: str) -> None:
    """Run a function of an example's module in its folder."""
    subprocess.run([sys.executable, "-c", f"import {module}; {module}.{call}"], cwd=shell.folder, check=True)


def test_a_script_finds_the_bad_commit_through_a_real_mcp_server(shell: MakeShell) -> None:
    """The main job: no model, a real server, every verdict derived again, and the report as a page."""
    user = shell("01_find_bad_commit")
    prepared(user, "make_repo", "make_repo(make_repo.Path('repo'))")
    culprit = subprocess.run(
        ["git", "log", "--format=%H", "--grep", "Tidy up constants"],
        cwd=user.folder / "repo",
        check=True,
        capture_output=True,
        text=True,
    )
    report = user.json("run", "mission.yaml")
    assert report["outcome"] == "achieved"
    evidence = {row["id"]: row["evidence"] for row in report["criteria"]}
    assert evidence["culprit_named"]["commit"] == culprit.stdout.strip()
    assert all(row["holds"] for row in user.json("verify"))
    assert user.json("replay", "last")["same"] is True
    user.run("report", "last", "--output", "report.html")
    assert culprit.stdout.strip() in (user.folder / "report.html").read_text("utf-8")


def settled(user: Shell) -> list[str]:
    """The effects that have settled so far."""
    rows: list[dict[str, Any]] = user.json("history", "last", "--kind", "Settled")
    return [row["data"]["effect"] for row in rows]


def test_a_killed_script_goes_on_at_the_pending_call(shell: MakeShell) -> None:
    """`kill -9` in mid-script: nothing that had settled is called again, and the end is the same."""
    user = shell("01_find_bad_commit")
    prepared(user, "make_repo", "make_repo(make_repo.Path('repo'))")
    process = user.start("run", "mission.yaml", "--quiet")
    deadline = time.monotonic() + 60
    before: list[str] = []
    while len(before) < 3 and time.monotonic() < deadline and process.poll() is None:
        if user.json("list"):
            before = settled(user)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = settled(user)
    report = user.json("resume", "last", "--quiet")  # waits for the dead process's lease
    assert report["outcome"] == "achieved"
    after = settled(user)
    assert after[: len(before)] == before
    assert len(after) == len(set(after))
    assert user.json("replay", "last")["same"] is True


def test_the_planner_tunes_a_real_server_until_it_holds(shell: MakeShell) -> None:
    """A threshold and a trend hold for three evaluations, measured on a live HTTP server."""
    user = shell("02_tune_until_slo")
    report = user.json("run", "mission.yaml")
    assert report["outcome"] == "achieved"
    held = {row["id"]: row.get("held") for row in report["criteria"]}
    assert held["fast"] >= 3
    assert held["not_getting_worse"] >= 3


def test_a_destructive_call_waits_for_a_person_across_a_restart(shell: MakeShell) -> None:
    """Nothing is deleted before somebody says yes, in another process."""
    user = shell("03_approval")
    prepared(user, "backup_tools", "make_backups()")
    backups = user.folder / "backups"
    user.run("run", "mission.yaml", code=3)
    assert len(list(backups.iterdir())) == 10
    assert user.json("show", "last")["pending"]["question"].startswith("call delete_backups")
    user.run("approve", "last", "--as", "ada")
    report = user.json("resume", "last")
    assert report["outcome"] == "achieved"
    assert len(list(backups.iterdir())) == 3
    assert [row["actor"] for row in report["people"] if row["what"] == "ApprovalAnswered"] == ["person:ada"]


def test_a_denied_call_is_never_made(shell: MakeShell) -> None:
    """A no is recorded, and the tool is not called."""
    user = shell("03_approval")
    prepared(user, "backup_tools", "make_backups()")
    user.run("run", "mission.yaml", "--budget", "iterations=1", code=3)
    user.run("deny", "last", "--as", "ada", "--note", "not today")
    report = user.json("resume", "last", code=1)
    assert report["outcome"] == "not_achieved"
    assert report["effects_by_state"] == {"done": 1}
    assert len(list((user.folder / "backups").iterdir())) == 10


def test_the_planner_calms_an_incident_of_the_gym_also_across_processes(shell: MakeShell) -> None:
    """The objectives hold; a second process gets the same world back from the record and ends at the same step."""
    user = shell("04_incident")
    whole = user.json("run", "mission.yaml")
    assert whole["outcome"] == "achieved"
    evidence = {row["id"]: row["evidence"] for row in whole["criteria"]}
    assert evidence["few_errors"] <= 0.05
    assert evidence["alerts_cleared"] == 0
    assert evidence["it_lasts"] == 3
    assert 0 < evidence["too_many_acts"] <= 6  # it was not calm from the start
    plan = (user.folder / "mission.yaml").read_text("utf-8")
    (user.folder / "cut.yaml").write_text(
        plan.replace("iterations: 40", "iterations: 4") + "on_exhausted: ask\n", "utf-8"
    )
    user.run("run", "cut.yaml", code=3)
    user.run("amend", "last", "iterations=40")
    resumed = user.json("resume", "last")
    assert resumed["outcome"] == "achieved"
    assert {row["id"]: row["evidence"] for row in resumed["criteria"]} == evidence
    assert user.json("replay", "last")["same"] is True


def test_the_planner_calms_two_failures_at_once(shell: MakeShell) -> None:
    """The harder example: also there within the guard."""
    report = shell("04_incident").json("run", "harder.yaml")
    assert report["outcome"] == "achieved"
    assert {row["id"]: row["evidence"] for row in report["criteria"]}["too_many_acts"] <= 6


def test_a_killed_incident_ends_as_if_nobody_had_killed_it(shell: MakeShell) -> None:
    """`kill -9` in mid-incident, then `journeyman resume`: call by call the record is that of an unharmed run."""
    user = shell("04_incident")
    plan = (user.folder / "mission.yaml").read_text("utf-8")
    (user.folder / "mission.yaml").write_text(plan + "pause_s: 0.4\n", "utf-8")
    process = user.start("run", "mission.yaml")
    assert process.stderr is not None
    while not process.stderr.readline().startswith("iteration 2:"):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = calls_made(user)
    assert 3 <= len(before) < 7
    resumed = user.json("resume", "last", "--quiet")
    killed = calls_made(user)
    assert killed[: len(before)] == before
    whole = user.json("run", "mission.yaml", "--quiet")
    assert calls_made(user) == killed
    assert [row["holds"] for row in user.json("verify")] == [True, True]
    for key in ("outcome", "verdict", "reason"):
        assert resumed[key] == whole[key]
    ends = [[{**row, "seen_at": None} for row in report["criteria"]] for report in (resumed, whole)]
    assert ends[0] == ends[1]
    assert user.json("replay", "last")["same"] is True


def calls_made(user: Shell) -> list[Any]:
    """What each call of the last session gave."""
    rows: list[dict[str, Any]] = user.json("history", "last", "--kind", "Settled")
    return [(row["data"]["effect"], row["data"]["metrics"]) for row in rows]
