"""Asks a coding agent that speaks ACP, for text only: no files, no terminal, no permission, an empty folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from journeyman.advisors.acp_protocol import MISSING_EXTRA, acp_installed, load_acp, shake_hands, wants_login
from journeyman.advisors.answer_building import build_answer, estimate_usage, schema_instruction
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request
from journeyman.answers import ResponseContent
from journeyman.concurrency.child_processes import kill_at_exit, kill_group
from journeyman.concurrency.process_start import start_asyncio_process
from journeyman.mission.values.printable import visible

_GRACE_S: Final = 0.5
"""Time that an agent has to go after its answer; it has nothing to save."""
_CLOSING_S: Final = 1.0
"""Time that the protocol layer has to let go of an agent that is gone."""
MOST_TEXT: Final = 1 << 20
"""Characters kept of one answer."""


@dataclass(slots=True)
class _Listener:
    """Keeps what the agent says, and allows nothing."""

    acp: Any
    texts: list[str] = field(default_factory=list[str], repr=False)
    size: int = 0

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Keep a piece of the answer; thoughts and plans are not the answer."""
        del session_id
        text: Any = getattr(getattr(update, "content", None), "text", None)
        if isinstance(update, self.acp.schema.AgentMessageChunk) and isinstance(text, str) and self.size < MOST_TEXT:
            self.texts.append(text)
            self.size += len(text)

    async def request_permission(self, session_id: str, tool_call: Any, options: Any, **_: Any) -> Any:
        """Say no."""
        del session_id, tool_call, options
        denied = self.acp.schema.DeniedOutcome(outcome="cancelled")
        return self.acp.RequestPermissionResponse(outcome=denied)

    def on_connect(self, conn: Any) -> None:
        """Need nothing of the connection."""


@dataclass(slots=True)
class AgentAdvisor:
    """Starts the agent anew for each question, so that no answer depends on an earlier one."""

    command: tuple[str, ...]
    """Program and arguments; never a shell."""
    name: str = "agent"
    costs: bool = True
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """Variables of the agent's process; `None` gives it the few that any program needs."""
    limits: AskLimits = field(default_factory=lambda: AskLimits(timeout_s=300.0))

    def readiness(self) -> Readiness:
        """Tell whether the extra and the program are there."""
        if not acp_installed():
            return Readiness(ready=False, why=MISSING_EXTRA, costs=self.costs, leaves_machine=True)
        if shutil.which(self.command[0]) is None:
            why = f"the program {visible(self.command[0])!r} is not on the PATH"
            return Readiness(ready=False, why=why, costs=self.costs, leaves_machine=True)
        return Readiness(ready=True, why=f"asks {visible(self.command[0])!r}", costs=self.costs, leaves_machine=True)

    async def open(self) -> None:
        """Load the protocol layer, in a thread: that takes a second the first time. A failure is told by the next try."""
        with suppress(Exception):
            await anyio.to_thread.run_sync(load_acp, abandon_on_cancel=True)

    async def ask(self, request: Request) -> Answer:
        """One answer to one try. Never raises for what the agent does; cancelling kills it and all its group."""
        try:
            acp: Any = load_acp()
        except ImportError:
            return Answer(failure=FailureClass.UNSUPPORTED, reason="missing_extra")
        began = anyio.current_time()
        try:
            with tempfile.TemporaryDirectory(prefix="journeyman-agent-") as folder:
                text, stop = await self._talk(acp, request, folder)
        except Exception as error:  # noqa: BLE001  whatever the agent or its protocol does is a failure of this try
            failure = FailureClass.AUTH if wants_login(error) else FailureClass.TRANSPORT
            return Answer(failure=failure, reason=f"agent_{failure.value}", usage=estimate_usage(request))
        usage = estimate_usage(request, text)
        if stop == "cancelled":
            answer = Answer(failure=FailureClass.CANCELLED, reason=stop, text=text, model="agent", usage=usage)
        else:
            said = ResponseContent(text=text, finish_reason=stop)
            answer = await build_answer(request, said, model="agent", usage=usage)
        return replace(answer, duration_s=anyio.current_time() - began)

    async def _talk(self, acp: Any, request: Request, folder: str) -> tuple[str, str]:
        listener = _Listener(acp)
        variables = {**acp.transports.default_environment(), **(self.environment or {})}
        process = await start_asyncio_process(self.command, folder=Path(folder), environment=variables)
        kill_at_exit(process)
        connection = acp.connect_to_agent(listener, process.stdin, process.stdout)
        grace_s = 0.0
        try:
            await shake_hands(acp, connection)
            session = await connection.new_session(cwd=folder, mcp_servers=[])
            ended = await connection.prompt(session_id=session.session_id, prompt=[acp.text_block(_prompt(request))])
            grace_s = _GRACE_S
        finally:
            await _end_agent(connection, process, grace_s)
        return "".join(listener.texts), str(ended.stop_reason)


async def _end_agent(connection: Any, process: asyncio.subprocess.Process, grace_s: float) -> None:
    """End the agent, at once where it has no grace; whatever the protocol layer still wants, its pipes are closed."""
    if not grace_s:
        kill_group(process)
    with anyio.move_on_after(grace_s + _CLOSING_S, shield=True):
        with suppress(Exception):  # it says goodbye to a process that may be gone
            await connection.close()
        with anyio.move_on_after(grace_s):
            await process.wait()
        kill_group(process)
        await process.wait()


def _prompt(request: Request) -> str:
    texts = [message.text for message in request.messages]
    texts.append("Use no tools. Answer in text only.")
    if request.answer is not None:
        texts.append(schema_instruction(request.answer))
    return "\n\n".join(texts)
