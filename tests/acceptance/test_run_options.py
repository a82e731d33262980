"""What `run` takes besides a mission file, and where its output goes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from tests.acceptance.conftest import Shell

MISSION = """\
name: count
directive: Count to three.
functions: ["counted:count"]
tools: [count]
effects: {count: keyed}
approve: {count: APPROVE}
criteria: [{id: enough, kind: metric_threshold, metric: n, op: ">=", target: 3}]
plan: [{calls: [{tool: count, args: {step: 1}}]}]
repeat: true
budget: {iterations: 5}
"""
TOOLS = '''\
import os
import subprocess
import sys

N = [0]


def count(step: int) -> dict[str, object]:
    """Count on."""
    N[0] += step
    print("counting", N[0])
    os.write(2, b"from below\\n")
    subprocess.run([sys.executable, "-c", "print('a program')"], check=True)
    return {"metrics": {"n": N[0]}}
'''


def counted(shell: Callable[[str], Shell], approve: str = "never") -> Shell:
    """A shell with a mission that counts to three."""
    user = shell("")
    (user.folder / "mission.yaml").write_text(MISSION.replace("APPROVE", approve))
    (user.folder / "counted.py").write_text(TOOLS)
    return user


def test_what_tools_print_goes_to_the_log_and_results_to_standard_output(shell: Callable[[str], Shell]) -> None:
    """Python's own prints, bytes written past Python, and programs that a tool starts."""
    user = counted(shell)
    done = user.run("run", "mission.yaml", "--json", "--id", "my-count")
    report = json.loads(done.stdout)
    assert (report["session_id"], report["outcome"]) == ("my-count", "achieved")
    assert "from below" not in done.stderr
    log = user.run("logs", "my-count").stdout
    assert all(log.count(words) == 3 for words in ("counting", "from below", "a program"))
    assert "already" in user.run("run", "mission.yaml", "--id", "my-count", code=2).stderr
    assert "take another name" in user.run("run", "mission.yaml", "--id", "last", code=2).stderr
    user.run("delete", "my-count", "--yes")
    assert not [*user.folder.parent.rglob("my-count.log")]


def test_what_commands_print_is_in_the_log_too(shell: Callable[[str], Shell]) -> None:
    """It was caught for the results; who asks for what tools have printed wants to see a crash's words."""
    user = shell("")
    run = "[sh, -c, 'echo the start; echo no database >&2; exit 2']"
    (user.folder / "mission.yaml").write_text(
        f"directive: d\ncommands: {{measure: {{run: {run}, effect: pure}}}}\nplan: [{{calls: [{{tool: measure}}]}}]\n"
        "criteria: [{id: low, kind: metric_threshold, metric: load, op: '<=', target: 3}]\nbudget: {iterations: 1}\n"
    )
    user.run("run", "mission.yaml", "--id", "crash", code=1)
    log = user.run("logs", "crash").stdout
    assert "measure (effect " in log
    assert "ended with exit code 2\nthe start\nno database\n" in log


def test_events_are_streamed_as_one_document_a_line(shell: Callable[[str], Shell]) -> None:
    """All of them in order, and nothing else on standard output."""
    user = counted(shell)
    rows = [json.loads(line) for line in user.run("run", "mission.yaml", "--output", "ndjson").stdout.splitlines()]
    kinds = [row["kind"] for row in user.json("history", "last", "--all")]
    assert [row["kind"] for row in rows] == [kind for kind in kinds if kind != "SnapshotTaken"]
    assert rows[-1]["data"]["outcome"] == "achieved"


def test_a_mission_is_read_from_standard_input(shell: Callable[[str], Shell]) -> None:
    """YAML, or JSON, which is YAML; its tools are found from this folder."""
    user = counted(shell)
    text = (user.folder / "mission.yaml").read_text()
    argv = [sys.executable, "-m", "journeyman", "run", "-", "--json"]
    done = subprocess.run(
        argv, input=text, cwd=user.folder, env=user.environment, capture_output=True, text=True, timeout=110, check=True
    )
    assert json.loads(done.stdout)["outcome"] == "achieved"
    assert user.json("list", "--here")


def test_a_dry_run_says_what_would_come_first_and_whom_it_would_ask(shell: Callable[[str], Shell]) -> None:
    """Nothing is called and nothing is recorded."""
    user = counted(shell, approve="always")
    told = user.run("run", "mission.yaml", "--dry-run").stdout
    assert "nothing was called" in told
    assert "plan: count(step=1)" in told
    assert "asks a person first: call count(step=1)?" in told
    assert user.json("run", "mission.yaml", "--dry-run")["proposals"][0]["asks"] == "call count(step=1)?"
    assert user.json("list") == []
    assert not [*user.folder.parent.rglob("*.log")]


def test_a_verbose_run_tells_what_each_call_gave(shell: Callable[[str], Shell]) -> None:
    """Beside what every run tells."""
    user = counted(shell)
    assert "count -> {'n': 1}" in user.run("run", "mission.yaml", "-v").stderr
    assert "count ->" not in user.run("run", "mission.yaml").stderr


def test_a_detached_run_goes_on_without_its_terminal(shell: Callable[[str], Shell]) -> None:
    """It is followed by its id; its progress and what its tools print stand in the log."""
    user = counted(shell)
    session = user.run("run", "mission.yaml", "--detach").stdout.strip()
    watched = user.run("watch", session)
    assert "achieved" in watched.stdout
    assert "\x1b" not in watched.stdout + watched.stderr
    log = user.run("logs", session, "--follow").stdout
    assert "counting 3" in log
    assert "outcome achieved" in log


def test_lists_and_histories_are_whole_and_plain_in_pipes(shell: Callable[[str], Shell]) -> None:
    """A row is one line, whatever its length, without control sequences."""
    user = counted(shell)
    text = (user.folder / "mission.yaml").read_text()
    (user.folder / "mission.yaml").write_text(text.replace("name: count", f"name: {'long-' * 19}name"))
    user.run("run", "mission.yaml", "--quiet", "--id", "a-session-with-a-rather-long-name-of-its-own")
    user.environment["COLUMNS"] = "60"
    listed = user.run("list").stdout.splitlines()
    assert len(listed) == 2
    assert f"{'long-' * 19}name" in listed[1]
    assert listed[1].split()[0] == "a-session-with-a-rather-long-name-of-its-own"
    told = user.run("history", "last", "-n", "5").stdout.splitlines()
    assert len(told) == 6
    assert "\x1b" not in "".join([*listed, *told])
