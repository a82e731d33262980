"""Codex: `Stop` and `SubagentStop` hooks. Any key beyond its own, or other text, lets the agent stop."""

from __future__ import annotations

from journeyman.agents.base import Defer, Host, Payload, StopRequest, plain_answer, text


def _read(payload: Payload) -> StopRequest:
    is_part = payload.get("hook_event_name") == "SubagentStop"
    return StopRequest(
        session=text(payload, "session_id"),
        folder=text(payload, "cwd"),
        defer=Defer.PLAN if payload.get("permission_mode") == "plan" else None,
        subagent=(text(payload, "agent_id") or "?") if is_part else "",
        tells_continued="stop_hook_active" in payload,
        continued=payload.get("stop_hook_active") is True,
    )


CODEX = Host(
    name="codex", read=_read, render=plain_answer, wait_s=540, cap=None, programs=("codex",),
    state=(".codex",), state_variables=("CODEX_HOME",),
)  # fmt: skip
