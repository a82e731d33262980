"""What a script's snapshot holds beside the sandbox's own dump."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

from journeyman.mission.values.canonical import Json, JsonObject, canonical

_VERSION: Final = 3
_CUT: Final = "\n... [truncated]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptLimits:
    """How far one script may go from its start to its end, all steps together."""

    time_s: float = 30.0
    """Time in which the script itself runs; waiting for tools does not count."""
    memory_bytes: int = 128 * 2**20
    source_bytes: int = 128 * 2**10
    calls: int = 1000
    """Tool calls."""
    recorded_bytes: int = 2**20
    """Observations, events and the final value, as JSON. Printed text has the same cap, and is cut at it."""
    reports: int = 1000
    """Observations and events between two waits for calls: each is judged by itself."""


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """One tool call that a script waits for."""

    call_id: int
    """Unique within the run of one script; the same again when the same snapshot is resumed with the same results."""
    tool: str
    args: JsonObject


@dataclass(slots=True, kw_only=True)
class ScriptState:
    """What is known of a running script; changed only by the step that drives it."""

    limits: ScriptLimits
    tools: tuple[str, ...]
    reported: list[tuple[str, Json]] = field(default_factory=list["tuple[str, Json]"])
    events: list[JsonObject] = field(default_factory=list[JsonObject])
    output: str = ""
    recorded_bytes: int = 0
    calls_made: int = 0
    pending: dict[int, ScriptCall] = field(default_factory=dict[int, ScriptCall])
    reported_now: int = 0
    """Reports of this step alone."""

    def printed(self, _stream: str, text: str) -> None:
        """Keep printed text up to the cap; the sandbox calls this."""
        if not self.output.endswith(_CUT):
            whole = self.output + text
            room = self.limits.recorded_bytes
            self.output = whole if len(whole) <= room else whole[:room] + _CUT

    def take(self, call_ids: Container[int]) -> tuple[ScriptCall, ...]:
        """The pending calls among `call_ids`, which are then pending no more."""
        taken = tuple(call for call in self.pending.values() if call.call_id in call_ids)
        for call in taken:
            del self.pending[call.call_id]
        return taken

    def packed(self, dump: bytes) -> bytes:
        """The snapshot: one line of JSON, then the sandbox's dump."""
        head: JsonObject = {
            "v": _VERSION,
            "limits": cast("JsonObject", asdict(self.limits)),
            "tools": list(self.tools),
            "reported": [[name, value] for name, value in self.reported],
            "events": cast("list[Json]", self.events),
            "output": self.output,
            "recorded_bytes": self.recorded_bytes,
            "calls_made": self.calls_made,
            "pending": [[call.call_id, call.tool, call.args] for call in self.pending.values()],
        }
        return canonical(head) + b"\n" + dump

    @classmethod
    def unpacked(cls, snapshot: bytes) -> tuple[ScriptState, bytes]:
        """The state and the sandbox's dump; raises `ValueError` for bytes that `packed` never gave."""
        line, found, dump = snapshot.partition(b"\n")
        try:
            head: dict[str, Any] = json.loads(line) if found else {}
            if head["v"] != _VERSION:
                raise ValueError(f"the snapshot has version {head['v']!r}; this Journeyman reads {_VERSION}")
            pending = {row[0]: ScriptCall(*row) for row in head["pending"]}
            plain = {key: head[key] for key in ("events", "output", "recorded_bytes", "calls_made")}
            plain["reported"] = [(str(name), value) for name, value in head["reported"]]
            limits = ScriptLimits(**head["limits"])
            return cls(limits=limits, tools=tuple(head["tools"]), pending=pending, **plain), dump
        except (KeyError, TypeError, IndexError, UnicodeDecodeError) as error:
            raise ValueError(f"these bytes are no script snapshot ({type(error).__name__})") from None
