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

from journeyman.tools.functions import tool

What = Literal["call", "effect"]
CHANGING: Final = frozenset({"put", "send", "post", "fire", "finish"})
"""Tools that change the world."""


@dataclass(frozen=True, slots=True)
class Line:
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

    def lines(self) -> list[Line]:
        """Give everything so far."""
        if not self._path.exists():
            return []
        return [Line(*json.loads(row)) for row in self._path.read_text("utf-8").splitlines()]

    def happened(self, key: str) -> bool:
        """Tell whether the effect with this key changed the world."""
        return any(line.what == "effect" and line.key == key for line in self.lines())


class Boundaries:
    """Counts the boundaries that a process passes and kills it at one of them."""

    def __init__(self, kill_at: int, note: Path) -> None:
        self._left = kill_at
        self._note = note
        self._door = threading.Lock()

    def passed(self, name: str) -> None:
        """Pass a boundary, or die there."""
        with self._door:
            self._left -= 1
            if self._left == 0:
                self._note.write_text(name, "utf-8")
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class Here:
    """The world of this process."""

    ledger: Ledger
    boundaries: Boundaries


_here: list[Here] = []


def enter(here: Here) -> None:
    """Let the tools of this process act on a world."""
    _here[:] = [here]


def _act(name: str, key: str, number: int, *, keyed: bool = False) -> int:
    ledger = _here[0].ledger
    ledger.write("call", name, key, number)
    if keyed:
        ledger.once(name, key, number)
    else:
        ledger.write("effect", name, key, number)
    _here[0].boundaries.passed("in the call, after its effect")
    return number


@tool(effect="pure")
def look(number: int, idempotency_key: str) -> int:
    """Change nothing."""
    _here[0].ledger.write("call", "look", idempotency_key, number)
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


@tool(effect="pure")
def count() -> dict[str, object]:
    """Count what happened to the world."""
    return {"metrics": {"effects": sum(line.what == "effect" for line in _here[0].ledger.lines())}}


@tool(effect="keyed")
def finish(idempotency_key: str) -> int:
    """Do the last step."""
    return _act("finish", idempotency_key, 0, keyed=True)
