"""Tools of `budget_edges`: each call leaves a line in the ledger of its folder; some never come back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

from journeyman.tools.functions import tool


def _count(name: str) -> dict[str, object]:
    place = os.open("calls", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(place, f"{name}\n".encode())
    finally:
        os.close(place)
    return {"metrics": {"seen": 0}}


@tool(effect="pure")
def look() -> dict[str, object]:
    """Look."""
    return _count("look")


@tool(effect="keyed")
def put() -> dict[str, object]:
    """Put."""
    return _count("put")


@tool(effect="pure")
async def hang() -> str:
    """Hang on the loop."""
    await asyncio.sleep(3600)
    return ""


@tool(effect="pure")
def block() -> str:
    """Hang in a thread."""
    time.sleep(3600)
    return ""


@tool(effect="pure")
async def swallow() -> str:
    """Hang, and swallow every cancellation."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


@tool(effect="pure")
def compute() -> str:
    """Never give the interpreter's lock away for long."""
    while True:
        pass


@tool(effect="pure")
async def freeze() -> str:
    """Block the loop that it runs on."""
    time.sleep(3600)  # noqa: ASYNC251 - that is the point
    return ""


@tool(effect="pure")
def nap() -> str:
    """Leave only a moment before the deadline."""
    time.sleep(1.2)
    return ""


def asked() -> bool:
    """Hang, when asked whether it happened."""
    time.sleep(3600)
    return True


@tool(effect="probed", probe=asked)
async def doubtful() -> str:
    """Hang, so that a probe is asked which hangs as well."""
    await asyncio.sleep(3600)
    return ""


@tool(effect="keyed")
def finish() -> str:
    """Do the last step, which no mission here gets to."""
    _count("finish")
    return ""
