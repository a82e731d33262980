"""What each agent's lines mean: made transcripts in the exact forms of the real ones, and lines that nobody would make."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.agents import HOSTS
from journeyman.agents.drivers.base import WorkLimits, WorkOrder
from journeyman.agents.drivers.dialogues import HEADLESS
from journeyman.agents.drivers.dialogues.base import Dialogue, TextJoiner
from journeyman.agents.drivers.dialogues.claude_code import CLAUDE_CODE
from journeyman.agents.drivers.ending import ProcessEnd, exceeded, judge_end
from journeyman.agents.drivers.events import (
    CUT,
    MOST_CHARS,
    AgentEnded,
    AgentEvent,
    AgentMessage,
    DiffClaimed,
    Ending,
    Notice,
    PermissionAsked,
    SessionStarted,
    Thought,
    ToolFinished,
    ToolKind,
    ToolStarted,
    ToolStatus,
    Unreadable,
    Usage,
    UsageReported,
    clip,
)
from journeyman.agents.drivers.json_lines import JsonLines
from journeyman.agents.drivers.known_agent import Launch
from journeyman.agents.drivers.permissions import Access, PermissionPolicy, leads_inside

Row = dict[str, Any]
EVERY: Final = pytest.mark.parametrize("name", HEADLESS)


def meaning(dialogue: Dialogue, rows: Sequence[Row]) -> list[AgentEvent]:
    """All that rows mean, the end of the output included."""
    events = [event for row in rows for event in dialogue.read(row)]
    return [*events, *dialogue.at_end()]


def said_by_claude(**block: Any) -> Row:
    """A line of Claude Code's that holds one block."""
    return {"type": "assistant", "message": {"id": "m1", "role": "assistant", "content": [block]}}


def result_of_claude(**more: Any) -> Row:
    """The last line of Claude Code."""
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "terminal_reason": "completed",
        "usage": {},
        **more,
    }


def codex_item(state: str, **item: Any) -> Row:
    """A line of Codex about an item."""
    return {"type": f"item.{state}", "item": {"id": "i1", **item}}


def opencode_tool(tool: str, **state: Any) -> Row:
    """A line of OpenCode about a tool call."""
    part = {"type": "tool", "tool": tool, "callID": "c1", "state": {"status": "completed", **state}}
    return {"type": "tool_use", "sessionID": "s1", "part": part}


def opencode_step(reason: str, **tokens: Any) -> Row:
    """A line of OpenCode about the end of a step."""
    return {"type": "step_finish", "sessionID": "s1", "part": {"reason": reason, "tokens": tokens, "cost": 0.5}}


OPENCODE_SESSION: Final = SessionStarted(agent="opencode", session_id="s1")

