"""A newcomer types what the tutorial says, and nothing else, on a machine that has Python alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.conftest import BareMachine
from tests.docs.fenced_blocks import ROOT, Command, agrees, blocks_of, commands_of
from tests.docs.shell_session import ShellSession

TUTORIAL = ROOT / "docs" / "tutorial.md"
MOST_COMMANDS = 12


@pytest.mark.timeout(600)
def test_the_tutorial_ends_with_an_achieved_mission(machine: BareMachine, tmp_path: Path) -> None:
    """From the wheel: an own mission with a command as its tool is achieved, killed and resumed, in at most 12 commands."""
    folder = tmp_path / "work"
    folder.mkdir()
    typed: list[str] = []
    printed: dict[str, str] = {}
    with ShellSession(folder, machine.environment()) as shell:
        for block in blocks_of(TUTORIAL):
            assert not block.not_run, f"{block.place}: the tutorial is typed as a whole"
            if block.title:
                (folder / block.title).write_text(block.text, "utf-8")
                continue
            for command in commands_of(block):
                typed.append(command.line)
                printed[command.line] = typed_into(shell, command, block.place)
    assert len(typed) <= MOST_COMMANDS, typed
    assert "outcome achieved" in printed["journeyman run mission.yaml"]
    assert "commands:" in (folder / "mission.yaml").read_text("utf-8")
    assert (folder / "report.html").stat().st_size > 10_000
    assert not list(folder.glob("*.py"))


def typed_into(shell: ShellSession, command: Command, place: str) -> str:
    """What a command printed, which is what the page shows. One that ends in a kill ends as it likes."""
    code, printed = shell.run(command.line, within_s=300)
    assert code == 0, f"{place}: {command.line!r} ended with {code}: {printed[-3000:]}"
    assert "Traceback" not in printed, printed[-3000:]
    if command.expected is not None:
        assert agrees(command.expected, printed), f"{place}: {command.line!r} printed\n{printed}"
    return printed
