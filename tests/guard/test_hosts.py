"""Each host's own words: what it writes to a stop hook, and what it understands."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.agents import HOSTS, StopAnswer
from journeyman.agents.base import Defer

BLOCK = StopAnswer(block=True, reason="tests fail")
LET_GO = StopAnswer(block=False)
TELL = StopAnswer(block=False, message="released")

CLAUDE: dict[str, Any] = {
    "session_id": "s1", "transcript_path": "/x.jsonl", "cwd": "/w", "prompt_id": "p", "permission_mode": "default",
    "effort": {"level": "medium"}, "hook_event_name": "Stop", "stop_hook_active": False, "last_assistant_message": "All done",
    "background_tasks": [], "session_crons": [],
}  # fmt: skip
CODEX: dict[str, Any] = {
    "session_id": "s1", "turn_id": "t", "transcript_path": None, "cwd": "/w", "hook_event_name": "Stop", "model": "m",
    "permission_mode": "bypassPermissions", "stop_hook_active": True, "last_assistant_message": None,
}  # fmt: skip
GEMINI: dict[str, Any] = {
    "session_id": "s1", "transcript_path": "/x", "cwd": "/w", "hook_event_name": "AfterAgent", "timestamp": "t", "prompt": "p",
    "prompt_response": "r", "stop_hook_active": True,
}  # fmt: skip
CURSOR: dict[str, Any] = {
    "conversation_id": "s1", "generation_id": "g", "workspace_roots": ["/w", "/v"], "hook_event_name": "stop",
    "status": "completed", "loop_count": 0,
}  # fmt: skip
COPILOT: dict[str, Any] = {"sessionId": "s1", "cwd": "/w", "hook_event_name": "agentStop", "stop_hook_active": False}
OPENCODE: dict[str, Any] = {"sessionID": "s1", "directory": "/w"}
WHOLE = {
    "claude-code": CLAUDE,
    "codex": CODEX,
    "gemini": GEMINI,
    "cursor": CURSOR,
    "copilot": COPILOT,
    "opencode": OPENCODE,
}


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_a_host_tells_session_and_folder(name: str) -> None:
    """And an ordinary stop is judged."""
    found = HOSTS[name].read(WHOLE[name])
    assert (found.session, found.folder, found.defer, found.subagent) == ("s1", "/w", None, "")


@pytest.mark.parametrize("name", sorted(HOSTS))
@pytest.mark.parametrize("payload", [{}, {"cwd": 3, "session_id": None, "workspace_roots": "x", "background_tasks": 1}])
def test_a_host_that_says_nothing_useful_is_read_all_the_same(name: str, payload: dict[str, Any]) -> None:
    """Other versions may say other things."""
    found = HOSTS[name].read(payload)
    assert (found.session, found.folder) == ("", "")


@pytest.mark.parametrize(
    ("name", "more", "defer", "subagent", "continued"),
    [
        ("claude-code", {"stop_hook_active": True}, None, "", True),
        ("claude-code", {"background_tasks": [{"id": "b"}]}, Defer.BACKGROUND, "", False),
        ("claude-code", {"session_crons": [{}]}, Defer.BACKGROUND, "", False),
        ("claude-code", {"permission_mode": "plan"}, Defer.PLAN, "", False),
        ("claude-code", {"hook_event_name": "SubagentStop", "agent_id": "a1"}, None, "a1", False),
        ("claude-code", {"session_id": "", "conversation_id": "c"}, Defer.OTHER_HOST, "", False),
        ("codex", {"permission_mode": "plan"}, Defer.PLAN, "", True),
        ("codex", {"hook_event_name": "SubagentStop", "agent_id": "a1"}, None, "a1", True),
        ("gemini", {}, None, "", True),
        ("cursor", {"status": "aborted"}, Defer.ABORTED, "", False),
        ("cursor", {"status": "error"}, Defer.ABORTED, "", False),
        ("cursor", {"loop_count": 2}, None, "", True),
        ("copilot", {"hook_event_name": "subagentStop", "agentName": "x"}, None, "x", False),
        ("opencode", {"aborted": True}, Defer.ABORTED, "", False),
        ("opencode", {"parentID": "p"}, None, "p", False),
    ],
)
def test_what_is_no_stop_of_the_whole_work(
    name: str,
    more: dict[str, Any],
    defer: Defer | None,
    subagent: str,
    continued: bool,  # noqa: FBT001
) -> None:
    """Each host says it in its way."""
    found = HOSTS[name].read({**WHOLE[name], **more})
    assert (found.defer, found.subagent, found.continued) == (defer, subagent, continued)


@pytest.mark.parametrize(
    ("name", "block", "tell"),
    [
        ("claude-code", {"decision": "block", "reason": "tests fail"}, {"systemMessage": "released"}),
        ("codex", {"decision": "block", "reason": "tests fail"}, {"systemMessage": "released"}),
        ("gemini", {"decision": "block", "reason": "tests fail"}, {"systemMessage": "released"}),
        ("copilot", {"decision": "block", "reason": "tests fail"}, {"systemMessage": "released"}),
        ("cursor", {"followup_message": "tests fail"}, None),
        ("opencode", {"prompt": "tests fail"}, {"message": "released"}),
    ],
)
def test_a_host_is_answered_in_its_own_words(name: str, block: dict[str, Any], tell: dict[str, Any] | None) -> None:
    """One JSON object, or nothing; `decision: approve` would be a fault for Codex, which then lets the agent go."""
    render = HOSTS[name].render
    assert render(BLOCK) == block
    assert render(TELL) == tell
    assert render(LET_GO) is None


def test_hooks_give_up_before_their_hosts_and_releases_come_before_the_caps() -> None:
    """A host that ends a hook, or a turn, does so in silence."""
    assert all(host.wait_s < 600 for host in HOSTS.values())
    assert all(host.cap is None or host.cap > 6 for host in HOSTS.values())


@pytest.mark.parametrize(("said", "cap"), [("", 8), ("20", 20), ("0", None), ("many", 8), ("-1", 8)])
def test_a_cap_that_people_raise_counts_where_the_hook_runs(said: str, cap: int | None) -> None:
    """As `guard install --long` does; 0 switches it off; hosts without such a variable keep theirs."""
    environment = {"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP": said} if said else {}
    assert HOSTS["claude-code"].cap_here(environment) == cap
    assert HOSTS["copilot"].cap_here(environment) == 8
    assert HOSTS["codex"].cap_here(environment) is None
