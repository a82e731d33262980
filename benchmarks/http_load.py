"""200 clients of `journeyman serve` at once for a minute: reads, starts, event streams; then a soak of ten minutes for its memory.

The clients run in processes of their own on the same machine, so that rate and times are those of both together.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import anyio
import httpx2

from benchmarks.report import Meter, Row
from benchmarks.serving.following import Followed, followed
from benchmarks.serving.process import ServerPlace, ServerProcess

CLIENTS: Final = 200
LOAD_S: Final = 60.0
SOAK_CLIENTS: Final = 20
SOAK_S: Final = 600.0
_LOOK_S: Final = 5.0
_GROWTH_MIB: Final = 24.0
"""More than this between the first and the last quarter of the soak is a leak: caches are full after the first."""
_CHOICES: Final = (("list", 25), ("show", 30), ("events", 25), ("report", 5), ("start", 5), ("stream", 10))
_PAUSE_S: Final = 0.5
"""At most, between two requests of one client."""


@dataclass(slots=True)
class Load:
    """What came of it."""

    requests: Counter[str] = field(default_factory=Counter[str])
    errors: list[str] = field(default_factory=list[str])
    times_ms: list[float] = field(default_factory=list[float])
    streams: int = 0
    events: int = 0
    lost: int = 0
    repeated: int = 0
    seconds: float = 0.0
    memory_mib: list[float] = field(default_factory=list[float])


def run(progress: Meter) -> list[Row]:
    """One server."""
    with tempfile.TemporaryDirectory() as folder:
        place = ServerPlace(Path(folder))
        place.prepare()
        secret = place.secret("load", "read", "run")
        server = place.start(more=["--rate", "1000000"])
        try:
            progress.start("load", 1)
            load = loaded(server, secret, CLIENTS, LOAD_S)
            progress.step()
            progress.start("soak", 1)
            soak = loaded(server, secret, SOAK_CLIENTS, SOAK_S)
            progress.step()
        finally:
            server.stop()
    return [*rows(load, CLIENTS), *soak_rows(soak)]


def rows(load: Load, clients: int) -> list[Row]:
    """The figures of a load against their bars."""
    for line in load.errors[:20]:
        print(line)
    done, times = sum(load.requests.values()), sorted(load.times_ms)
    return [
        Row("clients at once", clients, f"for {load.seconds:.0f} s", "shown", holds=True),
        Row("requests a second", round(done / load.seconds, 1), str(dict(load.requests)), "shown", holds=True),
        Row("p50 of a request", round(times[len(times) // 2], 1), "ms", "shown", holds=True),
        Row("p99 of a request", round(times[len(times) * 99 // 100], 1), "ms", "shown", holds=True),
        Row("errors", len(load.errors), f"of {done} requests", "= 0", not load.errors),
        Row("streams followed to their end", load.streams, f"{load.events} events", "> 0", load.streams > 0),
        Row("events lost", load.lost, "", "= 0", load.lost == 0),
        Row("events told twice", load.repeated, "", "= 0", load.repeated == 0),
    ]


def soak_rows(soak: Load) -> list[Row]:
    """The figures of a soak."""
    memory = soak.memory_mib
    quarter = max(1, len(memory) // 4)
    first, last = fmean(memory[quarter : 2 * quarter] or memory), fmean(memory[-quarter:])
    told = f"{first:.0f} in the second quarter, {last:.0f} in the last, at most {max(memory):.0f} MiB"
    return [
        Row("growth of memory in a soak", round(last - first, 1), told, f"< {_GROWTH_MIB:g} MiB", last - first < _GROWTH_MIB),
        Row("errors in the soak", len(soak.errors), f"of {sum(soak.requests.values())} requests", "= 0", not soak.errors),
        Row("events lost in the soak", soak.lost, f"of {soak.events}", "= 0", soak.lost == 0),
    ]  # fmt: skip


def loaded(server: ServerProcess, secret: str, clients: int, seconds: float, processes: int = 2) -> Load:
    """The load of so many clients, in processes of their own."""
    begun_s = time.monotonic()
    share = [clients // processes + (number < clients % processes) for number in range(processes)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.http_load", server.url, str(count), str(seconds), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, count in enumerate(share)
    ]
    load = Load()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{secret}\n")
        worker.stdin.close()
    while any(worker.poll() is None for worker in workers):
        load.memory_mib.append(server.memory_mib)
        time.sleep(min(_LOOK_S, seconds / 8))
    for worker in workers:
        assert worker.stdout is not None
        with worker.stdout:
            _add(load, json.loads(worker.stdout.read()))
    load.seconds = min(seconds, time.monotonic() - begun_s)
    return load


def _add(load: Load, told: dict[str, Any]) -> None:
    load.requests.update(told["requests"])
    load.errors += told["errors"]
    load.times_ms += told["times_ms"]
    load.streams += told["streams"]
    load.events += told["events"]
    load.lost += told["lost"]
    load.repeated += told["repeated"]


async def _clients(url: str, secret: str, count: int, seconds: float, seed: str) -> Load:
    load, sessions = Load(), list[str]()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=2 * count)
    async with (
        httpx2.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {secret}"}, limits=limits, timeout=60
        ) as client,
        anyio.create_task_group() as group,
    ):
        await _start(client, load, sessions)
        until_s = anyio.current_time() + seconds
        for number in range(count):
            group.start_soon(_client, client, random.Random(f"{seed}-{number}"), until_s, load, sessions)
    return load


async def _client(
    client: httpx2.AsyncClient, draw: random.Random, until_s: float, load: Load, sessions: list[str]
) -> None:
    names, weights = zip(*_CHOICES, strict=True)
    tag = ""
    while anyio.current_time() < until_s:
        await anyio.sleep(draw.uniform(0, _PAUSE_S))
        session = sessions[-1 - draw.randrange(min(50, len(sessions)))]
        place = f"/api/v1/sessions/{session}"
        match draw.choices(names, weights)[0]:
            case "list":
                await _get(client, load, "list", "/api/v1/sessions?limit=20")
            case "show":
                tag = await _get(client, load, "show", place, tag)
            case "events":
                await _get(client, load, "events", f"{place}/events?limit=50")
            case "report":
                await _get(client, load, "report", f"{place}/report")
            case "stream":
                await _follow(client, load, place)
            case _:
                await _follow(client, load, f"/api/v1/sessions/{await _start(client, load, sessions)}")


async def _get(client: httpx2.AsyncClient, load: Load, what: str, path: str, tag: str = "") -> str:
    begun_s = time.perf_counter()
    try:
        response = await client.get(path, headers={"if-none-match": tag} if tag else {})
    except httpx2.TransportError as error:
        load.errors.append(f"{what}: {type(error).__name__} {error}")
        return ""
    load.times_ms.append(1000 * (time.perf_counter() - begun_s))
    load.requests[what] += 1
    if response.status_code not in (200, 304):
        load.errors.append(f"{what}: {response.status_code} {response.text[:200]}")
    return response.headers.get("etag", "")


async def _start(client: httpx2.AsyncClient, load: Load, sessions: list[str]) -> str:
    begun_s = time.perf_counter()
    made = await client.post("/api/v1/sessions", json={"file": "quick.yaml"})
    load.times_ms.append(1000 * (time.perf_counter() - begun_s))
    load.requests["start"] += 1
    if made.status_code != 201:
        load.errors.append(f"start: {made.status_code} {made.text[:200]}")
        return sessions[-1]
    sessions.append(made.json()["session_id"])
    return sessions[-1]


async def _follow(client: httpx2.AsyncClient, load: Load, place: str) -> None:
    seen = Followed()
    try:
        await followed(client, place, seen, lambda: False)
    except (httpx2.TransportError, AssertionError) as error:
        load.errors.append(f"stream: {type(error).__name__} {error}")
        return
    load.requests["stream"] += 1
    load.streams += 1
    load.events += len(seen.numbers)
    load.lost += seen.lost + (seen.kinds[-1:] != ["Ended"])
    load.repeated += seen.repeated + (seen.connections - 1)


def _worker(arguments: Sequence[str]) -> None:
    url, count, seconds, seed = arguments
    load = anyio.run(_clients, url, sys.stdin.readline().strip(), int(count), float(seconds), seed)
    told = {
        name: getattr(load, name)
        for name in ("requests", "errors", "times_ms", "streams", "events", "lost", "repeated")
    }
    print(json.dumps(told))


if __name__ == "__main__":
    _worker(sys.argv[1:])
