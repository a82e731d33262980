"""Random tool calls: the form that a seat takes, the names of its worlds, and no hint of what is right."""

from __future__ import annotations

import inspect
from collections import Counter

import pytest
from tool_call_examples import tool_call_examples

from journeyman.gym.tasks import task
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.tools import tools_of
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.trainers.trl_environments import ENVIRONMENTS


@pytest.mark.parametrize("role", sorted(ENVIRONMENTS))
def test_every_drill_is_a_call_that_the_seat_takes(role: str) -> None:
    """A drill that its tool refused would teach a form that fails."""
    seat = ENVIRONMENTS[role]()
    seat.reset(number=0)
    for drill in tool_call_examples(role, "easy", [0], 60, seed=1):
        inspect.signature(getattr(seat, drill.tool)).bind(**drill.arguments)
        assert getattr(seat, drill.tool)(**drill.arguments)


def test_drills_name_what_the_worlds_hold_and_favour_no_tool() -> None:
    """Names come from the worlds that are trained on; a tool is drawn as often as another, needed or not."""
    drills = tool_call_examples("oversight", "medium", [0, 1], 2000, seed=0)
    known = {name for number in (0, 1) for name in TextWorld(task(f"medium-train-{number}@3")).agents}
    assert {one.arguments["target"] for one in drills if one.tool == "flag_rogue"} == known
    drawn = Counter(one.tool for one in drills)
    assert set(drawn) == {one.name for one in tools_of(AgentRole.OVERSIGHT)}
    assert max(drawn.values()) < 1.3 * min(drawn.values())


def test_the_same_seed_draws_the_same_drills() -> None:
    """A tiny model must come out the same wherever it is made."""
    assert tool_call_examples("sre", "easy", [0, 1], 20, seed=3) == tool_call_examples(
        "sre", "easy", [0, 1], 20, seed=3
    )
    assert tool_call_examples("sre", "easy", [0, 1], 20, seed=3) != tool_call_examples(
        "sre", "easy", [0, 1], 20, seed=4
    )
