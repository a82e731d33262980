"""Whether a call is sent again: decided by the caller's word alone, whatever a server dies of, over both transports."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.testing.check_catalog import Death, DyingCatalog, OpenDying, check_sending
from journeyman.tools.base import CallRequest, CallStatus, ForwardingCatalog, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.servers.supervisor import ServerPolicy
from tests.tools.dying_http import dying_http

SERVER = Path(__file__).parent.parent / "tools" / "servers" / "dying.py"
LIMITS = CallLimits(servers=ServerPolicy(backoff_s=0.02))
DEATHS = st.lists(st.sampled_from(Death), max_size=4)


@asynccontextmanager
async def over_stdio(deaths: Sequence[Death]) -> AsyncGenerator[DyingCatalog]:
    """Open a program that dies."""
    with tempfile.TemporaryDirectory() as name:
        spec = {"command": sys.executable, "args": [str(SERVER), ",".join(deaths), name]}
        ledger = Path(name) / "arrived"
        async with open_catalog(servers={"dying": spec}, limits=LIMITS) as catalog:
            yield DyingCatalog(catalog, "dying.act", lambda: ledger.stat().st_size if ledger.exists() else 0)


def over_http(ending: str = "close") -> OpenDying:
    """What opens an HTTP server that dies, or answers otherwise than with an answer."""

    @asynccontextmanager
    async def opened(deaths: Sequence[Death]) -> AsyncGenerator[DyingCatalog]:
        async with (
            dying_http(deaths, ending) as (server, url),
            open_catalog(servers={"dying": {"url": url}}, limits=LIMITS) as catalog,
        ):
            yield DyingCatalog(catalog, "dying.act", lambda: server.arrived)

    def give(deaths: Sequence[Death]) -> AbstractAsyncContextManager[DyingCatalog]:
        return opened(deaths)

    return give


def checked(open_dying: OpenDying, deaths: Sequence[Death], *, repeatable: bool) -> Result:
    """Hold one call to the contract."""
    return asyncio.run(check_sending(open_dying, deaths, repeatable=repeatable))


@settings(max_examples=12, deadline=None)
@given(DEATHS, st.booleans())
def test_over_stdio_a_call_is_sent_again_only_where_it_may_be(deaths: list[Death], repeatable: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Whatever the server dies of, in whatever order."""
    checked(over_stdio, deaths, repeatable=repeatable)


@settings(max_examples=25, deadline=None)
@given(DEATHS, st.booleans())
def test_over_http_a_call_is_sent_again_only_where_it_may_be(deaths: list[Death], repeatable: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Whatever the server dies of, in whatever order."""
    checked(over_http(), deaths, repeatable=repeatable)


@pytest.mark.parametrize(
    "ending", ["close", "half", "stream", "event", "garbage", "page", "accepted", "500", "502", "408"]
)
def test_over_http_no_other_way_of_not_answering_sends_a_call_twice(ending: str) -> None:
    """A gateway's words are no proof that nothing happened."""
    for death in (Death.DURING, Death.AFTER):
        result = checked(over_http(ending), [death], repeatable=False)
        assert result.status is CallStatus.UNKNOWN, result


@pytest.mark.parametrize("open_dying", [over_stdio, over_http()], ids=["stdio", "http"])
def test_a_repeatable_call_outlives_a_death(open_dying: OpenDying) -> None:
    """Pure and keyed effects may happen twice, so a death costs nothing but a try."""
    for death in Death:
        result = checked(open_dying, [death], repeatable=True)
        assert result.status is CallStatus.DONE, result


def test_over_http_a_refusal_is_a_failure_and_is_sent_again_only_where_it_may_be() -> None:
    """A server that has forgotten the session did nothing; it is asked once more where twice does no harm."""

    async def scene(*, repeatable: bool) -> tuple[Result, int]:
        async with over_http("404")([Death.DURING]) as dying:
            result = await dying.catalog.call(dying.tool, {}, key="k", repeatable=repeatable)
            return result, dying.arrived()

    refused, once = asyncio.run(scene(repeatable=False))
    assert (refused.status, refused.error_class, once) == (CallStatus.FAILED, "server_died", 1)
    done, twice = asyncio.run(scene(repeatable=True))
    assert (done.status, done.tries, twice) == (CallStatus.DONE, 2, 2)


class _Eager(ForwardingCatalog):
    """A catalog that sends again whatever the caller says."""

    def __init__(self, inner: DyingCatalog) -> None:
        super().__init__(inner.catalog)

    async def handle(self, request: CallRequest) -> Result:
        return await super().handle(replace(request, repeatable=True))


def test_the_kit_finds_a_catalog_that_sends_twice() -> None:
    """The kit itself can fail."""

    @asynccontextmanager
    async def eager(deaths: Sequence[Death]) -> AsyncGenerator[DyingCatalog]:
        async with over_http()(deaths) as dying:
            yield DyingCatalog(_Eager(dying), dying.tool, dying.arrived)

    with pytest.raises(AssertionError, match="must not be sent again was"):
        checked(eager, [Death.AFTER], repeatable=False)
