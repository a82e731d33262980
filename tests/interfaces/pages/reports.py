"""Reports to render: real ones from a simulated session, the same with hostile text, and the same made long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from journeyman.interfaces.pages.html import html_report
from journeyman.mission.chain import Head
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.state import Effect
from journeyman.mission.report.build import build_report
from journeyman.mission.report.model import from_json, to_json
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.canonical import Json, JsonObject, checked
from tests.mission.simulation import Reply, SimTool, Simulation, failed

HEAD = Head(321, bytes(range(32)))
CANARY = "</script><img src=x onerror=alert(1)>|`[a](javascript:alert(1))` <!--<script> http://evil.example/ @you\n# \u202e \x00"

MISSION: dict[str, Any] = {
    "name": "tune-checkout-latency",
    "directive": "Bring the checkout service under 200 ms at the 95th percentile without dropping orders,\nand hold it there for three evaluations.",
    "tools": ["*"],
    "criteria": [
        {"id": "fast_enough", "kind": "metric_threshold", "metric": "latency_ms", "op": "<=", "target": 200, "description": "95th percentile over the last minute", "hold_for": 3},
        {"id": "falling", "kind": "metric_trend", "metric": "latency_ms", "direction": "decreasing", "required": False},
        {"id": "healthy", "kind": "all_of", "criteria": [
            {"id": "few_errors", "kind": "metric_threshold", "metric": "error_ratio", "op": "<", "target": 0.01},
            {"id": "loaded", "kind": "tool_call_succeeded", "tool": "measure", "min_count": 4},
        ]},
        {"id": "signed_off", "kind": "approval", "by": "mira", "question": "Keep these settings in production?"},
        {"id": "orders_lost", "kind": "metric_threshold", "metric": "orders_lost", "op": ">", "target": 5, "abort_when_met": True},
    ],
    "budget": {"iterations": 40, "wall_clock_s": 900, "tool_calls": 120, "cost_usd": 2.5},
    "effects": {"measure": "pure", "set_workers": "keyed", "deploy": "unsafe"},
    "stagnation": {"threshold": 30},
    "plan": [
        {"calls": [{"tool": "set_workers", "args": {"workers": 2 * step, "why": "halve the queue"}}, {"tool": "deploy", "args": {"stage": "canary"}}, {"tool": "measure"}], "rationale": f"step {step}: more workers, then measure"}
        for step in range(1, 12)
    ],
}  # fmt: skip


class _Session(Simulation):
    """A session in which one deploy's answer is lost."""

    def settle(self, effect: Effect) -> e.Settled:
        self.at += timedelta(seconds=3.7)
        if effect.intended.tool == "deploy" and effect.intended.iteration == 4:
            return e.Settled(
                effect=effect.intended.effect,
                state=EffectState.UNKNOWN,
                error_class="timeout",
                error="no answer within 60 s",
            )
        return super().settle(effect)


def _tools() -> dict[str, SimTool]:
    latencies: Iterator[int] = iter([640, 590, 480, 495, 410, 300, 260, 230, 196, 188, 183, 181, 179, 178, 177, 177])
    deploys = count()

    def measure(_: dict[str, Any]) -> Reply:
        latency = next(latencies, 176)
        return Reply(
            value={"p95": latency, "samples": 5000},
            metrics={"latency_ms": latency, "error_ratio": round(latency / 80_000, 5), "orders_lost": 0},
        )

    def deploy(_: dict[str, Any]) -> Reply:
        return (
            failed("409 another rollout is in progress", "conflict")
            if next(deploys) == 2
            else Reply(value="rolled out")
        )

    return {
        "measure": SimTool(measure),
        "set_workers": SimTool(
            lambda args: Reply(value=args), {"workers": {"type": "integer"}, "why": {"type": "string"}}
        ),
        "deploy": SimTool(deploy, {"stage": {"type": "string"}}),
    }


