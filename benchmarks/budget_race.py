"""64 sessions in 4 processes under one tenant ceiling, killed between reserve and settle.

Each session reserves the most that its next step may cost, does the step, and settles what it did cost. Processes are
killed with SIGKILL again and again; the process that follows settles in full what was reserved and not settled, since
nobody knows what of it was used. Meanwhile an observer reads the accounts without pause.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.mission.chain import genesis, head_of, open_entry, seal
from journeyman.mission.values.errors import BudgetRefused
from journeyman.stores.base import Account, Batch, Reserve, Settle, Summary
from journeyman.stores.sqlite import SqliteStore

PROCESSES: Final = 4
SESSIONS: Final = 64
CEILING: Final = 60_000
LARGEST_STEP: Final = 40
KILLS: Final = 24
"""Spread over the race by what is spent, so that a faster machine sees as many."""
USABLE_RATIO: Final = 0.95
_KIND: Final = "tokens"
_AT: Final = "2026-11-20T10:00:00.000000Z"


class _Session:
    """Drives one session; everything it needs to go on is in its record."""

    def __init__(self, store: SqliteStore, session_id: str, seed: int) -> None:
        self._store = store
        self._id = session_id
        self._draw = random.Random(seed)
        self._head = genesis(store.tenant, session_id)

    async def run(self) -> None:
        await self._recover()
        while True:
            name, most = f"{self._id}/{self._head.seq}", self._draw.randint(1, LARGEST_STEP)
            try:
                await self._add("Reserved", most, Reserve(reservation_id=name, amounts={_KIND: most}), name)
            except BudgetRefused:
                if most == 1:
                    return
                if not await self._smallest():
                    return
                continue
            await asyncio.sleep(self._draw.random() * 0.004)  # the step itself: where a kill hurts
            used = self._draw.randint(0, most)
            await self._add("Settled", used, Settle(reservation_id=name, amounts={_KIND: used}), name)

    async def _smallest(self) -> bool:
        """Use one token, and say whether it was there or may come back."""
        name = f"{self._id}/{self._head.seq}"
        try:
            await self._add("Reserved", 1, Reserve(reservation_id=name, amounts={_KIND: 1}), name)
        except BudgetRefused:
            account = (await self._store.accounts())[0]
            await asyncio.sleep(0.02)
            return account.reserved > 0
        await self._add("Settled", 1, Settle(reservation_id=name, amounts={_KIND: 1}), name)
        return True

    async def _recover(self) -> None:
        entries = await self._store.read(self._id)
        if not entries:
            return
        self._head = head_of(entries[-1])
        last = open_entry(entries[-1])
        name, amount = last.data["name"], last.data["amount"]
        if last.kind == "Reserved" and isinstance(name, str) and isinstance(amount, int):
            await self._add("Settled", amount, Settle(reservation_id=name, amounts={_KIND: amount}), name)

    async def _add(self, kind: str, amount: int, change: Reserve | Settle, name: str) -> None:
        entry = seal(self._head, at=_AT, actor="engine", kind=kind, data={"amount": amount, "name": name})
        summary = Summary(
            session_id=self._id,
            name="race",
            status="open",
            verdict="",
            outcome="",
            iteration=entry.seq,
            created_at=_AT,
            updated_at=_AT,
        )
        self._head = await self._store.append(
            Batch(session_id=self._id, head=self._head, entries=(entry,), summary=summary, budget=(change,))
        )


async def _work(directory: str, number: int, seed: int) -> None:
    async with await SqliteStore.open(directory, busy_timeout_s=60) as store:
        mine = range(number, SESSIONS, PROCESSES)
        await asyncio.gather(*(_Session(store, f"s{which}", seed + which).run() for which in mine))


def _start(directory: Path, number: int, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.budget_race", str(directory), str(number), str(seed)]
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


class _Observed:
    """What an observer saw while the others ran."""

    def __init__(self) -> None:
        self.looks = 0
        self.most = 0

    def note(self, account: Account) -> None:
        self.looks += 1
        self.most = max(self.most, account.spent + account.reserved)


async def _race(directory: Path, draw: random.Random, progress: Meter) -> tuple[_Observed, Account, int, int]:
    observed, kills, unsettled = _Observed(), 0, 0
    async with await SqliteStore.open(directory) as store:
        await store.accounts({_KIND: CEILING})
        children = [_start(directory, number, draw.randrange(10**9)) for number in range(PROCESSES)]
        try:
            while any(child.poll() is None for child in children):
                account = (await store.accounts())[0]
                observed.note(account)
                await asyncio.sleep(0.002)
                if kills < KILLS and account.spent > (kills + 1) * CEILING // (KILLS + 2):
                    number = draw.randrange(PROCESSES)
                    hit, lost = await _kill(store, children[number], number)
                    kills += hit
                    unsettled += lost
                    children[number] = _start(directory, number, draw.randrange(10**9))
                    progress.step()
        finally:
            for child in children:
                child.kill()
                child.wait()
        assert all(child.returncode == 0 for child in children), "a process failed"
        return observed, (await store.accounts())[0], kills, unsettled


async def _kill(store: SqliteStore, child: subprocess.Popen[bytes], number: int) -> tuple[int, int]:
    """Kill the process; give whether it was alive, and how many of its sessions died between reserve and settle."""
    if child.poll() is not None:
        return 0, 0
    child.send_signal(signal.SIGKILL)
    child.wait()
    ends = [await store.read(f"s{which}") for which in range(number, SESSIONS, PROCESSES)]
    return 1, sum(bool(entries) and open_entry(entries[-1]).kind == "Reserved" for entries in ends)


async def _booked(directory: Path) -> int:
    """What the records say was spent."""
    total = 0
    async with await SqliteStore.open(directory) as store:
        for row in await store.sessions():
            for entry in await store.read(row.session_id):
                event = json.loads(entry.body)
                total += event["data"]["amount"] if event["kind"] == "Settled" else 0
    return total


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("kills", KILLS)
    with tempfile.TemporaryDirectory() as name:
        started = time.monotonic()
        observed, account, kills, unsettled = asyncio.run(_race(Path(name), random.Random(1), progress))
        took_s = time.monotonic() - started
        booked = asyncio.run(_booked(Path(name)))
    used = account.spent / CEILING
    return [
        Row("sessions", SESSIONS, "sessions"),
        Row("processes", PROCESSES, "processes"),
        Row("kills of a process", kills, "kills", f"= {KILLS}", kills == KILLS),
        Row("sessions killed between reserve and settle", unsettled, "sessions", ">= 1", unsettled >= 1),
        Row("spent at the end", account.spent, _KIND, f"<= {CEILING:,}", account.spent <= CEILING),
        Row("left reserved at the end", account.reserved, _KIND, "= 0", account.reserved == 0),
        Row(
            "spent + reserved, most seen while running",
            observed.most,
            _KIND,
            f"<= {CEILING:,}",
            observed.most <= CEILING,
        ),
        Row("looks at the accounts while running", observed.looks, "looks", ">= 100", observed.looks >= 100),
        Row("spent by the records", booked, _KIND, f"= {account.spent:,}", booked == account.spent),
        Row("usable part of the ceiling", used, "ratio", f">= {USABLE_RATIO}", used >= USABLE_RATIO),
        Row("time", took_s, "s"),
    ]


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
