"""A coding agent that speaks ACP over stdio and behaves as its argument says."""

from __future__ import annotations

import asyncio
import os
import pathlib
import sys
from typing import Any

import acp
from acp.schema import PermissionOption, ToolCallUpdate


class FakeAgent:
    """Answers each prompt in two pieces."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.client: Any = None

    def on_connect(self, conn: Any) -> None:
        """Keep the way back."""
        self.client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> acp.InitializeResponse:
        """Agree."""
        return acp.InitializeResponse(protocol_version=protocol_version)

    async def new_session(self, cwd: str, **_: Any) -> acp.NewSessionResponse:
        """Begin."""
        assert not list(pathlib.Path(cwd).iterdir())  # noqa: ASYNC240  once, in a test
        return acp.NewSessionResponse(session_id="s")

    async def prompt(self, session_id: str, **_: Any) -> acp.PromptResponse:
        """Answer."""
        if self.behaviour == "breaks":
            os._exit(3)
        if self.behaviour == "hangs":
            await asyncio.Event().wait()
        if self.behaviour == "begs":
            option = PermissionOption(option_id="yes", name="Allow", kind="allow_once")
            call = ToolCallUpdate(tool_call_id="t")
            told = await self.client.request_permission(session_id=session_id, tool_call=call, options=[option])
            assert told.outcome.outcome == "cancelled"
        if self.behaviour == "mumbles":
            sys.stdout.write(
                'CANARY-c0ffee\n{"jsonrpc": "2.0", "method": "session/update", "params": "CANARY-c0ffee"}\n'
            )
            sys.stdout.flush()
        text = {"misfits": '{"title": [1]}', "chatters": "I would rather chat."}.get(
            self.behaviour, '{"title": "CANARY-c0ffee", "count": 3}'
        )
        await self.client.session_update(session_id, acp.update_agent_thought_text('{"title": "thought", "count": 0}'))
        for piece in (text[:9], text[9:]):
            await self.client.session_update(session_id, acp.update_agent_message_text(piece))
        return acp.PromptResponse(stop_reason="refusal" if self.behaviour == "refuses" else "end_turn")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


if __name__ == "__main__":
    agent: Any = FakeAgent(sys.argv[1])
    asyncio.run(acp.run_agent(agent))
