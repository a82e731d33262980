"""What is known of a server besides its answers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from anyio.abc import Process

from journeyman.concurrency.child_processes import kill_group

GRACE_S: Final = 1.0
"""How long a server may take to leave after its input is closed, and again after SIGTERM."""


@dataclass(slots=True)
class ServerHealth:
    """What is known of a server besides its answers."""

    stderr: deque[str] = field(default_factory=lambda: deque[str](maxlen=40))
    """The last lines it wrote, each cut at 300 characters."""
    garbage_lines: int = 0
    """Lines on its standard output that are no JSON-RPC message."""
    first_garbage: str = ""
    fault: str = ""
    """Why we ended the connection, if we did."""
    returncode: int | None = None
    ended: bool = False
    """Its output ended: nothing sent from now on can arrive."""
    grace_s: float = GRACE_S
    """How long it may take to leave; may be shortened while it is leaving. 0 kills it at once."""
    process: Process | None = None
    """While it runs."""

    def kill(self) -> None:
        """End it now, with its group. Nobody need wait: what still wants to write to it fails, and lets go."""
        self.grace_s = 0.0
        if self.process is not None:
            kill_group(self.process)

    def words(self) -> str:
        """What an error text should say of the server."""
        said: list[str] = []
        if self.fault:
            said.append(self.fault)
        if self.returncode is not None:
            said.append(f"it ended with code {self.returncode}")
        if self.garbage_lines:
            said.append(
                f"it wrote {self.garbage_lines} lines that are not JSON-RPC, first: {self.first_garbage[:80]!r}"
            )
        if self.stderr:
            said.append("its last words: " + " | ".join(list(self.stderr)[-3:]))
        return "; ".join(said)
