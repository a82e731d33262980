"""SIGTERM and SIGKILL to `journeyman serve` under load, and a new start: streams go on, nothing is lost or repeated.

Callers start sessions with an `Idempotency-Key` and send again whatever was not answered; followers come back with
`Last-Event-ID`. In the end each request has begun one session, each session has fulfilled its mission, and each follower has
seen each event of the record once.
"""

from __future__ import annotations

import random
import signal
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import httpx2

from benchmarks.report import Meter, Row
from benchmarks.serving.following import Followed, followed
from benchmarks.serving.process import ServedClient, ServerPlace, ServerProcess

RESTARTS: Final = 8
SESSIONS: Final = 24
_MOST_S: Final = 500.0
"""A follower that waits for ever is a fault as well."""
_MISSION: Final = """
name: steps
directive: Take six steps.
commands:
  step: {run: [sleep, "0.3"], effect: pure, description: Take a step.}
criteria: [{id: done, kind: plan_finished}]
plan: [%s]
budget: {iterations: 12}
""" % ", ".join(["{calls: [{tool: step, args: {}}]}"] * 6)  # noqa: UP031  # braces all over


@dataclass(slots=True)
class Tally:
    """What came of it."""

    stops: list[int] = field(default_factory=list[int])
    """Exit codes of servers that were asked to stop."""
    kills: int = 0
    started: dict[str, str] = field(default_factory=dict[str, str])
    """Key to the session that it began."""
    changed: int = 0
    """Keys that were answered with another session the second time."""
    seen: dict[str, Followed] = field(default_factory=dict[str, Followed])
    records: dict[str, int] = field(default_factory=dict[str, int])
    """Events of each record."""
    unfinished: int = 0
    broken: int = 0
    sessions: int = 0


def run(progress: Meter) -> list[Row]:
    """Eight ends under load, half of them kills."""
    progress.start("restarts", RESTARTS)
    with tempfile.TemporaryDirectory() as place:
        tally = restarted(Path(place), RESTARTS, SESSIONS, progress)
    return rows(tally, RESTARTS, SESSIONS)


def rows(tally: Tally, restarts: int, sessions: int) -> list[Row]:
    """The figures against their bars."""
    events = sum(tally.records.values())
    told = sum(len(seen.numbers) for seen in tally.seen.values())
    lost = events - len({(name, number) for name, seen in tally.seen.items() for number in seen.numbers})
    repeated = sum(seen.repeated for seen in tally.seen.values())
    again = sum(seen.connections - 1 for seen in tally.seen.values())
    stopped = sum(code == 0 for code in tally.stops)
    return [
        Row("orderly stops that exit with 0", stopped, f"of {len(tally.stops)}", "all", stopped == len(tally.stops) > 0),
        Row("kills", tally.kills, "", f">= {restarts // 2}", tally.kills >= restarts // 2),
        Row("sessions for requests with a key", tally.sessions, f"of {sessions} requests", f"= {sessions}", tally.sessions == sessions),
        Row("requests answered with another session when sent again", tally.changed, "", "= 0", tally.changed == 0),
        Row("sessions that did not fulfil their mission", tally.unfinished, "", "= 0", tally.unfinished == 0),
        Row("records that do not verify", tally.broken, "", "= 0", tally.broken == 0),
        Row("streams that were taken up again", again, "", f">= {restarts}", again >= restarts),
        Row("events lost by followers", lost, f"of {events}", "= 0", lost == 0),
        Row("events told twice", repeated, f"of {told}", "= 0", repeated == 0),
    ]  # fmt: skip


def restarted(folder: Path, restarts: int, sessions: int, progress: Meter | None = None) -> Tally:
    """Serve, end and serve again over one folder, while sessions run and are followed."""
    place = ServerPlace(folder)
    place.prepare()
    (folder / "missions" / "steps.yaml").write_text(_MISSION)
    secret = place.secret("load", "read", "run")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tally = Tally()
    anyio.run(_under_load, place, port, secret, restarts, sessions, tally, progress)
    return tally


async def _under_load(
    place: ServerPlace, port: int, secret: str, restarts: int, sessions: int, tally: Tally, progress: Meter | None
) -> None:
    url = f"http://127.0.0.1:{port}"
    draw = random.Random("restart")
    server = await anyio.to_thread.run_sync(place.start, port)
    with anyio.fail_after(_MOST_S):
        async with (
            httpx2.AsyncClient(base_url=url, headers={"authorization": f"Bearer {secret}"}) as client,
            anyio.create_task_group() as group,
        ):
            for number in range(sessions):
                group.start_soon(_one, client, f"key-{number}", draw.uniform(0, 1.2 * restarts), tally)
            for number in range(restarts):
                await anyio.sleep(draw.uniform(0.5, 1.5))
                server = await _again(place, port, server, signal.SIGKILL if number % 2 else signal.SIGTERM, tally)
                if progress is not None:
                    progress.step()
    try:
        await anyio.to_thread.run_sync(_check, ServedClient(url, secret), tally)
    finally:
        tally.stops.append(server.stop())


async def _again(
    place: ServerPlace, port: int, server: ServerProcess, how: signal.Signals, tally: Tally
) -> ServerProcess:
    code = await anyio.to_thread.run_sync(server.stop, how)
    if how is signal.SIGKILL:
        tally.kills += 1
    else:
        tally.stops.append(code)
    return await anyio.to_thread.run_sync(place.start, port)


async def _one(client: httpx2.AsyncClient, key: str, after_s: float, tally: Tally) -> None:
    """Begin a session, whatever happens to the server, and follow it to its end; then ask for it again."""
    await anyio.sleep(after_s)
    session = await _posted(client, key)
    tally.started[key] = session
    seen = tally.seen[session] = Followed()
    await followed(client, f"/api/v1/sessions/{session}", seen, lambda: True)
    tally.changed += await _posted(client, key) != session


async def _posted(client: httpx2.AsyncClient, key: str) -> str:
    while True:
        try:
            made = await client.post(
                "/api/v1/sessions", json={"file": "steps.yaml"}, headers={"idempotency-key": key}, timeout=60
            )
        except httpx2.TransportError:
            await anyio.sleep(0.05)
            continue
        if made.status_code == 201:
            return made.json()["session_id"]
        if made.status_code not in (409, 503):  # in use by the request before, or the server stops
            raise AssertionError(made.text)
        await anyio.sleep(0.1)


def _check(client: ServedClient, tally: Tally) -> None:
    listed = client.get("/api/v1/sessions?limit=500").json()["items"]
    tally.sessions = len(listed)
    for row in listed:
        name = row["session_id"]
        tally.records[name] = row["seq"]
        tally.unfinished += row["outcome"] != "achieved"
        tally.broken += not client.get(f"/api/v1/sessions/{name}/verify").json()["holds"]
