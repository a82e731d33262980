"""`run --dry-run`: what a mission would do first and whom it would ask, without a single call."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

import typer

from journeyman.engine.mission_check import check_tools
from journeyman.engine.observation_check import checking_state
from journeyman.engine.tool_policy import pinned_tool
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.mission_tools import opened_tools
from journeyman.interfaces.cli.shared import BAD_INPUT, print_json
from journeyman.interfaces.cli.terminal import say, say_prose
from journeyman.mission.criteria import probes
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, dump_strategy
from journeyman.mission.planner.propose import Proposal, propose
from journeyman.mission.report.call_text import strategy_text
from journeyman.mission.rules.approvals import approval_question
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

_MOST_STEPS: Final = 10


def show_dry_run(mission: Mission, folder: Path, *, as_json: bool) -> None:
    """Open the tools, ask the planner, and print what would come first; nothing is called and nothing is recorded."""
    state = run_async(lambda: _first_state(mission, folder))
    steps = _first_steps(state)
    if as_json:
        print_json(
            {
                "context": [call.tool for call in mission.context],
                "advisors": [*mission.advisors],
                "proposals": [_step_json(state, source, step) for source, step in steps],
                "probes": [probe.tool for probe in probes(mission.criteria)],
            }
        )
        return
    say(f"{mission.name}: nothing was called; {len(state.tools)} tools are there. It would begin so:")
    for call in mission.context:
        say(f"  look: {call.tool}")
    for name in mission.advisors:
        say(f"  ask advisor {name} whenever no step of a plan is due; what follows is what happens without an answer")
    for source, step in steps:
        say(f"  {source}: {strategy_text(step)}")
        question = approval_question(state, step)
        if question:
            say(f"    asks a person first: {question}")
    for probe in probes(mission.criteria):
        say(f"  then measure: {probe.tool}")
    say("what comes after depends on what these give")


async def _first_state(mission: Mission, folder: Path) -> State:
    async with Sandbox(1) as sandbox, opened_tools(mission, folder) as catalog:
        rows = [pinned_tool(mission, tool) for tool in await catalog.tools()]
        found = await check_tools(mission, rows, ScriptRun(sandbox))
    for problem in found.problems:
        say_prose(f"  - {problem}", err=True)
    if found.problems:
        raise typer.Exit(BAD_INPUT)
    return checking_state(mission, rows)


def _first_steps(state: State) -> list[tuple[str, Strategy]]:
    """The steps of the operator's plan, or the planner's first proposal."""
    plan = state.mission.plan
    if isinstance(plan, list):
        return [("plan", step) for step in plan[:_MOST_STEPS]]
    first = propose(state)
    return [(first.source, first.strategy)] if isinstance(first, Proposal) else []


def _step_json(state: State, source: str, step: Strategy) -> JsonObject:
    return {
        "source": source,
        "strategy": cast("Json", dump_strategy(step)),
        "asks": approval_question(state, step),
    }
