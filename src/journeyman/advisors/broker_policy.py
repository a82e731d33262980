"""What the operator allows the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPolicy:
    """What the operator allows."""

    enabled: bool = True
    """False: nobody is ever asked."""
    consent: frozenset[str] = frozenset()
    """Names of advisors that may cost money or see prompts outside this machine; `*` for all."""
    tries: int = 3
    """Tries per advisor and request, retries and repeated questions together."""
    per_minute: float | None = None
    """Requests a minute, all advisors together; `None` is no limit."""
    rates: Mapping[str, float] = field(default_factory=dict[str, float])
    """Requests a minute of single advisors, by name."""
    concurrency: int = 4
    """Requests at a time."""
    coalesce: frozenset[str] = frozenset()
    """Names of advisors whose small concurrent requests may share a call."""
    breaker_failures: int | None = 5
    """Failures of the wire in a row after which an advisor is left alone, `None` never, …"""
    breaker_rest_s: float = 30.0
    """… for so long."""
    backoff_s: float = 0.5
    """First wait between tries; doubled each time, with jitter, or what the provider asks for."""
    backoff_most_s: float = 20.0
    retry_after_most_s: float = 60.0
    """A provider that asks for a longer wait is left alone for that time, and the next one is asked."""
    assumed_usd_per_token: float = 2e-5
    """Reserved per token where the price is unknown, so that an unknown price never slips through a cost budget."""