TABLE: Final[list[tuple[str, str, list[Row], list[AgentEvent]]]] = [
    ("claude-code", "session", [{"type": "system", "subtype": "init", "session_id": "s", "model": "m", "claude_code_version": "2"}],
     [SessionStarted(agent="claude-code", session_id="s", version="2", model="m")]),
    ("claude-code", "message", [said_by_claude(type="text", text="Hi")], [AgentMessage(text="Hi")]),
    ("claude-code", "thought", [said_by_claude(type="thinking", thinking="Hm")], [Thought(text="Hm")]),
    ("claude-code", "command", [said_by_claude(type="tool_use", id="t1", name="Bash", input={"command": "ls"})],
     [ToolStarted(call_id="t1", name="Bash", kind=ToolKind.EXECUTE, command="ls")]),
    ("claude-code", "edit",
     [said_by_claude(type="tool_use", id="t1", name="Edit", input={"file_path": "/w/a", "old_string": "x", "new_string": "y"})],
     [ToolStarted(call_id="t1", name="Edit", kind=ToolKind.WRITE, paths=("/w/a",)),
      DiffClaimed(call_id="t1", path="/w/a", before="x", after="y")]),
    ("claude-code", "a tool of a server", [said_by_claude(type="tool_use", id="t1", name="mcp__db__query", input={})],
     [ToolStarted(call_id="t1", name="mcp__db__query", kind=ToolKind.CALL)]),
    ("claude-code", "a failed command",
     [{"type": "user", "message": {"content": [
         {"type": "tool_result", "tool_use_id": "t1", "content": "Exit code 3\nno", "is_error": True}]}}],
     [ToolFinished(call_id="t1", status=ToolStatus.FAILED, output="Exit code 3\nno", exit_code=3)]),
    ("claude-code", "a refused call",
     [{"type": "user", "message": {"content": [
         {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "no"}], "is_error": True}]},
       "tool_result_meta": [{"id": "t1", "permission_decision": {"decision": "reject"}}]}],
     [ToolFinished(call_id="t1", status=ToolStatus.REFUSED, output="no")]),
    ("claude-code", "a request for permission",
     [{"type": "control_request", "request_id": "r1", "request": {
         "subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "rm /x"}, "blocked_path": "/x", "tool_use_id": "t1"}}],
     [PermissionAsked(
         request_id="r1", kind=ToolKind.EXECUTE, title="rm /x", paths=("/x",), call_id="t1", options=("allow", "deny"))]),
    ("claude-code", "another request", [{"type": "control_request", "request_id": "r1", "request": {"subtype": "mcp_message"}}], []),
    ("claude-code", "what it used, by model",
     [result_of_claude(total_cost_usd=0.5, modelUsage={
         "a": {"inputTokens": 1, "outputTokens": 2, "cacheReadInputTokens": 4, "cacheCreationInputTokens": 8},
         "b": {"inputTokens": 16, "outputTokens": 32}})],
     [UsageReported(usage=Usage(input_tokens=29, output_tokens=34, cached_tokens=4, cost_usd=0.5)),
      AgentEnded(how=Ending.FINISHED, stop_reason="completed")]),
    ("claude-code", "what it used in a resumed session",
     [result_of_claude(total_cost_usd=9, modelUsage={"a": {"inputTokens": 99, "outputTokens": 9}},
                       model_usage_since_last_result={"a": {"inputTokens": 9, "outputTokens": 1, "costUSD": 0.25}})],
     [UsageReported(usage=Usage(input_tokens=9, output_tokens=1, cost_usd=0.25)),
      AgentEnded(how=Ending.FINISHED, stop_reason="completed")]),
    ("claude-code", "its own budget", [result_of_claude(subtype="error_max_budget_usd", is_error=True)],
     [UsageReported(usage=Usage()),
      AgentEnded(how=Ending.LIMIT, stop_reason="error_max_budget_usd", detail="a limit of the agent's own struck")]),
    ("claude-code", "an error that calls itself success", [result_of_claude(is_error=True, terminal_reason="api_error", result="API Error: 400")],
     [UsageReported(usage=Usage()), AgentEnded(how=Ending.FAILED, stop_reason="api_error", detail="API Error: 400")]),
    ("claude-code", "a refusal", [result_of_claude(stop_reason="refusal", result="I will not.")],
     [UsageReported(usage=Usage()), AgentEnded(how=Ending.REFUSED, stop_reason="refusal", detail="I will not.")]),
    ("codex", "session", [{"type": "thread.started", "thread_id": "t"}], [SessionStarted(agent="codex", session_id="t")]),
    ("codex", "message", [codex_item("completed", type="agent_message", text="Hi")], [AgentMessage(text="Hi")]),
    ("codex", "thought", [codex_item("completed", type="reasoning", text="Hm")], [Thought(text="Hm")]),
    ("codex", "warning", [codex_item("completed", type="error", message="old")], [Notice(text="old")]),
    ("codex", "command",
     [codex_item("started", type="command_execution", command="ls", status="in_progress"),
      codex_item("completed", type="command_execution", command="ls", aggregated_output="a\n", exit_code=0, status="completed")],
     [ToolStarted(call_id="i1", name="command_execution", kind=ToolKind.EXECUTE, command="ls"),
      ToolFinished(call_id="i1", status=ToolStatus.DONE, output="a\n", exit_code=0)]),
    ("codex", "a declined command",
     [codex_item("completed", type="command_execution", command="rm", aggregated_output="", exit_code=None, status="declined")],
     [ToolStarted(call_id="i1", name="command_execution", kind=ToolKind.EXECUTE, command="rm"),
      ToolFinished(call_id="i1", status=ToolStatus.REFUSED)]),
    ("codex", "edit", [codex_item("completed", type="file_change", changes=[{"path": "/w/a", "kind": "update"}], status="completed")],
     [ToolStarted(call_id="i1", name="file_change", kind=ToolKind.WRITE, paths=("/w/a",)),
      ToolFinished(call_id="i1", status=ToolStatus.DONE)]),
    ("codex", "a tool of a server",
     [codex_item("completed", type="mcp_tool_call", server="db", tool="query", error={"message": "gone"}, status="failed")],
     [ToolStarted(call_id="i1", name="db.query", kind=ToolKind.CALL),
      ToolFinished(call_id="i1", status=ToolStatus.FAILED, output="gone")]),
    ("codex", "end", [{"type": "turn.completed", "usage": {"input_tokens": 9, "cached_input_tokens": 3, "output_tokens": 2}}],
     [UsageReported(usage=Usage(input_tokens=9, output_tokens=2, cached_tokens=3)),
      AgentEnded(how=Ending.FINISHED, stop_reason="turn.completed")]),
    ("codex", "failure", [{"type": "error", "message": "x"}, {"type": "turn.failed", "error": {"message": "x"}}],
     [Notice(text="x"), AgentEnded(how=Ending.FAILED, stop_reason="turn.failed", detail="x")]),
    ("gemini", "session", [{"type": "init", "session_id": "s", "model": "m"}],
     [SessionStarted(agent="gemini", session_id="s", model="m")]),
    ("gemini", "letters",
     [{"type": "message", "role": "assistant", "content": letter, "delta": True} for letter in "Hi!"], [AgentMessage(text="Hi!")]),
    ("gemini", "its own prompt", [{"type": "message", "role": "user", "content": "Work"}], []),
    ("gemini", "a failed command",
     [{"type": "tool_use", "tool_name": "run_shell_command", "tool_id": "t1", "parameters": {"command": "x"}},
      {"type": "tool_result", "tool_id": "t1", "status": "success", "output": "Command exited with code: 3"}],
     [ToolStarted(call_id="t1", name="run_shell_command", kind=ToolKind.EXECUTE, command="x"),
      ToolFinished(call_id="t1", status=ToolStatus.DONE, output="Command exited with code: 3", exit_code=3)]),
    ("gemini", "a tool that it may not have",
     [{"type": "tool_result", "tool_id": "t1", "status": "error", "output": "no", "error": {"type": "tool_not_registered"}}],
     [ToolFinished(call_id="t1", status=ToolStatus.REFUSED, output="no")]),
    ("gemini", "end", [{"type": "result", "status": "success", "stats": {"total_tokens": 12, "input_tokens": 9, "output_tokens": 2, "cached": 1}}],
     [UsageReported(usage=Usage(input_tokens=9, output_tokens=3, cached_tokens=1)), AgentEnded(how=Ending.FINISHED, stop_reason="success")]),
    ("gemini", "success after a block",
     [{"type": "error", "severity": "warning", "message": "Agent execution blocked: no"}, {"type": "result", "status": "success", "stats": {}}],
     [Notice(text="Agent execution blocked: no"), UsageReported(usage=Usage()),
      AgentEnded(how=Ending.UNKNOWN, stop_reason="success", detail="Agent execution blocked: no")]),
    ("gemini", "success after a block and more work",
     [{"type": "error", "severity": "warning", "message": "Agent execution blocked: no"},
      {"type": "message", "role": "assistant", "content": "Now it is."}, {"type": "result", "status": "success", "stats": {}}],
     [Notice(text="Agent execution blocked: no"), AgentMessage(text="Now it is."), UsageReported(usage=Usage()),
      AgentEnded(how=Ending.FINISHED, stop_reason="success")]),
    ("gemini", "failure", [{"type": "result", "status": "error", "error": {"type": "unknown", "message": "400"}, "stats": {}}],
     [UsageReported(usage=Usage()), AgentEnded(how=Ending.FAILED, stop_reason="unknown", detail="400")]),
    ("gemini", "its own limit", [{"type": "result", "status": "error", "error": {"type": "FatalTurnLimitedError", "message": "100"}}],
     [UsageReported(usage=Usage()), AgentEnded(how=Ending.LIMIT, stop_reason="FatalTurnLimitedError", detail="100")]),
    ("opencode", "message", [{"type": "text", "sessionID": "s1", "part": {"text": "Hi"}}], [OPENCODE_SESSION, AgentMessage(text="Hi")]),
    ("opencode", "a failed command",
     [opencode_tool("bash", input={"command": "x"}, output="(no output)", metadata={"exit": 3})],
     [OPENCODE_SESSION, ToolStarted(call_id="c1", name="bash", kind=ToolKind.EXECUTE, command="x"),
      ToolFinished(call_id="c1", status=ToolStatus.DONE, output="(no output)", exit_code=3)]),
    ("opencode", "edit", [opencode_tool("edit", input={"filePath": "/w/a", "oldString": "x", "newString": "y"}, output="")],
     [OPENCODE_SESSION, ToolStarted(call_id="c1", name="edit", kind=ToolKind.WRITE, paths=("/w/a",)),
      DiffClaimed(call_id="c1", path="/w/a", before="x", after="y"), ToolFinished(call_id="c1", status=ToolStatus.DONE)]),
    ("opencode", "end, of two steps",
     [opencode_step("tool-calls", input=9, output=2, reasoning=1, cache={"read": 4, "write": 0}), opencode_step("stop", input=1, output=1)],
     [OPENCODE_SESSION, UsageReported(usage=Usage(input_tokens=13, output_tokens=3, cached_tokens=4, cost_usd=0.5)),
      UsageReported(usage=Usage(input_tokens=14, output_tokens=4, cached_tokens=4, cost_usd=1.0)),
      AgentEnded(how=Ending.FINISHED, stop_reason="stop")]),
    ("opencode", "no end: a step that asks for tools", [opencode_step("tool-calls")],
     [OPENCODE_SESSION, UsageReported(usage=Usage(cost_usd=0.5))]),
    ("opencode", "no end: another step begins",
     [opencode_step("stop"), {"type": "step_start", "sessionID": "s1", "part": {}}],
     [OPENCODE_SESSION, UsageReported(usage=Usage(cost_usd=0.5))]),
    ("opencode", "an end for length", [opencode_step("length")],
     [OPENCODE_SESSION, UsageReported(usage=Usage(cost_usd=0.5)), AgentEnded(how=Ending.LIMIT, stop_reason="length")]),
    ("opencode", "failure", [{"type": "error", "sessionID": "s1", "error": {"name": "APIError", "data": {"message": "400"}}}],
     [OPENCODE_SESSION, AgentEnded(how=Ending.FAILED, stop_reason="APIError", detail="400")]),
    ("cursor", "command",
     [{"type": "tool_call", "subtype": "started", "call_id": "c", "tool_call": {"shellToolCall": {"args": {"command": "ls"}}}},
      {"type": "tool_call", "subtype": "completed", "call_id": "c", "tool_call": {
          "shellToolCall": {"args": {}, "result": {"success": {"exitCode": 0, "stdout": "a", "stderr": "b"}}}}}],
     [ToolStarted(call_id="c", name="shell", kind=ToolKind.EXECUTE, command="ls"),
      ToolFinished(call_id="c", status=ToolStatus.DONE, output="ab", exit_code=0)]),
    ("cursor", "a rejected command",
     [{"type": "tool_call", "subtype": "completed", "call_id": "c", "tool_call": {
         "shellToolCall": {"args": {}, "result": {"rejected": {"reason": "no"}}}}}],
     [ToolFinished(call_id="c", status=ToolStatus.REFUSED)]),
    ("cursor", "end", [{"type": "result", "subtype": "success", "is_error": False, "result": "x"}],
     [AgentEnded(how=Ending.FINISHED, stop_reason="success")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "what", "rows", "events"), TABLE, ids=[f"{row[0]}: {row[1]}" for row in TABLE])
def test_lines_mean_what_they_say(name: str, what: str, rows: list[Row], events: list[AgentEvent]) -> None:
    """One row of the table."""
    assert meaning(HEADLESS[name].dialogue(), rows) == events


WORDS: Final = sorted({key for _, _, rows, _ in TABLE for row in rows for key in row})
TYPES: Final = sorted(
    {str(row.get(key)) for _, _, rows, _ in TABLE for row in rows for key in ("type", "subtype", "status")}
)
LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(TYPES)
    | st.just("\ud800")
)
VALUES: Final = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "id", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
ROWS: Final = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6).flatmap(
    lambda row: st.sampled_from(TYPES).map(lambda kind: {**row, "type": kind})
)


@EVERY
@given(rows=st.lists(ROWS, max_size=6))
def test_no_line_breaks_who_reads_it(name: str, rows: list[Row]) -> None:
    """And whatever comes of it can be kept as UTF-8, in bounded size."""
    dialogue = HEADLESS[name].dialogue()
    for event in meaning(dialogue, rows):
        repr(event).encode()
        assert len(repr(event)) < 4 * MOST_CHARS
    for row in rows:
        assert isinstance(dialogue.refuse_unknown(row), bytes)


def mutated(rows: list[Row], draw: Callable[[Any], Any]) -> list[Row]:
    """A transcript in which one value is another."""
    copy: list[Row] = json.loads(json.dumps(rows))
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            places.append((value, key))
            walk(inner)

    for row in copy:
        walk(row)
    where, key = draw(st.sampled_from(places))
    where[key] = draw(VALUES)
    return copy


@given(data=st.data(), row=st.sampled_from(TABLE))
def test_a_changed_transcript_breaks_nothing(
    data: st.DataObject, row: tuple[str, str, list[Row], list[AgentEvent]]
) -> None:
    """Whatever one value of it is."""
    name, _, rows, _ = row
    changed = mutated(rows, data.draw)
    for event in meaning(HEADLESS[name].dialogue(), changed):
        repr(event).encode()


@given(pieces=st.lists(st.binary(max_size=40) | st.just(b"\n") | st.just(b'{"type": "x"}\n'), max_size=20))
def test_how_a_stream_is_cut_changes_nothing(pieces: list[bytes]) -> None:
    """Whole, in pieces, or byte by byte: the same messages."""
    whole = b"".join(pieces)

    def read(chunks: Sequence[bytes]) -> list[object]:
        lines = JsonLines(most_bytes=60)
        found = [message for chunk in chunks for message in lines.feed(chunk)]
        return [*found, *lines.close(), lines.torn, lines.oversized_bytes]

    assert read([whole]) == read(pieces) == read([whole[i : i + 1] for i in range(len(whole))])


def test_a_line_that_is_too_long_is_passed_over() -> None:
    """Its size is told, its neighbours are read."""
    lines = JsonLines(most_bytes=100)
    found = [*lines.feed(b'{"a": 1}\n' + b"x" * 500), *lines.feed(b"y" * 500 + b'\n{"b": 2}\n'), *lines.close()]
    assert found[0] == {"a": 1}
    assert found[2] == {"b": 2}
    assert isinstance(found[1], Unreadable)
    assert found[1].size_bytes == lines.oversized_bytes == 1000
    assert not lines.torn


@given(text=st.text(max_size=50) | st.just("\ud800x"), most=st.integers(20, 40))
def test_texts_are_clipped(text: str, most: int) -> None:
    """To Unicode, and to a length; and say so."""
    short = clip(text, most)
    short.encode()
    assert len(short) <= most
    assert (CUT in short) == (len(text) > most or CUT in text)


CLAIMS: Final = st.none() | st.builds(AgentEnded, how=st.sampled_from(Ending), stop_reason=st.text(max_size=3))


@given(claim=CLAIMS, code=st.none() | st.integers(-9, 3), oversized=st.integers(0, 1), torn=st.booleans())
def test_an_end_is_never_better_than_all_signs(
    claim: AgentEnded | None,
    code: int | None,
    oversized: int,
    torn: bool,  # noqa: FBT001
) -> None:
    """Finished needs the claim, an exit code that does not contradict, and an output that could be read."""
    end = judge_end(claim, ProcessEnd(exit_code=code, oversized_bytes=oversized, torn=torn))
    fine = claim is not None and code in (0, None) and not oversized and not torn
    assert (end.how is Ending.FINISHED) == (fine and claim is not None and claim.how is Ending.FINISHED)
    assert end.exit_code == code
    if claim is not None and claim.how not in (Ending.FINISHED, Ending.REFUSED):
        assert end.how is claim.how
    if end.how is Ending.UNKNOWN and (claim is None or claim.how is not Ending.UNKNOWN):
        assert end.detail


def test_limits_are_exact() -> None:
    """What is allowed is allowed; one more is not."""
    used = Usage(input_tokens=60, output_tokens=40, cost_usd=1.0)
    assert not exceeded(WorkLimits(tokens=100, cost_usd=1.0, tool_calls=3), used, 3)
    assert "101 tokens" in exceeded(WorkLimits(tokens=100), Usage(input_tokens=61, output_tokens=40), 0)
    assert "1.0100 USD" in exceeded(WorkLimits(cost_usd=1.0), Usage(cost_usd=1.01), 0)
    assert "4 tool calls" in exceeded(WorkLimits(tool_calls=3), None, 4)
    assert not exceeded(WorkLimits(tokens=0, cost_usd=0.0), None, 9)


def asked(kind: ToolKind, *paths: str) -> PermissionAsked:
    """A request for permission."""
    return PermissionAsked(request_id="r", kind=kind, title="t", paths=paths)


def test_policies_answer_by_kind_and_place(tmp_path: Path) -> None:
    """The stricter of the two holds; links are followed, and what is no path lies outside."""
    (tmp_path / "link").symlink_to("/etc")
    for path, inside in {"a": True, str(tmp_path / "x/y"): True, "../b": False, "/etc/passwd": False, "link/passwd": False,
                         "": True, "a/../../b": False, "\0": False, "a" * 5000: True}.items():  # fmt: skip
        assert leads_inside(path, tmp_path) == inside, path
    policy = PermissionPolicy(read=Access.ALLOW, write=Access.ASK, execute=Access.REFUSE, outside=Access.REFUSE)
    assert policy.decide(asked(ToolKind.READ, "a"), tmp_path) is Access.ALLOW
    assert policy.decide(asked(ToolKind.READ, "a", "/etc/passwd"), tmp_path) is Access.REFUSE
    assert policy.decide(asked(ToolKind.WRITE, "a"), tmp_path) is Access.ASK
    assert policy.decide(asked(ToolKind.EXECUTE), tmp_path) is Access.REFUSE
    asks = PermissionPolicy(outside=Access.ASK)
    assert asks.decide(asked(ToolKind.WRITE, "/x"), tmp_path) is Access.ASK


@EVERY
def test_a_refusing_policy_never_starts_an_agent_that_may(name: str, tmp_path: Path) -> None:
    """What would let an agent do anything is not on its command line then; what it refuses by itself is."""
    free = {
        "--yolo",
        "yolo",
        "--force",
        "--auto",
        'sandbox_mode="danger-full-access"',
        'sandbox_mode="workspace-write"',
    }
    agent = HEADLESS[name]
    for policy in (PermissionPolicy(execute=Access.REFUSE), PermissionPolicy(execute=Access.ASK)):
        order = WorkOrder(prompt="p", workspace=tmp_path, policy=policy)
        assert not free & set(agent.arguments(Launch(order=order)))
        assert (
            "allow"
            not in json.loads(agent.fixed(Launch(order=order)).get("OPENCODE_PERMISSION", '{"bash": ""}'))["bash"]
        )


@EVERY
def test_model_session_and_prompt_are_told(name: str, tmp_path: Path) -> None:
    """The prompt stands on the input, and among the arguments only where it must."""
    agent = HEADLESS[name]
    order = WorkOrder(prompt="the prompt", workspace=tmp_path, resume="session-7")
    words = agent.arguments(Launch(order=order, model="model-7", extra=("--extra",)))
    assert {"session-7", "model-7", "--extra"} <= set(words)
    assert ("the prompt" in words) == agent.prompt_in_arguments
    assert (b"the prompt" in agent.dialogue().opening(order)) != agent.prompt_in_arguments
    assert name in HOSTS


def test_claude_is_answered_with_its_own_input() -> None:
    """Yes repeats what was asked for, no says so, another request is refused and not left waiting."""
    dialogue = HEADLESS["claude-code"].dialogue()
    row: Row = {"type": "control_request", "request_id": "r1",
           "request": {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "ls"}}}  # fmt: skip
    (question,) = dialogue.read(row)
    assert isinstance(question, PermissionAsked)
    answer = json.loads(dialogue.reply(question, allowed=True))["response"]
    assert answer["request_id"] == "r1"
    assert answer["response"] == {"behavior": "allow", "updatedInput": {"command": "ls"}}
    assert json.loads(dialogue.reply(question, allowed=False))["response"]["response"]["behavior"] == "deny"
    assert dialogue.refuse_unknown(row) == b""
    other: Row = {"type": "control_request", "request_id": "r2", "request": {"subtype": "hook_callback"}}
    assert json.loads(dialogue.refuse_unknown(other))["response"]["subtype"] == "error"


def test_what_an_agent_says_in_pieces_is_bounded() -> None:
    """However many there are; it is seen to be cut."""
    joiner = TextJoiner()
    for _ in range(100_000):
        assert not list(joiner.add(AgentMessage, "x" * 100))
    (said,) = joiner.flush()
    assert isinstance(said, AgentMessage)
    assert len(said.text) == MOST_CHARS
    assert said.text.endswith("[truncated]")


def test_answers_without_number_are_summed_in_one_go() -> None:
    """Each of 100,000 ids counts, though not all of them are kept."""
    dialogue = CLAUDE_CODE.dialogue()
    usage = {"input_tokens": 2, "output_tokens": 1}
    told: AgentEvent | None = None
    for number in range(100_000):
        row: Row = {"type": "assistant", "message": {"id": f"m{number}", "content": [], "usage": usage}}
        (told,) = dialogue.read(row)
    assert told == UsageReported(usage=Usage(input_tokens=200_000, output_tokens=100_000))
