"""The guard in coding agents' files, as people put it there, and what the verifier hears of it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from journeyman.agents import HOSTS
from tests.acceptance.conftest import Shell
from tests.acceptance.test_guard_cli import CHECK, GUARD, git, write

_CALLS = """
import json, os, subprocess
hooks = json.load(open(os.path.expanduser("~/.claude/settings.json")))["hooks"]
said = json.dumps({"session_id": "s", "cwd": os.getcwd()})
subprocess.run(hooks["Stop"][0]["hooks"][0]["command"], shell=True, text=True, input=said, stdout=subprocess.DEVNULL)
"""


@pytest.fixture
def guarded(shell: Callable[[str], Shell]) -> Shell:
    """A shell in a folder that is not finished, its contract confirmed."""
    made = shell("")
    write(made, "tests/check.py", CHECK)
    write(made, "src/main.txt", "begun")
    write(made, "guard.yaml", GUARD)
    git(made.folder, "init", "-q")
    made.run("guard", "pin", "--yes")
    return made


def agent(shell: Shell, host: str, script: str) -> None:
    """Put a program under an agent's name on the PATH."""
    folder = Path(shell.environment["HOME"]) / "agents bin"
    folder.mkdir(exist_ok=True)
    file = folder / host
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    shell.environment["PATH"] = f"{folder}{os.pathsep}{shell.environment['PATH']}"


@pytest.mark.parametrize("host", HOSTS)
def test_a_hook_is_installed_seen_and_removed(host: str, guarded: Shell) -> None:
    """A dry run shows it and writes nothing; each step says what it did."""
    home = Path(guarded.environment["HOME"])
    before = {file for file in home.rglob("*") if "data" not in file.parts}
    shown = guarded.run("guard", "install", host, "--dry-run").stdout
    assert "+++ " in shown
    assert "SKILL.md" in shown
    assert {file for file in home.rglob("*") if "data" not in file.parts} == before
    assert "installed: " in guarded.run("guard", "install", host).stdout
    assert "already there: " in guarded.run("guard", "install", host).stdout
    (row,) = guarded.json("guard", "status", host)
    assert row["program"] is None
    (found,) = row["installed"]
    assert (found["scope"], found["command_exists"], found["skill"]) == ("user", True, True)
    assert shlex.split(found["command"])[-3:] == ["guard", "hook", host]
    assert f"{host}: installed" in guarded.run("guard", "status").stdout
    assert "removed: " in guarded.run("guard", "uninstall", host).stdout
    assert "nothing of the guard is installed" in guarded.run("guard", "uninstall", host).stderr
    assert {file for file in home.rglob("*") if "data" not in file.parts} == before


def test_what_cannot_be_done_is_said_with_its_reason(guarded: Shell) -> None:
    """Bad names, trust where there is none, programs that are not there, files that are no JSON."""
    assert "there are claude-code, codex" in guarded.run("guard", "install", "vim", code=2).stderr
    assert "only codex does" in guarded.run("guard", "install", "gemini", "--trust", code=2).stderr
    assert "needs codex itself" in guarded.run("guard", "install", "codex", "--trust", code=2).stderr
    assert "trust it, or give --trust" in guarded.run("guard", "install", "codex").stderr
    assert "is not on the PATH" in guarded.run("guard", "doctor", "gemini", code=2).stderr
    assert "cursor-agent -p" in guarded.json("guard", "doctor", "cursor", code=1)["why"]
    settings = Path(guarded.environment["HOME"]) / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{\n  "theme": "x"\n  "hooks": {}\n}\n')
    told = guarded.run("guard", "install", "gemini", code=2).stderr
    assert str(settings) in told
    assert "line 3" in told
    assert [str(file) for file in settings.parent.rglob("*")] == [str(settings)]
    assert "line 3" in guarded.json("guard", "status", "gemini")[0]["faults"][0]
    gone = {"hooks": {"AfterAgent": [{"hooks": [{"command": "/no/such/journeyman guard hook gemini"}]}]}}
    settings.write_text(json.dumps(gone))
    assert "MISSING: /no/such/journeyman" in guarded.run("guard", "status", "gemini").stdout


def test_a_project_has_its_own_and_is_told_to_pin_it(guarded: Shell) -> None:
    """Claude Code's personal file, which its users keep out of git."""
    told = guarded.run("guard", "install", "claude-code", "--project", "--long")
    assert "journeyman guard pin" in told.stderr
    assert "keep it out of git" in told.stderr
    value = json.loads((guarded.folder / ".claude" / "settings.local.json").read_text())
    assert value["env"] == {"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP": "100"}
    assert guarded.json("guard", "status", "claude-code")[0]["installed"][0]["scope"] == "project"
    guarded.run("guard", "uninstall", "claude-code", "--project")
    assert not (guarded.folder / ".claude").exists()


