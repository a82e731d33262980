"""Gemini CLI: `AfterAgent` hooks, with times in milliseconds."""

from __future__ import annotations

from journeyman.agents.base import Host, Payload, StopRequest, plain_answer, text


def _read(payload: Payload) -> StopRequest:
    return StopRequest(
        session=text(payload, "session_id"),
        folder=text(payload, "cwd"),
        tells_continued="stop_hook_active" in payload,
        continued=payload.get("stop_hook_active") is True,
    )


GEMINI = Host(
    name="gemini",
    read=_read,
    render=plain_answer,
    wait_s=540,
    cap=None,
    programs=("gemini",),
    prompt_flags=("-p", "--prompt"),
    state=(".gemini",),
)
