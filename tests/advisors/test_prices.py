"""A price is known or it is not; it is never zero for unknown."""

from __future__ import annotations

import pytest

from journeyman.advisors.prices import Asked, Prices, TokenPrice
from journeyman.advisors.provider_settings import Kind

KNOWN = Asked(Kind.ANTHROPIC, "claude-sonnet-4-5")


def test_a_listed_model_has_its_price() -> None:
    """Three dollars in and fifteen out per million tokens, as the maker says."""
    assert Prices({"a": KNOWN})("a", 100_000, 10_000) == pytest.approx(0.45)


@pytest.mark.parametrize("asked", [Asked(Kind.OPENAI, "my-own-tune"), Asked(None, "claude-sonnet-4-5")])
def test_an_unknown_model_costs_unknown(asked: Asked) -> None:
    """Neither a model that no list has, nor a source that hides its model."""
    assert Prices({"a": asked})("a", 1000, 1000) is None
    assert Prices({})("a", 1000, 1000) is None


def test_the_operators_price_wins() -> None:
    """By advisor, then by model; a local model is free only because the settings say so."""
    own = {"a": TokenPrice(1.0, 2.0), "my-own-tune": TokenPrice(0.0, 0.0)}
    prices = Prices({"a": KNOWN, "b": Asked(Kind.OPENAI, "my-own-tune")}, own)
    assert prices("a", 1_000_000, 1_000_000) == 3.0
    assert prices("b", 1_000_000, 1_000_000) == 0.0
    assert Prices({"c": Asked(Kind.OPENAI, "my-own-tune", costs=False)})("c", 10, 10) == 0.0


def test_a_bedrock_model_is_found_with_its_regional_prefix() -> None:
    """Cross-region profiles are what people configure."""
    price = Prices({"a": Asked(Kind.BEDROCK, "us.anthropic.claude-sonnet-4-5-20250929-v1:0")})("a", 1000, 1000)
    assert price is not None
    assert price > 0
