"""A coding agent over stdio whose model is the scripted server; what goes wrong there, it tells in its error."""

from __future__ import annotations

import asyncio
import http.client
import logging
import sys
from pathlib import Path
from typing import Any

import acp

from benchmarks._scripted_client import said
from tests.advisors.fake_agent import FakeAgent


class Relaying(FakeAgent):
    """Asks the server for what it says."""

    def __init__(self, url: str, wait_s: float) -> None:
        super().__init__("relays")
        self.url, self.wait_s = url, wait_s

    async def prompt(self, session_id: str, **_: Any) -> acp.PromptResponse:
        """Answer, or fail with the server's own words."""
        try:
            text, finish = await asyncio.to_thread(said, self.url, self.wait_s)
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            raise acp.RequestError(-32603, f"the model failed: {error}") from None
        await self.client.session_update(session_id, acp.update_agent_message_text(text))
        stop = {"length": "max_tokens", "content_filter": "refusal"}.get(finish, "end_turn")
        return acp.PromptResponse(stop_reason=stop)  # pyright: ignore[reportArgumentType]  # one of the protocol's words


def command(url: str, wait_s: float) -> list[str]:
    """The program that runs it, from any folder."""
    place = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {place!r}); from benchmarks._acp_agent import main; main({url!r}, {wait_s})"
    return [sys.executable, "-c", code]


def main(url: str, wait_s: float) -> None:
    """Speak ACP until the other side is gone."""
    logging.disable(logging.CRITICAL)
    agent: Any = Relaying(url, wait_s)
    asyncio.run(acp.run_agent(agent))
