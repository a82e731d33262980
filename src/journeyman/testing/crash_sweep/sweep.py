"""Run a mission again and again, killed at its first boundary, its second … and give what each crash left.

What a tool did to the world stands in a ledger outside the killed process. An incident has no such trace: there the
record must tell, call by call, what that of a mission tells that nobody killed; a step played twice, or lost, would show
in everything measured after it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from journeyman.engine.record_reading import state_of
from journeyman.engine.replaying import replay_of
from journeyman.mission.model import events as e
from journeyman.mission.model.events import read
from journeyman.mission.rules.calls import effect_key
from journeyman.mission.values.canonical import Json
from journeyman.stores.sqlite import SqliteStore
from journeyman.stores.verify import verify_session
from journeyman.testing.crash_sweep.killed_process import attempt
from journeyman.testing.crash_sweep.ledger import CHANGING, Ledger, LedgerEntry
from journeyman.testing.crash_sweep.missions import MISSIONS
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox

MOST_S: Final = 60.0
"""A run that takes longer hangs."""
MOST_DEATHS: Final = 60
"""A mission that dies more often does not get on."""
SECOND: Final = 11
"""Boundaries within which the process that goes on is killed as well."""


STARTS_OVER: Final = frozenset({"a script that fails at once", "a script that only looks"})
"""Missions whose script starts over by itself, as it has only looked: when it failed, or when a report is stale."""
KEYLESS: Final = frozenset({"finish"})
"""Tools without a number; and a step that is repeated for its evidence has a key for each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashResult:
    """What one crash left, after the mission was driven to its end."""

    mission: str
    kill_at: int
    boundary: str
    """Where the process died; empty for the run that was not killed."""
    in_flight: int
    """Effects with a durable intent and no outcome at the kill."""
    repeated: int
    """Settled effects whose tool was called again, and effects that changed the world twice."""
    lost: int
    """Effects recorded as done that never happened, or that happened and are recorded as not done."""
    unresolved: int
    """Effects that ended neither done, failed nor unknown."""
    achieved: bool
    dropped: int = 0
    """Changes of the world that a mission makes which nobody kills, and that this one did not make."""
    keys: int = 0
    """Calls that had another key in another process, and keys that two calls had."""
    strayed: int = 0
    """Calls, results and verdicts of an incident that are others than without a crash."""
    fault: str
    """What `verify` and `replay` say against the record; empty when it holds."""

    @property
    def clean(self) -> bool:
        """Tell whether nothing was repeated, lost or left open."""
        bad = self.repeated + self.lost + self.dropped + self.keys + self.unresolved + self.strayed
        return not (bad or self.fault) and self.achieved


@dataclass(slots=True)
class DeathObservation:
    """What was settled, and how long the ledger was, when a process died."""

    settled: frozenset[str]
    lines: int
    in_flight: int


def sweep(mission: str, *, every: int = 1, twice: bool = False) -> Iterator[CrashResult]:
    """What each crash left: killed at every `every`-th boundary of a mission, until a run ends unharmed.

    Args:
        mission: A name in `MISSIONS`.
        every: 1 for each boundary.
        twice: Whether the process that goes on is killed as well.
    """
    kill_at = 1
    unharmed = _unharmed(mission)
    while True:
        with tempfile.TemporaryDirectory(prefix="journeyman-sweep-") as name:
            crash = _crash(Path(name), mission, kill_at, unharmed, twice=twice)
        yield crash
        if not crash.boundary:
            return
        kill_at += every


@dataclass(frozen=True, slots=True)
class UninterruptedRun:
    """What a mission does that dies of nothing but its own tools."""

    calls_and_verdicts: list[Json]
    made: frozenset[tuple[str, int]]
    """Tool and number of each change of the world."""


def _unharmed(mission: str) -> UninterruptedRun:
    with tempfile.TemporaryDirectory(prefix="journeyman-sweep-") as name:
        folder = Path(name)
        _driven(folder, mission, frozenset())
        return UninterruptedRun(asyncio.run(calls_and_verdicts(folder)), made(folder))


def made(folder: Path) -> frozenset[tuple[str, int]]:
    """Tool and number of each change of a folder's world."""
    return frozenset((line.tool, line.number) for line in Ledger(folder / "ledger").lines() if line.what == "effect")


def _driven(folder: Path, mission: str, kills: frozenset[int]) -> list[DeathObservation]:
    """Drive a mission to its end through every death; give what was seen after each of them."""
    seen: list[DeathObservation] = []
    while died(folder, mission, len(seen), kills):
        seen.append(asyncio.run(_look(folder)))
        if len(seen) > MOST_DEATHS:
            raise AssertionError(f"{mission}: died {len(seen)} times and has not ended")
    return seen


async def calls_and_verdicts(folder: Path) -> list[Json]:
    """What the folder's one record tells of its calls, each with what came back, and of its verdicts."""
    rows: list[Json] = []
    async with await SqliteStore.open(folder) as store:
        (session,) = await store.sessions()
        for entry in await store.read(session.session_id):
            match read(entry).event:
                case e.Intended() as event:
                    rows.append([event.effect, event.tool, event.args])
                case e.Settled() as event:
                    rows.append([event.effect, event.state, event.value, event.metrics, [*event.events], event.error])
                case e.Decided() as event:
                    rows.append([event.iteration, event.verdict, event.reason])
                case e.Ended() as event:
                    rows.append([event.verdict, event.reason, event.outcome])
                case _:
                    pass
    return rows


