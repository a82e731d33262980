"""Claude Code: `Stop` and `SubagentStop` hooks. It ends the turn at the ninth block in a row, as if all were well."""

from __future__ import annotations

from journeyman.agents.base import Defer, Host, Payload, StopRequest, listed, plain_answer, text


def _read(payload: Payload) -> StopRequest:
    subagent = text(payload, "agent_id") if payload.get("hook_event_name") == "SubagentStop" else ""
    defer: Defer | None = None
    if text(payload, "conversation_id") and not text(payload, "session_id"):
        defer = Defer.OTHER_HOST  # Cursor runs the hooks in Claude Code's settings, too, and has one of its own
    elif listed(payload, "background_tasks") or listed(payload, "session_crons"):
        defer = Defer.BACKGROUND
    elif payload.get("permission_mode") == "plan":
        defer = Defer.PLAN
    return StopRequest(
        session=text(payload, "session_id"),
        folder=text(payload, "cwd"),
        defer=defer,
        subagent=subagent or ("?" if payload.get("hook_event_name") == "SubagentStop" else ""),
        tells_continued="stop_hook_active" in payload,
        continued=payload.get("stop_hook_active") is True,
    )


CLAUDE_CODE = Host(
    name="claude-code",
    read=_read,
    render=plain_answer,
    wait_s=540,
    cap=8,
    cap_variable="CLAUDE_CODE_STOP_HOOK_BLOCK_CAP",
    programs=("claude",),
    prompt_flags=("-p", "--print"),
    state=(".claude", ".claude.json"),
    state_variables=("CLAUDE_CONFIG_DIR",),
)
