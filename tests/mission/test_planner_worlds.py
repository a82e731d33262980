"""The planner without a model on forty small worlds."""

from __future__ import annotations

import sys

from journeyman.mission.files.mission_file import validate_mission
from tests.mission.simulated_worlds import World, worlds
from tests.mission.simulation import Reply, SimTool, Simulation

ITERATIONS = 30


def play(world: World) -> tuple[bool, int]:
    """Whether the criteria were reached, and after how many iterations."""
    mission = validate_mission(
        {
            "directive": world.directive,
            "tools": ["*"],
            "criteria": world.criteria,
            "budget": {"iterations": ITERATIONS},
            "stagnation": {"threshold": ITERATIONS},
        }
    )
    state = Simulation(mission, world.tools).run()
    return state.outcome == "achieved", state.usage.iterations


def test_there_are_forty_worlds_with_distinct_names() -> None:
    """The bar speaks of forty."""
    names = [world.name for world in worlds()]
    assert len(names) == len(set(names)) == 40


def test_the_planner_reaches_the_criteria_in_at_least_36_of_40_worlds() -> None:
    """Without a model the planner must still be useful; the table shows where it is not."""
    rows = [(world.name, *play(world)) for world in worlds()]
    table = "\n".join(f"{'reached' if good else 'MISSED ':8} {iterations:3} {name}" for name, good, iterations in rows)
    sys.stdout.write(f"\n{table}\n")
    assert sum(good for _, good, _ in rows) >= 36, table


def test_a_denied_call_is_not_proposed_again() -> None:
    """A person's no holds for the session; the planner finds another way."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "done", "op": ">=", "target": 1}],
            "budget": {"iterations": 8},
            "approve": {"delete": "always", "*": "never"},
        }
    )
    tools = {
        "delete": SimTool(lambda _: Reply(), effect="unsafe"),
        "finish": SimTool(lambda _: Reply(metrics={"done": 1}), effect="unsafe"),
    }
    simulation = Simulation(mission, tools)
    asked: list[str] = []
    state = simulation.run(ask=lambda question: bool(asked.append(question)))
    assert (len(asked), state.outcome, state.world.counts) == (1, "achieved", {"finish": 1})
