"""Two processes on one session: the owner is stopped with SIGSTOP in mid-run, and woken after the other took over.

The world is a ledger file that both can write to. Each iteration calls one tool of the class `keyed` and one `unsafe`, and
the ledger tells how often each effect happened. The successor tries again and again, as a service would. Time is taken
from SIGSTOP to the successor's first commit; the zombie's commits are those that bear its name after that.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks.long_mission import WORLDS
from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.engine.records import read_record
from journeyman.engine.replaying import replay_of
from journeyman.mission.chain import Head
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import SessionStatus
from journeyman.mission.values.errors import LeaseHeld, LeaseLost
from journeyman.stores.base import Batch
from journeyman.stores.sqlite import SqliteStore
from journeyman.stores.verify import verify_session
from journeyman.wiring import opened

ROUNDS: Final = 8
ITERATIONS: Final = 150
LEASE_S: Final = 2.0
LOST: Final = 7
"""Exit code of a process that noticed that another one took over."""


def _mission() -> Mission:
    return validate_mission(
        {
            "name": "takeover",
            "directive": "Touch the world once per call.",
            "functions": ["touched:put", "touched:fire"],
            "tools": ["put", "fire"],
            "approve": "never",
            "on_unknown": "assume_done",
            "criteria": [
                {"id": "all", "kind": "metric_threshold", "metric": "metrics.fired", "op": ">=", "target": ITERATIONS}
            ],
            "plan": [{"calls": [{"tool": "put"}, {"tool": "fire"}]}],
            "explore": False,
            "budget": {"iterations": ITERATIONS + 20},
            "stagnation": {"threshold": ITERATIONS},
        }
    )


async def _own(folder: Path, session: str) -> int:
    """Drive as soon as the lease is free; the present owner of a session has it first."""
    async with opened(Settings(data_dir=folder, lease_ttl_s=LEASE_S)) as journeyman:
        _log_commits(journeyman.store, folder / f"commits-{os.getpid()}")
        while True:
            try:
                state = await journeyman.engine.drive(session)
            except LeaseHeld as held:
                print("waiting", flush=True)
                await asyncio.sleep(min(0.05, held.retry_after_s or 0.05))
            except LeaseLost:
                return LOST
            else:
                return 0 if state.status is SessionStatus.ENDED else 1


def _log_commits(store: SqliteStore, path: Path) -> None:
    """Let the store write down where the record ended after each commit of this process."""
    append = store.append

    async def logged(batch: Batch) -> Head:
        head = await append(batch)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{head.seq}\n")
        return head

    vars(store)["append"] = logged


def _start(folder: Path, session: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "TAKEOVER_LEDGER": str(folder / "ledger")}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.takeover", str(folder), session], env=environment, stdout=subprocess.PIPE
    )


@dataclass(frozen=True, slots=True)
class _Takeover:
    """What one takeover showed."""

    takeover_s: float
    zombie_commits: int
    zombie_exit: int
    repeated: int
    ended: bool
    fault: str
    inside: int
    """Stops that caught the owner inside a commit, and were made again."""


async def _round(folder: Path, number: int) -> _Takeover:
    async with opened(Settings(data_dir=folder, lease_ttl_s=LEASE_S)) as journeyman:
        store = journeyman.store
        session = await journeyman.engine.create(_mission(), WORLDS)
        owner = _start(folder, session)
        await _grown(store, session, 50)
        successor = _start(folder, session)
        assert successor.stdout is not None
        successor.stdout.readline()  # it waits for the lease
        await asyncio.sleep(0.037 * number)
        inside = _stop(owner, store.path)
        stopped_at = time.time()
        await asyncio.sleep(0.1)  # what was under way in the file system
        await _grown(store, session, (await store.head(session)).seq + 1)
        owner.send_signal(signal.SIGCONT)
        zombie_exit, successor_exit = owner.wait(), _drained(successor)
        record = await read_record(store, session)
        claims = [index for index, happened in enumerate(record.events) if isinstance(happened.event, e.Claimed)]
        taken = record.events[claims[-1]]
        verified = await verify_session(store, session)
        replayed = await replay_of(store, session, journeyman.predicates)
    lines = (folder / "ledger").read_text("utf-8").split()
    happened = Counter(lines)
    return _Takeover(
        takeover_s=datetime.fromisoformat(taken.at).timestamp() - stopped_at,
        zombie_commits=sum(
            int(seq) > claims[-1] for seq in (folder / f"commits-{owner.pid}").read_text("utf-8").split()
        ),
        zombie_exit=zombie_exit,
        repeated=sum(count - 1 for count in happened.values()),
        ended=successor_exit == 0,
        fault=verified.problem or (str(replayed.difference) if replayed.difference else ""),
        inside=inside,
    )


def _stop(owner: subprocess.Popen[bytes], database: Path) -> int:
    """Stop the owner between two commits; give how often it was caught inside one.

    A process that is stopped inside a commit keeps SQLite's write lock, and nobody can write until it is woken or
    killed: that is the file's nature, not the lease's, so such a stop is undone and made again, and counted.
    """
    for inside in range(1000):
        owner.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, owner.pid, os.WSTOPPED | os.WNOWAIT)
        probe = sqlite3.connect(database, timeout=0.2, isolation_level=None)
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            owner.send_signal(signal.SIGCONT)
            time.sleep(0.003 + 0.001 * inside)
        else:
            return inside
        finally:
            probe.close()
    raise RuntimeError("the owner does nothing but commit")


async def _grown(store: SqliteStore, session: str, seq: int) -> None:
    """Wait until the record has so many events; another process writes them."""
    while (await store.head(session)).seq < seq:  # noqa: ASYNC110  # no event tells of another process
        await asyncio.sleep(0.01)


def _drained(child: subprocess.Popen[bytes]) -> int:
    child.communicate()
    return child.returncode


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("takeovers", ROUNDS)
    rounds: list[_Takeover] = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            rounds.append(asyncio.run(_round(Path(name), number)))
        progress.step()
    slowest = max(row.takeover_s for row in rounds)
    commits, repeated = sum(row.zombie_commits for row in rounds), sum(row.repeated for row in rounds)
    noticed = sum(row.zombie_exit == LOST for row in rounds)
    ended = sum(row.ended and not row.fault for row in rounds)
    return [
        Row("takeovers", ROUNDS, "takeovers"),
        Row("lease", LEASE_S, "s"),
        Row("stops that caught the owner inside a commit", sum(row.inside for row in rounds), "stops"),
        Row("from SIGSTOP to the takeover, median", statistics.median(row.takeover_s for row in rounds), "s"),
        Row("from SIGSTOP to the takeover, slowest", slowest, "s", f"<= {LEASE_S + 1}", slowest <= LEASE_S + 1),
        Row("commits by the zombie", commits, "commits", "= 0", commits == 0),
        Row("zombies that stopped by themselves", noticed, "processes", f"= {ROUNDS}", noticed == ROUNDS),
        Row("effects repeated", repeated, "effects", "= 0", repeated == 0),
        Row("missions ended, verified and replayed", ended, "missions", f"= {ROUNDS}", ended == ROUNDS),
    ]


if __name__ == "__main__":
    sys.exit(asyncio.run(_own(Path(sys.argv[1]), sys.argv[2])))
