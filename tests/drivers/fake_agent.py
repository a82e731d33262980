"""A program that speaks as a coding agent does: `fake_agent.py FORMAT BEHAVIOUR`, in the exact forms of the real ones.

The prompt comes on standard input, or for `cursor` as the last argument.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

DONE_FILE, PID_FILE, SAID = "done.txt", "pids.txt", "All is done."


def put(**row: Any) -> None:
    """Print a line."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


class Claude:
    """Claude Code 2.1.330."""

    def begin(self) -> str:
        prompt = json.loads(sys.stdin.readline())["message"]["content"]
        put(type="system", subtype="init", session_id="s-1", model="m", claude_code_version="2.1.330", tools=["Write"])
        return prompt

    def call(self, prompt: str) -> None:
        block = {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "Write",
            "input": {"file_path": DONE_FILE, "content": prompt},
        }
        self._said(block)

    def ask(self, prompt: str) -> bool:
        self.call(prompt)
        request = {
            "subtype": "can_use_tool", "tool_name": "Write", "input": {"file_path": DONE_FILE, "content": prompt},
            "tool_use_id": "toolu_1",
        }  # fmt: skip
        put(type="control_request", request_id="r-1", request=request)
        return json.loads(sys.stdin.readline())["response"]["response"]["behavior"] == "allow"

    def called(self, *, allowed: bool) -> None:
        content = [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "", "is_error": not allowed}]
        decision = {"decision": "accept" if allowed else "reject"}
        put(
            type="user", message={"role": "user", "content": content},
            tool_result_meta=[{"id": "toolu_1", "permission_decision": decision}],
        )  # fmt: skip

    def say(self) -> None:
        self._said({"type": "text", "text": SAID})

    def _said(self, block: dict[str, Any]) -> None:
        usage = {"input_tokens": 90, "output_tokens": 1, "cache_read_input_tokens": 10}
        put(type="assistant", message={"id": "msg_1", "role": "assistant", "content": [block], "usage": usage})

    def end(self, *, good: bool) -> None:
        used = {"inputTokens": 90, "outputTokens": 20, "cacheReadInputTokens": 10, "costUSD": 0.01}
        put(
            type="result", subtype="success" if good else "error_during_execution", is_error=not good,
            result=SAID if good else "API Error: 400", total_cost_usd=0.01, modelUsage={"m": used},
            terminal_reason="completed" if good else "api_error", session_id="s-1",
        )  # fmt: skip


class Codex:
    """Codex 0.169.0."""

    def begin(self) -> str:
        put(type="thread.started", thread_id="s-1")
        put(type="turn.started")
        return sys.stdin.read()

    def call(self, prompt: str) -> None:
        item = {"id": "item_1", "type": "file_change", "changes": [{"path": DONE_FILE, "kind": "add"}]}
        put(type="item.started", item={**item, "status": "in_progress"})

    def called(self, *, allowed: bool) -> None:
        item = {"id": "item_1", "type": "file_change", "changes": [{"path": DONE_FILE, "kind": "add"}]}
        put(type="item.completed", item={**item, "status": "completed"})

    def say(self) -> None:
        put(type="item.completed", item={"id": "item_2", "type": "agent_message", "text": SAID})

    def end(self, *, good: bool) -> None:
        if good:
            put(type="turn.completed", usage={"input_tokens": 100, "cached_input_tokens": 10, "output_tokens": 20})
        else:
            put(type="error", message="400")
            put(type="turn.failed", error={"message": "400"})


class Gemini:
    """Gemini CLI 0.61.0."""

    def begin(self) -> str:
        put(type="init", session_id="s-1", model="m")
        prompt = sys.stdin.read()
        put(type="message", role="user", content=prompt)
        return prompt

    def call(self, prompt: str) -> None:
        put(
            type="tool_use",
            tool_name="write_file",
            tool_id="w1",
            parameters={"file_path": DONE_FILE, "content": prompt},
        )

    def called(self, *, allowed: bool) -> None:
        put(type="tool_result", tool_id="w1", status="success", output="")

    def say(self) -> None:
        for letter in SAID:
            put(type="message", role="assistant", content=letter, delta=True)

    def end(self, *, good: bool) -> None:
        stats = {"total_tokens": 120, "input_tokens": 100, "output_tokens": 20, "cached": 10}
        error = {} if good else {"error": {"type": "unknown", "message": "400"}}
        put(type="result", status="success" if good else "error", stats=stats, **error)


