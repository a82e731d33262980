"""What tests of advisors need: a question, and an adapter for each provider over the scripted server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel

from journeyman.advisors.base import AskPurpose, Message, Request
from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers.advisor import ProviderAdvisor
from journeyman.advisors.settings import AdvisorSettings
from journeyman.testing.model_server import ModelServer, ScriptLine, serving

KEYS: Mapping[str, str] = {
    "ANTHROPIC_API_KEY": "key-anthropic",
    "OPENAI_API_KEY": "key-openai",
    "AWS_ACCESS_KEY_ID": "key-aws",
    "AWS_SECRET_ACCESS_KEY": "secret-aws",
}


class Advice(BaseModel):
    """A small answer."""

    title: str
    count: int


ADVICE = {"title": "hello", "count": 3}


def question(answer: type[BaseModel] | None = Advice, text: str = "How many?", **more: Any) -> Request:
    """A request."""
    messages = (Message("system", "Be brief."), Message("user", text))
    return Request(request_id="1", purpose=AskPurpose.STRATEGY, messages=messages, answer=answer, **more)


def provider(kind: ProviderKind, server: ModelServer, **more: Any) -> ProviderAdvisor:
    """The adapter of a provider over the scripted server."""
    url = f"{server.url}/v1" if kind is ProviderKind.OPENAI else server.url
    chosen: dict[str, Any] = {"timeout_s": 5.0, **more}
    return ProviderAdvisor(kind.value, AdvisorSettings(kind=kind, base_url=url, **chosen), KEYS)


@asynccontextmanager
async def asking(
    kind: ProviderKind, *lines: ScriptLine, **more: Any
) -> AsyncGenerator[tuple[ProviderAdvisor, ModelServer]]:
    """The adapter and the server; both are closed at the end."""
    async with serving(lines) as server:
        advisor = provider(kind, server, **more)
        try:
            yield advisor, server
        finally:
            await advisor.aclose()
