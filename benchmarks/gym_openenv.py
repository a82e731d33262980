"""The gym behind OpenEnv over WebSocket, beside an environment that does nothing, in the same run."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import itertools
import json
import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.openenv.serving import served
from benchmarks.report import Meter, Row

CLIENTS: Final = (1, 8, 64)
SECONDS: Final = 0.8
ROUNDS: Final = 9
"""Each server is measured so often, in turn, since a shared machine's speed moves; the median counts."""
BAR: Final = 0.8
_EMPTY: Final = "empty environment"
_EAGER: Final = "empty environment that skips the thread change"
_WAITS: Final = "gym, one seat played"
_LOOKS: Final = "gym, one seat played, a closer look in every step"
_TEAM: Final = "gym, three seats played by the heuristic"


@dataclass(frozen=True, slots=True)
class Variant:
    """One server and how it is played."""

    url: str
    others: str = ""
    looks: bool = False


def run(progress: Meter) -> list[Row]:
    """Measure steps per second for some numbers of clients."""
    if importlib.util.find_spec("openenv") is None:
        return [Row("OpenEnv", "not installed here: run `make bench-openenv`")]
    with ExitStack() as stack:
        nothing = stack.enter_context(served("benchmarks.openenv.empty:app"))
        eager = stack.enter_context(served("benchmarks.openenv.empty:eager"))
        gym = stack.enter_context(served("journeyman.interfaces.openenv.server:app"))
        variants = {
            _EMPTY: Variant(nothing),
            _EAGER: Variant(eager),
            _WAITS: Variant(gym, "nobody"),
            _LOOKS: Variant(gym, "nobody", looks=True),
            _TEAM: Variant(gym, "heuristic"),
        }
        progress.start("rounds", len(CLIENTS) * ROUNDS * len(variants))
        return [row for clients in CLIENTS for row in _measured(variants, clients, progress)]


def _measured(variants: Mapping[str, Variant], clients: int, progress: Meter) -> list[Row]:
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, variant in variants.items():
            rates[name].append(asyncio.run(_rate(variant, clients)))
            progress.step()
    share = statistics.median(mine / other for mine, other in zip(rates[_WAITS], rates[_EMPTY], strict=True))
    who = "1 client" if clients == 1 else f"{clients} clients"
    rows = [Row(f"{who}: {name}", statistics.median(found), "steps/s") for name, found in rates.items()]
    return [*rows, Row(f"{who}: gym, one seat / empty", share, "", f">= {BAR}", share >= BAR)]


async def _rate(variant: Variant, clients: int) -> float:
    """The steps per second that some clients get together; plain sockets, so that the client costs little."""
    connect = importlib.import_module("websockets").connect
    stop = asyncio.Event()

    async def play(index: int) -> int:
        async with connect(f"{variant.url.replace('http', 'ws')}/ws") as socket:
            tasks = itertools.count(index, clients)  # a split in its order, as trainers play it
            step = await _reset(socket, variant, next(tasks))
            ready.append(index)
            if len(ready) == clients:
                began.append(time.perf_counter())
                asyncio.get_running_loop().call_later(SECONDS, stop.set)
            count = 0
            while not stop.is_set():
                if len(ready) < clients:
                    await asyncio.sleep(0.01)
                    continue
                answer = await _said(socket, step)
                count += 1
                if answer["done"]:
                    step = await _reset(socket, variant, next(tasks))
            return count

    ready: list[int] = []
    began: list[float] = []
    counts = await asyncio.gather(*map(play, range(clients)))
    return sum(counts) / (time.perf_counter() - began[0])


async def _reset(socket: Any, variant: Variant, number: int) -> str:
    """Begin an episode and give the message that is sent in each of its steps."""
    options = {"others": variant.others, "split": "easy-train"} if variant.others else {}
    seen = await _said(socket, json.dumps({"type": "reset", "data": {**options, "seed": number}}))
    action: dict[str, str] = {"action_type": "noop"} if variant.others else {}
    if variant.looks:
        action["target"] = seen["observation"]["services"][1]
    return json.dumps({"type": "step", "data": action})


async def _said(socket: Any, message: str) -> dict[str, Any]:
    await socket.send(message)
    answer: dict[str, Any] = json.loads(await socket.recv())
    if answer["type"] == "error":
        raise RuntimeError(str(answer))
    found: dict[str, Any] = answer["data"]
    return found
