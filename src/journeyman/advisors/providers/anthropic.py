"""Anthropic, over its own SDK."""

from __future__ import annotations

from typing import Any, Final

from journeyman.advisors.providers.base import Provider, ResolvedProvider, sdk_client, thinking_profile


def _open(found: ResolvedProvider, timeout_s: float) -> tuple[Any, Any]:
    from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415  extra `models`

    client = sdk_client(AsyncAnthropic, DefaultAsyncHttpxClient, found, timeout_s)
    return AnthropicModel(
        found.model, provider=AnthropicProvider(anthropic_client=client), profile=thinking_profile()
    ), client


ANTHROPIC: Final = Provider(
    variables={
        "model": ("ANTHROPIC_MODEL",),
        "base_url": ("ANTHROPIC_BASE_URL",),
        "api_key": ("ANTHROPIC_API_KEY",),
    },
    defaults={"model": "claude-sonnet-4-6"},
    price_list="anthropic",
    open=_open,
    loggers=("anthropic",),
)
