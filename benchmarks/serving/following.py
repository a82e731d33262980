"""Follows event streams as a browser does: comes back with `Last-Event-ID` until the end was told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2

_AGAIN_S = 0.05


@dataclass(slots=True)
class Followed:
    """What a follower saw."""

    numbers: list[int] = field(default_factory=list[int])
    kinds: list[str] = field(default_factory=list[str])
    connections: int = 0
    ended: bool = False

    @property
    def repeated(self) -> int:
        """Events that came twice, or out of order."""
        return sum(later <= earlier for earlier, later in zip(self.numbers, self.numbers[1:], strict=False))

    @property
    def lost(self) -> int:
        """Events that never came, of those before the last."""
        return len(set(range(1, max(self.numbers, default=0) + 1)) - set(self.numbers))


async def followed(client: httpx2.AsyncClient, address: str, seen: Followed, comes_back: Callable[[], bool]) -> None:
    """Follow to the end, over as many connections as that takes, while `comes_back` says so."""
    while not seen.ended:
        headers = {"last-event-id": str(seen.numbers[-1])} if seen.numbers else {}
        try:
            async with client.stream("GET", f"{address}/events/stream", headers=headers, timeout=60) as response:
                seen.connections += 1
                if response.status_code != 200:
                    await response.aread()
                    raise AssertionError(f"{address}: {response.status_code} {response.text}")
                await _read(response, seen)
        except httpx2.TransportError:
            if not comes_back():
                raise
        if not seen.ended:
            await anyio.sleep(_AGAIN_S)


async def _read(response: httpx2.Response, seen: Followed) -> None:
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
            continue
        if block.get("event") == "end":
            seen.ended = True
            return
        if "id" in block:
            row: dict[str, Any] = json.loads(block["data"])
            seen.numbers.append(int(block["id"]))
            seen.kinds.append(row["kind"])
        block = {}
