"""Copilot CLI: `agentStop` and `subagentStop` hooks, which must end with 0; eight blocks in a row."""

from __future__ import annotations

from journeyman.agents.base import Host, Payload, StopRequest, plain_answer, text


def _read(payload: Payload) -> StopRequest:
    event = text(payload, "hook_event_name", "hookEventName", "event")
    is_part = event.lower() == "subagentstop"
    return StopRequest(
        session=text(payload, "session_id", "sessionId"),
        folder=text(payload, "cwd"),
        subagent=(text(payload, "agent_id", "agentId", "agentName") or "?") if is_part else "",
        tells_continued="stop_hook_active" in payload or "stopHookActive" in payload,
        continued=payload.get("stop_hook_active") is True or payload.get("stopHookActive") is True,
    )


COPILOT = Host(
    name="copilot",
    read=_read,
    render=plain_answer,
    wait_s=540,
    cap=8,
    programs=("copilot",),
    prompt_flags=("-p", "--prompt"),
    state=(".copilot",),
    state_variables=("COPILOT_HOME",),
)
