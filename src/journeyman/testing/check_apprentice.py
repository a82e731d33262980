"""Prove a driver of coding agents: every clause of `journeyman.agents.drivers.base`.

A third party writes one function that gives the driver over an agent that will behave as the check says, and runs all checks
with pytest (and anyio, which brings the plugin):

```python
import pytest
from contextlib import asynccontextmanager
from journeyman.testing.check_apprentice import APPRENTICE_CHECKS, AgentBehaviour, Check

@asynccontextmanager
async def make_apprentice(behaviour: AgentBehaviour):
    yield MyApprentice(command=["my-fake-agent", behaviour])

@pytest.mark.anyio
@pytest.mark.parametrize("check", APPRENTICE_CHECKS, ids=lambda check: check.__name__)
async def test_my_driver(check: Check, tmp_path) -> None:
    await check(make_apprentice, tmp_path)
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

import anyio

from journeyman.agents.drivers.base import Apprentice, WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    Ending,
    PermissionAnswered,
    PermissionAsked,
    SessionStarted,
    ToolStarted,
)
from journeyman.agents.drivers.permissions import Access, PermissionPolicy

__all__ = [
    "APPRENTICE_CHECKS",
    "DONE_FILE",
    "PID_FILE",
    "PROMPT",
    "SAID",
    "AgentBehaviour",
    "ApprenticeContractBroken",
    "Check",
    "MakeApprentice",
    "check_apprentice",
    "process_lives",
]

PROMPT: Final = "Write done.txt. Ünïcode and 'quotes' and $HOME stay as they are.\n"
SAID: Final = "All is done."
DONE_FILE: Final = "done.txt"
"""What an agent that works writes into its folder: the prompt as it came."""
PID_FILE: Final = "pids.txt"
"""Where an agent that is a program writes its number and those of what it starts, a line each."""
_PATIENCE_S: Final = 60.0


class AgentBehaviour(StrEnum):
    """What the agent under the driver does."""

    WORKS = "works"
    """Makes one tool call that writes `DONE_FILE`, says `SAID`, ends well."""
    ASKS = "asks"
    """The same, but asks whether it may before; says `SAID` also where it may not."""
    HANGS = "hangs"
    """Begins, starts another process, and never ends."""
    CRASHES = "crashes"
    """Begins, writes `DONE_FILE`, and is gone without a result."""
    FAILS = "fails"
    """Begins, and says that it cannot go on."""


class _Leaving(Exception):
    """Raised by a check itself."""


class ApprenticeContractBroken(AssertionError):
    """A clause that the driver does not keep."""


MakeApprentice: TypeAlias = Callable[[AgentBehaviour], AbstractAsyncContextManager[Apprentice]]
Check: TypeAlias = Callable[[MakeApprentice, Path], Awaitable[None]]


def _must(holds: bool, what: str) -> None:  # noqa: FBT001  reads as a sentence where it is called
    if not holds:
        raise ApprenticeContractBroken(what)


def _order(folder: Path, *, policy: PermissionPolicy | None = None, limits: WorkLimits | None = None) -> WorkOrder:
    return WorkOrder(
        prompt=PROMPT,
        workspace=folder,
        policy=policy or PermissionPolicy(),
        limits=limits or WorkLimits(wall_clock_s=_PATIENCE_S),
    )


async def _followed(apprentice: Apprentice, order: WorkOrder) -> tuple[list[AgentEvent], WorkResult]:
    async with apprentice.start(order) as session:
        events = [event async for event in session.follow()]
        return events, await session.collect()


def _one_end(events: list[AgentEvent], result: WorkResult) -> None:
    ends = [event for event in events if isinstance(event, AgentEnded)]
    _must(len(ends) == 1 and events[-1] is ends[0], "the last event is the only end")
    _must(result.ended == ends[0], "the result has the end that was followed")


async def _no_process(folder: Path) -> None:
    """Wait until what the agent wrote of itself is gone: the system takes a moment."""
    file = folder / PID_FILE
    numbers = [int(line) for line in file.read_text().split()] if file.exists() else []
    with anyio.move_on_after(_PATIENCE_S):
        while any(process_lives(pid, folder) for pid in numbers):  # noqa: ASYNC110  only the system knows
            await anyio.sleep(0.02)
        return
    raise ApprenticeContractBroken(
        f"of {numbers} there are left: {[pid for pid in numbers if process_lives(pid, folder)]}"
    )


def process_lives(number: int, folder: Path) -> bool:
    """Tell whether a process is there, other than as a zombie, that knows itself by this number and works in `folder`.

    One that is confined may have numbers of its own, which others have outside. Where the system does not list processes,
    nothing is known.
    """
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError, IndexError, ValueError):
            rows = dict(line.split(":", 1) for line in status.read_text("utf-8", "replace").splitlines() if ":" in line)
            numbers = rows.get("NSpid", rows["Pid"]).split()
            living = int(numbers[-1]) == number and rows["State"].split()[0] != "Z"
            if living and (status.parent / "cwd").readlink().is_relative_to(folder):
                return True
    return False


async def _begun(folder: Path) -> None:
    """Wait until an agent that is a program, and what it starts, are there."""
    while not (folder / PID_FILE).exists():  # noqa: ASYNC110  another program writes it
        await anyio.sleep(0.01)


async def work_is_followed_to_its_end(make: MakeApprentice, folder: Path) -> None:
    """Session, tool call, message, one end; the file is there, with the prompt as it was given."""
    async with make(AgentBehaviour.WORKS) as apprentice:
        _must(bool(apprentice.name) and apprentice.readiness().ready, "it has a name, and is there")
        events, result = await _followed(apprentice, _order(folder))
    _one_end(events, result)
    _must(result.ended.how is Ending.FINISHED, f"it finished: {result.ended}")
    _must(any(isinstance(event, SessionStarted) for event in events), "the session is told")
    _must(SAID in result.message or SAID.encode() in result.raw, "what it said last is in the result")
    _must((folder / DONE_FILE).read_text("utf-8") == PROMPT, "the prompt came as it was given")
    _must(result.tool_calls == sum(isinstance(event, ToolStarted) for event in events), "calls are counted")
    await _no_process(folder)


async def nobody_has_to_follow(make: MakeApprentice, folder: Path) -> None:
    """`collect` alone gives the same end."""
    async with make(AgentBehaviour.WORKS) as apprentice, apprentice.start(_order(folder)) as session:
        result = await session.collect()
    _must(result.ended.how is Ending.FINISHED, f"it finished: {result.ended}")
    _must(result.duration_s > 0, "it took some time")


async def time_is_held(make: MakeApprentice, folder: Path) -> None:
    """An agent that hangs is ended with all that it started, and that was a limit."""
    async with make(AgentBehaviour.HANGS) as apprentice:
        events, result = await _followed(apprentice, _order(folder, limits=WorkLimits(wall_clock_s=2.0)))
    _one_end(events, result)
    _must(result.ended.how is Ending.LIMIT and bool(result.ended.detail), f"it was a limit: {result.ended}")
    await _no_process(folder)


async def silence_is_held(make: MakeApprentice, folder: Path) -> None:
    """The same where it only has to say something."""
    async with make(AgentBehaviour.HANGS) as apprentice:
        _, result = await _followed(
            apprentice, _order(folder, limits=WorkLimits(wall_clock_s=_PATIENCE_S, silence_s=1.5))
        )
    _must(result.ended.how is Ending.LIMIT, f"it was a limit: {result.ended}")


async def cancelling_ends_it(make: MakeApprentice, folder: Path) -> None:
    """And `collect` says so."""
    async with make(AgentBehaviour.HANGS) as apprentice, apprentice.start(_order(folder)) as session:
        await _begun(folder)
        await session.cancel()
        result = await session.collect()
        _must(result.ended.how is Ending.CANCELLED, f"it was cancelled: {result.ended}")
        await _no_process(folder)


async def leaving_ends_it(make: MakeApprentice, folder: Path) -> None:
    """By an exception, in the middle of its work."""
    async with make(AgentBehaviour.HANGS) as apprentice:
        with suppress(_Leaving):
            async with apprentice.start(_order(folder)):
                await _begun(folder)
                raise _Leaving
    await _no_process(folder)


async def a_crash_is_no_success(make: MakeApprentice, folder: Path) -> None:
    """Whatever it wrote before."""
    async with make(AgentBehaviour.CRASHES) as apprentice:
        events, result = await _followed(apprentice, _order(folder))
    _one_end(events, result)
    _must(result.ended.how in (Ending.UNKNOWN, Ending.FAILED), f"nobody knows: {result.ended}")
    _must((folder / DONE_FILE).exists(), "what it did is there")


async def a_failure_is_told(make: MakeApprentice, folder: Path) -> None:
    """With a reason."""
    async with make(AgentBehaviour.FAILS) as apprentice:
        events, result = await _followed(apprentice, _order(folder))
    _one_end(events, result)
    _must(result.ended.how is Ending.FAILED, f"it failed: {result.ended}")
    _must(bool(result.ended.detail or result.ended.stop_reason), "it says why")


async def the_policy_answers(make: MakeApprentice, folder: Path) -> None:
    """No is no, and does not end the work; yes is yes. Only for agents that ask."""
    async with make(AgentBehaviour.ASKS) as apprentice:
        if not apprentice.capabilities.asks:
            return
        events, result = await _followed(apprentice, _order(folder, policy=PermissionPolicy(write=Access.REFUSE)))
        _one_end(events, result)
        _must(any(isinstance(event, PermissionAsked) for event in events), "the request is told")
        answers = [event for event in events if isinstance(event, PermissionAnswered)]
        _must([answer.allowed for answer in answers] == [False], "and the answer")
        _must(not (folder / DONE_FILE).exists(), "what was refused was not done")
        _must(result.ended.how is Ending.FINISHED, f"it went on without: {result.ended}")
    async with make(AgentBehaviour.ASKS) as apprentice:
        await _followed(apprentice, _order(folder))
        _must((folder / DONE_FILE).exists(), "what was allowed was done")


async def calls_are_limited(make: MakeApprentice, folder: Path) -> None:
    """The call over the limit ends it, where calls are told at all."""
    async with make(AgentBehaviour.WORKS) as apprentice:
        limits = WorkLimits(wall_clock_s=_PATIENCE_S, tool_calls=0)
        events, result = await _followed(apprentice, _order(folder, limits=limits))
    _one_end(events, result)
    if any(isinstance(event, ToolStarted) for event in events):
        _must(result.ended.how is Ending.LIMIT, f"it was a limit: {result.ended}")


APPRENTICE_CHECKS: Final[tuple[Check, ...]] = (
    work_is_followed_to_its_end,
    nobody_has_to_follow,
    time_is_held,
    silence_is_held,
    cancelling_ends_it,
    leaving_ends_it,
    a_crash_is_no_success,
    a_failure_is_told,
    the_policy_answers,
    calls_are_limited,
)


async def check_apprentice(make: MakeApprentice, folder: Path) -> None:
    """All checks, each in an empty folder; raises `ApprenticeContractBroken` at the first clause that does not hold."""
    for check in APPRENTICE_CHECKS:
        place = folder / getattr(check, "__name__", "check")
        place.mkdir(parents=True)
        await check(make, place)
