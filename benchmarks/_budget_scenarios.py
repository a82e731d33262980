"""The ways of `budget_edges`: what spends calls, and what hangs at the deadline."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SERVER: Final = str(Path(__file__).with_name("_budget_server.py"))
_ENDLESS: Final = "(lambda f: f(f, 90))(lambda f, n: n if n < 2 else f(f, n - 1) + f(f, n - 2)) > 0"
"""Takes for ever and little memory; a long generator would end by the sandbox's memory limit within a moment."""
_PYTHON: Final = sys.executable
_CRITERIA: Final = [{"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"}]
_PROBED: Final = {"id": "seen", "kind": "metric_threshold", "metric": "seen", "op": ">", "target": 0}


def mission(**more: Any) -> dict[str, Any]:
    """A mission that nothing here completes."""
    names = ("look", "put", "hang", "block", "swallow", "compute", "freeze", "nap", "doubtful", "finish")
    return {
        "directive": "Spend.",
        "functions": [f"_budget_tools:{name}" for name in names],
        "tools": ["*"],
        "criteria": _CRITERIA,
        "explore": False,
        "approve": "never",
        "stagnation": {"threshold": 1000},
        **more,
    }


def _step(*tools: str, **more: Any) -> dict[str, Any]:
    return {"calls": [{"tool": tool} for tool in tools], **more}


def _server(*words: str) -> dict[str, Any]:
    return {"s": {"command": _PYTHON, "args": [*words]}}


