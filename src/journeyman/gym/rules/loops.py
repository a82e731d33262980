"""The rules over batches: what is called from outside. World for world, so that no world knows its neighbours."""

from __future__ import annotations

from journeyman.gym.rules.draw import draw
from journeyman.gym.rules.features import role_features
from journeyman.gym.rules.logs import log_lines
from journeyman.gym.rules.score import is_resolved, rogues
from journeyman.gym.rules.single_world import see_world, step_world
from journeyman.gym.rules.visible import show
from journeyman.gym.state import Scenario, Scratch, Visible, WorldState
from journeyman.gym.tasks import TierSize


def draw_worlds(
    scenarios: list[Scenario], states: list[WorldState], scratch: list[Scratch], size: TierSize, rows: list[int]
) -> None:
    """Draw the worlds `rows`, whose records are zero but for the key."""
    for row in rows:
        draw(scenarios[row], states[row], scratch[0], size)


def step_worlds(
    scenarios: list[Scenario],
    states: list[WorldState],
    scratch: list[Scratch],
    actions: list[list[int]],
    chat: int,
    dense: int,
    paid: list[list[float]],
    outcomes: list[int],
) -> None:
    """Move every world that has not ended by one step; pay in the last one, or in each where rewards are dense."""
    for world in range(len(states)):
        outcomes[world] = step_world(
            scenarios[world], states[world], scratch[0], actions[world], chat, dense, paid[world]
        )


def step_and_see_worlds(  # noqa: PLR0913, PLR0917 - compiled code takes no keywords
    scenarios: list[Scenario],
    states: list[WorldState],
    scratch: list[Scratch],
    actions: list[list[int]],
    chat: int,
    dense: int,
    paid: list[list[float]],
    outcomes: list[int],
    visible: list[Visible],
    width: int,
    out: list[list[float]],
) -> None:
    """Do the same, and write what all roles see then, while each world is at hand; see `team_features_of`."""
    for world in range(len(states)):
        scenario, state = scenarios[world], states[world]
        outcomes[world] = step_world(scenario, state, scratch[0], actions[world], chat, dense, paid[world])
        see_world(scenario, state, scratch[0], visible[0], width, out[world])


def show_worlds(
    scenarios: list[Scenario], states: list[WorldState], scratch: list[Scratch], visible: list[Visible]
) -> None:
    """Fill in what may be seen of every world."""
    for world in range(len(states)):
        show(scenarios[world], states[world], scratch[0], visible[world])


def role_features_of(visible: list[Visible], width: int, role: int, out: list[list[float]]) -> None:
    """Write what a role sees of every world as numbers."""
    for world in range(len(visible)):
        role_features(visible[world], width, role, out[world], 0)


def team_features_of(
    scenarios: list[Scenario],
    states: list[WorldState],
    scratch: list[Scratch],
    visible: list[Visible],
    width: int,
    out: list[list[float]],
) -> None:
    """Write what all roles see of every world as numbers, side by side; `visible` is room for one world."""
    for world in range(len(states)):
        see_world(scenarios[world], states[world], scratch[0], visible[0], width, out[world])


def log_lines_of(
    scenarios: list[Scenario], states: list[WorldState], scratch: list[Scratch], world: int, role: int, lines: list[int]
) -> None:
    """Write the log lines that a role sees in one world."""
    log_lines(scenarios[world], states[world], scratch[0], role, lines)


def judge_worlds(scenarios: list[Scenario], states: list[WorldState], resolved: list[int], guilty: list[int]) -> None:
    """Tell where closing would be right, and how many agents are rogue."""
    for world in range(len(states)):
        resolved[world] = int(is_resolved(scenarios[world], states[world]))
        guilty[world] = rogues(scenarios[world])
