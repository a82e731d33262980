"""What advice is worth: 36 missions that need several calls together, order, prose values, descriptions, scripts or what is around.

An advisor that reads nothing but the prompt solves them; the planner alone does not. Then each section of the prompt is
removed in turn: what is solved less is what the section is worth.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field

from benchmarks._prompt_reader import PromptReader
from benchmarks.report import Meter, Row
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.mission.files.mission_file import validate_mission
from journeyman.tools.functions import tool
from tests.engine.engine_bench import bench

EACH: Final = 6
KINDS: Final = ("together", "prose", "description", "order", "script", "environment")
SECTIONS: Final = ("Mission", "Criteria", "Tools", "Scripts", "Left", "Calls", "Environment", "Recent")
WORDS: Final = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron")
Function = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Task:
    """A mission and its world, made anew for each run."""

    kind: str
    plain: dict[str, Any]
    functions: Callable[[], list[Function]]


def _mission(directive: str, **more: Any) -> dict[str, Any]:
    goal = {"id": "ready", "kind": "metric_threshold", "metric": "ready", "op": "==", "target": 1}
    return {
        "directive": directive,
        "tools": ["*"],
        "criteria": [{**goal, "probe": {"tool": "look"}}],
        "budget": {"iterations": 4},
        "stagnation": {"threshold": 9},
        "approve": "never",
        **more,
    }


def _look(ready: Callable[[], bool]) -> Function:
    @tool(effect="pure")
    def look() -> dict[str, object]:
        """Look."""
        return {"metrics": {"ready": int(ready())}}

    return look


def task(kind: str, seed: int) -> Task:
    """One task; what it hides is drawn from its seed."""
    chance = random.Random(f"{kind} {seed}")
    code, name = chance.randrange(10_000, 99_999), chance.choice(WORDS)
    made = {"together": _together, "prose": _prose, "description": _description, "order": _order, "script": _script}
    return {**made, "environment": _environment}[kind](code, name)


def _together(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        held: list[str] = []

        @tool(effect="keyed")
        def press(key: str) -> str:
            """Press a key until another tool is called."""
            held.append(key)
            return "pressed"

        @tool(effect="keyed")
        def turn(angle: int) -> str:
            """Turn the handle; it needs the key pressed right before, and both within one iteration."""
            held.append("turned" if held[-1:] == [name] and angle == code else "")
            return "turned"

        return [press, turn, _look(lambda: "turned" in held)]

    return Task(
        "together",
        _mission(
            f"Do press with key {name}; then turn with angle {code}. One iteration is all.", budget={"iterations": 1}
        ),
        functions,
    )


def _prose(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        done: list[bool] = []

        @tool(effect="keyed")
        def enter(place: str, number: int, mode: str) -> str:
            """Enter three things."""
            done.append((place, number, mode) == (name, code, "slow"))
            return "entered"

        return [enter, _look(lambda: any(done))]

    words = f"Use enter with place {name}, number {code} and mode slow. There is no hurry."
    return Task("prose", _mission(words), functions)


def _description(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        done: list[bool] = []

        def unlock(vault: str, code: int) -> str:
            done.append((vault, code) == (name, wanted))
            return "tried"

        wanted = code
        unlock.__doc__ = f"Make the vault ready. Its vault is {name}, its code is {code}."
        return [tool(effect="keyed")(unlock), _look(lambda: any(done))]

    return Task("description", _mission("Get it done."), functions)


def _order(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        seen: list[str] = []

        @tool(effect="pure")
        def ticket() -> dict[str, object]:
            """Draw a ticket."""
            seen.append("drawn")
            return {"ticket_id": f"{name}-{code}"}

        def step(verb: str) -> Function:
            def act(ticket_id: Annotated[str, Field(min_length=3)]) -> str:
                valid = ticket_id == f"{name}-{code}"
                seen.append(verb if valid else "wrong")
                return verb

            act.__name__, act.__doc__ = verb, f"Do {verb}."
            return tool(effect="unsafe")(act)

        def ready() -> bool:
            return [verb for verb in seen if verb != "drawn"][-3:] == ["stop", "change", "start"]

        return [ticket, step("stop"), step("change"), step("start"), _look(ready)]

    return Task(
        "order",
        _mission("First ticket; then stop; then change; then start. Keep to this order.", budget={"iterations": 3}),
        functions,
    )


def _script(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        names = [f"{name}-{code + n}" for n in range(12)]
        done: set[str] = set()

        @tool(effect="pure")
        def rows() -> dict[str, object]:
            """List what is there."""
            return {"items": names}

        @tool(effect="keyed")
        def mend(item: str) -> str:
            """Mend one."""
            done.add(item)
            return "mended"

        return [rows, mend, _look(lambda: done >= set(names))]

    return Task("script", _mission("Do mend for each of rows.", scripts="allowed"), functions)


def _environment(code: int, name: str) -> Task:
    def functions() -> list[Function]:
        done: list[bool] = []

        @tool(effect="pure")
        def notice() -> str:
            """Read the notice at the door."""
            return f"Visitors: the place is {name} today, and the number is {code}."

        @tool(effect="keyed")
        def enter(place: str, number: int) -> str:
            """Enter; one wrong try, and the door stays closed."""
            done.append((place, number) == (name, code) and not done)
            return "entered"

        return [notice, enter, _look(lambda: any(done))]

    plain = _mission("Use enter as the notice says.", budget={"iterations": 1}, context=["notice"])
    return Task("environment", plain, functions)


def run(progress: Meter) -> list[Row]:
    """Solve all with the reader, without it, and with each section removed."""
    return asyncio.run(_run(progress))


async def _run(progress: Meter) -> list[Row]:
    tasks = [task(kind, seed) for kind in KINDS for seed in range(EACH)]
    progress.start("missions", len(tasks) * (2 + len(SECTIONS)))
    alone = await _solved(tasks, None, progress)
    advised = await _solved(tasks, PromptReader(), progress)
    kinds = ", ".join(f"{kind} {sum(row == kind for row in advised)}" for kind in KINDS)
    rows = [
        Row("missions", len(tasks)),
        Row("solved by the planner alone", len(alone), "missions", "<= 5", len(alone) <= 5),
        Row("solved with advice", len(advised), f"missions: {kinds}", ">= 25", len(advised) >= 25),
    ]
    for name in SECTIONS:
        left = await _solved(tasks, PromptReader(frozenset({name})), progress)
        rows.append(Row(f"without the section {name!r}", len(left), f"missions, costs {len(advised) - len(left)}"))
    return rows


async def _solved(tasks: list[Task], reader: PromptReader | None, progress: Meter) -> list[str]:
    """The kind of each mission that was solved."""
    solved: list[str] = []
    for item in tasks:
        broker = None if reader is None else Broker({"reader": reader}, BrokerPolicy(tries=1))
        mission = validate_mission({**item.plain, "advisor": "none" if reader is None else "reader"})
        async with bench(*item.functions(), broker=broker) as at:
            state = await at.engine.drive(await at.engine.create(mission))
        solved += [item.kind] if state.outcome == "achieved" else []
        progress.step()
    return solved
