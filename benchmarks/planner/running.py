"""Plays a world through the whole engine: driver, catalog, argument checks, record in memory, time that passes by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.planner.world import World
from journeyman.engine.engine import Engine
from journeyman.engine.records import read_record
from journeyman.engine.replaying import replay_of
from journeyman.engine.runtime import Runtime
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, CallPurpose, EffectClass
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json, canonical, digest_of
from journeyman.stores.memory import MemoryStore
from journeyman.testing.fake_clock import FakeClock
from journeyman.tools.arguments import ArgumentSchema, compile_schema
from journeyman.tools.base import BaseCatalog, CallRequest, CallStatus, Catalog, Result, Tool
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from tests.mission.simulation import SimTool

FAR_S: Final = 1e6
"""Seconds between heartbeats: nobody else is there."""


@dataclass(slots=True)
class Played:
    """How a world went."""

    achieved: bool
    reason: str
    iterations: int
    calls: int = 0
    """Proposed by the planner; what the engine measures by itself is aside."""
    distinct: int = 0
    failed_again: int = 0
    """Calls that failed in the same words as the same call before, nothing having been changed meanwhile."""
    made_up: list[str] = field(default_factory=list[str])
    """Texts sent to tools that are not pure, and that nobody had written."""
    waits: int = 0
    told: str = ""
    """What it says of its ending."""


class SimCatalog(BaseCatalog):
    """Simulated tools behind the checks that real ones have."""

    def __init__(self, tools: Mapping[str, SimTool]) -> None:
        self._tools = tools
        self._schemas = {name: compile_schema(tool.schema()) for name, tool in tools.items()}

    async def tools(self) -> Sequence[Tool]:
        """The tools, sorted by name."""
        return [
            Tool(
                name=name,
                description=tool.description,
                input_schema=tool.schema(),
                pin=digest_of(tool.schema()),
                effect=tool.effect,
            )
            for name, tool in sorted(self._tools.items())
        ]

    async def handle(self, request: CallRequest) -> Result:
        """Check the arguments, then call."""
        schema = self._schemas[request.name]
        assert isinstance(schema, ArgumentSchema)
        if problems := schema.problems(request.args):
            return Result(status=CallStatus.FAILED, error_class="invalid_arguments", error=problems[0].message)
        reply = self._tools[request.name].call(dict(request.args))
        return Result(
            status=CallStatus(reply.state),
            value=reply.value,
            metrics=reply.metrics,
            events=reply.events,
            error_class=reply.error_class or None,
            error=reply.error or None,
        )


@asynccontextmanager
async def player() -> AsyncGenerator[Player]:
    """Plays worlds one after the other."""
    async with Sandbox(1) as sandbox:
        yield Player(sandbox)


class Player:
    """Plays worlds with one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def play(self, world: World, seed: int = 0, *, check: bool = False) -> Played:
        """Play one world to its end; `check` also replays its record."""
        tools = world.tools(seed)

        def opened(_: Mission, __: Path, ___: Deadline, _session: str) -> Any:
            @asynccontextmanager
            async def catalog() -> AsyncGenerator[Catalog]:
                yield SimCatalog(tools)

            return catalog()

        clock, store = FakeClock(), MemoryStore()
        runtime = Runtime(
            store=store,
            open_catalog=opened,
            predicates=Predicates(self._sandbox),
            scripts=ScriptRun(self._sandbox),
            clock=clock,
            watch_s=FAR_S,
            lease_ttl_s=FAR_S,
        )
        engine = Engine(runtime)
        session = await engine.create(validate_mission(world.plain()))
        state = await clock.run(lambda: engine.drive(session))
        record = await read_record(store, session)
        if check:
            replayed = await replay_of(store, session, runtime.predicates)
            assert replayed.difference is None, replayed.difference
        return _told(world, tools, state, [item.event for item in record.events])


def play_all(worlds: Sequence[tuple[World, int]]) -> list[Played]:
    """Play them all in one event loop."""

    async def playing() -> list[Played]:
        async with player() as one:
            return [await one.play(world, seed) for world, seed in worlds]

    return asyncio.run(playing())


def _told(world: World, tools: Mapping[str, SimTool], state: State, events: Sequence[e.Event]) -> Played:
    played = Played(state.outcome == "achieved", str(state.reason), state.usage.iterations)
    written = [world.directive, *(json.dumps(tool.schema()) for tool in tools.values())]
    intents: dict[str, e.Intended] = {}
    known: set[bytes] = set()
    failures: dict[bytes, tuple[str, int]] = {}
    changes = 0
    for event in events:
        match event:
            case e.Intended(purpose=CallPurpose.CALL):
                intents[event.effect] = event
                played.calls += 1
                known.add(_name(event))
                if EFFECT_RULES[EffectClass(event.effect_class)].changes_world:
                    played.made_up += [text for text in _texts(event.args) if not _is_written(text, written)]
            case e.Settled() if event.effect in intents:
                written.append(json.dumps([event.value, event.error, event.metrics]))
                changes += _settle(played, intents[event.effect], event, failures, changes)
            case e.WaitStarted(reason="sleep"):
                played.waits += 1
            case _:
                pass
    played.distinct = len(known)
    played.told = " ".join(str(getattr(event, "tried", "")) for event in events).strip()
    return played


def _settle(
    played: Played, intent: e.Intended, event: e.Settled, failures: dict[bytes, tuple[str, int]], changes: int
) -> int:
    """Note a failure; gives 1 where the call may have changed the world."""
    name = _name(intent)
    if event.state == "done":
        return int(EFFECT_RULES[EffectClass(intent.effect_class)].changes_world)
    played.failed_again += failures.get(name) == (event.error, changes)
    failures[name] = (event.error, changes)
    return 0


def _name(event: e.Intended) -> bytes:
    return canonical([event.tool, event.args])


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    rows = (
        list(value.values())
        if isinstance(value, dict)
        else cast("list[Json]", value)
        if isinstance(value, list)
        else []
    )
    return [text for row in rows for text in _texts(row)]


def _is_written(text: str, written: Sequence[str]) -> bool:
    """Tell whether somebody wrote the text before it was sent."""
    return bool(text) and any(json.dumps(text)[1:-1] in row or text in row for row in written)
