"""The same loop of 400 steps with 5 KB results: Journeyman, LangGraph with its SQLite saver, a DBOS workflow on SQLite.

Each as those who know it would set it up, and each durable before the next step begins: Journeyman a mission of one tool
through the whole engine; LangGraph a `StateGraph` with `durability="sync"`, once with a channel that keeps the last
value and once with a `DeltaChannel` that keeps the whole conversation; DBOS a workflow of 400 steps on a file in
write-ahead mode. All write with `synchronous=FULL`, and a second connection sees after each step that something was
committed since the step before. Same machine, same run, five rounds that take turns, medians. DBOS keeps no
conversation, only each step's result, so its bytes inform and are no bar.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import operator
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypedDict

from benchmarks.long_mission import WORLDS, UnruledLoop, bytes_in, long_mission
from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.wiring import opened

STEPS: Final = 400
ROUNDS: Final = 5
PAYLOAD_BYTES: Final = 5120
_HOW: Final = "the peers are not installed; `make .venv/.bench` installs them"
LANGGRAPH: Final = ("LangGraph, last value", "LangGraph, DeltaChannel")
UNRULED: Final = "Journeyman, without rules"
"""The same events through our own store with nothing folded, judged or planned; see `long_mission`."""
PEERS: Final = (*LANGGRAPH, "DBOS")


@dataclass(frozen=True, slots=True)
class LoopCost:
    """What one loop took."""

    seconds: float
    disk_bytes: int


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    for needed in ("langgraph.graph", "langgraph.checkpoint.sqlite", "dbos"):
        try:
            importlib.import_module(needed)
        except ImportError as error:
            raise SystemExit(f"{_HOW} ({error})") from None
    loops: dict[str, Callable[[Path], LoopCost]] = {
        "Journeyman": _journeyman,
        UNRULED: _unruled,
        "LangGraph, last value": _last_value,
        "LangGraph, DeltaChannel": _delta,
        "DBOS": _dbos,
    }
    progress.start("loops", ROUNDS * len(loops))
    taken: dict[str, list[LoopCost]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            with tempfile.TemporaryDirectory() as folder:
                taken[name].append(loop(Path(folder)))
            progress.step()
    rate = {name: STEPS / statistics.median(each.seconds for each in rows) for name, rows in taken.items()}
    disk = {
        name: statistics.median(each.disk_bytes for each in rows) / (STEPS * PAYLOAD_BYTES)
        for name, rows in taken.items()
    }
    fastest = max(PEERS, key=lambda name: rate[name])
    ratio = rate["Journeyman"] / rate[fastest]
    return [
        *(Row(name, each, "iterations/s") for name, each in rate.items()),
        *(Row(f"{name}: bytes on disk / payload", each, "x") for name, each in disk.items()),
        Row(f"speed, Journeyman / {fastest}", ratio, "x", ">= 1", ratio >= 1),
        Row(f"speed, without rules / {fastest}", rate[UNRULED] / rate[fastest], "x"),
        *(
            Row(f"bytes, {name} / Journeyman", fewer, "x", ">= 2", fewer >= 2)
            for name in LANGGRAPH
            for fewer in (disk[name] / disk["Journeyman"],)
        ),
    ]


class _Second:
    """Another connection to a loop's file: it sees only what was committed."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._version = self._now()

    def _now(self) -> int:
        return self._file.execute("PRAGMA data_version").fetchone()[0]

    def must_have_grown(self) -> None:
        """Fail unless somebody committed since the last look."""
        version = self._now()
        assert version != self._version, "a step began before the one before it was committed"
        self._version = version


@contextlib.contextmanager
def _second(path: Path) -> Generator[_Second]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        yield _Second(file)


def _journeyman(folder: Path) -> LoopCost:
    sys.modules.pop("noise", None)  # its count starts again with each loop

    async def work() -> float:
        async with opened(Settings(data_dir=folder)) as journeyman:
            with _second(journeyman.store.path) as second:

                def seen(happened: EventRecord, _: State) -> None:
                    if isinstance(happened.event, e.Decided):
                        second.must_have_grown()

                start = time.perf_counter()
                state = await journeyman.engine.run(long_mission(STEPS), WORLDS, seen)
                took = time.perf_counter() - start
        assert (state.outcome, state.usage.iterations) == ("achieved", STEPS), state.reason
        return took

    return LoopCost(asyncio.run(work()), bytes_in(folder))