def _crash(folder: Path, mission: str, kill_at: int, unharmed: UninterruptedRun, *, twice: bool) -> CrashResult:
    second = kill_at + kill_at % SECOND + 1
    seen = _driven(folder, mission, frozenset({kill_at, second} if twice else {kill_at}))
    note = folder / "killed"
    boundary = note.read_text("utf-8").partition("\n")[0] if note.exists() else ""
    crash = asyncio.run(judged(folder, mission, kill_at, boundary, seen))
    if MISSIONS[mission].gym is None:
        return replace(crash, dropped=len(unharmed.made - made(folder)))
    return replace(crash, strayed=asyncio.run(strayed(folder, unharmed.calls_and_verdicts)))


async def strayed(folder: Path, unharmed: list[Json]) -> int:
    """Count the rows in which a record's course is another than that of an unharmed mission."""
    went = await calls_and_verdicts(folder)
    return sum(one != other for one, other in zip_longest(went, unharmed))


def died(folder: Path, mission: str, number: int, kills: frozenset[int]) -> bool:
    """Run a process of a folder's mission; tell whether it was killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([attempt.__module__, "journeyman.evaluation.incident_tools"])
    child = context.Process(target=attempt, args=(folder, mission, number, kills))
    child.start()
    child.join(MOST_S)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"{mission}, attempt {number} killed at {sorted(kills)}: did not end within {MOST_S:g} s")
    if child.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{mission}, attempt {number} killed at {sorted(kills)}: ended with {child.exitcode}")
    return child.exitcode != 0


async def _look(folder: Path) -> DeathObservation:
    async with await SqliteStore.open(folder) as store:
        rows = await store.sessions()
        if not rows:
            return DeathObservation(frozenset(), len(Ledger(folder / "ledger").lines()), 0)
        states = await _effects(store, rows[0].session_id)
    settled = frozenset(key for key, (_, how) in states.items() if how == "done")
    return DeathObservation(
        settled, len(Ledger(folder / "ledger").lines()), sum(how == "intended" for _, how in states.values())
    )


async def _effects(store: SqliteStore, session: str) -> dict[str, tuple[str, str]]:
    """Each effect's key, its tool and how it stands."""
    state = await state_of(store, session)
    found: dict[str, tuple[str, str]] = {}
    intents: dict[str, e.Intended] = {}
    for entry in await store.read(session):
        match read(entry).event:
            case e.Intended() as intent:
                intents[intent.effect] = intent
                found[effect_key(state, intent)] = (intent.tool, "intended")
            case e.Settled(effect=name, state=how) | e.Reconciled(effect=name, state=how):
                found[effect_key(state, intents[name])] = (intents[name].tool, how.value)
            case _:
                pass
    return found


def _unsteady(calls: list[LedgerEntry]) -> int:
    """Count the calls that had several keys, and the keys that several calls had: each call has a number of its own."""
    named = {(line.tool, line.number, line.key) for line in calls}
    places, keys = {(tool, number) for tool, number, _ in named}, {key for _, _, key in named}
    return 2 * len(named) - len(places) - len(keys)


async def judged(folder: Path, mission: str, kill_at: int, boundary: str, seen: list[DeathObservation]) -> CrashResult:
    """What the record and the world's ledger say of each other."""
    async with await SqliteStore.open(folder) as store, Sandbox(1) as sandbox:
        (row,) = await store.sessions()
        verified = await verify_session(store, row.session_id)
        replayed = await replay_of(store, row.session_id, Predicates(sandbox))
        effects = await _effects(store, row.session_id)
        state = await state_of(store, row.session_id)
    lines = Ledger(folder / "ledger").lines()
    looks_again = mission in STARTS_OVER
    calls = [
        line
        for line in lines
        if line.what == "call" and line.tool not in KEYLESS and not (looks_again and line.tool not in CHANGING)
    ]
    gym = MISSIONS[mission].gym is not None
    again = {
        index
        for look in seen
        for index, line in enumerate(lines)
        if index >= look.lines
        and line.what == "call"
        and line.key in look.settled
        and not (looks_again and line.tool not in CHANGING)
    }
    changed = [line.key for line in lines if line.what == "effect"]
    claimed = {key for key, (tool, how) in effects.items() if how == "done" and tool in CHANGING}
    known = {key for key, (_, how) in effects.items() if how in ("done", "unknown")}
    return CrashResult(
        mission=mission,
        kill_at=kill_at,
        boundary=boundary,
        in_flight=seen[0].in_flight if seen else 0,
        repeated=len(again) + len(changed) - len(set(changed)),
        lost=len(claimed - set(changed)) + len(set(changed) - known),
        unresolved=sum(how == "intended" for _, how in effects.values()),
        achieved=state.outcome == "achieved",
        keys=0 if gym else _unsteady(calls),
        fault=verified.problem or (str(replayed.difference) if replayed.difference else ""),
    )
