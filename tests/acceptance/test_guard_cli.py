"""`journeyman guard` as people, hosts and builds use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Shell

GUARD = """
criteria:
  - {id: tests, kind: command, run: [python3, tests/check.py], paths: [src/**, tests/**], timeout_s: 60}
protect: [tests/**]
"""
CHECK = "assert 'done' in open('src/main.txt').read(), 'main is not done'\n"


def git(folder: Path, *words: str) -> None:
    """Run git as a user does."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def guarded(shell: Callable[[str], Shell]) -> Shell:
    """A shell in a folder that is not finished, its contract confirmed."""
    made = shell("")
    write(made, "tests/check.py", CHECK)
    write(made, "src/main.txt", "begun")
    write(made, "guard.yaml", GUARD)
    made.run("guard", "pin", "--yes")
    return made


def write(shell: Shell, path: str, text: str) -> None:
    """Write a file of the folder."""
    place = shell.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def stop(
    shell: Shell, host: str = "claude-code", given: bytes | None = None, session: str = "s1", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """What a host's hook prints."""
    payload = {"session_id": session, "cwd": str(shell.folder), "hook_event_name": "Stop", "stop_hook_active": False}
    return subprocess.run(
        [sys.executable, "-m", "journeyman", "guard", "hook", host],
        input=json.dumps(payload).encode() if given is None else given,
        capture_output=True,
        cwd=shell.folder,
        env=shell.environment | environment,
        timeout=110,
        check=False,
    )


JUDGING = (("check",), ("attest",), ("run", "--", "true"))


@pytest.mark.parametrize("words", JUDGING)
def test_nothing_is_judged_by_a_contract_that_nobody_confirmed(
    shell: Callable[[str], Shell], words: tuple[str, ...]
) -> None:
    """Whoever wrote the file may be the one who is to be judged."""
    made = shell("")
    write(made, "guard.yaml", "criteria: [{id: all, kind: command, run: ['true']}]\n")
    made.run("guard", "key", "new")
    found = made.run("guard", *words, code=2)
    assert "journeyman guard pin" in found.stderr
    assert "not_confirmed" in found.stderr or "nobody has confirmed" in found.stderr
    assert made.run("list").stdout.count("achieved") == 0


@pytest.mark.parametrize("words", JUDGING)
@pytest.mark.parametrize("other_confirmed", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_folder_that_became_a_link_is_not_judged(
    guarded: Shell, tmp_path: Path, words: tuple[str, ...], *, other_confirmed: bool, named: bool
) -> None:
    """Not by a contract that lies where the link leads, even one that was confirmed for that folder."""
    guarded.run("guard", "key", "new")
    other = tmp_path / "other"
    other.mkdir()
    (other / "guard.yaml").write_text("criteria: [{id: all, kind: command, run: ['true']}]\n")
    if other_confirmed:
        guarded.run("guard", "pin", "--yes", str(other))
    before = guarded.folder.with_name("moved")
    guarded.folder.rename(before)
    guarded.folder.symlink_to(other)
    guarded.environment["PWD"] = str(guarded.folder)
    option = ("--folder", str(guarded.folder)) if words[0] == "run" else (str(guarded.folder),)
    command = (words[0], *(option if named else ()), *words[1:])
    found = guarded.run("guard", *command, code=2)
    assert "was a folder when its contract was confirmed" in found.stderr
    guarded.run("guard", "pin", "--yes", str(guarded.folder))
    assert guarded.run("guard", "check", str(guarded.folder)).stdout.startswith("achieved")


def test_a_hook_in_a_folder_that_became_a_link_blocks_twice_and_is_recorded(guarded: Shell, tmp_path: Path) -> None:
    """Nothing can be judged there, which is no leave to stop."""
    guarded.folder.rename(tmp_path / "moved")
    guarded.folder.symlink_to(tmp_path / "moved")
    told = [stop(guarded).stdout.decode() for _ in range(3)]
    assert ['"block"' in one for one in told] == [True, True, False], told
    assert "folder_replaced" in told[0]
    (row,) = guarded.json("list")
    assert row["outcome"] == "unknown"


def test_check_says_what_holds_and_exits_with_the_verdict(guarded: Shell) -> None:
    """The record of each check shows, verifies and replays like any other."""
    found = guarded.run("guard", "check", code=1)
    assert "✗ tests" in found.stdout
    assert "main is not done" in found.stdout
    write(guarded, "src/main.txt", "done")
    told = guarded.json("guard", "check")
    assert (told["outcome"], told["criteria"][0]["status"], len(told["head"])) == ("achieved", "met", 64)
    write(guarded, "README", "x")
    assert "(kept: its files are the same)" in guarded.run("guard", "check").stdout
    assert "(kept" not in guarded.run("guard", "check", "--all").stdout
    for words in (("verify", "last"), ("replay", "last"), ("show", "last"), ("report", "last"), ("list",)):
        guarded.run(*words)


def test_a_folder_without_a_guard_gets_no_word(shell: Callable[[str], Shell]) -> None:
    """Whatever the host says."""
    made = shell("")
    for given in (None, b"", b"\xef\xbb\xbf{}", b"not json", b"[1, 2]", b"\xff\xfe", b'{"cwd": 3}', b"[" * 100_000):
        done = stop(made, given=given)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_hook_blocks_in_its_hosts_words_and_lets_go_once_the_work_holds(guarded: Shell) -> None:
    """Also with a byte order mark before what the host writes, and from a folder below."""
    payload: dict[str, Any] = {
        "conversation_id": "c",
        "workspace_roots": [str(guarded.folder / "src")],
        "status": "completed",
    }
    done = stop(guarded, "cursor", b"\xef\xbb\xbf" + json.dumps(payload).encode())
    assert "main is not done" in json.loads(done.stdout)["followup_message"]
    done = stop(guarded)
    assert (done.returncode, json.loads(done.stdout)["decision"]) == (0, "block")
    write(guarded, "src/main.txt", "done")
    done = stop(guarded)
    assert "achieved" in json.loads(done.stdout)["systemMessage"]


def test_a_hook_that_hears_garbage_in_a_guarded_folder_still_guards(guarded: Shell) -> None:
    """The folder that it was started in counts."""
    for given in (b"", b"garbage"):
        assert json.loads(stop(guarded, given=given).stdout)["decision"] == "block"


def test_deleting_the_guards_file_ends_no_guard(guarded: Shell) -> None:
    """Nor do emptied tests."""
    (guarded.folder / "guard.yaml").unlink()
    write(guarded, "tests/check.py", "pass\n")
    answer = json.loads(stop(guarded).stdout)
    assert answer["decision"] == "block"
    assert "guard.yaml is gone" in answer["reason"]
    assert guarded.json("guard", "check", code=1)["touched"] == [
        {"how": "removed", "path": "guard.yaml"},
        {"how": "changed", "path": "tests/check.py"},
    ]


def test_a_contract_of_the_agents_own_in_a_folder_below_ends_no_guard(guarded: Shell) -> None:
    """The hook starts where the agent stands; what nobody confirmed counts only where nothing above was. A person may confirm it."""
    below = guarded.folder / "src"
    write(guarded, "src/guard.yaml", "criteria: [{id: tests, kind: artifact, path: guard.yaml}]\n")
    payload = json.dumps({"session_id": "s1", "cwd": str(below), "hook_event_name": "Stop"}).encode()
    assert json.loads(stop(guarded, given=payload).stdout)["decision"] == "block"
    guarded.run("guard", "check", "src", code=1)
    assert guarded.json("guard", "pin", "src", "--yes")["root"] == str(below)
    guarded.run("guard", "check", "src")


def test_a_program_that_ends_the_tests_has_not_passed_them(shell: Callable[[str], Shell]) -> None:
    """What `guard init` proposes for pytest asks for a report of as many tests as the files show."""
    made = shell("")
    write(made, "app.py", "def f(x):\n    return x + 1\n")
    write(
        made,
        "tests/test_app.py",
        "from app import f\n\ndef test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert f(2) == 3\n",
    )
    made.run("guard", "init", "--yes")
    assert made.json("guard", "check")["criteria"][0]["evidence"]["tests"]["passed"] == 2
    for lie, said in (
        ("import os; os._exit(0)", "wrote no test report"),
        ("import pytest; pytest.skip('x')", "0 passed"),
    ):
        write(made, "app.py", f"def f(x):\n    {lie}\n")
        assert said in made.run("guard", "check", code=1).stdout


def test_a_broken_record_blocks_twice_and_then_says_that_it_lets_go(guarded: Shell) -> None:
    """Never in silence."""
    for file in (guarded.folder.parent / "data" / "default").glob("journeyman.db*"):
        file.unlink()
    (guarded.folder.parent / "data" / "default" / "journeyman.db").write_text("no database" * 1000)
    answers = [json.loads(stop(guarded).stdout) for _ in range(3)]
    assert [answer.get("decision") for answer in answers] == ["block", "block", None]
    assert "could not check" in answers[0]["reason"]
    assert "RELEASED, outcome unknown" in answers[2]["systemMessage"]


def test_a_long_check_goes_on_in_the_background_and_its_answer_is_not_lost(guarded: Shell) -> None:
    """The hook says that it still runs; the next one gives what was found, without another run."""
    log = guarded.folder.parent / "runs"
    go_on = guarded.folder.parent / "go-on"
    write(
        guarded,
        "tests/check.py",
        f"import os, time\nopen({str(log)!r}, 'a').write('x')\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)\n{CHECK}",
    )
    guarded.run("guard", "pin", "--yes")
    for _ in range(2):
        answer = json.loads(stop(guarded, JOURNEYMAN_HOOK_WAIT_S="4").stdout)
        assert (answer["decision"], "still running" in answer["reason"]) == ("block", True)
    go_on.touch()
    answer = json.loads(stop(guarded).stdout)
    assert (answer["decision"], "main is not done" in answer["reason"]) == ("block", True)
    assert log.read_text() == "x"


def test_a_check_that_was_killed_goes_on_in_the_same_session(guarded: Shell) -> None:
    """The lease of the dead process is waited for; the iteration measures again."""
    log = guarded.folder.parent / "runs"
    hangs = f"import os, time\nopen({str(log)!r}, 'a').write('x')\nif len(open({str(log)!r}).read()) == 1: time.sleep(100)\n{CHECK}"
    write(guarded, "tests/check.py", hangs)
    guarded.run("guard", "pin", "--yes")
    guarded.environment["JOURNEYMAN_LEASE_TTL_S"] = "1"
    process = guarded.start("guard", "check")
    deadline_s = time.monotonic() + 60
    while not log.exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    told = guarded.json("guard", "check", code=1)
    assert told["reason"] == "criteria_unmet"
    (row,) = guarded.json("list")
    assert row["session_id"] == told["session_id"]
    guarded.run("verify", "last")
    guarded.run("replay", "last")


def test_run_starts_the_agent_again_with_the_reasons_and_exits_with_the_verdict(guarded: Shell) -> None:
    """What the agent left running is ended."""
    agent = "import os, sys; print('round', os.environ['JOURNEYMAN_ROUND']); "
    agent += "open('src/main.txt', 'w').write('done' if 'main is not done' in sys.argv[1] else 'lie')"
    found = guarded.run("guard", "run", "--", "python3", "-c", agent, "{reasons}")
    assert found.stdout.startswith("round 1\nround 2\nachieved")
    write(guarded, "src/main.txt", "begun")
    lies = guarded.run("guard", "run", "--max-rounds", "2", "--json", "--", "true", code=1)
    told = json.loads(lies.stdout)
    assert (told["outcome"], told["reason"]) == ("not_achieved", "max_iterations")
    guarded.run("guard", "run", "--", "no-such-agent", code=2)


def test_run_stops_when_the_money_is_spent_or_nobody_knows_what_was(guarded: Shell) -> None:
    """A ceiling that cannot hold is none."""
    costs = guarded.run("guard", "run", "--budget-usd", "0.5", "--", "echo", '{"total_cost_usd": 0.75}', code=1)
    assert "0.7500 USD of 0.5 are spent" in costs.stderr
    silent = guarded.run("guard", "run", "--budget-usd", "0.5", "--", "true", code=1)
    assert "does not say what it cost" in silent.stderr


def test_a_build_believes_the_base_and_nothing_that_was_committed_since(guarded: Shell) -> None:
    """Tests and contract of the base count."""
    git(guarded.folder, "init", "-q", "-b", "main")
    git(guarded.folder, "add", "-A")
    git(guarded.folder, "commit", "-qm", "base")
    write(guarded, "tests/check.py", "pass\n")
    write(guarded, "guard.yaml", "criteria: [{id: tests, kind: artifact, path: guard.yaml}]\n")
    assert "is not clean" in guarded.run("guard", "ci", "--base", "main", code=2).stderr
    git(guarded.folder, "checkout", "-qb", "work")
    git(guarded.folder, "commit", "-qam", "cheat")
    told = guarded.json("guard", "ci", "--base", "main", code=1)
    assert [row["path"] for row in told["touched"]] == ["guard.yaml", "tests/check.py"]
    write(guarded, "src/main.txt", "done")
    git(guarded.folder, "commit", "-qam", "work")
    guarded.run("guard", "ci", "--base", "main")
    assert "no commit 'nothing'" in guarded.run("guard", "ci", "--base", "nothing", code=2).stderr
    assert "--base: is missing" in guarded.run("guard", "ci", code=2).stderr


def test_init_proposes_what_is_there_and_pin_shows_what_changes(shell: Callable[[str], Shell]) -> None:
    """Nothing is written unless somebody says so."""
    made = shell("")
    assert "nothing here says how" in made.run("guard", "init", "--yes", code=2).stderr
    write(made, "tests/test_it.py", "def test_it(): pass\n")
    write(made, "Makefile", "check:\n\ttrue\n")
    assert "id: tests" in made.run("guard", "init", "--dry-run").stdout
    made.run("guard", "init", code=1)
    assert not (made.folder / "guard.yaml").exists()
    made.run("guard", "init", "--yes")
    assert made.run("guard", "init", "--yes", code=2).stderr.count("--force") == 1
    text = (made.folder / "guard.yaml").read_text()
    (made.folder / "guard.yaml").write_text(text.replace('["make", "check"]', '["true"]'))
    write(made, "tests/test_it.py", "def test_it(): assert True\n")
    shown = made.run("guard", "pin", code=1).stdout
    assert "- checks: `make check`" in shown
    assert "+ checks: `true`" in shown
    assert "~ tests/test_it.py was changed" in shown
    assert '"protect"' in made.run("schema", "--guard").stdout


def test_a_mission_that_only_judges_is_not_run(guarded: Shell) -> None:
    """It would do nothing."""
    write(
        guarded,
        "m.yaml",
        f"directive: x\nmode: check\nbudget: {{iterations: 1}}\n{GUARD.split('protect', maxsplit=1)[0]}",
    )
    assert "journeyman guard check" in guarded.run("run", "m.yaml", code=2).stderr


def test_nothing_is_pinned_into_the_folder_that_it_protects(shell: Callable[[str], Shell]) -> None:
    """Whoever works there could write it anew."""
    made = shell("")
    write(made, "guard.yaml", GUARD)
    made.environment["JOURNEYMAN_DATA_DIR"] = str(made.folder / "data")
    assert "JOURNEYMAN_DATA_DIR" in made.run("guard", "pin", "--yes", code=2).stderr


def test_a_hook_finds_the_records_that_its_command_names_before_it_loads_anything(guarded: Shell) -> None:
    """As it is installed where records lie elsewhere than usual."""
    data = guarded.environment.pop("JOURNEYMAN_DATA_DIR")
    command = [sys.executable, "-X", "importtime", "-m", "journeyman", "--data-dir", data, "guard", "hook", "codex"]
    told = [
        subprocess.run(
            command, input=json.dumps({"cwd": str(folder)}).encode(), capture_output=True, env=guarded.environment,
            cwd=folder, timeout=110, check=True,
        )
        for folder in (guarded.folder, guarded.folder.parent)
    ]  # fmt: skip
    assert b'"block"' in told[0].stdout
    assert told[1].stdout == b""
    assert b"typer" not in told[1].stderr


@pytest.mark.parametrize(
    ("host", "more", "blocks"),
    [
        ("claude-code", {"stop_hook_active": False}, 9),
        ("claude-code", {"stop_hook_active": True}, 0),
        ("gemini", {}, 0),
        ("copilot", {}, 0),
        ("opencode", {}, 0),
        ("cursor", {"loop_count": 0}, 9),
    ],
)
def test_a_hook_that_can_keep_nothing_holds_only_as_its_host_bounds_it(
    guarded: Shell, host: str, more: dict[str, object], blocks: int
) -> None:
    """Where nothing says how often it has blocked, it would block for ever; the release is said."""
    data = Path(guarded.environment["JOURNEYMAN_DATA_DIR"])
    own = next(data.rglob("contract.json")).parent
    (own / "loops").write_text("no folder can be made here")
    (own / "calls").mkdir(exist_ok=True)
    given = json.dumps({"session_id": "s", "sessionID": "s", "cwd": str(guarded.folder), **more}).encode()
    told = [stop(guarded, host, given) for _ in range(9)]
    assert sum("RELEASED" not in found.stderr.decode() for found in told) == blocks, told[0]
    assert all(found.returncode == 0 for found in told)


@pytest.mark.parametrize("how", ["elsewhere", "unconfirmed", "deleted", "roots", "nothing"])
def test_an_agent_that_ends_in_another_folder_is_still_of_its_project(guarded: Shell, tmp_path: Path, how: str) -> None:
    """Its host says so in one of several ways."""
    project = str(guarded.folder)
    given: dict[str, object] = {"session_id": "s", "cwd": str(tmp_path)}
    guarded.folder = tmp_path
    environment: dict[str, str] = {}
    if how in ("elsewhere", "unconfirmed"):
        environment["CLAUDE_PROJECT_DIR"] = project
        if how == "unconfirmed":  # written by the agent: it comes before nothing that somebody confirmed
            (tmp_path / "guard.yaml").write_text("criteria: [{id: all, kind: command, run: ['true']}]\n")
    elif how == "deleted":
        given["cwd"] = f"{project}/gone/sub"
    elif how == "roots":
        given["workspace_roots"] = [str(tmp_path), project]
    else:
        guarded.folder, given["cwd"] = Path(project), "/nonexistent"
    found = stop(guarded, "cursor" if how == "roots" else "claude-code", json.dumps(given).encode(), **environment)
    assert b"main is not done" in found.stdout


@pytest.mark.parametrize("pattern", ["src/../tests/**", " tests/** ", "tests\\\\**"])
def test_a_pattern_that_can_fit_no_file_is_refused(guarded: Shell, pattern: str) -> None:
    """It would protect nothing, and be confirmed."""
    write(
        guarded, "guard.yaml", GUARD.replace("tests/**]\n", "x]\n").replace("protect: [x]", f'protect: ["{pattern}"]')
    )
    assert "fits no file" in guarded.run("guard", "pin", "--yes", code=2).stderr


def test_patterns_that_protect_nothing_are_said(guarded: Shell) -> None:
    """Whoever meant a test sees that it is not protected."""
    write(guarded, "guard.yaml", GUARD.replace("protect: [tests/**]", 'protect: ["tests/**", "Tests/**", "test[s]/*"]'))
    told = guarded.run("guard", "pin", "--yes").stderr
    assert "no file yet fits Tests/**, test[s]/* " in told


def test_a_hook_whose_own_folder_is_gone_still_holds(guarded: Shell) -> None:
    """An agent can delete the folder that its host starts hooks in."""
    given = json.dumps({"session_id": "s", "cwd": str(guarded.folder)})
    script = (
        f'mkdir gone && cd gone && rmdir ../gone && exec "{sys.executable}" -P -m journeyman guard hook claude-code'
    )
    found = subprocess.run(
        ["sh", "-c", script], input=given, capture_output=True, text=True, cwd=guarded.folder, env=guarded.environment,
        timeout=110, check=True,
    )  # fmt: skip
    assert "main is not done" in found.stdout, found.stderr
