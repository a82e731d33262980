"""Asks a coding agent that speaks ACP, for text only: no files, no terminal, no permission, an empty folder."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio

from journeyman.advisors.base import Answer, AskLimits, Failure, Readiness, Request
from journeyman.advisors.hush import Withheld
from journeyman.advisors.reading import answer_of, estimated
from journeyman.mission.values.printable import visible

_EXTRA: Final = "the extra is not installed: pip install 'journeyman[agent]'"
_STOPPED: Final[Mapping[str, Failure]] = {
    "max_tokens": Failure.TRUNCATED, "max_turn_requests": Failure.TRUNCATED, "refusal": Failure.REFUSED,
    "cancelled": Failure.CANCELLED,
}  # fmt: skip
_QUICK: Final = {"shutdown_timeout": 0.5}  # an agent that stays after its answer is ended; it has nothing to save
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
        if importlib.util.find_spec("acp") is None:
            return Readiness(ready=False, why=_EXTRA, costs=self.costs, leaves_machine=True)
        if shutil.which(self.command[0]) is None:
            why = f"the program {visible(self.command[0])!r} is not on the PATH"
            return Readiness(ready=False, why=why, costs=self.costs, leaves_machine=True)
        return Readiness(ready=True, why=f"asks {visible(self.command[0])!r}", costs=self.costs, leaves_machine=True)

    async def ask(self, request: Request) -> Answer:
        """Give one answer to one try. Never raises for what the agent does; cancelling ends its process."""
        try:
            acp: Any = importlib.import_module("acp")
        except ImportError:
            return Answer(failure=Failure.UNSUPPORTED, reason="missing_extra")
        Withheld(str(Path(acp.__file__).parent))()
        began = anyio.current_time()
        try:
            with tempfile.TemporaryDirectory(prefix="journeyman-agent-") as folder:
                text, stop = await self._talk(acp, request, folder)
        except Exception as error:  # noqa: BLE001  whatever the agent or its protocol does is a failure of this try
            auth = getattr(error, "code", None) == -32000  # the protocol's code for "authentication required"
            failure = Failure.AUTH if auth else Failure.TRANSPORT
            return Answer(failure=failure, reason=f"agent_{failure.value}", usage=estimated(request))
        usage = estimated(request, text)
        answer = await answer_of(request, text, model="agent", usage=usage, stopped=_STOPPED.get(stop))
        return replace(answer, duration_s=anyio.current_time() - began)

    async def _talk(self, acp: Any, request: Request, folder: str) -> tuple[str, str]:
        listener = _Listener(acp)
        program, *arguments = self.command
        started = acp.spawn_agent_process(
            listener, program, *arguments, env=self.environment, cwd=folder, transport_kwargs=_QUICK
        )
        connection, process = await started.__aenter__()  # left by hand, since leaving must not be cancelled half-way
        done = False
        try:
            await connection.initialize(protocol_version=acp.PROTOCOL_VERSION)
            session = await connection.new_session(cwd=folder, mcp_servers=[])
            ended = await connection.prompt(session_id=session.session_id, prompt=[acp.text_block(_prompt(request))])
            done = True
        finally:
            with anyio.CancelScope(shield=True):
                if not done and process.returncode is None:
                    process.kill()
                await started.__aexit__(None, None, None)
        return "".join(listener.texts), str(ended.stop_reason)


def _prompt(request: Request) -> str:
    texts = [message.text for message in request.messages]
    texts.append("Use no tools. Answer in text only.")
    if request.answer is not None:
        schema = json.dumps(request.answer.model_json_schema(), sort_keys=True, ensure_ascii=False)
        texts.append(f"Answer with one JSON object and nothing else. It must fit this schema: {schema}")
    return "\n\n".join(texts)
