"""Our catalog keeps the contract of catalogs, over functions and over a server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from journeyman.testing.check_catalog import ReferenceTools, check_catalog
from journeyman.tools.base import BaseCatalog, CallRequest, CallStatus, Catalog, Result, Tool
from journeyman.tools.calling import ToolCatalog
from journeyman.tools.catalog import open_catalog

SERVER = Path(__file__).parent.parent / "tools" / "servers" / "reference.py"


def over_functions(allow: Sequence[str]) -> AbstractAsyncContextManager[ToolCatalog]:
    """Open the reference tools as Python functions."""
    return open_catalog(functions=list(ReferenceTools().tools().values()), allow=allow)


def over_stdio(allow: Sequence[str]) -> AbstractAsyncContextManager[ToolCatalog]:
    """Open the reference tools of a server."""
    return open_catalog(servers={"ref": {"command": sys.executable, "args": [str(SERVER)]}}, allow=allow)


def test_functions_keep_the_contract() -> None:
    """Every clause, in process."""
    asyncio.run(check_catalog(over_functions))


def test_a_server_keeps_the_contract() -> None:
    """Every clause, over stdio."""
    asyncio.run(check_catalog(over_stdio, "ref."))


class Careless(BaseCatalog):
    """A catalog that breaks most of the contract."""

    async def tools(self) -> Sequence[Tool]:
        """No tools."""
        return ()

    async def handle(self, request: CallRequest) -> Result:
        """Say that all went well."""
        return Result(status=CallStatus.DONE, value=dict(request.args))


@asynccontextmanager
async def careless(_allow: Sequence[str]) -> AsyncGenerator[Catalog]:
    """Open the careless catalog."""
    yield Careless()


def test_the_kit_finds_a_catalog_that_breaks_it() -> None:
    """The kit itself can fail, and then names every broken clause."""
    with pytest.raises(AssertionError) as caught:
        asyncio.run(check_catalog(careless))
    assert str(caught.value).count("\n  - ") == 9
