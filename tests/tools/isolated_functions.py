"""Functions that tests run in worker processes."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

from journeyman.tools.functions import tool


def who(idempotency_key: str, n: int = 1) -> dict[str, object]:
    """The process and what came in."""
    print("noise on the output")  # noqa: T201 - it must not be taken for the answer
    return {"pid": os.getpid(), "n": n, "key": idempotency_key, "metrics": {"n": n}}


async def later(n: int) -> int:
    """What came in, from a loop."""
    await asyncio.sleep(0)
    return n + 1


def hang(mark: str) -> str:
    """Hang in a way that no thread can be got out of, with a child that hangs too."""
    if os.fork() == 0:
        time.sleep(600)
    Path(mark).write_text(str(os.getpid()))
    threading.Event().wait(600)
    return "late"


def crash() -> str:
    """End the process in the middle."""
    sys.stderr.write("last words")
    sys.stderr.flush()
    os.abort()


def leave() -> str:
    """Try to end the process."""
    sys.exit(3)


def boom() -> str:
    """Raise."""
    raise ValueError("as it was told")


def odd() -> object:
    """What is not JSON."""
    return object()


def happened(n: int) -> bool:
    """Tell whether it happened."""
    return n == 7


@tool(effect="probed", probe=happened)
def deploy(n: int, more: str = "") -> str:
    """Deploy."""
    return f"{n}{more}"