class OpenCode:
    """OpenCode 1.18.33."""

    def begin(self) -> str:
        self._put("step_start", type="step-start")
        return sys.stdin.read()

    def _put(self, kind: str, **part: Any) -> None:
        put(type=kind, sessionID="s-1", part=part)

    def call(self, prompt: str) -> None:
        state = {"status": "completed", "input": {"filePath": DONE_FILE, "content": prompt}, "output": ""}
        self._put("tool_use", type="tool", tool="write", callID="c1", state=state)

    def called(self, *, allowed: bool) -> None:
        return

    def say(self) -> None:
        self._put("text", type="text", text=SAID)

    def end(self, *, good: bool) -> None:
        if good:
            tokens = {"total": 120, "input": 90, "output": 15, "reasoning": 5, "cache": {"write": 0, "read": 10}}
            self._put("step_finish", type="step-finish", reason="stop", tokens=tokens, cost=0.01)
        else:
            put(type="error", sessionID="s-1", error={"name": "APIError", "data": {"message": "400"}})


class Cursor:
    """As documented."""

    def begin(self) -> str:
        put(type="system", subtype="init", session_id="s-1", model="m")
        put(type="user", message={"content": [{"type": "text", "text": "…"}]})
        return sys.argv[-1]

    def call(self, prompt: str) -> None:
        call = {"writeToolCall": {"args": {"path": DONE_FILE}}}
        put(type="tool_call", subtype="started", call_id="c1", tool_call=call)

    def called(self, *, allowed: bool) -> None:
        call = {"writeToolCall": {"args": {"path": DONE_FILE}, "result": {"success": {"path": DONE_FILE}}}}
        put(type="tool_call", subtype="completed", call_id="c1", tool_call=call)

    def say(self) -> None:
        put(type="assistant", message={"content": [{"type": "text", "text": SAID}]})

    def end(self, *, good: bool) -> None:
        put(type="result", subtype="success" if good else "error", is_error=not good, result=SAID if good else "400")


class Plain:
    """No agent that anybody knows: text, and an exit code."""

    def begin(self) -> str:
        return sys.stdin.read()

    def call(self, prompt: str) -> None:
        return

    def called(self, *, allowed: bool) -> None:
        return

    def say(self) -> None:
        sys.stdout.write(SAID + "\n")

    def end(self, *, good: bool) -> None:
        sys.exit(0 if good else 1)


FORMATS: dict[str, type[Any]] = {
    "claude-code": Claude, "codex": Codex, "gemini": Gemini, "opencode": OpenCode, "cursor": Cursor, "command": Plain,
}  # fmt: skip


def main(form: str, behaviour: str) -> None:
    """Behave."""
    agent = FORMATS[form]()
    prompt = agent.begin()
    match behaviour:
        case "hangs":
            code = "import os, time; os.setsid(); time.sleep(600)"
            others = [subprocess.Popen([sys.executable, "-c", code]).pid]
            draft = Path(f"{PID_FILE}.draft")
            draft.write_text("".join(f"{pid}\n" for pid in (os.getpid(), *others)))
            draft.rename(PID_FILE)
            time.sleep(600)
        case "crashes":
            Path(DONE_FILE).write_text(prompt)
            os.abort()
        case "fails":
            agent.end(good=False)
            sys.exit(1)
        case _:
            allowed = True
            if behaviour == "asks" and hasattr(agent, "ask"):
                allowed = agent.ask(prompt)
            else:
                agent.call(prompt)
            if allowed:
                Path(DONE_FILE).write_text(prompt)
            agent.called(allowed=allowed)
            agent.say()
            agent.end(good=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
