"""A price is known or it is not; it is never zero for unknown."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from journeyman.advisors.base import AuditAsked as AskedRow
from journeyman.advisors.base import AuditSettled, Rejection
from journeyman.advisors.broker import Broker
from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.prices import Priced, PricedModel, Prices
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.advisors.settings import TokenPrice
from tests.advisors.providers import ADVICE, question

KNOWN = PricedModel(ProviderKind.ANTHROPIC, "claude-sonnet-4-5")


def test_a_listed_model_has_its_price() -> None:
    """Three dollars in and fifteen out per million tokens, as the maker says."""
    priced = Prices({"a": KNOWN})("a", 100_000, 10_000)
    assert priced is not None
    assert priced.usd == pytest.approx(0.45)
    assert priced.source == f"genai-prices@{version('genai-prices')}:anthropic/claude-sonnet-4-5"


@pytest.mark.parametrize(
    "asked", [PricedModel(ProviderKind.OPENAI, "my-own-tune"), PricedModel(None, "claude-sonnet-4-5")]
)
def test_an_unknown_model_costs_unknown(asked: PricedModel) -> None:
    """Neither a model that no list has, nor a source that hides its model."""
    assert Prices({"a": asked})("a", 1000, 1000) is None
    assert Prices({})("a", 1000, 1000) is None


def test_the_operators_price_wins() -> None:
    """By advisor, then by model; a local model is free only because the settings say so."""
    own = {"a": TokenPrice(1.0, 2.0), "my-own-tune": TokenPrice(0.0, 0.0)}
    prices = Prices({"a": KNOWN, "b": PricedModel(ProviderKind.OPENAI, "my-own-tune")}, own)
    assert prices("a", 1_000_000, 1_000_000) == Priced(3.0, "settings")
    assert prices("b", 1_000_000, 1_000_000) == Priced(0.0, "settings")
    assert Prices({"c": PricedModel(ProviderKind.OPENAI, "my-own-tune", costs=False)})("c", 10, 10) == Priced(
        0.0, "free"
    )


def test_a_bedrock_model_is_found_with_its_regional_prefix() -> None:
    """Cross-region profiles are what people configure."""
    price = Prices({"a": PricedModel(ProviderKind.BEDROCK, "us.anthropic.claude-sonnet-4-5-20250929-v1:0")})(
        "a", 1000, 1000
    )
    assert price is not None
    assert price.usd > 0
    assert ":aws/" in price.source


class Rows:
    """A ledger that keeps what was settled."""

    def __init__(self) -> None:
        self.settled_rows: list[AuditSettled] = []

    async def asked(self, row: AskedRow) -> None:
        """Have room."""

    async def settled(self, row: AuditSettled) -> None:
        """Keep it."""
        self.settled_rows.append(row)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("line", "own", "price"),
    [
        (ScriptedAnswer(value=ADVICE, cost_usd=None), {"scripted": TokenPrice(1.0, 2.0)}, "settings"),
        (ScriptedAnswer(value=ADVICE, cost_usd=None), {}, ""),
        (ScriptedAnswer(value=ADVICE, cost_usd=0.5), {}, "advisor"),
    ],
)
async def test_the_settled_row_says_which_price_was_used(
    line: ScriptedAnswer, own: dict[str, TokenPrice], price: str
) -> None:
    """Nobody can check a cost without knowing what it was computed with; an unknown price has no source."""
    prices = Prices({"scripted": PricedModel(None, "m")}, own)
    broker, rows = Broker({"scripted": ScriptedAdvisor([line])}, price=prices), Rows()

    async def fine(_: object) -> Rejection | None:
        return None

    await broker.ask(lambda _: question(), wanted=["scripted"], check=fine, ledger=rows)
    assert [row.price for row in rows.settled_rows] == [price]
    assert (rows.settled_rows[0].usage.cost_usd is None) is (price == "")
