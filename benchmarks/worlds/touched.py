"""Tools that change a world which several processes share: a ledger file."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from journeyman.tools.functions import tool

_LEDGER = Path(os.environ.get("TAKEOVER_LEDGER", os.devnull))


def _add(name: str, key: str, *, once: bool) -> int:
    with _LEDGER.open("a+", encoding="utf-8") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        ledger.seek(0)
        known = ledger.read().split()
        line = f"{name}:{key}"
        if not once or line not in known:
            ledger.write(f"{line}\n")
            ledger.flush()
            os.fsync(ledger.fileno())
            known.append(line)
        return sum(row.startswith(f"{name}:") for row in known)


@tool(effect="keyed")
def put(idempotency_key: str) -> dict[str, object]:
    """Change the world once per key."""
    return {"metrics": {"put": _add("put", idempotency_key, once=True)}}


@tool(effect="unsafe")
def fire(idempotency_key: str) -> dict[str, object]:
    """Change the world each time, and take a while."""
    time.sleep(0.02)
    return {"metrics": {"fired": _add("fire", idempotency_key, once=False)}}
