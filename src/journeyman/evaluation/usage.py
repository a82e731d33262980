"""What models used, and what they may use: of one episode, and of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from journeyman.advisors.base import AuditAsked, AuditSettled
from journeyman.mission.values.errors import BudgetRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """What it took to let a model play, one episode or several."""

    turns: int = 0
    """Actions that were asked for."""
    calls: int = 0
    """Requests to the model: more than turns where it was asked again."""
    input_tokens: int = 0
    output_tokens: int = 0
    priced_usd: float = 0.0
    """What the calls cost whose price is known."""
    unpriced_calls: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict[str, int])
    """Turns that became no-ops because no action could be read from the answers, by reason."""
    not_carried_out: int = 0
    """Actions that the role may not take, or that name what is not there."""

    def __add__(self, other: ModelUsage) -> ModelUsage:
        reasons = {*self.unreadable, *other.unreadable}
        return ModelUsage(
            turns=self.turns + other.turns,
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            priced_usd=self.priced_usd + other.priced_usd,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
            unreadable={one: self.unreadable.get(one, 0) + other.unreadable.get(one, 0) for one in sorted(reasons)},
            not_carried_out=self.not_carried_out + other.not_carried_out,
        )

    @property
    def tokens(self) -> int:
        """The tokens of all requests, in and out."""
        return self.input_tokens + self.output_tokens


@dataclass(slots=True)
class SpendLimit:
    """What a run may use, and what it has used."""

    max_usd: float | None
    max_tokens: int | None
    assumed_usd_per_token: float
    """Counted for calls that cost money but whose price nobody knows."""
    usd: float = 0.0
    tokens: int = 0
    _reserved: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])
    _change: anyio.Condition = field(default_factory=anyio.Condition)

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.max_usd is not None or self.max_tokens is not None

    def covers(self, usd: float, tokens: int) -> bool:
        """Tell whether so much in all stays within the limit."""
        dear = self.max_usd is not None and usd > self.max_usd
        return not dear and (self.max_tokens is None or tokens <= self.max_tokens)

    async def reserve(self, key: str, usd: float, tokens: int) -> None:
        """Set aside what a request may use at most, once other requests have shown what they really used.

        Raises:
            BudgetRefused: no other request is under way, and there is no room.
        """
        async with self._change:
            while not self._fits(usd, tokens):
                if not self._reserved:
                    raise BudgetRefused("the spend limit leaves no room for the request")
                await self._change.wait()
            self._reserved[key] = (usd, tokens)

    def _fits(self, usd: float, tokens: int) -> bool:
        held = list(self._reserved.values())
        return self.covers(
            self.usd + usd + sum(one[0] for one in held), self.tokens + tokens + sum(one[1] for one in held)
        )

    async def settle(self, key: str, usd: float | None, tokens: int) -> float:
        """Count what a request used, and tell the dollars that were counted."""
        async with self._change:
            reserved, _ = self._reserved.pop(key, (0.0, 0))
            unpriced = tokens * self.assumed_usd_per_token if reserved else 0.0
            counted = unpriced if usd is None else usd
            self.usd += counted
            self.tokens += tokens
            self._change.notify_all()
            return counted


@dataclass(slots=True)
class EpisodeLedger:
    """The broker's ledger of one episode."""

    limit: SpendLimit
    used: ModelUsage = field(default_factory=ModelUsage)
    usd: float = 0.0
    """As the limit counts them, unknown prices included."""

    async def asked(self, row: AuditAsked) -> None:
        """Reserve the request's most before it leaves."""
        await self.limit.reserve(row.ask, row.reserved_microusd / 1_000_000, row.reserved_tokens)

    async def settled(self, row: AuditSettled) -> None:
        """Count what it used."""
        usage = row.usage
        self.usd += await self.limit.settle(row.ask, usage.cost_usd, usage.input_tokens + usage.output_tokens)
        self.used += ModelUsage(
            calls=1,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            priced_usd=usage.cost_usd or 0.0,
            unpriced_calls=int(usage.cost_usd is None),
        )
