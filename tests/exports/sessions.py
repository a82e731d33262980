"""Missions of every kind that end in every way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOOLS: Final = '''\
from pathlib import Path

from journeyman import tool


@tool(effect="pure")
def look(level: int = 1) -> dict[str, object]:
    """What is there."""
    return {"metrics": {"level": level}, "text": "x" * 6000}


@tool(effect="unsafe")
def change(value: int = 1) -> str:
    """Change something."""
    Path("value").write_text(str(value))
    return "changed"


@tool(effect="pure")
def fail() -> str:
    """It never works."""
    raise ValueError("no such thing: \\N{SNOWMAN}")
'''
TRACE: Final = (
    '{"type":"answer","source":"claim","at_s":0.1,"what":"I shall look."}\n'
    '{"type":"execute","source":"process","at_s":0.5,"what":"ls","paths":[],"status":"done","exit_code":0,"output":"a b"}\n'
    '{"type":"write","source":"files","at_s":0.9,"what":"","paths":["a"],"status":"added","diff":"+1"}\n'
)


@dataclass(frozen=True)
class Made:
    """A mission, its tools and what an attempt left behind."""

    mission: str
    tools: str = TOOLS
    trace: str = ""


_HEAD = 'directive: "Do it; \\"quoted\\", and \\u2603."\nfunctions: ["things:look", "things:change", "things:fail"]\n'
SESSIONS: Final[dict[str, Made]] = {
    "achieved": Made(
        f"{_HEAD}tools: [look]\ncriteria:\n  - {{id: seen, kind: tool_call_succeeded, tool: look}}\nbudget: {{iterations: 3}}\n"
    ),
    "not achieved, with a trace": Made(
        f"{_HEAD}tools: [look, fail]\ncriteria:\n  - {{id: high, kind: metric_threshold, metric: level, op: '>', target: 9000000000}}\n"
        "budget: {iterations: 3}\n",
        trace=TRACE,
    ),
    "errors": Made(
        f"{_HEAD}tools: [fail]\ncriteria:\n  - {{id: done, kind: tool_call_succeeded, tool: fail}}\nbudget: {{iterations: 2}}\n"
    ),
    "a plan": Made(
        f"{_HEAD}tools: [look, change]\nplan:\n  - calls: [{{tool: look, args: {{level: 3}}}}, {{tool: change, args: {{value: 2}}}}]\n"
        "criteria:\n  - {id: changed, kind: tool_call_succeeded, tool: change}\nbudget: {iterations: 2}\n"
    ),
    "waiting for a person": Made(
        f"{_HEAD}tools: [look]\ncriteria:\n  - {{id: good, kind: approval, by: somebody}}\nbudget: {{iterations: 2}}\n"
    ),
}