_DYING: Final[dict[str, Any]] = {
    "plan": [_step("s.look")],
    "repeat": True,
    "functions": ["_budget_tools:finish"],
    "servers": _server(_SERVER, "dies"),
    "effects": {"s.look": "pure"},
}
SPENDING: Final[dict[str, dict[str, Any]]] = {
    "plan, step by step": {"plan": [_step("look", "put", "look")], "repeat": True},
    "plan, at once": {"plan": [_step(*["look"] * 8, parallel=True)], "repeat": True},
    "script": {"plan": {"script": "for _ in range(9):\n    await put()\n"}},
    "script, at once": {
        "plan": {
            "script": "import asyncio\nawait asyncio.gather(look(), put(), look(), look(), put(), look(), look())\n"
        }
    },
    "probes": {
        "plan": [_step("put")],
        "repeat": True,
        "criteria": [*_CRITERIA, {**_PROBED, "probe": {"tool": "look"}}],
    },
    "repeated looks": {"plan": [_step("look", "put")], "repeat": True, "criteria": [*_CRITERIA, _PROBED]},
    "planner": {
        "plan": None,
        "explore": True,
        "functions": ["_budget_tools:look", "_budget_tools:put"],
        "criteria": [{**_PROBED, "probe": {"tool": "look"}}],
    },
    "retries": {**_DYING, "limits": {"retries": 9}},
    "retries, two a call": {**_DYING, "limits": {"retries": 1}},
}
"""Ways to spend tool calls."""
SLOW: Final = frozenset({"retries"})
"""Ways whose waits between restarts would take minutes under a budget of iterations alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """What hangs at the deadline."""

    mission: dict[str, Any]
    budget: dict[str, Any] = field(default_factory=dict[str, Any])
    reason: str = "max_wall_clock"
    """Why the mission ends."""
    files: str = ""
    """What lies in its folder: `large` a JSON file of 60 MB, `many` a folder of 4,000 files."""


def _hang(
    *, budget: dict[str, Any] | None = None, reason: str = "max_wall_clock", files: str = "", **more: Any
) -> Hang:
    return Hang(mission=more, budget=budget or {}, reason=reason, files=files)


def _closing(advisor: str) -> Hang:
    """What hangs once the verdict is there."""
    return _hang(plan=[_step("look")], advisor=advisor, budget={"iterations": 1}, reason="max_iterations")


_STAYS: Final = ["sh", "-c", "trap '' TERM; sleep 3600 & sleep 3600"]
HANGS: Final[dict[str, Hang]] = {
    "tool on the loop": _hang(plan=[_step("hang")]),
    "tool in a thread": _hang(plan=[_step("block")]),
    "tool that computes": _hang(plan=[_step("compute")]),
    "four that compute": _hang(plan=[_step(*["compute"] * 4, parallel=True)]),
    "tool in a worker": _hang(
        plan=[_step("block")],
        functions=[{"function": "_budget_tools:block", "isolate": True}, "_budget_tools:finish"],
    ),
    "tool that swallows cancelling": _hang(plan=[_step("swallow")]),
    "coroutine that blocks": _hang(plan=[_step("freeze")]),
    "four in a wave": _hang(plan=[_step("hang", "block", "swallow", "hang", parallel=True)]),
    "question to the world": _hang(
        plan=[_step("doubtful")], limits={"call_timeout_s": 1.2}, repeat=True, on_unknown="assume_done"
    ),
    "done_when": _hang(
        plan=[_step("hang")],
        limits={"call_timeout_s": 1.2},
        effects={"hang": {"class": "probed", "probe": {"tool": "look"}, "done_when": _ENDLESS}},
        on_unknown="assume_done",
        repeat=True,
    ),
    "import of a function": _hang(functions=["_budget_hung:look", "_budget_tools:finish"]),
    "server over stdio that never starts": _hang(servers=_server("-c", "import time; time.sleep(3600)")),
    "server over HTTP that never starts": _hang(servers={"s": {"url": "SILENT"}}),
    "server that will not be ended": _hang(
        servers=_server("-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(3600)")
    ),
    "server that stays, with a child": _hang(servers={"s": {"command": _STAYS[0], "args": _STAYS[1:]}}),
    "server that never answers a call": _hang(
        plan=[_step("s.look")], servers=_server(_SERVER, "hangs"), effects={"s.look": "pure"}
    ),
    "server that answers and will not leave": _hang(
        plan=[_step("look", sleep_s=86_400)], servers=_server(_SERVER, "stays")
    ),
    "script": _hang(plan={"script": "while True:\n    pass\n"}, limits={"script_s": 60}),
    "script that waits for a tool": _hang(plan={"script": "await block()\n"}),
    "predicates": _hang(
        plan=[_step("look")],
        repeat=True,
        criteria=[{"id": f"p{n}", "kind": "predicate", "expression": _ENDLESS} for n in range(5)],
    ),
    "swallowing tool, then predicates": _hang(
        plan=[_step("swallow")],
        criteria=[{"id": f"p{n}", "kind": "predicate", "expression": _ENDLESS} for n in range(5)],
    ),
    "until": _hang(plan=[_step("look", until=_ENDLESS)]),
    "command check with children": _hang(
        plan=[_step("look")],
        criteria=[{"id": "c", "kind": "command", "run": ["sh", "-c", "sleep 3600 & sleep 3600"], "timeout_s": 600}],
    ),
    "command check on many files": _hang(
        plan=[_step("nap")],
        repeat=True,
        criteria=[{"id": "c", "kind": "command", "path": "many", "run": ["false"], "timeout_s": 600}],
        files="many",
    ),
    "artifact check on a large file": _hang(
        plan=[_step("nap")],
        repeat=True,
        criteria=[{"id": "a", "kind": "artifact", "path": "large.json", "json": {"path": "0", "target": 1}}],
        files="large",
    ),
    "sleep_s": _hang(plan=[_step("look", sleep_s=86_400)]),
    "pause_s": _hang(plan=[_step("look")], repeat=True, pause_s=86_400),
    "retries with long waits": Hang(mission={**_DYING, "limits": {"retries": 10}}),
    "advisor that never answers": _hang(plan=None, advisor="silent"),
    "advisor that is an agent and hangs": _hang(plan=None, advisor="agent"),
    "advisor that proposes a day's sleep": _hang(plan=None, advisor="sleeper"),
    "advisor that hangs at the closing": _closing("silent"),
    "agent that hangs at the closing": _closing("agent"),
}

CONTROL: Final = Hang(mission={"plan": [_step("look", sleep_s=0.4)], "repeat": True})
"""Uses up the same time, in a few iterations: a longer record takes longer to report, and would flatter the others."""
AGENT: Final = _STAYS
"""An agent that never speaks and does not hear SIGTERM."""
