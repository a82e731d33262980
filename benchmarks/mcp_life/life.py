"""The whole life of a mission as a client of the MCP server leads it; runs in any environment, with any client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Call = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
Read = Callable[[str], Awaitable[str]]


async def lead(call: Call, read: Read, name: str) -> list[str]:
    """Check, start, wait, approve by a person, wait, report, resources; what did not happen as it must, in words."""
    faults: list[str] = []

    def must(holds: object, words: str) -> None:
        if not holds:
            faults.append(words)

    must((await call("mission_check", {"file": "asks.yaml"}))["valid"], "check: not valid")
    started = await call("mission_start", {"file": "asks.yaml", "session_id": name})
    again = await call("mission_start", {"file": "asks.yaml", "session_id": name})
    must((started["created"], again["created"]) == (True, False), "start: not once")
    waits = await call("mission_status", {"session_id": name, "wait_s": 60})
    must(waits["pending"], f"status: asks nothing, is {waits['status']}")
    await call("mission_approve", {"session_id": name})
    ended = await call("mission_status", {"session_id": name, "wait_s": 60})
    must(ended["outcome"] == "achieved", f"status: {ended['status']}, outcome {ended['outcome']}")
    report = await call("mission_report", {"session_id": name})
    must("Achieved" in report["text"], "report: does not say so")
    events = json.loads(await read(f"mission://sessions/{name}/events"))["events"]
    actors = [row["actor"] for row in events if row["kind"] == "ApprovalAnswered"]
    must(len(actors) == 1 and actors[0].startswith("person:"), f"record: answered by {actors}")
    whole = json.loads(await read(f"mission://sessions/{name}/report"))
    must(whole["head_hash"] == report["head_hash"], "resource: another report")
    listed = await call("mission_list", {"limit": 100})
    must(name in [row["session_id"] for row in listed["sessions"]], "list: not in it")
    return faults
