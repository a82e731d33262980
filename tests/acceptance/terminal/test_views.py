"""What a person sees and types while a mission runs, on terminals of every kind."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import Shell
from tests.acceptance.terminal.conftest import Open, assert_kept
from tests.acceptance.terminal.screen import Screen
from tests.acceptance.terminal.terminal import Terminal

RUN = ("run", "mission.yaml", "--id", "demo", "--as", "ada")
ASKED = "approve? type y or n, then Enter: ▏"


def asks(iteration: int, typed: str = "") -> Callable[[Screen], bool]:
    """Whether a question of an iteration stands on the screen, with what was typed."""

    def shown(screen: Screen) -> bool:
        lines = screen.lines()
        whole = ASKED.removesuffix("▏") + typed
        return any(f"(iteration-{iteration}," in line for line in lines) and lines[-1].startswith(whole)

    return shown


def achieved(terminal: Terminal, user: Shell) -> None:
    """The run ended well, and left the terminal as it was."""
    assert terminal.end() == 0, terminal.screen.text()
    assert terminal.echoes()
    assert user.json("show", "demo")["outcome"] == "achieved"


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_question_is_asked_and_answered_in_the_view(user: Shell, terminal: Open, columns: int) -> None:
    """With all arguments and what failed before; the view goes on meanwhile, and typing can be taken back."""
    at = terminal(*RUN, columns=columns)
    at.until(asks(0))
    assert_kept("asked", at)
    at.type("now\r")
    at.until("'now' is neither y nor n")
    at.type("nx\x7f\x7f" + "y")
    at.until(asks(0, "y"))
    at.type("\r")
    at.until(asks(1))
    assert_kept("asked-again", at)
    at.type("yes\r")
    achieved(at, user)
    assert_kept("achieved", at)


def test_an_answer_from_elsewhere_clears_the_question(user: Shell, terminal: Open) -> None:
    """And everybody is told the truth: it waits, this process asks, and it goes on by itself."""
    at = terminal(*RUN)
    at.until(asks(0))
    assert user.json("show", "demo")["status"] == "waiting"
    at.look()
    told = user.run("approve", "demo", "--as", "eve")
    assert f"process {at.process.pid}, which drives it," in told.stdout
    at.until("eve approved: iteration-0")
    at.until(asks(1))
    assert "already" in user.run("resume", "demo", code=1).stderr
    user.run("abort", "demo", "--as", "eve")
    assert at.end() == 1
    assert at.echoes()
    assert "terminate/aborted" in at.screen.text()


def test_a_denied_call_is_not_made(user: Shell, terminal: Open) -> None:
    """The next iteration asks anew."""
    at = terminal(*RUN)
    at.until(asks(0))
    at.type("n\r")
    at.until("ada denied: iteration-0")
    at.until(lambda screen: ASKED in screen.lines() or at.process.poll() is not None)
    assert not (user.folder / "zone").exists()


@pytest.mark.parametrize("when", ["question", "call"])
def test_ctrl_c_ends_it_wherever_it_comes(user: Shell, terminal: Open, when: str) -> None:
    """Nothing is lost, the command to type stands there, and the terminal is whole."""
    (user.folder / "hold").touch()
    (user.folder / "zone").touch()
    at = terminal(*RUN)
    at.until(asks(0))
    if when == "call":
        at.type("y\r")
        at.until("… deploy ")
    at.type("\x03")
    assert at.end() == 130, at.screen.text()
    assert at.echoes()
    assert "Traceback" not in at.screen.text()
    assert "Go on with: journeyman resume demo" in " ".join(at.screen.text().split())


@pytest.mark.parametrize("later_s", [0.0, 0.03, 0.1, 0.2, 0.4])
def test_ctrl_c_ends_it_whenever_it_comes(user: Shell, terminal: Open, later_s: float) -> None:
    """While it opens, starts what it needs, or asks: whatever it is at, no traceback, and a terminal that is whole."""
    at = terminal(*RUN)
    at.until(lambda screen: bool(screen.text().strip()))
    at.look(later_s)
    at.type("\x03")
    assert at.end() == 130, at.screen.text()
    assert at.echoes()
    assert "Traceback" not in at.raw


def test_a_killed_run_goes_on_in_another_terminal(user: Shell, terminal: Open) -> None:
    """The question is still open there, and what had settled is not repeated."""
    at = terminal(*RUN)
    at.until(asks(0))
    at.type("y\r")
    at.until(asks(1))
    at.process.send_signal(signal.SIGKILL)
    at.process.wait()
    assert user.json("list")[0]["status"] == "waiting"
    again = terminal("resume", "demo", "--as", "ada")
    again.until(asks(1))
    again.type("y\r")
    achieved(again, user)
    assert user.json("replay", "demo")["same"] is True


def test_a_narrower_terminal_gets_a_new_picture(user: Shell, terminal: Open) -> None:
    """The rows are cut anew, and none is folded."""
    at = terminal(*RUN, columns=120)
    at.until(asks(0))
    at.resize(60)
    at.until(lambda screen: asks(0)(screen) and all(len(line) <= 60 for line in screen.lines()))
    assert_kept("asked", at)
    at.process.send_signal(signal.SIGINT)
    assert at.end() == 130


def test_without_colour_nothing_is_coloured(terminal: Open) -> None:
    """As `NO_COLOR` asks of every program."""
    at = terminal(*RUN, NO_COLOR="1")
    at.until(asks(0))
    assert not at.screen.coloured
    at.type("\x03")
    at.end()


def test_a_dumb_terminal_gets_plain_lines_and_may_answer(user: Shell, terminal: Open) -> None:
    """No control sequence at all; the terminal itself shows what is typed."""
    at = terminal(*RUN, TERM="dumb")
    at.until("(iteration-0,")
    assert at.echoes()
    at.type("y\n")
    at.until("(iteration-1,")
    at.type("y\n")
    achieved(at, user)
    assert "\x1b" not in at.raw


def test_a_piped_result_is_json_whatever_tools_print(user: Shell, terminal: Open) -> None:
    """The view stays on the terminal, the tools' words go to the log."""
    at = terminal(*RUN, "--json", piped=True)
    at.until(asks(0))
    at.type("y\r")
    at.until(asks(1))
    at.type("y\r")
    assert at.end() == 0
    assert at.process.stdout is not None
    assert json.loads(at.process.stdout.read())["outcome"] == "achieved"
    assert "deploying" not in at.screen.text()
    assert user.run("logs", "demo").stdout.splitlines() == ["deploying 3", "deploying 3"]
