"""`journeyman agents`: what is there, and whether it works."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.conftest import Shell

FAKE = Path(__file__).parents[1] / "drivers" / "fake_agent.py"
GOOD = "import pathlib, sys; sys.stdin.read(); pathlib.Path('agent-check.txt').write_text('The agent works.\\n'); print('Done.')"


def with_agents(shell: Callable[[str], Shell], **commands: list[str]) -> Shell:
    """A shell whose settings name these agents, and on whose PATH there is none."""
    user = shell("")
    file = user.folder / "config.toml"
    tables = [f"[agents.{name}]\ncommand = {json.dumps(command)}\n" for name, command in commands.items()]
    file.write_text("\n".join(table + ('driver = "command"\n' if "mine" in table else "") for table in tables))
    user.environment["JOURNEYMAN_CONFIG"] = str(file)
    user.environment["PATH"] = "/usr/bin:/bin"
    return user


def test_agents_are_listed_with_what_is_known_of_them(shell: Callable[[str], Shell]) -> None:
    """Those that are known by name, whether they are there or not, and those of the settings."""
    user = with_agents(shell, mine=[sys.executable, "-c", GOOD], codex=[sys.executable, str(FAKE), "codex", "works"])
    user.environment["OPENAI_API_KEY"] = "never-shown"
    rows = {row["name"]: row for row in user.json("agents")}
    assert list(rows) == ["claude-code", "codex", "gemini", "opencode", "cursor", "copilot", "mine"]
    assert not rows["claude-code"]["ready"]
    assert "npm install" in rows["claude-code"]["detail"]
    assert rows["codex"]["ready"]
    assert rows["codex"]["login"] == "OPENAI_API_KEY"
    assert rows["mine"]["driver"] == "command"
    assert rows["copilot"]["driver"] == "acp"
    shown = user.run("agents").stdout
    assert "claude-code" in shown
    assert "never-shown" not in shown + json.dumps(rows)


def test_a_table_that_says_too_little_hides_no_other_agent(shell: Callable[[str], Shell]) -> None:
    """It is a row that says what is missing."""
    user = with_agents(shell, mine=[sys.executable], codex=[sys.executable])
    with (user.folder / "config.toml").open("a") as file:
        file.write('[agents.bare]\nmodel = "m"\n')
    rows = {row["name"]: row for row in user.json("agents")}
    assert rows["mine"]["ready"]
    assert not rows["bare"]["ready"]
    assert "agents.bare" in rows["bare"]["detail"]
    assert "needs driver" in user.run("agents").stdout


def test_an_agent_is_tried(shell: Callable[[str], Shell]) -> None:
    """By the file that it is to write, whatever it says; with a reason where it is not there."""
    user = with_agents(
        shell,
        mine=[sys.executable, "-c", GOOD],
        codex=[sys.executable, str(FAKE), "codex", "works"],
        gemini=[sys.executable, "-c", "import sys; sys.exit('no login was found')"],
        opencode=[sys.executable, str(FAKE), "opencode", "hangs"],
    )
    tried = user.run("agents", "check", "mine")
    assert tried.stdout.startswith("mine works")
    assert "Done." in tried.stderr
    found = user.json("agents", "check", "mine")
    assert found["works"]
    assert found["changed"] == ["agent-check.txt"]
    assert "agent-check.txt is not as asked" in user.run("agents", "check", "codex", code=1).stdout
    assert "no login was found" in user.run("agents", "check", "gemini", code=1).stdout
    assert "2 seconds were over" in user.run("agents", "check", "opencode", "--timeout", "2", code=1).stdout
    assert "did you mean 'mine'?" in user.run("agents", "check", "min", code=2).stderr
    assert "not on the PATH" in user.run("agents", "check", "cursor", code=2).stderr
    said = user.run("agents", "check", "mine", "--model-url", "http://127.0.0.1:9", code=2).stderr
    assert "mine cannot be pointed to another model" in said


def test_settings_of_agents_are_checked_and_shown(shell: Callable[[str], Shell]) -> None:
    """All faults at once, with what there is."""
    user = with_agents(shell, mine=["true"])
    assert "driver=command" in user.run("config", "show").stdout
    (user.folder / "config.toml").write_text(
        '[agents.codex]\ncomand = "codex"\n[agents.gemini]\nenvironment = ["KEY=secret"]\n[agents.x]\ndriver = "shell"\n'
    )
    said = user.run("agents", code=2).stderr
    for words in ("agents.codex.comand", "agents.gemini.environment", "names of variables", "agents.x.driver"):
        assert words in said
    assert "secret" not in said
