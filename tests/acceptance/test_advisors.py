"""A mission with a model behind a real SDK and a real socket, configured as a user does."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Shell

MISSION = """
directive: Open the door.
functions: [door:door]
tools: [door]
criteria: [{id: open, kind: metric_threshold, metric: open, op: "==", target: 1}]
budget: {iterations: 3}
advisor: rehearsal
approve: never
"""
DOOR = '''
def door(code: int) -> dict[str, dict[str, int]]:
    """Try a code on the door."""
    return {"metrics": {"open": int(code == 417)}}
'''
ADVICE = {
    "revision_rationale": "CANARY",
    "next_strategy": {"calls": [{"tool": "door", "args": {"code": 417}}]},
    "confidence": 0.9,
}
NOTES = {"lessons": ["The code is 417."], "recommended_followups": ["Change it."]}


@contextmanager
def served(folder: Path, answers: list[dict[str, Any]]) -> Generator[str]:
    """Serve a script as `journeyman model serve` does, and give its address."""
    (folder / "answers.yaml").write_text(json.dumps(answers))
    argv = [sys.executable, "-u", "-m", "journeyman", "model", "serve", "--script", "answers.yaml"]
    with subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[0]
        finally:
            process.kill()


def configured(shell: Shell, text: str) -> None:
    """Write the settings file."""
    file = shell.folder / "config.toml"
    file.write_text(text)
    shell.environment["JOURNEYMAN_CONFIG"] = str(file)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_configured_model_opens_the_door(shell: Callable[..., Shell], kind: str) -> None:
    """Advice, closing notes, two audit pairs, no text of the model in the record; the key file is private."""
    at = shell()
    (at.folder / "mission.yaml").write_text(MISSION)
    (at.folder / "door.py").write_text(DOOR)
    with served(at.folder, [{"json": ADVICE}, {"json": NOTES}]) as url:
        base = f"{url}/v1" if kind == "openai" else url
        table = f'[advisors.rehearsal]\nkind = "{kind}"\nbase_url = "{base}"\napi_key_env = "MY_KEY"\nconsent = true\n'
        configured(at, table)
        at.environment["MY_KEY"] = "sk-secret"
        at.run("run", "mission.yaml")
    report = at.json("report", "last")
    assert report["lessons"] == NOTES["lessons"]
    history = at.run("history", "last", "--all", "--json").stdout
    assert "sk-secret" not in history
    key = next((at.folder.parent / "data").rglob("prompt.key"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_size == 32


def test_doctor_and_config_tell_what_is_configured_without_secrets(shell: Callable[..., Shell]) -> None:
    """Would it be used, why not, and from where; never a key."""
    at = shell()
    configured(
        at,
        '[advice]\ntries = 2\n[advisors.near]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[advisors.far]\nkind = "anthropic"\napi_key_env = "MY_KEY"\n[advisors.lost]\nkind = "anthropic"\n',
    )
    at.environment["MY_KEY"] = "sk-secret"
    found = {row["what"]: row for row in at.json("doctor")}
    assert found["advisor near"]["good"]
    assert "consent" in found["advisor far"]["detail"]
    assert "ANTHROPIC_API_KEY" in found["advisor lost"]["detail"]
    shown = at.run("config", "show", "--json").stdout
    rows = json.loads(shown)
    assert rows["advice"]["value"] == "tries=2"
    assert rows["advisors.far"]["value"] == "kind=anthropic, api_key_env=MY_KEY"
    assert "sk-secret" not in shown


def test_a_wrong_table_names_every_fault(shell: Callable[..., Shell]) -> None:
    """A key in the settings is refused and not repeated; a password in an address too."""
    at = shell()
    configured(
        at,
        '[advisors.a]\nkind = "openai"\napi_key = "sk-secret"\n[advisors.b]\nkind = "oracle"\n'
        '[advisors.c]\nkind = "openai"\nbase_url = "https://me:sk-secret@host/v1"\n[advice]\ntries = 0\n',
    )
    ended = at.run("config", "show", code=2)
    for word in ("advisors.a.api_key", "api_key_env", "advisors.b.kind", "advisors.c.base_url", "advice.tries"):
        assert word in ended.stderr
    assert "sk-secret" not in ended.stderr


def test_a_run_chooses_advisor_and_model_and_the_record_keeps_them(shell: Callable[..., Shell]) -> None:
    """What the command line said is the mission that was run: resuming asks the same model."""
    at = shell()
    (at.folder / "mission.yaml").write_text(MISSION.replace("advisor: rehearsal\n", ""))
    (at.folder / "door.py").write_text(DOOR)
    with served(at.folder, [{"json": ADVICE}, {"json": NOTES}]) as url:
        configured(at, f'[advisors.near]\nkind = "openai"\nmodel = "usual"\nbase_url = "{url}/v1"\n')
        at.run("run", "mission.yaml", "--advisor", "near", "--model", "other/one:2")
    report = at.json("report", "last")
    assert [(row["advisor"], row["model"]) for row in report["advice"]] == [("near@other/one:2", "other/one:2")] * 2
    created = at.json("history", "last", "--all")[0]
    assert created["data"]["mission"]["advisor"] == "near@other/one:2"
    refused = at.run("run", "mission.yaml", "--model", "other", code=2)
    assert "name one with --advisor" in refused.stderr


def test_an_advisor_that_nobody_configured_is_an_error_before_anything_runs(shell: Callable[..., Shell]) -> None:
    """With the name that was meant; `none` runs the mission without."""
    at = shell()
    (at.folder / "mission.yaml").write_text(MISSION)
    (at.folder / "door.py").write_text(DOOR)
    configured(at, '[advisors.rehearsals]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n')
    for command in ("check", "run"):
        told = at.run(command, "mission.yaml", code=2)
        assert "advisor: no advisor is called 'rehearsal' (did you mean 'rehearsals'?" in told.stderr
    assert at.json("list") == []
    at.run("run", "mission.yaml", "--advisor", "none", "--budget", "iterations=1", code=1)


def test_an_advisor_that_fails_is_told_live_and_in_the_report(shell: Callable[..., Shell]) -> None:
    """One that cannot be reached, and one that is configured and may not be asked."""
    at = shell()
    (at.folder / "mission.yaml").write_text(MISSION)
    (at.folder / "door.py").write_text(DOOR)
    near = 'kind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
    configured(at, f'[advice]\ntries = 1\n[advisors.rehearsal]\n{near}[advisors.far]\nkind = "anthropic"\n')
    told = at.run("run", "mission.yaml", "--budget", "iterations=1", code=1)
    assert "advisor rehearsal at 127.0.0.1:9 failed: transport" in told.stderr
    assert "the planner goes on" in told.stderr
    assert "failed (transport" in at.run("report", "last", "--format", "markdown").stdout
    told = at.run("run", "mission.yaml", "--advisor", "far", "--budget", "iterations=1", code=1)
    assert "no advice (no_advisor): the planner goes on" in told.stderr
    assert "failed (no_advisor)" in at.run("report", "last", "--format", "markdown").stdout


def test_an_advisor_that_nobody_answers_for_is_told_with_its_address(shell: Callable[[str], Shell]) -> None:
    """Most often the port is wrong, or the server was not started; nothing was used by that."""
    user = shell("")
    (user.folder / "mission.yaml").write_text(MISSION)
    (user.folder / "door.py").write_text(DOOR)
    with socket.socket() as taken:  # bound and not listening: nobody can take it meanwhile
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings = f'[advisors.rehearsal]\nkind = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
        (user.folder / "journeyman.toml").write_text(settings)
        user.environment["JOURNEYMAN_CONFIG"] = str(user.folder / "journeyman.toml")
        told = user.run("run", "mission.yaml", "--budget", "iterations=1", code=1)
    assert f"advisor rehearsal at 127.0.0.1:{port} failed: transport · openai_unreachable" in told.stderr
    assert user.json("show", "last")["used"]["tokens"] == 0
