"""An MCP client whose model answers, refuses, stalls, or leaves: for those who test servers that ask their clients' models.

Needs the extra `mcp`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias, cast

import anyio
from mcp import Client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

Era: TypeAlias = Literal["modern", "legacy"]
"""2026-07-28, where questions are results of the client's calls, or 2025-11-25, where they come over the connection."""


class SamplingBehaviour(StrEnum):
    """What a client does with a question."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    """Its user says no."""
    STALLS = "stalls"
    """It never answers."""
    LEAVES = "leaves"
    """It closes its connection while it is asked."""


@dataclass(slots=True)
class SamplingClient:
    """A client that lends its model."""

    answer: Callable[[str], object]
    """What it says to the text of one task: text, or what becomes JSON."""
    behaviour: SamplingBehaviour = SamplingBehaviour.ANSWERS
    """May be changed while it is connected."""
    prompts: list[str] = field(default_factory=list[str])
    """The text of each task that it was asked, those of shared requests one by one."""
    requests: int = 0
    """How often it was asked; a request may hold several tasks."""
    preferences: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """By what each request asked it to choose its model."""
    asked: anyio.Event = field(default_factory=anyio.Event)
    """Set with the first question."""
    _connection: anyio.CancelScope | None = None

    @asynccontextmanager
    async def connected(self, target: Any, era: Era = "modern", **more: Any) -> AsyncGenerator[Client]:
        """The SDK's client of a server; where it leaves, the body is ended there and what follows it goes on.

        Args:
            target: As `mcp.Client` takes it: a server in memory, a transport, or an address.
            era: The protocol that it speaks.
            more: Further arguments of `mcp.Client`.
        """
        mode: Any = "legacy" if era == "legacy" else "auto"
        with anyio.CancelScope() as self._connection:
            async with Client(target, mode=mode, sampling_callback=self._sample, **more) as client:
                yield client

    async def _sample(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        del context
        self.requests += 1
        sent = params.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.preferences.append(cast("dict[str, Any]", sent.get("modelPreferences", {})))
        text = "\n".join(row["content"]["text"] for row in sent["messages"])
        tasks = _tasks_in(text)
        self.prompts += [text] if tasks is None else [task for _, task in tasks]
        self.asked.set()
        match self.behaviour:
            case SamplingBehaviour.REFUSES:
                return ErrorData(code=-1, message="the user said no")
            case SamplingBehaviour.STALLS:
                await anyio.sleep_forever()
            case SamplingBehaviour.LEAVES:
                if self._connection is not None:
                    self._connection.cancel()
                await anyio.sleep_forever()
            case SamplingBehaviour.ANSWERS:
                pass
        said = self.answer(text)
        if tasks is not None:
            said = {"answers": [{"task": name, "answer": self.answer(task)} for name, task in tasks]}
        content = TextContent(type="text", text=said if isinstance(said, str) else json.dumps(said))
        return CreateMessageResult(role="assistant", content=content, model="sampling-client")


def _tasks_in(text: str) -> list[tuple[str, str]] | None:
    """The tasks of a request that several questions share, each with its name; `None` where it is one question."""
    try:
        rows = json.loads(text)["tasks"]
        return [(row["task"], "\n".join(said["text"] for said in row["messages"])) for row in rows]
    except (ValueError, KeyError, TypeError):
        return None
