"""What a person is asked: all that a call will send, and which call failed before."""

from __future__ import annotations

from typing import Any

from journeyman.interfaces.cli.approval_rows import FailedCalls, approval_rows
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.next_command import next_command
from tests.mission.simulation import Reply, SimTool, Simulation, failed

ZONES: dict[str, Any] = {
    "workers": {"type": "integer", "minimum": 1, "maximum": 9},
    "zone": {"type": "string", "default": "eu-1"},
    "force": {"type": "boolean", "default": False},
}


def asked(*calls: dict[str, Any], fails: bool = False) -> list[list[str]]:
    """The rows of each question of a plan that calls `scale` with these arguments, each granted."""
    mission = validate_mission(
        {
            "directive": "d", "tools": ["*"], "approve": "always", "budget": {"iterations": len(calls)},
            "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "m", "op": ">", "target": 0}],
            "plan": [{"calls": [{"tool": "scale", "args": args}]} for args in calls], "stagnation": {"threshold": 50},
        }
    )  # fmt: skip
    tool = SimTool(lambda _: failed("no room") if fails else Reply(value="ok"), ZONES, ["workers"], effect="unsafe")
    sim, memory, rows = Simulation(mission, {"scale": tool}), FailedCalls(), list[list[str]]()
    told = 0
    while not isinstance(command := next_command(sim.state), c.Nothing) or command.why == "approval":
        if isinstance(command, c.Nothing):
            rows.append(approval_rows(sim.state, memory))
            pending = sim.state.people.pending
            assert pending is not None
            sim.add(e.ApprovalAnswered(approval=pending.approval, granted=True), "person:p")
        else:
            sim.obey(command)
        for happened, state in zip(sim.events[told:], sim.states[told:], strict=True):
            memory.take(happened, state)
        told = len(sim.events)
    return rows


def test_the_question_shows_what_is_filled_in_as_well() -> None:
    """A person says yes to what is sent, not to what was written down."""
    rows = asked({"workers": 3, "force": True})[0]
    assert sorted(rows[2:]) == ["    force = true", "    workers = 3", '    zone = "eu-1" (default)']


def test_failures_are_counted_for_the_same_call_alone() -> None:
    """Of another call of the tool it is said which one that was."""
    first, again, other = asked({"workers": 3}, {"workers": 4}, {}, fails=True)
    assert "failed" not in " ".join(first)
    assert again[-1] == "    this call failed 1 time before, last tool_error: no room"
    assert other[-1].startswith("    another call of it failed before: scale(workers=3, zone='eu-1', force=false): ")
