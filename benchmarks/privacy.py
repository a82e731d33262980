"""5,000 sessions with canaries in prompts, answers, errors and keys: none in audit, metadata, logs or exceptions.

Each text carries the canary of where it stands. The directive and the strategy are content: a session's record must
hold them. The audit and the envelope of every event must not. The texts of errors and keys must be nowhere at all.
System texts are asked through the broker, since a session's own are ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import traceback
from collections import Counter
from typing import Any, Final

from benchmarks._advisor_bench import AGENT, SHARED, AdvisorBench, advice, mission, stage
from benchmarks.report import Meter, Row
from journeyman.advisors.base import AskPurpose, AuditAsked, AuditSettled, Message, Rejection, Request
from journeyman.engine.records import read_record
from journeyman.mission.advice import ClosingAdvice
from journeyman.mission.model import events as e
from journeyman.testing.model_server import ScriptedFault, ScriptLine

SESSIONS: Final = 5000
AGENTS: Final = 250
"""One session in so many has the agent, whose process takes most of a second to start."""
SDKS: Final = ("openai", "anthropic", "botocore", "boto3", "urllib3", "httpx", "httpx2", "httpcore", "httpcore2",
               "pydantic_ai", "acp")  # fmt: skip
PROMPT, SYSTEM, ANSWER, ERROR, KEY = (f"CANARY-{word}-5f2e" for word in ("prompt", "system", "answer", "error", "key"))
CANARIES: Final = (PROMPT, SYSTEM, ANSWER, ERROR, KEY)
ERRORS: Final = (ScriptedFault.RATE_LIMITED, ScriptedFault.SERVER_ERROR, ScriptedFault.AUTH, ScriptedFault.BAD_REQUEST)
SPOILED: Final = (
    ScriptedFault.HALF,
    ScriptedFault.GARBLED,
    ScriptedFault.WRONG_SCHEMA,
    ScriptedFault.REFUSAL,
    ScriptedFault.TRUNCATED,
    ScriptedFault.RESET,
)


class _Keep(logging.Handler):
    """Keeps what is logged, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: Counter[str] = Counter()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Look for canaries."""
        self.count += 1
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text += "".join(traceback.format_exception(*record.exc_info))
        self.found.update(canary for canary in CANARIES if canary in text)


class _Probe(logging.Filter):
    """Stands before an SDK's logger and looks at what it would write, to show that there is something to hold back."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.spoiled = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Count, and let through."""
        if record.levelno < logging.WARNING:
            self.count += 1
            text = record.getMessage()
            self.spoiled += any(canary in text for canary in CANARIES)
        return True

    def everywhere(self) -> None:
        """Set every logger of an SDK to DEBUG, as an operator does who looks for something else."""
        for name in (*SDKS, *logging.root.manager.loggerDict):
            logger = logging.getLogger(name)
            if name.partition(".")[0] in SDKS:
                logger.setLevel(logging.DEBUG)
                if self not in logger.filters:
                    logger.filters.insert(0, self)


class _Rows:
    """A ledger that keeps rows as text."""

    def __init__(self) -> None:
        self.text = ""

    async def asked(self, row: AuditAsked) -> None:
        """Keep it."""
        self.text += repr(row)

    async def settled(self, row: AuditSettled) -> None:
        """Keep it."""
        self.text += repr(row)


def _script(chance: random.Random) -> list[ScriptLine]:
    lines: list[ScriptLine] = []
    for _ in range(6):
        draw = chance.random()
        if draw < 0.25:
            lines.append(ScriptLine(fault=chance.choice(ERRORS), text=f"failed: {ERROR}"))
        elif draw < 0.5:
            lines.append(ScriptLine(value=advice(why=ANSWER), fault=chance.choice(SPOILED)))
        elif draw < 0.6:
            lines.append(ScriptLine(text=f"I would rather say {ANSWER}"))
        else:
            lines.append(ScriptLine(value=advice(why=ANSWER)))
    return lines


