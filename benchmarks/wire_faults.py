"""1,000 wire-fault schedules over all adapters: no crash, a legal end with a report, one audit pair per call.

Real SDKs over loopback for the providers, plain and streamed; a client that fails for sampling and pull; an agent in its
own process; and an adapter behind the coalescing wrapper, with three missions at a time. A schedule is
drawn from its seed: a few lines, each a good answer, a wrong one, or one of the faults of the model server.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Final

from benchmarks._advisor_bench import AGENT, NOTES, SHARED, AdvisorBench, advice, mission, stage
from benchmarks.report import Meter, Row
from journeyman.engine.reporting import report_of
from journeyman.mission.model import events as e
from journeyman.mission.model.state import SessionStatus
from journeyman.testing.model_server import ScriptedFault, ScriptLine

SCHEDULES: Final = 1000
AGENTS: Final = 50
"""One schedule in so many has the agent, whose process takes most of a second to start."""
TOGETHER: Final = 3
"""Missions at a time where their questions may share a call."""


def run(progress: Meter) -> list[Row]:
    """Run the schedules, adapter after adapter."""
    return asyncio.run(_run(progress))


async def _run(progress: Meter) -> list[Row]:
    progress.start("schedules", SCHEDULES)
    found: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    async with stage() as on:
        for seed in range(SCHEDULES):
            try:
                await _schedule(on, on.turn(seed, AGENTS), random.Random(seed), found, failures)
            except Exception as error:  # noqa: BLE001  a crash is what is counted
                found["crashes"] += 1
                print(f"seed {seed}: {type(error).__name__}")
            progress.step()
    return [
        Row("schedules", SCHEDULES, f"over 11 adapters; with the agent: {found['agent schedules']}", "= 1000"),
        Row("crashes", found["crashes"], "missions", "= 0", found["crashes"] == 0),
        Row("no legal end", found["illegal"], "missions", "= 0", found["illegal"] == 0),
        Row("no report", found["no_report"], "missions", "= 0", found["no_report"] == 0),
        Row("calls", found["calls"], "on the wire"),
        Row("audit pairs", found["pairs"], f"pairs, {found['unsent']} of tries that timed out before they were sent"),
        Row("missions whose pairs are not their calls", found["unaccounted"], "", "= 0", found["unaccounted"] == 0),
        Row(
            "shared calls",
            found["shared calls"],
            f"for {found['shared pairs']} pairs",
            "> 0, < its pairs",
            0 < found["shared calls"] < found["shared pairs"],
        ),
        Row("broken pairs", found["broken_pairs"], "missions", "= 0", found["broken_pairs"] == 0),
        Row("records that do not verify and replay", found["unverified"], "missions", "= 0", found["unverified"] == 0),
        Row("achieved", found["achieved"], "missions"),
        Row("classes of failure met", ", ".join(f"{name} {count}" for name, count in sorted(failures.items()))),
    ]


def _lines(chance: random.Random) -> list[ScriptLine]:
    faults = [*ScriptedFault]
    lines: list[ScriptLine] = []
    for _ in range(8):
        fault = chance.choice(faults) if chance.random() < 0.7 else None
        value = chance.choice([advice(), advice(chance.randrange(900)), NOTES])
        wait = chance.choice([None, 0.0, 1.0])
        lines.append(ScriptLine(value=value, fault=fault, retry_after_s=wait, drip_s=0.001))
    return lines


async def _schedule(
    on: AdvisorBench, name: str, chance: random.Random, found: Counter[str], failures: Counter[str]
) -> None:
    on.say(_lines(chance))
    found["agent schedules"] += name == AGENT
    if name != SHARED:
        timeouts = failures["timeout"]
        pairs = await _mission(on, name, found, failures)
        found["pairs"] += pairs
        found["calls"] += on.calls
        # On a busy machine a try's time may be over before its request has left; nothing else may keep one from the wire.
        unsent = pairs - on.calls
        found["unsent"] += unsent
        found["unaccounted"] += not 0 <= unsent <= failures["timeout"] - timeouts
        return
    found["shared pairs"] += sum(await asyncio.gather(*(_mission(on, name, found, failures) for _ in range(TOGETHER))))
    found["shared calls"] += on.calls


async def _mission(on: AdvisorBench, name: str, found: Counter[str], failures: Counter[str]) -> int:
    """Run one; give how many audit pairs it left."""
    session = await on.at.engine.create(mission(name))
    state = await on.at.engine.drive(session)
    found["illegal"] += state.status is not SessionStatus.ENDED or state.outcome not in {
        "achieved",
        "not_achieved",
        "unknown",
    }
    found["no_report"] += not (await report_of(on.at.store, session)).verdict
    asked: list[e.AdviceAsked] = await on.at.events(session, e.AdviceAsked)
    settled: list[e.AdviceSettled] = await on.at.events(session, e.AdviceSettled)
    found["broken_pairs"] += [row.ask for row in asked] != [row.ask for row in settled]
    found["achieved"] += state.outcome == "achieved"
    failures.update(row.failure for row in settled if row.failure)
    try:
        await on.at.holds(session)
    except AssertionError:
        found["unverified"] += 1
    return len(asked)