def test_an_installed_hook_that_is_silent_is_heard(guarded: Shell) -> None:
    """In the output, in the result and in the record: not called, and gone."""
    guarded.run("guard", "install", "claude-code")
    agent(guarded, "claude", 'rm -f "$HOME/.claude/settings.json"')
    found = guarded.run("guard", "run", "--max-rounds", "2", "--", "claude", "-p", "x", code=1)
    assert "round 1: the hook of claude-code was installed and made no call; it is gone from" in found.stderr
    assert "round 2: the hook" not in found.stderr, "nothing is installed any more"
    assert "silent: round 1" in found.stdout
    guarded.run("guard", "install", "claude-code")
    agent(guarded, "claude", "true")
    words = ["guard", "run", "--max-rounds", "1", "--json", "--", "claude", "-p", "x"]
    told = json.loads(guarded.run(*words, code=1).stdout)
    assert told["silent_hooks"] == [
        f"round 1: the hook of claude-code was installed and made no call in {guarded.environment['HOME']}/.claude/settings.json"
    ]
    assert "made no call" in guarded.run("report", told["session_id"], "--format", "json").stdout
    guarded.run("verify", told["session_id"])


def test_a_hook_that_calls_is_not_called_silent(guarded: Shell) -> None:
    """The command as it was installed, run by a shell; also not an agent that was ended, or one without a hook."""
    agent(guarded, "claude", "true")
    words = ["guard", "run", "--max-rounds", "1", "--json"]
    assert json.loads(guarded.run(*words, "--", "claude", "x", code=1).stdout)["silent_hooks"] == []
    guarded.run("guard", "install", "claude-code")
    agent(guarded, "claude", f"python3 -c {shlex.quote(_CALLS)}")
    assert json.loads(guarded.run(*words, "--", "claude", "x", code=1).stdout)["silent_hooks"] == []
    agent(guarded, "claude", "sleep 300")
    ended = guarded.run(*words, "--timeout", "1", "--", "claude", "x", code=1)
    assert json.loads(ended.stdout)["silent_hooks"] == []


def test_a_run_that_takes_too_long_is_ended_and_judged_by_its_work(guarded: Shell) -> None:
    """With all that it started: nothing of it writes later; the next round finishes the job."""
    late = "import os, subprocess, time; one = os.environ['JOURNEYMAN_ROUND'] == '1'; "
    late += "one and subprocess.Popen(['sh', '-c', 'sleep 300; echo lie > src/main.txt']); one and time.sleep(300); "
    late += "open('src/main.txt', 'w').write('done')"
    found = guarded.run("guard", "run", "--timeout", "2", "--max-rounds", "3", "--", "python3", "-c", late)
    assert "the command was ended after its time" in found.stderr
    assert "round 2 of 3" in found.stderr
    assert "round 3 of 3" not in found.stderr
    assert (guarded.folder / "src" / "main.txt").read_text() == "done"


def test_status_shows_the_cap_that_was_raised(guarded: Shell) -> None:
    """What the host will do, and not what it does by itself."""
    guarded.environment["HOME"] = str(guarded.folder.parent)
    guarded.run("guard", "install", "claude-code")
    assert "cap: 8 blocks" in guarded.run("guard", "status", "claude-code").stdout
    guarded.run("guard", "install", "claude-code", "--long")
    assert "cap: 100 blocks" in guarded.run("guard", "status", "claude-code").stdout
    guarded.run("guard", "uninstall", "claude-code")
    assert "cap: 8 blocks" in guarded.run("guard", "status", "claude-code").stdout


def test_a_link_to_no_file_yet_stays_a_link_and_the_file_goes_with_the_hook(guarded: Shell) -> None:
    """As programs that keep settings elsewhere make them."""
    home = guarded.folder.parent
    guarded.environment["HOME"] = str(home)
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").symlink_to("missing.json")
    guarded.run("guard", "install", "claude-code")
    assert (home / ".claude" / "missing.json").exists()
    guarded.run("guard", "uninstall", "claude-code")
    assert [path.name for path in (home / ".claude").iterdir()] == ["settings.json"]
    assert (home / ".claude" / "settings.json").is_symlink()
