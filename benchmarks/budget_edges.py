"""Budgets at their edges: none is exceeded, whoever spends, and what hangs at the deadline holds no process up.

Calls: whole processes (`journeyman run`) whose tools count themselves. Tokens and cost: an advisor that counts itself.
Time: pairs of whole processes, the one with something that hangs and a control that uses up the same time without, in
alternating order; of each the time from the mission's deadline to the end of its process, and of each pair the difference.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import anyio

from benchmarks._budget_scenarios import AGENT, CONTROL, HANGS, SLOW, SPENDING, Hang, mission
from benchmarks.report import Meter, Row
from journeyman.advisors.base import Answer, AskLimits, Readiness, Request
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.engine.engine import Engine
from journeyman.engine.runtime import Runtime
from journeyman.mission.files.mission_file import validate_mission
from journeyman.stores.memory import MemoryStore
from journeyman.testing.model_server import ScriptLine, serving
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import mission_catalog

PAIRS: Final = 3
WALL_S: Final = 1.5
CALLS: Final = 5
ITERATIONS: Final = 3
LATE_S: Final = 0.25
LEFT_S: Final = 1.0
"""Time after the process in which what it started must be gone."""
_TOOLS: Final = [Path(__file__).with_name(name) for name in ("_budget_tools.py", "_budget_hung.py")]


@dataclass(frozen=True, slots=True)
class _Run:
    calls: int
    iterations: int
    reason: str
    over_s: float
    """From the mission's deadline to the end of the process."""
    left: int = 0
    """Processes and temporary folders that are still there."""


@dataclass(frozen=True, slots=True)
class _Place:
    silent: str
    """Address at which somebody listens and never answers."""
    sleeper: str
    """Address of a model that proposes to sleep for a day."""

    def run(self, more: dict[str, Any], budget: dict[str, Any], files: str = "") -> _Run:
        """Run a mission in a process and a folder of its own."""
        with tempfile.TemporaryDirectory(prefix="journeyman-edges-") as name:
            folder = Path(name)
            for file in _TOOLS:
                shutil.copy(file, folder)
            (folder / "tmp").mkdir()
            _lay(folder, files)
            text = json.dumps(mission(**more, budget=budget)).replace("SILENT", f"{self.silent}/mcp")
            (folder / "mission.json").write_text(text, "utf-8")
            (folder / "config.toml").write_text(self._settings(), "utf-8")
            ended = self._process(folder)
            report = json.loads(ended.stdout)
            limit = budget.get("wall_clock_s", 0)
            started = datetime.fromisoformat(report["started_at"]).timestamp()
            calls = folder / "calls"
            return _Run(
                calls=len(calls.read_text("utf-8").splitlines()) if calls.exists() else 0,
                iterations=len(report["iterations"]),
                reason=str(report["reason"]),
                over_s=ended.at_s - started - limit,
                left=_left(folder),
            )

    def _process(self, folder: Path) -> _Ended:
        environment = {
            **os.environ,
            "JOURNEYMAN_CONFIG": str(folder / "config.toml"),
            "JOURNEYMAN_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "NOBODYS_KEY": "key",
            "TMPDIR": str(folder / "tmp"),
        }
        argv = [sys.executable, "-m", "journeyman", "run", "mission.json", "--quiet", "--no-input", "--json"]
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            subprocess.run(argv, cwd=folder, env=environment, stdout=out, stderr=err, timeout=90, check=False)
            at_s = time.time()
        if not (folder / "out").stat().st_size:
            raise RuntimeError((folder / "err").read_text("utf-8", "replace")[-2000:])
        return _Ended((folder / "out").read_text("utf-8"), at_s)

    def _settings(self) -> str:
        return "\n".join(
            [
                *self._model("silent", self.silent),
                *self._model("sleeper", self.sleeper),
                f'[advisors.agent]\nkind = "agent"\nconsent = true\ncommand = {json.dumps(AGENT)}',
            ]
        )

    @staticmethod
    def _model(name: str, url: str) -> tuple[str, ...]:
        key = 'api_key_env = "NOBODYS_KEY"\nconsent = true'
        return (f'[advisors.{name}]\nkind = "openai"\nmodel = "m"\nbase_url = "{url}/v1"\n{key}',)


def _lay(folder: Path, files: str) -> None:
    if files == "large":
        (folder / "large.json").write_text(f"[{'10,' * 20_000_000}1]", "utf-8")
    if files == "many":
        (folder / "many").mkdir()
        for number in range(4_000):
            (folder / "many" / f"{number}.txt").write_text("x", "utf-8")


def _left(folder: Path) -> int:
    """Count what a process left behind: processes that run in its folder, and what lies in its folder for such things."""
    until_s = time.monotonic() + LEFT_S
    while (left := _running(folder) + len(list((folder / "tmp").iterdir()))) and time.monotonic() < until_s:
        time.sleep(0.02)
    return left


def _running(folder: Path) -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            count += (process / "cwd").readlink().is_relative_to(folder.resolve())
    return count


@dataclass(frozen=True, slots=True)
class _Ended:
    stdout: str
    at_s: float


@contextlib.contextmanager
def _place() -> Generator[_Place]:
    advice = {"revision_rationale": "r", "next_strategy": {"sleep_s": 86_400}, "confidence": 1}
    ready, ended, address = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with serving([ScriptLine(value=advice)] * 50) as server:
            address.append(server.url)
            ready.set()
            await anyio.to_thread.run_sync(ended.wait)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        thread = threading.Thread(target=anyio.run, args=(serve,))
        thread.start()
        try:
            ready.wait()
            yield _Place(f"http://127.0.0.1:{listening.getsockname()[1]}", address[0])
        finally:
            ended.set()
            thread.join()


