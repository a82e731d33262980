"""The same loop of 400 steps with 5 KB results: Journeyman, LangGraph with its SQLite saver, a DBOS workflow on SQLite.

Each as its users write it, each durable before the next step begins: Journeyman a mission of one tool through the whole
engine; LangGraph a `StateGraph` whose channel is a list that grows, `durability="sync"`; DBOS a workflow of 400 steps,
SQLite as DBOS sets it up. Same machine, same run, three rounds that take turns, medians. DBOS stores no conversation,
only each step's result, so its bytes inform and are no bar.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import operator
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypedDict

from benchmarks.long_mission import WORLDS, Watch, bytes_in, long_mission
from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.wiring import opened

STEPS: Final = 400
ROUNDS: Final = 3
PAYLOAD_BYTES: Final = 5120
_HOW: Final = "the peers are not installed; `make .venv/.bench` installs them"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one loop took."""

    seconds: float
    disk_bytes: int


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    loops: dict[str, Callable[[Path], Taken]] = {"Journeyman": _journeyman, "LangGraph": _langgraph, "DBOS": _dbos}
    for needed in ("langgraph.graph", "langgraph.checkpoint.sqlite", "dbos"):
        try:
            importlib.import_module(needed)
        except ImportError as error:
            raise SystemExit(f"{_HOW} ({error})") from None
    progress.start("loops", ROUNDS * len(loops))
    taken: dict[str, list[Taken]] = {name: [] for name in loops}
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
    ours, fewer = rate["Journeyman"], disk["LangGraph"] / disk["Journeyman"]
    return [
        Row("Journeyman", ours, "iterations/s"),
        Row("LangGraph", rate["LangGraph"], "iterations/s"),
        Row("DBOS", rate["DBOS"], "iterations/s"),
        *(Row(f"{name}: bytes on disk / payload", ratio, "x") for name, ratio in disk.items()),
        Row("speed, Journeyman / LangGraph", ours / rate["LangGraph"], "x", "> 1", ours > rate["LangGraph"]),
        Row("speed, Journeyman / DBOS", ours / rate["DBOS"], "x", "> 1", ours > rate["DBOS"]),
        Row("bytes, LangGraph / Journeyman", fewer, "x", ">= 50", fewer >= 50),
    ]


class _Silent(Meter):
    """Shows nothing: the loop is one step of the benchmark."""

    def __init__(self) -> None:
        pass

    def step(self, count: int = 1) -> None:
        """Show nothing."""


def _journeyman(folder: Path) -> Taken:
    sys.modules.pop("noise", None)  # its count starts again with each loop

    async def work() -> float:
        async with opened(Settings(data_dir=folder)) as journeyman:
            start = time.perf_counter()
            state = await journeyman.engine.run(long_mission(STEPS), WORLDS, Watch(_Silent()))
            took = time.perf_counter() - start
        assert (state.outcome, state.usage.iterations) == ("achieved", STEPS), state.reason
        return took

    return Taken(asyncio.run(work()), bytes_in(folder))


class _Conversation(TypedDict):
    messages: Annotated[list[str], operator.add]


def _langgraph(folder: Path) -> Taken:
    graph_module: Any = importlib.import_module("langgraph.graph")
    saver_module: Any = importlib.import_module("langgraph.checkpoint.sqlite")
    draw = random.Random(1)

    def sample(_: _Conversation) -> dict[str, list[str]]:
        return {"messages": [_text(draw)]}

    def more(state: _Conversation) -> str:
        return "sample" if len(state["messages"]) < STEPS else graph_module.END

    graph = graph_module.StateGraph(_Conversation)
    graph.add_node("sample", sample)
    graph.add_edge(graph_module.START, "sample")
    graph.add_conditional_edges("sample", more)
    with saver_module.SqliteSaver.from_conn_string(str(folder / "checkpoints.sqlite")) as saver:
        app = graph.compile(checkpointer=saver)
        config = {"configurable": {"thread_id": "1"}, "recursion_limit": STEPS + 10}
        start = time.perf_counter()
        state = app.invoke({"messages": []}, config, durability="sync")
        took = time.perf_counter() - start
    assert len(state["messages"]) == STEPS
    return Taken(took, bytes_in(folder))


def _dbos(folder: Path) -> Taken:
    dbos: Any = importlib.import_module("dbos")
    draw = random.Random(1)
    dbos.DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}",
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "run_admin_server": False,
        }
    )

    @dbos.DBOS.step(name=f"sample-{uuid.uuid1()}")
    def sample() -> str:
        return _text(draw)

    @dbos.DBOS.workflow(name=f"loop-{uuid.uuid1()}")
    def loop() -> int:
        return sum(bool(sample()) for _ in range(STEPS))

    dbos.DBOS.launch()
    try:
        start = time.perf_counter()
        count = loop()
        took = time.perf_counter() - start
    finally:
        dbos.DBOS.destroy(destroy_registry=True)
    assert count == STEPS
    return Taken(took, bytes_in(folder))


def _text(draw: random.Random) -> str:
    return base64.b85encode(draw.randbytes(PAYLOAD_BYTES * 4 // 5)).decode()
