"""A coding agent built on the ACP SDK: `fake_acp_agent.py BEHAVIOUR`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import acp
from acp import schema

from tests.drivers.fake_agent import DONE_FILE, PID_FILE, SAID


class FakeAcpAgent:
    """Does one piece of work for each prompt."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.client: Any = None
        self.folder = Path()
        self.cancelled = asyncio.Event()

    def on_connect(self, conn: Any) -> None:
        """Keep the way back."""
        self.client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> acp.InitializeResponse:
        """Say what it can."""
        can = schema.AgentCapabilities(load_session=self.behaviour == "replays")
        version = 99 if self.behaviour == "speaks another version" else protocol_version
        return acp.InitializeResponse(
            protocol_version=version, agent_capabilities=can,
            auth_methods=[schema.AuthMethodAgent(id="key", name="Key")],
            agent_info=schema.Implementation(name="fake", version="1.2"),
        )  # fmt: skip

    async def authenticate(self, method_id: str, **_: Any) -> acp.AuthenticateResponse:
        """Take any login."""
        self.behaviour = "works"
        return acp.AuthenticateResponse()

    async def new_session(self, cwd: str, **_: Any) -> acp.NewSessionResponse:
        """Begin."""
        self.folder = Path(cwd)
        if self.behaviour == "wants a login":
            raise acp.RequestError.auth_required()
        return acp.NewSessionResponse(session_id="s-1")

    async def load_session(self, cwd: str, session_id: str, **_: Any) -> acp.LoadSessionResponse:
        """Go on, and tell the past, some of it late."""
        self.folder = Path(cwd)
        await self._call(session_id, "old")
        late = asyncio.get_running_loop().create_task(self._late(session_id))
        late.add_done_callback(lambda _: None)
        return acp.LoadSessionResponse()

    async def _late(self, session_id: str) -> None:
        await asyncio.sleep(0.05)
        await self.client.session_update(session_id, acp.update_agent_message_text("A word of the past."))

    async def cancel(self, session_id: str, **_: Any) -> None:
        """End the turn, and leave a note that it was told so."""
        (self.folder / "cancelled.txt").write_text(session_id)
        self.cancelled.set()

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> acp.PromptResponse:
        """Behave."""
        words = "".join(block.text for block in prompt)
        match self.behaviour:
            case "hangs":
                self._hang()
                await self.cancelled.wait()
                return acp.PromptResponse(stop_reason="cancelled")
            case "crashes":
                (self.folder / DONE_FILE).write_text(words)
                os.abort()
            case "fails":
                raise acp.RequestError.internal_error({"details": "the model is gone"})
            case _:
                pass
        allowed = await self._asked(session_id) if self.behaviour == "asks" else True
        if self.behaviour != "asks":
            await self._call(session_id, "c-1")
        if allowed:
            (self.folder / DONE_FILE).write_text(words)
        await self._called(session_id, words)
        for letter in SAID:
            await self.client.session_update(session_id, acp.update_agent_message_text(letter))
        used = schema.Usage(total_tokens=130, input_tokens=90, output_tokens=20, cached_read_tokens=20)
        cost = schema.Cost(amount=0.25, currency="USD")
        await self.client.session_update(
            session_id, schema.UsageUpdate(session_update="usage_update", used=110, size=1000, cost=cost)
        )
        stop: Any = {"is at its limit": "max_tokens", "refuses": "refusal", "gives up": "cancelled"}.get(
            self.behaviour, "end_turn"
        )
        return acp.PromptResponse(stop_reason=stop, usage=used)

    def _hang(self) -> None:
        code = "import os, time; os.setsid(); time.sleep(600)"
        others = [subprocess.Popen([sys.executable, "-c", code]).pid]
        draft = self.folder / f"{PID_FILE}.draft"
        draft.write_text("".join(f"{pid}\n" for pid in (os.getpid(), *others)))
        draft.rename(self.folder / PID_FILE)

    async def _call(self, session_id: str, call_id: str) -> None:
        await self.client.session_update(
            session_id,
            acp.start_tool_call(call_id, "write done.txt", kind="edit", raw_input={"file_path": DONE_FILE}),
        )

    async def _called(self, session_id: str, words: str) -> None:
        diff = schema.FileEditToolCallContent(type="diff", path=DONE_FILE, new_text=words)
        await self.client.session_update(session_id, acp.update_tool_call("c-1", status="completed", content=[diff]))

    async def _asked(self, session_id: str) -> bool:
        call = schema.ToolCallUpdate(
            tool_call_id="c-1", title="write done.txt", kind="edit",
            locations=[schema.ToolCallLocation(path=str(self.folder / DONE_FILE))],
        )  # fmt: skip
        kinds: Any = {"always": "allow_always", "yes": "allow_once", "no": "reject_once"}
        options = [schema.PermissionOption(option_id=name, name=name, kind=kind) for name, kind in kinds.items()]
        told = await self.client.request_permission(session_id=session_id, tool_call=call, options=options)
        return bool(told.outcome.outcome == "selected" and told.outcome.option_id == "yes")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


if __name__ == "__main__":
    behaviour = sys.argv[1]
    if behaviour == "never answers":
        time.sleep(600)
    agent: Any = FakeAcpAgent(behaviour)
    asyncio.run(acp.run_agent(agent))
