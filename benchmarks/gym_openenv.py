"""The gym behind OpenEnv over WebSocket, beside an environment that does nothing, in the same run."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import statistics
import time
from typing import Any, Final

from benchmarks.openenv.serving import served
from benchmarks.report import Meter, Row

CLIENTS: Final = (1, 8, 64)
SECONDS: Final = 0.8
ROUNDS: Final = 9
"""Each server is measured so often, in turn, since a shared machine's speed moves; the median counts."""
BAR: Final = 0.8
_GYM: Final = "journeyman.interfaces.openenv.server:app"
_EMPTY: Final = "benchmarks.openenv.empty:app"
_EAGER: Final = "benchmarks.openenv.empty:eager"
_RESET: Final[dict[str, object]] = {"others": "nobody", "split": "easy-train"}


def run(progress: Meter) -> list[Row]:
    """Measure steps per second for some numbers of clients."""
    if importlib.util.find_spec("openenv") is None:
        return [Row("OpenEnv", "not installed here: run `make bench-openenv`")]
    progress.start("rounds", len(CLIENTS) * ROUNDS * 3)
    rows: list[Row] = []
    with served(_EMPTY) as empty, served(_EAGER) as eager, served(_GYM) as gym:
        for clients in CLIENTS:
            rates: dict[str, list[float]] = {empty: [], eager: [], gym: []}
            for _ in range(ROUNDS):
                for url, found in rates.items():
                    action: dict[str, object] = {"action_type": "noop"} if url == gym else {}
                    found.append(asyncio.run(_rate(url, clients, action)))
                    progress.step()
            nothing, quick, ours = (statistics.median(found) for found in rates.values())
            share = statistics.median(mine / other for mine, other in zip(rates[gym], rates[empty], strict=True))
            rows += [
                Row(f"{clients} clients: empty environment", nothing, "steps/s"),
                Row(f"{clients} clients: empty environment that skips the thread change", quick, "steps/s"),
                Row(f"{clients} clients: gym, one seat played", ours, "steps/s"),
                Row(f"{clients} clients: gym / empty", share, "", f">= {BAR}", share >= BAR),
            ]
    return rows


async def _rate(url: str, clients: int, action: dict[str, object]) -> float:
    """Give the steps per second that some clients get together; plain sockets, so that the client costs little."""
    connect = importlib.import_module("websockets").connect
    stop = asyncio.Event()

    async def play(index: int) -> int:
        async with connect(f"{url.replace('http', 'ws')}/ws") as socket:
            reset = json.dumps({"type": "reset", "data": {**_RESET, "seed": index}})
            step = json.dumps({"type": "step", "data": action})
            await _said(socket, reset)
            ready.append(index)
            if len(ready) == clients:
                began.append(time.perf_counter())
                asyncio.get_running_loop().call_later(SECONDS, stop.set)
            count = 0
            while not stop.is_set():
                if len(ready) < clients:
                    await asyncio.sleep(0.01)
                    continue
                done = await _said(socket, step)
                count += 1
                if done:
                    await _said(socket, reset)
            return count

    ready: list[int] = []
    began: list[float] = []
    counts = await asyncio.gather(*map(play, range(clients)))
    return sum(counts) / (time.perf_counter() - began[0])


async def _said(socket: Any, message: str) -> bool:
    await socket.send(message)
    answer = json.loads(await socket.recv())
    if answer["type"] == "error":
        raise RuntimeError(str(answer))
    return bool(answer["data"]["done"])