def _leaks(text: str, canaries: tuple[str, ...] = CANARIES) -> int:
    return sum(canary in text for canary in canaries)


async def _session(on: AdvisorBench, name: str, chance: random.Random, found: Counter[str]) -> None:
    on.say(_script(chance))
    try:
        session = await on.at.engine.create(mission(name, 1, f"Open the door. {PROMPT}"))
        await on.at.engine.drive(session)
    except Exception as error:  # noqa: BLE001  what it says is what is looked at
        found["exceptions"] += 1
        found["in exceptions"] += _leaks("".join(traceback.format_exception(error)))
        return
    record = await read_record(on.at.store, session)
    for item in record.events:
        if isinstance(item.event, e.AdviceAsked | e.AdviceSettled | e.AdviceRejected):
            found["audit events"] += 1
            found["in audit"] += _leaks(json.dumps(e.encode(item.event)))
        found["in metadata"] += _leaks(f"{item.at} {item.actor} {type(item.event).__name__}")
    whole = json.dumps([e.encode(item.event) for item in record.events])
    found["error or key anywhere"] += _leaks(whole, (ERROR, KEY, SYSTEM))
    found["directive kept"] += PROMPT in whole


async def _system(on: AdvisorBench, name: str, chance: random.Random, found: Counter[str]) -> None:
    """Ask with a canary in the system text; the broker's rows, outcome and advisor show nothing."""
    on.say(_script(chance))
    rows = _Rows()
    request = Request(
        request_id="r",
        purpose=AskPurpose.LESSONS,
        messages=(Message("system", SYSTEM), Message("user", PROMPT)),
        answer=ClosingAdvice,
        timeout_s=5,
    )

    async def fine(_: Any) -> Rejection | None:
        return None

    outcome = await on.broker.ask(lambda _: request, wanted=[name], check=fine, ledger=rows)
    found["in audit"] += _leaks(rows.text)
    found["in what repr shows"] += _leaks(repr((request, outcome, on.broker.advisors[name])))


async def _run(progress: Meter) -> list[Row]:
    progress.start("sessions", SESSIONS)
    found: Counter[str] = Counter()
    keep, probe, root = _Keep(), _Probe(), logging.getLogger()
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    async with stage(key=KEY, timeout_s=2.0) as on:
        for seed in range(SESSIONS):
            name, chance = on.turn(seed, AGENTS), random.Random(seed)
            if seed % 10 == 1:
                probe.everywhere()  # before the SDKs are there, and again and again when they are
            found["agent sessions"] += name == AGENT
            found["shared sessions"] += name == SHARED
            await _session(on, name, chance, found)
            if seed % 10 == 0:
                await _system(on, name, chance, found)
            progress.step()
    root.removeHandler(keep)
    root.setLevel(logging.WARNING)
    bars = ("in audit", "in metadata", "in exceptions", "in what repr shows", "error or key anywhere")
    kept = found["directive kept"] + found["exceptions"]
    return [
        Row(
            "sessions",
            SESSIONS,
            f"over 11 adapters; agent {found['agent sessions']}, shared {found['shared sessions']}",
            "= 5000",
        ),
        Row("audit events looked at", found["audit events"], "events"),
        *(Row(f"canaries {what}", found[what], "", "= 0", found[what] == 0) for what in bars),
        Row("log records seen at DEBUG", keep.count, "records", "> 0", keep.count > 0),
        Row(
            "SDK debug records held back",
            probe.count,
            f"{probe.spoiled} of them with canaries",
            "> 0",
            probe.spoiled > 0,
        ),
        Row("canaries in logs", keep.found.total(), f"in {keep.count} records", "= 0", not keep.found),
        Row("exceptions", found["exceptions"], "sessions", "= 0", found["exceptions"] == 0),
        Row("records that hold their directive", kept, "sessions", f"= {SESSIONS}", kept == SESSIONS),
    ]


def run(progress: Meter) -> list[Row]:
    """Run the sessions and look."""
    return asyncio.run(_run(progress))
