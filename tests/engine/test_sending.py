"""Whether a call may be sent again is the pinned class's word, from the mission down to the wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.engine.engine import Engine
from journeyman.mission.model.mission import Mission
from journeyman.tools.base import CallRequest, Catalog, ForwardingCatalog, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.functions import tool
from journeyman.tools.servers.supervisor import ServerPolicy
from tests.engine.engine_bench import EngineBench, bench, finish, mission
from tests.tools.dying_http import dying_http

pytestmark = pytest.mark.anyio


class _Noting(ForwardingCatalog):
    """Notes what each call is said to be."""

    def __init__(self, inner: Catalog, said: dict[str, bool]) -> None:
        super().__init__(inner)
        self._said = said

    async def handle(self, request: CallRequest) -> Result:
        self._said[request.name] = request.repeatable
        return await super().handle(request)


def over(at: EngineBench, said: dict[str, bool], **sources: object) -> Engine:
    """The bench's engine over other sources of tools, whose calls are noted."""

    @asynccontextmanager
    async def opened(wanted: Mission, _: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        limits = CallLimits(servers=ServerPolicy(backoff_s=0.01))
        async with open_catalog(allow=wanted.tools, limits=limits, deadline=deadline, **sources) as catalog:  # pyright: ignore[reportArgumentType] - each test gives what it means
            yield _Noting(catalog, said)

    return Engine(replace(at.engine._world, open_catalog=opened))


async def test_the_caller_says_of_each_class_whether_it_may_be_repeated() -> None:
    """Hints and names of a tool say nothing about it."""

    @tool(name="read_only", effect="pure")
    def read_only() -> None:
        """Look."""

    @tool(name="put", effect="keyed")
    def put() -> None:
        """Put."""

    def get_pure_list() -> None:
        """Have a name that sounds harmless."""

    said: dict[str, bool] = {}
    async with bench() as at:
        engine = over(at, said, functions=[read_only, put, get_pure_list, finish])
        wanted = mission("read_only", "put", "get_pure_list", "finish", effects={"get*": "unsafe"})
        state = await engine.drive(await engine.create(wanted))
        assert state.outcome == "achieved"
    assert said == {"read_only": True, "put": True, "get_pure_list": False, "finish": False}


@pytest.mark.parametrize(("effect", "arrived", "outcome"), [("unsafe", 1, None), ("keyed", 2, "achieved")])
async def test_a_server_that_dies_of_an_unsafe_call_gets_it_once(
    effect: str, arrived: int, outcome: str | None
) -> None:
    """A person is asked; a keyed one is just sent again."""
    criteria = [{"id": "acted", "kind": "tool_call_succeeded", "tool": "x.act"}]
    async with bench() as at, dying_http(["after"]) as (server, url):
        engine = over(at, {}, servers={"x": {"url": url}})
        wanted = mission("x.act", criteria=criteria, effects={"x.act": effect})
        state = await engine.drive(await engine.create(wanted))
        assert server.arrived == arrived
        assert state.people.wait == ("effect" if outcome is None else None)
        assert outcome is None or state.outcome == outcome
