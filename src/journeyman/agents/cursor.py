"""Cursor: a `stop` hook that cannot keep the agent from stopping, but may give it a further message; bounded by `loop_limit`."""

from __future__ import annotations

from journeyman.agents.base import Defer, Host, Payload, StopAnswer, StopRequest, listed, text


def _read(payload: Payload) -> StopRequest:
    roots = [root for root in listed(payload, "workspace_roots") if isinstance(root, str)]
    count = payload.get("loop_count")
    return StopRequest(
        session=text(payload, "conversation_id", "session_id"),
        folder=roots[0] if roots else text(payload, "cwd"),
        defer=Defer.ABORTED if payload.get("status") in ("aborted", "error") else None,
        tells_continued=isinstance(count, int),
        continued=isinstance(count, int) and count > 0,
    )


def _render(answer: StopAnswer) -> dict[str, object] | None:
    return {"followup_message": answer.reason} if answer.block else None


CURSOR = Host(
    name="cursor", read=_read, render=_render, wait_s=540, cap=10, programs=("cursor-agent",), prompt_flags=("-p", "--print"),
    state=(".cursor", ".config/cursor"), state_variables=("CURSOR_CONFIG_DIR",),
)  # fmt: skip
