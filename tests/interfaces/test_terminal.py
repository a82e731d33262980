"""Nothing that a tool, an agent or a model wrote is obeyed by a terminal."""

from __future__ import annotations

import io

import pytest
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from journeyman.interfaces.cli.terminal import SafeConsole, folded, say

HOSTILE = "a\x1b[2J\x1b]0;owned\x07b\x9b31m\u202egnp.exe\r\nnext"


def _harmless(shown: str) -> bool:
    return not set(shown) & set("\x1b\x07\x9b\u202e\r")


def test_whatever_is_rendered_is_visible() -> None:
    """In tables, panels and plain texts, while rich's own colours still work."""
    table = Table("name")
    table.add_row(HOSTILE)
    for renderable in (HOSTILE, Text(HOSTILE), table, Panel(HOSTILE, title=HOSTILE)):
        out = io.StringIO()
        SafeConsole(file=out, no_color=True, force_terminal=False, width=60).print(renderable)
        assert _harmless(out.getvalue())
    coloured = io.StringIO()
    SafeConsole(file=coloured, force_terminal=True, color_system="standard").print(Text("x", style="red"))
    assert "\x1b[31m" in coloured.getvalue()


def test_plain_lines_are_visible_and_data_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs that read a pipe get what was written."""
    say(HOSTILE)
    assert _harmless(capsys.readouterr().out.removesuffix("\n"))
    say(HOSTILE, exact=True, nl=False)
    assert capsys.readouterr().out == HOSTILE


class _Narrow(io.StringIO):
    """A terminal of forty columns."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_words_are_not_broken_on_a_terminal_and_left_alone_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on is indented as far as it began; a prompt keeps its distance."""
    monkeypatch.setenv("COLUMNS", "40")
    text = "journeyman: x has 1 problem:\n  - line 5: commands.tune.run: no shell reads this\napprove? Enter: "
    assert folded(text, io.StringIO()) == text
    assert folded(text, _Narrow()).split("\n") == [
        "journeyman: x has 1 problem:",
        "  - line 5: commands.tune.run: no shell",
        "    reads this",
        "approve? Enter: ",
    ]
