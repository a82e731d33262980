"""The rules over batches: what is called from outside. World for world, so that no world knows its neighbours."""

from __future__ import annotations

from journeyman.gym.actions import FIELDS, Role
from journeyman.gym.rules.apply_actions import apply_actions
from journeyman.gym.rules.draw import draw
from journeyman.gym.rules.dynamics import move
from journeyman.gym.rules.features import role_features
from journeyman.gym.rules.logs import log_lines
from journeyman.gym.rules.score import NOBODY, is_resolved, rogues, worth
from journeyman.gym.rules.single_world import see_world, step_world
from journeyman.gym.rules.visible import show
from journeyman.gym.state import Plan, Scenario, Scratch, Visible, WorldState
from journeyman.gym.tasks import TierSize

_MANAGER = int(Role.MANAGER) * FIELDS


def draw_worlds(
    scenarios: list[Scenario],
    states: list[WorldState],
    scratch: list[Scratch],
    size: TierSize,
    plans: list[Plan],
    rows: list[int],
) -> None:
    """Draw the worlds `rows`, whose records are zero but for the key, each with its plan."""
    for place in range(len(rows)):
        draw(scenarios[rows[place]], states[rows[place]], scratch[0], size, plans[place])


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
        see_world(scenario, state, visible[0], width, out[world])


def show_worlds(scenarios: list[Scenario], states: list[WorldState], visible: list[Visible]) -> None:
    """Fill in what may be seen of every world."""
    for world in range(len(states)):
        show(scenarios[world], states[world], visible[world])


def role_features_of(visible: list[Visible], width: int, role: int, out: list[list[float]]) -> None:
    """Write what a role sees of every world as numbers."""
    for world in range(len(visible)):
        role_features(visible[world], width, role, out[world], 0)


def team_features_of(
    scenarios: list[Scenario],
    states: list[WorldState],
    visible: list[Visible],
    width: int,
    out: list[list[float]],
) -> None:
    """Write what all roles see of every world as numbers, side by side; `visible` is room for one world."""
    for world in range(len(states)):
        see_world(scenarios[world], states[world], visible[0], width, out[world])


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


def rehearse_plans(
    scenarios: list[Scenario],
    states: list[WorldState],
    scratch: list[Scratch],
    plans: list[list[list[int]]],
    scores: list[float],
    lengths: list[int],
) -> None:
    """Carry out a plan in every world, closed at the first right moment: its score and how many steps it takes."""
    for world in range(len(states)):
        scenario, state, closed = scenarios[world], states[world], False
        while not closed and state.step < scenario.horizon:
            acts = plans[world][state.step]
            apply_actions(scenario, state, scratch[0], acts, 1)
            move(scenario, state, scratch[0])
            # Only a manager who does nothing else can close.
            closed = acts[_MANAGER] == 0 and is_resolved(scenario, state)
        scores[world] = worth(scenario, state, closed, NOBODY)
        lengths[world] = state.step
