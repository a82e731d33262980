"""The drawing of who calls whom, and the pictures of an episode."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from journeyman.evaluation.episode_frames import HEALTH, StepFrame, played
from journeyman.evaluation.policies import team_for
from journeyman.evaluation.topology import heights, layers_of
from journeyman.gym.tasks import Split, Task, Tier
from journeyman.gym.world import World
from journeyman.interfaces.cli.gym.episode_picture import draw_episode
from journeyman.interfaces.cli.gym.episode_viewer import graph, page
from journeyman.mission.values.errors import NotFound


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Who calls whom in a graph without cycles, callers first."""
    count = draw(st.integers(1, 12))
    return [
        draw(st.lists(st.integers(one + 1, count - 1), unique=True, max_size=3)) if one + 1 < count else []
        for one in range(count)
    ]


@given(graphs())
def test_every_call_leads_to_a_later_layer(calls: list[list[int]]) -> None:
    """Each service stands once, no two at the same place."""
    layers = layers_of(calls)
    column = {one: place for place, layer in enumerate(layers) for one in layer}
    assert sorted(column) == list(range(len(calls)))
    assert all(column[one] < column[other] for one, called in enumerate(calls) for other in called)
    height = heights(layers)
    assert len({(column[one], height[one]) for one in column}) == len(calls)


def episode(tier: Tier) -> tuple[list[StepFrame], tuple[tuple[int, ...], ...], Task]:
    """An episode of the heuristic."""
    one = Task(tier, Split.TRAIN, 7)
    world = World(tier, 1, reveal=True)
    world.play([one])
    calls = world.observe().each_sre()[0].calls
    return list(played(world, team_for("heuristic")([one], 0)(1))), calls, one


@pytest.mark.parametrize("form", [".png", ".svg", ".gif"])
def test_an_episode_is_drawn_in_every_form(form: str, tmp_path: Path) -> None:
    """The file begins as its kind does; a picture that cannot be written is no fault of ours."""
    frames, calls, one = episode(Tier.EASY)
    path = tmp_path / f"episode{form}"
    draw_episode(frames[:6], calls, one.id, path)
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".gif": b"GIF8"}[form]
    assert path.read_bytes().startswith(begins)
    with pytest.raises(NotFound, match="cannot write the picture"):
        draw_episode(frames[:2], calls, one.id, tmp_path / "nowhere" / f"episode{form}")


def test_the_terminal_shows_every_service_in_its_state() -> None:
    """Each name once in the graph, with its mark, and who calls what is sick."""
    frames, calls, one = episode(Tier.MEDIUM)
    worst = max(frames, key=lambda frame: sum(frame.health.values()))
    console = Console(width=200, record=True, file=StringIO())
    console.print(graph(worst, calls))
    drawn = console.export_text().split(" is called by ")[0]
    for name, health in worst.health.items():
        assert f"{'●◐▲✖'[health]} {name}" in drawn
    assert max(worst.health.values()) < len(HEALTH)
    console.print(page(frames, calls, one.id))
    assert "who calls stands left" in console.export_text()
