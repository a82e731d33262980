"""Commands as a user types them."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]

SLOW = """\
name: slow
directive: Count to three hundred.
functions: ["counting:count"]
tools: [count]
effects: {count: keyed}
criteria: [{id: enough, kind: metric_threshold, metric: n, op: ">=", target: 300}]
budget: {iterations: 400}
"""
COUNTING = '''\
import pathlib
import time

LOG = pathlib.Path(__file__).parent / "calls.txt"


def count(idempotency_key: str) -> dict[str, object]:
    """Count one further."""
    time.sleep(0.01)
    done = LOG.read_text().split() if LOG.exists() else []
    if idempotency_key not in done:
        with LOG.open("a") as log:
            log.write(idempotency_key + "\\n")
        done.append(idempotency_key)
    return {"metrics": {"n": len(done)}}
'''


def slow(shell: MakeShell) -> Shell:
    """A shell with a mission that takes a few seconds."""
    user = shell("")
    (user.folder / "slow.yaml").write_text(SLOW)
    (user.folder / "counting.py").write_text(COUNTING)
    return user


def endless(shell: MakeShell) -> Shell:
    """The same with a mission that ends only if somebody ends it, however slow the machine is."""
    user = slow(shell)
    text = SLOW.replace("target: 300", "target: 1000000").replace("iterations: 400", "iterations: 1000000")
    (user.folder / "slow.yaml").write_text(text)
    return user


def test_new_check_and_run_work_out_of_the_box(shell: MakeShell) -> None:
    """A stranger's first minute."""
    user = shell("")
    assert "wrote mission.yaml" in user.run("new").stdout
    assert "valid" in user.run("check", "mission.yaml").stdout
    assert "achieved" in user.run("run", "mission.yaml").stdout
    assert "exists already" in user.run("new", code=2).stderr


def test_ctrl_c_ends_cleanly_and_prints_how_to_go_on(shell: MakeShell) -> None:
    """Nothing is lost, and the command to type is on the screen."""
    user = slow(shell)
    process = user.start("run", "slow.yaml")
    assert process.stderr is not None
    seen = ""
    while "iteration 5" not in seen:
        seen += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "journeyman resume" in err
    assert "Traceback" not in err
    report = user.json("resume", "last")
    assert report["outcome"] == "achieved"
    keys = (user.folder / "calls.txt").read_text().split()
    assert len(keys) == len(set(keys)) == 300
    assert user.json("replay", "last")["same"] is True


def test_a_closed_pipe_does_not_stop_a_mission(shell: MakeShell) -> None:
    """Whoever stops reading the progress has not stopped the work."""
    user = slow(shell)
    process = user.start("run", "slow.yaml", "--budget", "iterations=400")
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.readline()
    process.stderr.close()
    process.stdout.close()
    process.wait(timeout=60)
    assert user.json("show", "last")["outcome"] == "achieved"


def test_a_running_mission_is_paused_amended_noted_and_ended_from_another_terminal(shell: MakeShell) -> None:
    """People act through the record, whoever drives."""
    user = endless(shell)
    process = user.start("run", "slow.yaml", "--quiet")
    while not user.json("list"):
        pass
    user.run("note", "last", "looks slow", "--as", "ada")
    user.run("pause", "last", "--as", "ada")
    process.communicate(timeout=30)
    assert process.returncode == 3
    assert user.json("show", "last")["status"] == "stopped"
    user.run("amend", "last", "iterations=1", "--as", "ada")
    user.run("resume", "last", code=1)
    found = user.json("report", "last")
    assert found["reason"] == "max_iterations"
    assert [row["what"] for row in found["people"]][:2] == ["NoteAdded", "Paused"]
    assert "ended" in user.run("pause", "last", code=2).stderr


def test_abort_cancels_and_is_told_in_the_report(shell: MakeShell) -> None:
    """An abort has a verdict, a reason, an actor and a report."""
    user = endless(shell)
    process = user.start("run", "slow.yaml", "--quiet")
    while not user.json("list"):
        pass
    user.run("abort", "last", "--as", "ada", "--note", "wrong week")
    process.communicate(timeout=30)
    deadline = time.monotonic() + 20
    while (found := user.json("report", "last"))["status"] != "ended" and time.monotonic() < deadline:
        pass
    assert (found["verdict"], found["reason"], found["actor"]) == ("terminate", "aborted", "person:ada")


