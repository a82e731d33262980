"""OpenAI and whatever speaks like it: vLLM, llama.cpp, Ollama, OpenRouter."""

from __future__ import annotations

from typing import Any, Final

from journeyman.advisors.providers.base import Provider, ResolvedProvider, sdk_client, thinking_profile


def _open(found: ResolvedProvider, timeout_s: float) -> tuple[Any, Any]:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415  extra `models`

    client = sdk_client(AsyncOpenAI, DefaultAsyncHttpxClient, found, timeout_s)
    return OpenAIChatModel(
        found.model, provider=OpenAIProvider(openai_client=client), profile=thinking_profile()
    ), client


OPENAI: Final = Provider(
    variables={"model": ("OPENAI_MODEL",), "base_url": ("OPENAI_BASE_URL",), "api_key": ("OPENAI_API_KEY",)},
    defaults={"model": "gpt-4o"},
    price_list="openai",
    open=_open,
    loggers=("openai",),
    keyless_here=True,
)
