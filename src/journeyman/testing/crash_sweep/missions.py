"""The missions of the sweep: every effect class in order, at once, in a script, with probes for evidence; two incidents."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import Mission

_TOOLS: Final = ("look", "put", "send", "post", "posted", "fire", "vanish", "count", "finish")
_FINISHED: Final = {"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"}
_MIXED: Final = ("look", "put", "send", "fire", "put", "fire")
_SCRIPT: Final = """
import asyncio

async def tried(call):
    try:
        return await call
    except RuntimeError as error:
        return str(error)

await tried(look(number=1))
await tried(put(number=2))
await asyncio.gather(tried(put(number=3)), tried(send(number=4)), tried(fire(number=5)))
mission.observe("half", True)
await tried(fire(number=6))
await tried(send(number=7))
mission.event("done")
await finish()
"""

_LOOKING: Final = """
mission.observe("first", await look(number=1))
await look(number=2)
mission.observe("last", await look(number=3))
"""
_FAILING: Final = """
{first}
mission.observe("half", True)
assert False, "this script fails"
"""
_VANISHING: Final = """
await fire(number=1)
for number in (2, 3):
    try:
        await vanish(number=number)
    except RuntimeError as error:
        mission.event("vanished", number=number)
await put(number=4)
"""


def _mission(name: str, plan: object, **more: object) -> Mission:
    return validate_mission(
        {
            "name": name,
            "directive": "Touch the world once.",
            "functions": [f"journeyman.testing.crash_sweep.ledger:{tool}" for tool in _TOOLS],
            "tools": list(_TOOLS),
            "effects": {
                "post": {
                    "class": "probed",
                    "probe": {"tool": "posted", "args": {"number": "{args.number}"}},
                    "done_when": "result['there']",
                }
            },
            "criteria": [_FINISHED],
            "plan": plan,
            "explore": False,
            "approve": "never",
            "budget": {"iterations": 30},
            "stagnation": {"threshold": 30},
            **more,
        }
    )


def _numbered(*calls: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"tool": tool, "args": {"number": number}} for tool, number in calls]


def _served(name: str, how: str) -> Mission:
    """A mission whose tools live in a server that dies of fatal calls, alone or together with the engine."""
    fatal = (("put", 1), ("look", 100), ("put", 101), ("fire", 102), ("put", 200), ("fire", 201), ("fire", 2))
    return _mission(
        name,
        [{"calls": [{"tool": f"s.{tool}", "args": {"number": number}}]} for tool, number in fatal]
        + [{"calls": _calls("finish")}],
        servers={"s": {"command": sys.executable, "args": ["-m", "journeyman.testing.crash_sweep.dying_server", how]}},
        tools=[*_TOOLS, "s.*"],
        effects={"s.look": "pure", "s.put": "keyed", "s.fire": "unsafe"},
        limits={"retries": 5},
    )


def _calls(*tools: str, first: int = 1) -> list[dict[str, Any]]:
    return [
        {"tool": tool, "args": {} if tool == "finish" else {"number": number}}
        for number, tool in enumerate(tools, start=first)
    ]


_CHECKED: Final = [
    _FINISHED,
    {
        "id": "seen",
        "kind": "metric_threshold",
        "metric": "metrics.effects",
        "op": ">=",
        "target": 1,
        "probe": {"tool": "count"},
    },
]
_HANDLED: Final = """
import asyncio

await incident_wait()
await asyncio.gather(incident_restart(target="web"), incident_wait(), incident_look(target="availability"))
seen = await incident_observe()
mission.observe("half", True)
await incident_restart(target="availability")
"""


def _incident(name: str, **more: object) -> Mission:
    """A mission that plays an incident to its service level objectives."""
    felt = {
        "few_errors": ("error_ratio", "<=", 0.05),
        "fast": ("slowness", "<=", 2),
        "calm": ("alerts_firing", "==", 0),
    }
    return validate_mission(
        {
            "name": name,
            "directive": "Bring the service back within its objective.",
            "gym": {"task": "easy-train-35@3"},
            "tools": ["incident.*"],
            "criteria": [
                {
                    "id": key,
                    "kind": "metric_threshold",
                    "metric": metric,
                    "op": op,
                    "target": target,
                    "hold_for": 2,
                    "probe": {"tool": "incident.observe"},
                }
                for key, (metric, op, target) in felt.items()
            ],
            "approve": "never",
            "budget": {"iterations": 30},
            "stagnation": {"threshold": 30},
            **more,
        }
    )


def _acts(*acts: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"tool": f"incident.{tool}", "args": {"target": target} if target else {}} for tool, target in acts]


MISSIONS: Final[Mapping[str, Mission]] = {
    "in order": _mission("in-order", [{"calls": _calls(*_MIXED)}, {"calls": _calls("finish")}]),
    "at once": _mission("at-once", [{"calls": _calls(*_MIXED), "parallel": True}, {"calls": _calls("finish")}]),
    "in a script": _mission("in-a-script", {"script": _SCRIPT}),
    "with probes": _mission(
        "with-probes",
        [{"calls": _calls("post")}, {"calls": _calls("fire")}, {"calls": _calls("finish")}],
        criteria=_CHECKED,
    ),
    "a script that only looks": _mission(
        "a-script-that-only-looks",
        {"script": _LOOKING},
        criteria=[
            {"id": "first", "kind": "metric_threshold", "metric": "first", "op": "==", "target": 1},
            {"id": "all", "kind": "predicate", "expression": "obs['metrics']['first'] + obs['metrics']['last'] == 4"},
        ],
    ),
    "a script that fails at once": _mission(
        "a-script-that-fails-at-once",
        [{"script": _FAILING.format(first="await look(number=1)")}, {"calls": _calls("fire", "finish", first=2)}],
    ),
    "a script that fails late": _mission(
        "a-script-that-fails-late",
        [{"script": _FAILING.format(first="await fire(number=1)")}, {"calls": _calls("fire", "finish", first=2)}],
    ),
    "calls without an answer": _mission(
        "calls-without-an-answer",
        [{"script": _VANISHING}, {"calls": _calls("vanish", "vanish", "fire", "finish", first=5)}],
        limits={"call_timeout_s": 0.3},
    ),
    "six that kill": _mission(
        "six-that-kill",
        [{"calls": _numbered(*(("fire", 200 + number) for number in range(6)))}, {"calls": _calls("finish")}],
    ),
    "three kills a call": _mission(
        "three-kills-a-call",
        [
            {"calls": _numbered(*((tool, 100 + n) for n, tool in enumerate(("look", "put", "send", "post", "fire"))))},
            {"calls": _numbered(*((tool, 200 + n) for n, tool in enumerate(("put", "send", "post", "fire"))))},
            {"calls": _calls("finish")},
        ],
    ),
    "a server that dies alone": _served("a-server-that-dies-alone", "alone"),
    "a server that dies with the engine": _served("a-server-that-dies-with-the-engine", "together"),
    "an incident": _incident("an-incident"),
    "an incident by plan": _incident(
        "an-incident-by-plan",
        plan=[
            {"calls": _acts(("look", "tracking"), ("wait", ""), ("restart", "tracking"), ("observe", ""))},
            {"calls": _acts(("restart", "wallet"), ("wait", ""), ("look", "web")), "parallel": True},
            {"script": _HANDLED},
            {"calls": _acts(("restart", "availability"))},
            {"calls": _acts(("wait", "")), "until": "obs['iteration'] < 0"},
        ],
    ),
}
"""Name to mission."""
