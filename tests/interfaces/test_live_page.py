"""The page of a session, at every width."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from journeyman.config import Settings
from journeyman.interfaces.cli.live_display import LiveDisplay
from journeyman.interfaces.cli.live_page import Moment, session_page
from journeyman.interfaces.cli.terminal import SafeConsole
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import AdviceState, BudgetUsage, State
from journeyman.mission.values.value import replace
from journeyman.wiring import opened

WIDE = "Überlänge 漢字 " * 9


def ended(folder: Path, **more: Any) -> tuple[State, list[tuple[EventRecord, State]]]:
    """How a mission of many long criteria ended, and each event on the way."""

    def measure(text: str) -> dict[str, object]:
        return {"metrics": {"load": 7}, "text": text}

    goal = {"kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    plain = {
        "directive": "d", "tools": ["measure"], "effects": {"measure": "pure"}, "budget": {"iterations": 2},
        "criteria": [{**goal, "id": f"a_name_of_quite_some_length_{n}"} for n in range(15)],
        "plan": [{"calls": [{"tool": "measure", "args": {"text": WIDE}}]}],
    }  # fmt: skip
    seen: list[tuple[EventRecord, State]] = []

    async def work() -> State:
        async with opened(Settings(data_dir=folder), functions=[measure]) as journeyman:
            mission = validate_mission({**plain, **more})
            return await journeyman.engine.run(mission, folder, lambda *event: seen.append(event))

    return asyncio.run(work()), seen


def lines(state: State, width: int, **more: Any) -> list[str]:
    """The page as text."""
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(session_page(state, Moment(stands="running", **more)))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_no_row_is_longer_than_the_terminal_and_none_is_folded(tmp_path: Path, width: int) -> None:
    """Whatever names and arguments hold; only what a person is asked takes as many lines as it needs."""
    state, _ = ended(tmp_path)
    found = lines(state, width)
    assert all(cell_len(line) <= width for line in found)
    assert len(found) == 2 + 12 + 1 + 1 + 1  # head, now, twelve criteria and the rest, progress, one ceiling
    asked = lines(state, width, question=[f"deploy {WIDE}"])
    assert all(cell_len(line) <= width for line in asked)
    assert "".join(WIDE.split()) in "".join("".join(asked).split())


def test_tokens_and_money_are_told_once_there_are_any(tmp_path: Path) -> None:
    """With a ceiling or without; and who proposed, with why it was not the advisor."""
    state, _ = ended(tmp_path)
    assert not any("tokens" in line for line in lines(state, 80))
    mission = state.mission.model_copy(update={"advisor": "near"})
    state = replace(
        state,
        mission=mission,
        usage=BudgetUsage(iterations=1, tokens=1234, cost_microusd=20_000),
        advice=AdviceState(rejected="transport"),
        iteration=replace(state.iteration, source="planner"),
    )
    found = "\n".join(lines(state, 80))
    assert "1,234" in found
    assert "$0.02" in found
    assert "now: planner (no advice: transport): measure(" in found


def test_what_is_under_way_is_shown_with_how_long_it_takes(tmp_path: Path) -> None:
    """From its intent on, until it has settled."""
    _, seen = ended(tmp_path)
    now = [100.0]
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=False, width=80, no_color=True)
    display = LiveDisplay(console, now=lambda: now[0])
    try:
        for happened, state in seen:
            display.show(happened, state)
            now[0] += 3
            if isinstance(happened.event, e.Intended):
                assert [*display._moment(state).running] == ["measure 3 s"]
            if isinstance(happened.event, e.Settled):
                assert not display._moment(state).running
        assert display._moment(seen[0][1]).clock.endswith(f"00:{3 * len(seen):02}")
    finally:
        display.close()
    assert all(known.status is CriterionStatus.UNMET for known in seen[-1][1].progress.criteria.values())