@dataclass(slots=True)
class _Counting:
    """An advisor that counts what it is paid for."""

    inner: ScriptedAdvisor
    name: str = "counting"
    limits: AskLimits = field(default_factory=AskLimits)
    tokens: int = 0
    usd: float = 0.0
    asked: list[int] = field(default_factory=list[int])

    def readiness(self) -> Readiness:
        """Cost money."""
        return self.inner.readiness()

    async def ask(self, request: Request) -> Answer:
        """Answer, and count."""
        answer = await self.inner.ask(request)
        self.tokens += answer.usage.input_tokens + answer.usage.output_tokens
        self.usd += answer.usage.cost_usd or 0.0
        return answer


async def _advised(folder: Path, lines: list[ScriptedAnswer], budget: dict[str, Any]) -> _Counting:
    """How an advisor fared that was asked until the budget had no room; the folder's module is imported once in a process."""
    advisor = _Counting(ScriptedAdvisor(lines, repeat=True, costs=True))

    async def at_once(_: float) -> None:
        return None

    async with Sandbox(1) as sandbox:
        world = Runtime(
            store=MemoryStore(),
            open_catalog=mission_catalog,
            predicates=Predicates(sandbox),
            scripts=ScriptRun(sandbox),
            broker=Broker({"counting": advisor}, BrokerPolicy(consent=frozenset({"*"})), sleep=at_once),
        )
        wanted = mission(**SPENDING["planner"], advisor="counting", budget={"iterations": 12, **budget})
        await Engine(world).run(validate_mission(wanted), folder)
    return advisor


def _advice_rows(progress: Meter) -> list[Row]:
    good = {"revision_rationale": "r", "next_strategy": {"calls": [{"tool": "look"}]}, "confidence": 1}
    barred = {"revision_rationale": "r", "next_strategy": {"calls": [{"tool": "nothing"}]}, "confidence": 1}
    ways = {
        "answers that are used": [ScriptedAnswer(value=good, cost_usd=0.04)],
        "answers that are rejected": [ScriptedAnswer(value=barred, cost_usd=0.04)],
        "answers that are none": [ScriptedAnswer(value={"no": "strategy"}, cost_usd=0.04)],
    }
    progress.start("advice", 2 * len(ways))
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="journeyman-edges-") as name,
        contextlib.chdir(name),
    ):  # its tools write there
        shutil.copy(_TOOLS[0], name)
        for way, lines in ways.items():
            free = anyio.run(_advised, Path(name), lines, dict[str, Any]())
            for kind, most in (("tokens", 20_000), ("cost_usd", 0.3)):
                advisor = anyio.run(_advised, Path(name), lines, {kind: most})
                used, unbound = (one.tokens if kind == "tokens" else one.usd for one in (advisor, free))
                bar = f"above 0, <= {most:,}, without the budget {unbound:,g}"
                rows.append(Row(f"{kind} by {way}", round(used, 4), "", bar, 0 < used <= most and used < unbound))
                progress.step()
    return rows


def _count_rows(place: _Place, progress: Meter) -> list[Row]:
    progress.start("calls and iterations", 2 * len(SPENDING) - len(SLOW))
    rows: list[Row] = []
    for way, more in SPENDING.items():
        spent = place.run(more, {"iterations": 60, "tool_calls": CALLS})
        rows.append(Row(f"tool_calls by {way}", spent.calls, "calls", f"1..{CALLS}", 0 < spent.calls <= CALLS))
        progress.step()
        if way in SLOW:
            continue
        run = place.run(more, {"iterations": ITERATIONS})
        rows.append(
            Row(f"iterations by {way}", run.iterations, "", f"1..{ITERATIONS}", 0 < run.iterations <= ITERATIONS)
        )
        progress.step()
    return rows


def _late_rows(place: _Place, progress: Meter) -> list[Row]:
    progress.start("hangs", 2 * PAIRS * len(HANGS))
    rows: list[Row] = []
    late: list[float] = []
    verdicts = left = 0
    for index in range(PAIRS):
        for number, way in enumerate(HANGS.values()):
            hung, control = _pair(place, way, control_first=bool((index + number) % 2))
            late.append(hung.over_s - control.over_s)
            verdicts += hung.reason == way.reason
            left += hung.left
            progress.step(2)
    for number, way in enumerate(HANGS):
        mine = sorted(late[number :: len(HANGS)])
        rows.append(Row(f"later by {way}, median", round(mine[len(mine) // 2], 3), "s"))
    p95 = sorted(late)[min(len(late) - 1, round(0.95 * len(late)))]
    return [
        *rows,
        Row("pairs", len(late)),
        Row("later than the control, p95", round(p95, 3), "s", f"<= {LATE_S}", p95 <= LATE_S),
        Row("verdicts with the right reason", verdicts, "", f"= {len(late)}", verdicts == len(late)),
        Row("processes and temporary folders left behind", left, "", "= 0", left == 0),
    ]


def _pair(place: _Place, way: Hang, *, control_first: bool) -> tuple[_Run, _Run]:
    order = [CONTROL, way] if control_first else [way, CONTROL]
    ran = [place.run(one.mission, {"wall_clock_s": WALL_S, **one.budget}, one.files) for one in order]
    return (ran[1], ran[0]) if control_first else (ran[0], ran[1])


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    with _place() as place:
        return [*_count_rows(place, progress), *_advice_rows(progress), *_late_rows(place, progress)]
