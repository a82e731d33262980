"""What a file of this package says of its provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from journeyman.advisors.base import FailureClass

Client = TypeVar("Client")
_NO_TAG: Final = "\x00journeyman\x00"  # no model writes it: thinking tags are never split, answers/ reads them


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProvider:
    """What a provider is really asked with."""

    model: str
    base_url: str
    key: str = field(repr=False)
    region: str = ""
    further_secrets: tuple[str, ...] = field(default=(), repr=False)
    """What the provider's file reads beside the key (`Provider.further_secrets`)."""
    missing: str = ""
    """What keeps it from being asked, for people; empty when nothing does."""

    @property
    def local(self) -> bool:
        """Tell whether the address is on this machine."""
        return urlsplit(self.base_url).hostname in {"localhost", "127.0.0.1", "::1"}


def no_further_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Nothing: the key is all that there is."""
    del environment
    return ()


async def close_async(client: Any) -> None:
    """Close an SDK's client that is closed by awaiting it."""
    await client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """All that differs between providers; everything else is shared (`providers/advisor.py`)."""

    variables: Mapping[str, tuple[str, ...]]
    """Its own variables for `model`, `base_url`, `api_key` and, where it has them, `region`; the first that is set counts."""
    defaults: Mapping[str, str]
    """For what neither settings nor variables say."""
    price_list: str
    """What the price list calls it."""
    open: Callable[[ResolvedProvider, float], tuple[Any, Any]]
    """The wire library's model and the SDK's client, whose import is late, with the seconds of one try; runs in a thread."""
    close: Callable[[Any], Awaitable[None]] = close_async
    loggers: tuple[str, ...] = ()
    """Loggers of its SDK, which write down what is sent."""
    keyless_here: bool = False
    """Whether servers on this machine, which nobody is billed for, need no key."""
    further_secrets: Callable[[Mapping[str, str]], tuple[str, ...]] = no_further_secrets
    missing_secrets: Callable[[Mapping[str, str], Path], str] | None = None
    """What to set where there is no key, for people; empty where the SDK will find secrets. `None`: the key."""
    reasons: Mapping[FailureClass, str] = field(default_factory=dict[FailureClass, str])
    """Its own words for failures; they stand in records, so they never change."""


def sdk_client(
    sdk: Callable[..., Client], http: Callable[..., Any], found: ResolvedProvider, timeout_s: float
) -> Client:
    """An SDK's client that makes one attempt, and follows nobody: a prompt, and its key, go where the operator said."""
    return sdk(
        api_key=found.key or "none",
        base_url=found.base_url or None,
        max_retries=0,
        timeout=timeout_s,
        http_client=http(follow_redirects=False),
    )


def thinking_profile() -> Any:
    """The wire library's settings of a model under which it never splits an answer at thinking tags."""
    return {"thinking_tags": (_NO_TAG, _NO_TAG)}
