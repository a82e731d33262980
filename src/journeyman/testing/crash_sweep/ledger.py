"""The world of the sweep: a ledger file outside the killed process, and tools of every effect class that write to it.

Each line is one thing that happened, synced before the tool goes on: `call` when a tool was reached, `effect` when it
changed the world. The key is that of the engine's effect, so a repeat is a second line with the same key.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import anyio

from journeyman.tools.functions import tool

What = Literal["call", "effect"]
CHANGING: Final = frozenset({"put", "send", "post", "fire", "vanish", "finish"})
"""Tools that change the world."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One thing that happened."""

    what: What
    tool: str
    key: str
    number: int


class Ledger:
    """Everything that happened to the world, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._door = threading.Lock()

    def write(self, what: What, tool_name: str, key: str, number: int) -> None:
        """Add a line, durably."""
        data = json.dumps([what, tool_name, key, number]).encode() + b"\n"
        place = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(place, data)
            os.fsync(place)
        finally:
            os.close(place)

    def once(self, tool_name: str, key: str, number: int) -> None:
        """Add an effect unless its key is known, as a service does that takes idempotency keys."""
        with self._door:
            if not self.happened(key):
                self.write("effect", tool_name, key, number)

    def lines(self) -> list[LedgerEntry]:
        """Everything so far."""
        if not self._path.exists():
            return []
        return [LedgerEntry(*json.loads(row)) for row in self._path.read_text("utf-8").splitlines()]

    def reached(self, key: str) -> int:
        """Count how often a tool was called with this key."""
        return sum(line.what == "call" and line.key == key for line in self.lines())

    def happened(self, key: str) -> bool:
        """Tell whether the effect with this key changed the world."""
        return any(line.what == "effect" and line.key == key for line in self.lines())


class Boundaries:
    """Counts the boundaries that the processes of a folder pass one after the other, and kills them at some.

    What is counted stands in a file: a tool may kill its process between two boundaries, and the count goes on.
    """

    def __init__(self, folder: Path, kills: frozenset[int]) -> None:
        self._kills = kills
        self._note = folder / "killed"
        self._count = folder / "passed"
        self._passed = int(self._count.read_text("utf-8")) if self._count.exists() else 0
        self._door = threading.Lock()

    def passed(self, name: str) -> None:
        """Pass a boundary, or die there."""
        with self._door:
            self._passed += 1
            self._count.write_text(str(self._passed), "utf-8")
            if self._passed in self._kills:
                with self._note.open("a", encoding="utf-8") as note:
                    note.write(f"{name}\n")
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class ProcessWorld:
    """The world of this process."""

    ledger: Ledger
    boundaries: Boundaries


_here: list[ProcessWorld] = []


def enter(here: ProcessWorld) -> None:
    """Let the tools of this process act on a world."""
    _here[:] = [here]


THRICE: Final = 3
"""How often in a row a fatal call kills the process in which it is made."""


def fatal(ledger: Ledger, key: str, number: int, *, acted: bool, times: int = THRICE) -> bool:
    """Tell whether a call kills its process here: numbers from 100 so many times before they act, from 200 after it."""
    if acted:
        return 200 <= number < 300 and ledger.reached(key) <= times
    return 100 <= number < 200 and ledger.reached(key) <= times


def _die(*, dies: bool) -> None:
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)


def _act(name: str, key: str, number: int, *, keyed: bool = False) -> int:
    ledger = _here[0].ledger
    ledger.write("call", name, key, number)
    _die(dies=fatal(ledger, key, number, acted=False))
    if keyed:
        ledger.once(name, key, number)
    else:
        ledger.write("effect", name, key, number)
    _die(dies=fatal(ledger, key, number, acted=True))
    _here[0].boundaries.passed("in the call, after its effect")
    return number


@tool(effect="pure")
def look(number: int, idempotency_key: str) -> int:
    """Change nothing."""
    _here[0].ledger.write("call", "look", idempotency_key, number)
    _die(dies=fatal(_here[0].ledger, idempotency_key, number, acted=False))
    _here[0].boundaries.passed("in the call, after its effect")
    return number


@tool(effect="keyed")
def put(number: int, idempotency_key: str) -> int:
    """Change the world once per key."""
    return _act("put", idempotency_key, number, keyed=True)


def was_sent(number: int, idempotency_key: str) -> dict[str, object]:
    """Tell whether `send` happened."""
    return {"done": _here[0].ledger.happened(idempotency_key), "value": number}


@tool(effect="probed", probe=was_sent)
def send(number: int, idempotency_key: str) -> int:
    """Change the world; its own probe tells whether it did."""
    return _act("send", idempotency_key, number)


def post(number: int, idempotency_key: str) -> int:
    """Change the world; the mission names the tool that tells whether it did."""
    return _act("post", idempotency_key, number)


@tool(effect="pure")
def posted(number: int) -> dict[str, object]:
    """Tell whether a number was posted."""
    return {
        "there": any(
            (line.what, line.tool, line.number) == ("effect", "post", number) for line in _here[0].ledger.lines()
        )
    }


@tool(effect="unsafe")
def fire(number: int, idempotency_key: str) -> int:
    """Change the world, with no way to ask."""
    return _act("fire", idempotency_key, number)


@tool(effect="unsafe")
async def vanish(number: int, idempotency_key: str) -> int:
    """Do not answer the first time: even numbers have changed the world then, odd ones have not."""
    ledger = _here[0].ledger
    ledger.write("call", "vanish", idempotency_key, number)
    first = ledger.reached(idempotency_key) == 1
    if number % 2 == 0 or not first:
        ledger.write("effect", "vanish", idempotency_key, number)
    _here[0].boundaries.passed("in the call, after its effect")
    if first:
        await anyio.sleep_forever()
    return number


@tool(effect="pure")
def count() -> dict[str, object]:
    """Count what happened to the world."""
    return {"metrics": {"effects": sum(line.what == "effect" for line in _here[0].ledger.lines())}}


@tool(effect="keyed")
def finish(idempotency_key: str) -> int:
    """Do the last step."""
    return _act("finish", idempotency_key, 0, keyed=True)
