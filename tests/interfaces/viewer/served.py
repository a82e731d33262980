"""A viewer on a port of this machine, over a real host whose sessions run, wait and end: what its pages are tested on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from journeyman.config import Settings
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.listening import listening
from journeyman.interfaces.viewer.routes import viewer_routes
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import Mission
from journeyman.tools.functions import tool
from journeyman.wiring import opened

T = TypeVar("T")
EVERYTHING = frozenset(AccessScope)
_WORKERS = {"count": 1}


@tool(effect="keyed")
async def set_workers(workers: int, why: str = "halve the queue") -> dict[str, object]:
    """Set how many workers there are."""
    _WORKERS["count"] = workers
    return {"workers": workers, "why": why}


@tool(effect="pure")
async def measure() -> dict[str, object]:
    """Measure latency and errors."""
    latency = 120 + 1000 / _WORKERS["count"]
    return {"samples": 5000, "metrics": {"latency_ms": latency, "error_ratio": round(latency / 90_000, 5)}}


@tool(effect="pure")
async def wait_for(name: str) -> dict[str, object]:
    """Wait until the test lets it go on."""
    await asyncio.to_thread(GATES.setdefault(name, threading.Event()).wait, 60)
    return {"metrics": {"opened": 1}}


@tool(effect="pure")
async def repeat(text: str) -> dict[str, object]:
    """Say again what it is told."""
    return {"text": text, text[:200]: text, "metrics": {"said": 1}}


GATES: dict[str, threading.Event] = {}
"""By name: what holds `wait_for`."""


def mission(name: str, **more: object) -> Mission:
    """A mission that brings a latency under a bound in a few iterations."""
    return validate_mission(
        {
            "name": name,
            "directive": "Bring the checkout service under 200 ms at the 95th percentile without dropping orders.",
            "tools": ["set_workers", "measure", "wait_for", "repeat"],
            "criteria": [
                {"id": "fast_enough", "kind": "metric_threshold", "metric": "latency_ms", "op": "<=", "target": 200},
                {"id": "few_errors", "kind": "metric_threshold", "metric": "error_ratio", "op": "<", "target": 0.01},
            ],
            "plan": [
                {"calls": [{"tool": "set_workers", "args": {"workers": 2**step}}, {"tool": "measure"}], "rationale": f"step {step}"}
                for step in range(1, 7)
            ],
            "budget": {"iterations": 30, "tool_calls": 90, "cost_usd": 2.5},
            **more,
        }
    )  # fmt: skip


def gated(name: str) -> dict[str, object]:
    """Makes a mission wait until its gate is opened."""
    return {
        "plan": [{"calls": [{"tool": "wait_for", "args": {"name": name}}]}],
        "criteria": [{"id": "opened", "kind": "metric_threshold", "metric": "opened", "op": "==", "target": 1}],
    }


class Served:
    """A viewer that is served from a thread; `call` does something on its loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scopes = EVERYTHING
        self.name = "ada"
        self.only = ""
        self.host: SessionHost | None = None
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    async def resolve(self, _request: Request) -> Visit:
        """Everybody is let in, with the scopes that the test has set."""
        assert self.host is not None
        caller = Caller(name=self.name, tenant="default", scopes=self.scopes)
        missions = MissionSources(folder=self.folder / "missions", settings=self.host.journeyman.settings)
        return Visit(host=self.host, caller=caller, missions=missions, episodes=self.folder / "gym", only=self.only)

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with _hosted(self.folder / "data") as self.host:
            with listening("127.0.0.1", 0) as listener:
                config = uvicorn.Config(
                    Starlette(routes=viewer_routes(self.resolve)),
                    log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1,
                )  # fmt: skip
                server = uvicorn.Server(config)
                self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                async with anyio.create_task_group() as group:
                    group.start_soon(server.serve, [listener])
                    self._ready.set()
                    await self._stop.wait()
                    server.should_exit = True
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # the watch of sse-starlette for a signal to stop
            task.cancel()

    def start(self) -> None:
        """Serve."""
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        """Serve no more."""
        for gate in GATES.values():
            gate.set()
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._loop.close()

    def call(self, work: Callable[[SessionHost], Coroutine[Any, Any, T]]) -> T:
        """What some work on the host's loop gives."""
        assert self.host is not None
        return asyncio.run_coroutine_threadsafe(work(self.host), self._loop).result(60)

    def run(self, wanted: Mission, session_id: str = "", *, to_rest: bool = True) -> str:
        """Start a session, and wait until nobody drives it any more; its id."""

        async def started(host: SessionHost) -> str:
            made = await host.start(wanted, self.folder, session_id)
            if to_rest:
                assert await host.rest(made, 60)
            return made

        return self.call(started)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """What a browser gets at an address."""
        return httpx2.get(self.url + path, headers=headers, timeout=60)

    def post(self, path: str, site: str = "same-origin", **fields: str) -> httpx2.Response:
        """What a browser gets for a form."""
        return httpx2.post(self.url + path, data=fields, headers={"Sec-Fetch-Site": site}, timeout=60)


@asynccontextmanager
async def _hosted(folder: Path) -> AsyncGenerator[SessionHost]:
    settings = Settings(data_dir=folder, lease_ttl_s=5.0)
    functions = [set_workers, measure, wait_for, repeat]
    async with opened(settings, functions=functions, driver_mark=MARK) as journeyman, hosted(journeyman) as host:
        yield host


@contextmanager
def served(folder: Path) -> Generator[Served]:
    """A viewer, until the end of the block."""
    one = Served(folder)
    one.start()
    try:
        yield one
    finally:
        one.stop()
