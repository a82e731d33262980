"""`journeyman tools` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]
MISSION = """\
directive: Look and act.
commands:
  look: {run: [printf, '{"load": {"now": 7, "all": [1, 2]}}'], effect: pure}
  say: {run: [printf, "%s", "{word}"], parameters: {word: string}, effect: pure}
  act: touch done
criteria: [{id: c, kind: metric_threshold, metric: n, op: ">", target: 0}]
budget: {iterations: 1}
"""


def made(shell: MakeShell) -> Shell:
    """A folder with a mission in it."""
    user = shell("")
    (user.folder / "mission.yaml").write_text(MISSION)
    return user


def test_the_tools_of_a_mission_are_listed_with_effects_and_arguments(shell: MakeShell) -> None:
    """Before anything runs."""
    told = made(shell).run("tools", "list")
    rows = {line.split()[0]: line for line in told.stdout.splitlines()[1:]}
    assert "pure" in rows["look"]
    assert "word" in rows["say"]
    assert "unsafe" in rows["act"]


def test_a_call_shows_metrics_and_the_path_of_every_value(shell: MakeShell) -> None:
    """The path is what `metrics:` takes."""
    user = made(shell)
    told = user.run("tools", "call", "say", "--arg", "word=hello")
    assert "say.exit_code" in told.stdout
    assert "hello" in told.stdout
    found = json.loads(user.run("tools", "call", "say", "--args", '{"word": "x"}', "--json").stdout)
    assert (found["status"], found["value"]["stdout"]) == ("done", "x")
    assert "stdout" in found["paths"]


def test_what_may_change_the_world_is_not_called_without_a_word(shell: MakeShell) -> None:
    """Nothing of it would be recorded."""
    user = made(shell)
    told = user.run("tools", "call", "act", code=2)
    assert "--yes" in told.stderr
    assert not (user.folder / "done").exists()
    user.run("tools", "call", "act", "--yes")
    assert (user.folder / "done").exists()


def test_wrong_names_and_arguments_are_told_with_what_to_write(shell: MakeShell) -> None:
    """One line each."""
    user = made(shell)
    for code, arguments, words in (
        (2, ("loko",), "nearest: look"),
        (2, ("say", "--arg", "word"), "is not NAME=VALUE"),
        (2, ("say", "--args", "[1]"), "is no object"),
        (1, ("say",), "word"),
    ):
        assert words in user.run("tools", "call", *arguments, code=code).stderr
