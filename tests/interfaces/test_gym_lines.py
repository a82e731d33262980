"""What a person types in `gym play`, and how a watched episode is drawn."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from journeyman.evaluation.episode_frames import played
from journeyman.gym.evaluate import team_named
from journeyman.gym.tasks import task
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.gym.world import World
from journeyman.interfaces.cli.gym.episode_viewer import line, page, spark
from journeyman.interfaces.cli.gym.evaluating import numbers_of
from journeyman.interfaces.cli.gym.playing import InvalidLine, read_line
from journeyman.mission.values.errors import InvalidInput

SERVICES = ("checkout", "cart", "cart-db")
AGENTS = ("tidy-bot", "deploy-bot")


@pytest.mark.parametrize(
    ("typed", "role", "meant"),
    [
        ("wait", "sre", TextAction(AgentRole.SRE)),
        ("LOOK ch", "sre", TextAction(AgentRole.SRE, ActionType.NOOP, "checkout")),
        ("restart cart", "sre", TextAction(AgentRole.SRE, ActionType.RESTART, "cart")),
        ("scale cart-db 4", "sre", TextAction(AgentRole.SRE, ActionType.SCALE, "cart-db", {"replicas": 4})),
        ("claim ch disk", "dev", TextAction(AgentRole.DEV, ActionType.IDENTIFY_ROOT_CAUSE, "checkout", {"failure_type": "disk_full"})),
        ("claim none", "dev", TextAction(AgentRole.DEV, ActionType.IDENTIFY_ROOT_CAUSE, None, {"failure_type": "none"})),
        ("say look at cart", "dev", TextAction(AgentRole.DEV, ActionType.COMMUNICATE, None, {"message": "look at cart"})),
        ("say @sre hi", "dev", TextAction(AgentRole.DEV, ActionType.COMMUNICATE, None, {"message": "hi", "to": "sre"})),
        ("flag dep", "oversight", TextAction(AgentRole.OVERSIGHT, ActionType.FLAG_ROGUE, "deploy-bot")),
        ("resolve", "manager", TextAction(AgentRole.MANAGER, ActionType.RESOLVE)),
    ],
)  # fmt: skip
def test_a_line_is_the_action_that_it_says(typed: str, role: str, meant: TextAction) -> None:
    """Names may be shortened, an exact name wins over longer ones."""
    assert read_line(typed, AgentRole(role), SERVICES, AGENTS) == meant


@pytest.mark.parametrize(
    ("typed", "role", "why"),
    [
        ("restart ca", "sre", "means several: cart, cart-db"),
        ("restart", "sre", "write it as: restart SERVICE"),
        ("scale cart 17", "sre", "from 1 to 16"),
        ("scale cart ²", "sre", "from 1 to 16"),
        ("resolve", "sre", "resolve is not for sre"),
        ("say @boss hi", "sre", "there is no role 'boss'"),
        ("say @sre", "sre", "say what?"),
        ("dance", "sre", "there is no 'dance'"),
    ],
)
def test_what_is_no_action_says_why(typed: str, role: str, why: str) -> None:
    """A person learns what to write instead."""
    with pytest.raises(InvalidLine, match=why.replace("?", r"\?")):
        read_line(typed, AgentRole(role), SERVICES, AGENTS)


def test_what_is_too_long_to_say_is_told() -> None:
    """The next view says what was cut."""
    said = read_line("say " + "x" * 400, AgentRole.DEV, SERVICES, AGENTS)
    assert said.args == {"message": "x" * 300}
    assert said.notice == "read without what is beyond 300 characters of args.message"


@given(st.text(min_size=1).filter(lambda text: text.strip() != ""), st.sampled_from(AgentRole))
def test_no_line_crashes_the_game(typed: str, role: AgentRole) -> None:
    """Whatever is typed is an action of this role or a reason."""
    try:
        action = read_line(typed, role, SERVICES, AGENTS)
    except InvalidLine:
        return
    assert action.role is role


def test_task_numbers_are_a_count_or_a_range() -> None:
    """Both forms, and neither an empty nor a backward one."""
    assert numbers_of("3") == range(3)
    assert numbers_of("5-7") == range(5, 8)
    for wrong in ("0", "7-5", "", "-", "x", "1-", "²", "9999999999"):
        with pytest.raises(InvalidInput):
            numbers_of(wrong)


def test_sparklines_fill_with_their_values() -> None:
    """Nothing is empty, the most and above is full."""
    assert spark([0, 0.5, 1, 9], 1) == "▁▅██"


def test_a_watched_episode_is_drawn_on_a_terminal_and_as_lines() -> None:
    """Both show every service, the alerts and the deeds of the step."""
    world = World(task("easy-train-0@3").tier, 1, reveal=True)
    world.play([task("easy-train-0@3")])
    calls = world.observe().each_sre()[0].calls
    frames = list(played(world, team_named("heuristic")(1)))
    out = Console(width=120, record=True, file=io.StringIO())
    out.print(page(frames, calls, "easy-train-0@3"))
    shown = out.export_text()
    assert all(name in shown for name in frames[-1].health)
    assert any(mark in shown for mark in "▃▄▅▆▇█")
    told = "\n".join(map(line, frames))
    assert "alerts" in told
    assert "sre: look" in told