def test_a_fork_shares_the_past_and_goes_its_own_way(shell: MakeShell) -> None:
    """Fork from an iteration, run it, verify both."""
    user = shell("")
    user.run("new")
    user.run("run", "mission.yaml")
    first = user.json("show", "last")
    made = user.json("fork", "last", "--at", "2")["session_id"]
    report = user.json("resume", made)
    assert report["outcome"] == "achieved"
    assert report["parent"] == f"{first['session_id']}@2"
    assert all(row["holds"] for row in user.json("verify"))


def test_export_and_import_carry_a_record_to_another_place(shell: MakeShell, tmp_path: Path) -> None:
    """What is taken in elsewhere verifies, replays and has the same report."""
    user = shell("")
    user.run("new")
    user.run("run", "mission.yaml")
    user.run("export", "last", "out")
    user.environment["JOURNEYMAN_DATA_DIR"] = str(tmp_path / "elsewhere")
    user.run("import", "out")
    assert user.json("replay", "last", "--report", "out/report.json")["report_same"] is True
    forged = user.folder / "out" / "report.json"
    forged.write_text(forged.read_text("utf-8").replace('"achieved"', '"not_achieved"', 1), "utf-8")
    told = user.run("replay", "last", "--report", "out/report.json", code=1)
    assert "is not the report of this record: `" in told.stdout
    assert all(row["holds"] for row in user.json("verify"))


def test_history_gives_the_newest_page_and_all_as_it_is_read(shell: MakeShell) -> None:
    """A long record is never printed by accident, and every event can be had."""
    user = slow(shell)
    user.run("run", "slow.yaml", "--quiet", "--budget", "iterations=20", code=1)
    every = user.json("history", "last", "--all")
    assert [row["seq"] for row in every] == list(range(1, len(every) + 1))
    assert len(every) > 50
    assert user.json("history", "last") == every[-50:]
    assert user.json("history", "last", "-n", "7", "--before", "30") == every[22:29]
    assert user.json("history", "last", "-n", "1", "--kind", "Decided") == [
        [row for row in every if row["kind"] == "Decided"][-1]
    ]
    assert user.json("history", "last", "--iteration", "3") == [row for row in every if row["iteration"] == 3]
    lines = user.run("history", "last", "--all").stdout.splitlines()
    assert len(lines) == len(every)
    assert "SessionCreated" in lines[0]
    assert "older ones: --before" in user.run("history", "last").stderr


def test_an_edited_row_is_named_by_verify_and_a_moved_head_by_list(shell: MakeShell) -> None:
    """The row that lists show is derived; only the events count."""
    user = slow(shell)
    user.run("run", "slow.yaml", "--quiet", "--budget", "iterations=2", code=1)
    (session,) = [row["session_id"] for row in user.json("list")]
    assert user.json("verify", session)[0]["holds"] is True
    (place,) = user.folder.parent.rglob("journeyman.db")
    with closing(sqlite3.connect(place)) as file, file:
        file.execute("UPDATE session SET outcome = 'achieved'")
    (found,) = user.json("verify", session, code=1)
    assert "outcome is 'achieved' instead of" in found["problem"]
    assert user.json("list")[0]["head_holds"] is True
    with closing(sqlite3.connect(place)) as file, file:
        file.execute("DELETE FROM event WHERE key = (SELECT max(key) FROM event)")
    assert user.json("list")[0]["head_holds"] is False
    listed = user.run("list")
    assert "(?)" in listed.stdout
    assert f"journeyman verify {session}" in listed.stderr
    for command in ("show", "replay", "report"):
        assert "is missing" in user.run(command, session, code=1).stderr


def test_check_evaluates_criteria_on_a_recorded_observation(shell: MakeShell) -> None:
    """A test bench for criteria: no tool is opened."""
    user = shell("")
    user.run("new")
    (user.folder / "seen.json").write_text('{"metrics": {"latency_ms": 12}}')
    found = user.json("check", "mission.yaml", "--offline", "--observation", "seen.json")
    assert [row["status"] for row in found["criteria"]] == ["met"]
