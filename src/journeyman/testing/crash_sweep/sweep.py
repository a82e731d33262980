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

from journeyman.engine.reading import state_of
from journeyman.engine.records import replay_of
from journeyman.mission.model import events as e
from journeyman.mission.model.events import decode
from journeyman.mission.record.chain import opened
from journeyman.mission.rules.calls import effect_key
from journeyman.mission.values.canonical import Json
from journeyman.stores.sqlite import SqliteStore
from journeyman.stores.verify import verify_session
from journeyman.testing.crash_sweep.child import attempt
from journeyman.testing.crash_sweep.missions import MISSIONS
from journeyman.testing.crash_sweep.world import CHANGING, Ledger
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox

MOST_S: Final = 60.0
"""A run that takes longer hangs."""
SECOND: Final = 11
"""Boundaries within which the process that goes on is killed as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
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
    strayed: int = 0
    """Calls, results and verdicts of an incident that are others than without a crash."""
    fault: str
    """What `verify` and `replay` say against the record; empty when it holds."""

    @property
    def clean(self) -> bool:
        """Tell whether nothing was repeated, lost or left open."""
        return not (self.repeated or self.lost or self.unresolved or self.strayed or self.fault) and self.achieved


@dataclass(slots=True)
class Seen:
    """What was settled, and how long the ledger was, when a process died."""

    settled: frozenset[str]
    lines: int
    in_flight: int


def sweep(mission: str, *, every: int = 1, twice: bool = False) -> Iterator[Crash]:
    """Give what each crash left: killed at every `every`-th boundary of a mission, until a run ends unharmed.

    Args:
        mission: A name in `MISSIONS`.
        every: 1 for each boundary.
        twice: Whether the process that goes on is killed as well.
    """
    kill_at = 1
    unharmed = _unharmed(mission) if MISSIONS[mission].gym is not None else None
    while True:
        with tempfile.TemporaryDirectory(prefix="journeyman-sweep-") as name:
            crash = _crash(Path(name), mission, kill_at, unharmed, twice=twice)
        yield crash
        if not crash.boundary:
            return
        kill_at += every


def _unharmed(mission: str) -> list[Json]:
    """Give the course of a mission that nobody kills."""
    with tempfile.TemporaryDirectory(prefix="journeyman-sweep-") as name:
        folder = Path(name)
        if _killed(folder, mission, 0, 0):
            raise AssertionError("a process died that was not to be killed")
        return asyncio.run(course(folder))


async def course(folder: Path) -> list[Json]:
    """Give what the folder's one record tells of its calls, each with what came back, and of its verdicts."""
    rows: list[Json] = []
    async with await SqliteStore.open(folder) as store:
        (session,) = await store.sessions()
        for entry in await store.read(session.session_id):
            match decode(opened(entry)).event:
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


def _crash(folder: Path, mission: str, kill_at: int, unharmed: list[Json] | None, *, twice: bool) -> Crash:
    seen: list[Seen] = []
    boundary = ""
    if _killed(folder, mission, 0, kill_at):
        boundary = (folder / "killed").read_text("utf-8")
        seen.append(asyncio.run(_look(folder)))
        if twice and _killed(folder, mission, 1, kill_at % SECOND + 1):
            seen.append(asyncio.run(_look(folder)))
        if _killed(folder, mission, 2, 0):
            raise AssertionError("a process died that was not to be killed")
    crash = asyncio.run(judged(folder, mission, kill_at, boundary, seen))
    return crash if unharmed is None else replace(crash, strayed=asyncio.run(strayed(folder, unharmed)))


async def strayed(folder: Path, unharmed: list[Json]) -> int:
    """Count the rows in which a record's course is another than that of an unharmed mission."""
    went = await course(folder)
    return sum(one != other for one, other in zip_longest(went, unharmed))


def _killed(folder: Path, mission: str, number: int, kill_at: int) -> bool:
    """Run a process; tell whether it was killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([attempt.__module__, "journeyman.engine.incident"])
    child = context.Process(target=attempt, args=(folder, mission, number, kill_at))
    child.start()
    child.join(MOST_S)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"{mission}, attempt {number} killed at {kill_at}: did not end within {MOST_S:g} s")
    if child.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{mission}, attempt {number} killed at {kill_at}: ended with {child.exitcode}")
    return child.exitcode != 0


async def _look(folder: Path) -> Seen:
    async with await SqliteStore.open(folder) as store:
        rows = await store.sessions()
        if not rows:
            return Seen(frozenset(), len(Ledger(folder / "ledger").lines()), 0)
        states = await _effects(store, rows[0].session_id)
    settled = frozenset(key for key, (_, how) in states.items() if how == "done")
    return Seen(settled, len(Ledger(folder / "ledger").lines()), sum(how == "intended" for _, how in states.values()))


async def _effects(store: SqliteStore, session: str) -> dict[str, tuple[str, str]]:
    """Give each effect's key, its tool and how it stands."""
    state = await state_of(store, session)
    found: dict[str, tuple[str, str]] = {}
    intents: dict[str, e.Intended] = {}
    for entry in await store.read(session):
        match decode(opened(entry)).event:
            case e.Intended() as intent:
                intents[intent.effect] = intent
                found[effect_key(state, intent)] = (intent.tool, "intended")
            case e.Settled(effect=name, state=how) | e.Reconciled(effect=name, state=how):
                found[effect_key(state, intents[name])] = (intents[name].tool, how.value)
            case _:
                pass
    return found


async def judged(folder: Path, mission: str, kill_at: int, boundary: str, seen: list[Seen]) -> Crash:
    """Give what the record and the world's ledger say of each other."""
    async with await SqliteStore.open(folder) as store, Sandbox(1) as sandbox:
        (row,) = await store.sessions()
        verified = await verify_session(store, row.session_id)
        replayed = await replay_of(store, row.session_id, Predicates(sandbox))
        effects = await _effects(store, row.session_id)
        state = await state_of(store, row.session_id)
    lines = Ledger(folder / "ledger").lines()
    again = sum(line.key in look.settled for look in seen for line in lines[look.lines :] if line.what == "call")
    changed = [line.key for line in lines if line.what == "effect"]
    claimed = {key for key, (tool, how) in effects.items() if how == "done" and tool in CHANGING}
    known = {key for key, (_, how) in effects.items() if how in ("done", "unknown")}
    return Crash(
        mission=mission,
        kill_at=kill_at,
        boundary=boundary,
        in_flight=seen[0].in_flight if seen else 0,
        repeated=again + len(changed) - len(set(changed)),
        lost=len(claimed - set(changed)) + len(set(changed) - known),
        unresolved=sum(how == "intended" for _, how in effects.values()),
        achieved=state.outcome == "achieved",
        fault=verified.problem or (str(replayed.difference) if replayed.difference else ""),
    )
