"""What a call costs, from a price list that ships with a library; an unknown model costs `None`, never 0."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers import PROVIDERS
from journeyman.advisors.settings import TokenPrice

_MILLION: Final = 1_000_000
_LIST: Final = "genai-prices"
"""The list is part of the library, so that its version names both."""


@dataclass(frozen=True, slots=True)
class PricedModel:
    """What prices need to know of an advisor."""

    kind: ProviderKind | None
    """`None` for sources that no price list knows."""
    model: str
    costs: bool = True


@dataclass(frozen=True, slots=True)
class Priced:
    """What a call costs, and who says so."""

    usd: float
    source: str
    """Short token for the record: `settings`, `free`, or `LIST@VERSION:PROVIDER/MODEL` for an entry of a list."""


@dataclass(slots=True)
class Prices:
    """Prices calls by advisor name. The list is loaded with the first question."""

    advisors: Mapping[str, PricedModel]
    own: Mapping[str, TokenPrice] = field(default_factory=dict[str, TokenPrice])
    """By advisor name, or else by model."""
    _list: Any = None

    def __call__(self, advisor: str, input_tokens: int, output_tokens: int) -> Priced | None:
        """What a call costs; `None` when nobody knows the price."""
        asked = self.advisors.get(advisor)
        if asked is None:
            return None
        own = self.own.get(advisor) or self.own.get(asked.model)
        if own is not None:
            usd = (input_tokens * own.input_usd_per_mtok + output_tokens * own.output_usd_per_mtok) / _MILLION
            return Priced(usd, "settings")
        if not asked.costs:
            return Priced(0.0, "free")
        return self._listed(asked, input_tokens, output_tokens)

    def _listed(self, asked: PricedModel, input_tokens: int, output_tokens: int) -> Priced | None:
        if asked.kind is None:
            return None
        if self._list is None:
            try:
                self._list = importlib.import_module("genai_prices")  # extra `models`
            except ImportError:
                return None
        usage = self._list.Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        try:
            found = self._list.calc_price(usage, model_ref=asked.model, provider_id=PROVIDERS[asked.kind].price_list)
        except LookupError:
            return None
        return Priced(float(found.total_price), f"{_LIST}@{version(_LIST)}:{found.provider.id}/{found.model.id}")