def _unruled(folder: Path) -> LoopCost:
    sys.modules.pop("noise", None)

    async def work() -> float:
        async with opened(Settings(data_dir=folder / "mission")) as journeyman:
            state = await journeyman.engine.run(long_mission(STEPS), WORLDS)
            entries = await journeyman.store.read(state.session_id)
        async with opened(Settings(data_dir=folder / "again")) as journeyman:
            return (await UnruledLoop(journeyman.store, state, entries)()).seconds * STEPS

    return LoopCost(asyncio.run(work()), bytes_in(folder / "again"))


class _Latest(TypedDict):
    message: str
    count: int


def _last_value(folder: Path) -> LoopCost:
    draw = random.Random(1)
    return _langgraph(
        folder, _Latest, lambda state: {"message": _text(draw), "count": state["count"] + 1}, {"count": 0}
    )


def _joined(messages: list[str], more: list[list[str]]) -> list[str]:
    return [*messages, *(text for row in more for text in row)]


def _delta(folder: Path) -> LoopCost:
    delta: Any = importlib.import_module("langgraph.channels.delta").DeltaChannel
    draw = random.Random(1)
    conversation: Any = TypedDict(  # pyright: ignore[reportGeneralTypeIssues]  # the channel is known only here
        "Conversation", {"messages": Annotated[list[str], delta(_joined)], "count": Annotated[int, operator.add]}
    )
    return _langgraph(folder, conversation, lambda _: {"messages": [_text(draw)], "count": 1}, {"count": 0})


def _langgraph(folder: Path, kind: Any, step: Callable[[Any], dict[str, object]], first: dict[str, object]) -> LoopCost:
    graph_module: Any = importlib.import_module("langgraph.graph")
    saver_module: Any = importlib.import_module("langgraph.checkpoint.sqlite")
    path = folder / "checkpoints.sqlite"
    with saver_module.SqliteSaver.from_conn_string(str(path)) as saver:
        saver.setup()
        assert saver.conn.execute("PRAGMA synchronous").fetchone() == (2,)
        with _second(path) as second:

            def sample(state: Any) -> dict[str, object]:
                second.must_have_grown()
                return step(state)

            def more(state: Any) -> str:
                return "sample" if state["count"] < STEPS else graph_module.END

            graph = graph_module.StateGraph(kind)
            graph.add_node("sample", sample)
            graph.add_edge(graph_module.START, "sample")
            graph.add_conditional_edges("sample", more)
            app = graph.compile(checkpointer=saver)
            config = {"configurable": {"thread_id": "1"}, "recursion_limit": STEPS + 10}
            start = time.perf_counter()
            state = app.invoke(first, config, durability="sync")
            took = time.perf_counter() - start
        assert state["count"] == STEPS
        kept = app.get_state(config).values
        assert len(kept.get("messages", [0] * STEPS)) == STEPS
    return LoopCost(took, bytes_in(folder))


def _dbos(folder: Path) -> LoopCost:
    dbos: Any = importlib.import_module("dbos")
    draw = random.Random(1)
    path = folder / "dbos.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:  # the mode stays with the file
        file.execute("PRAGMA journal_mode = WAL")
        assert file.execute("PRAGMA synchronous").fetchone() == (2,)
    dbos.DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{path}",
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "run_admin_server": False,
        }
    )
    looking: list[_Second] = []

    @dbos.DBOS.step(name=f"sample-{uuid.uuid1()}")
    def sample() -> str:
        looking[0].must_have_grown()
        return _text(draw)

    @dbos.DBOS.workflow(name=f"loop-{uuid.uuid1()}")
    def loop() -> int:
        return sum(bool(sample()) for _ in range(STEPS))

    dbos.DBOS.launch()
    try:
        with _second(path) as second:
            looking.append(second)
            start = time.perf_counter()
            count = loop()
            took = time.perf_counter() - start
    finally:
        dbos.DBOS.destroy(destroy_registry=True)
    assert count == STEPS
    return LoopCost(took, bytes_in(folder))


def _text(draw: random.Random) -> str:
    return base64.b85encode(draw.randbytes(PAYLOAD_BYTES * 4 // 5)).decode()
