"""OpenCode: no stop hook of its own; the guard's plugin hears that a session is idle and sends what is to be done next."""

from __future__ import annotations

from journeyman.agents.base import Defer, Host, Payload, StopAnswer, StopRequest, text


def _read(payload: Payload) -> StopRequest:
    return StopRequest(
        session=text(payload, "sessionID", "session_id"),
        folder=text(payload, "directory", "cwd"),
        defer=Defer.ABORTED if payload.get("aborted") is True else None,
        subagent=text(payload, "parentID"),
    )


def _render(answer: StopAnswer) -> dict[str, object] | None:
    found: dict[str, object] = {"prompt": answer.reason} if answer.block else {}
    if answer.message:
        found["message"] = answer.message
    return found or None


OPENCODE = Host(
    name="opencode", read=_read, render=_render, wait_s=540, cap=None, programs=("opencode",),
    state=(".config/opencode", ".local/share/opencode", ".local/state/opencode", ".cache/opencode"),
    state_variables=("OPENCODE_CONFIG_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
)  # fmt: skip