@cache
def _busy() -> JsonObject:
    session = _Session(validate_mission(MISSION), _tools())
    for _ in range(500):
        command = next_command(session.state)
        if isinstance(command, c.Nothing):
            if session.state.unknown:
                name = session.state.unknown[0].intended.effect
                session.add(e.NoteAdded(text="The dashboard shows the rollout of iteration 4."), "person:mira")
                session.add(
                    e.Reconciled(effect=name, state=EffectState.DONE, note="seen on the dashboard"), "person:mira"
                )
                session.add(e.BudgetAmended(changes={"tool_calls": 150}, digest="0" * 64), "person:sam")
                continue
            if session.state.people.pending is None:
                break
            session.add(
                e.ApprovalAnswered(approval=session.state.people.pending.approval, granted=True, note="looks stable"),
                "person:mira",
            )
            continue
        session.obey(command)
    return _plain(to_json(build_report(session.events, HEAD)))


def busy_report() -> JsonObject:
    """The report of a session with every kind of trouble that ends well."""
    return deepcopy(_busy())


def open_report(events: int = 60) -> JsonObject:
    """The report of a session that goes on: nothing has ended, an effect's fate is unknown."""
    session = _Session(validate_mission(MISSION), _tools())
    for _ in range(events):
        command = next_command(session.state)
        if isinstance(command, c.Nothing):
            break
        session.obey(command)
    return _plain(to_json(build_report(session.events, HEAD)))


def empty_report() -> JsonObject:
    """The report of a session that has only been created."""
    return _plain(to_json(build_report(Simulation(validate_mission(MISSION), _tools()).events[:1], HEAD)))


def long_report(iterations: int, value_bytes: int = 0) -> JsonObject:
    """The busy report with its iterations and effects repeated up to a number."""
    report = busy_report()
    rows, effects, budgets = _rows(report, "iterations"), _rows(report, "effects"), _rows(report, "budget_series")
    last = rows[-1]
    grown: list[Json] = []
    done: list[Json] = []
    for index in range(iterations - 1):
        row = rows[index % (len(rows) - 1)]
        names: list[Json] = []
        for effect in effects:
            if effect["iteration"] == row["index"]:
                name = f"{index}.{len(names)}"
                names.append(name)
                done.append(
                    {**effect, "effect": name, "iteration": index, "value": "v" * value_bytes or effect.get("value")}
                )
        grown.append({**row, "index": index, "effects": names})
    report["iterations"] = [*grown, {**last, "index": iterations - 1, "effects": []}]
    report["effects"] = done
    report["iterations_run"] = iterations
    report["series"] = {"latency_ms": [[i, 900 - 700 * i / iterations + (i * 37 % 11)] for i in range(iterations)]}
    report["budget_series"] = [
        {**budgets[-1], "iteration": i, "iterations": i * 40 // iterations} for i in range(iterations)
    ]
    return report


def page_of(report: JsonObject) -> str:
    """The page of a report that stands as JSON."""
    return html_report(from_json(report))


def hostile_report(report: JsonObject, told: Callable[[str], str] = lambda text: text + CANARY) -> JsonObject:
    """A report in which every text that a tool, advisor or person may choose went through `told`."""
    return _hostile(report, told)


_OURS = frozenset(
    {
        "status",
        "state",
        "kind",
        "id",
        "verdict",
        "outcome",
        "outcome_now",
        "what",
        "class",
        "purpose",
        "effect",
        "at",
        "mission_digest",
        "head_hash",
        "op",
    }
)
"""Fields that only Journeyman or the checked mission file can fill."""


def _hostile(value: Json, told: Callable[[str], str], name: str = "") -> Any:
    if isinstance(value, dict):
        free = name in {"series", "args", "value", "where"}
        return {
            told(key) if free else key: item if key in _OURS and not free else _hostile(item, told, key)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_hostile(item, told, name) if name != "effects" or isinstance(item, dict) else item for item in value]
    return told(value) if isinstance(value, str) and not name.endswith("_at") else value


def _rows(report: JsonObject, key: str) -> list[dict[str, Any]]:
    rows: Any = report[key]
    return rows


def _plain(report: JsonObject) -> JsonObject:
    known = checked(report)
    assert isinstance(known, dict)
    return known
