"""What prompts say of the past: the newest iterations in full, every verdict in a line or a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from journeyman.mission.prompt.truncation import allocate_bytes, fenced, size, text_of, truncate, truncate_fields
from journeyman.mission.values.canonical import Json, JsonObject

RECENT: Final = 5
"""Iterations looked back at."""
NEWEST_ENDINGS: Final = 40
"""Iterations whose verdict has a line of its own."""
_LEAST: Final = 400
"""Bytes an iteration must have to be worth showing."""
_HEAD = ("index", "source", "verdict", "reason", "more_results")


@dataclass(slots=True)
class VerdictHistory:
    """How each iteration was judged; bounded, since the oldest are only counted."""

    newest: dict[int, str] = field(default_factory=dict[int, str])
    older: Counter[str] = field(default_factory=Counter[str])
    last_older: int = -1

    def take(self, iteration: int, verdict: str, reason: str) -> None:
        """Take a verdict in; one that was judged again counts as it was judged last."""
        self.newest[iteration] = f"{verdict} {reason}"
        if len(self.newest) > NEWEST_ENDINGS:
            self.last_older = min(self.newest)
            self.older[self.newest.pop(self.last_older)] += 1

    def lines(self) -> list[str]:
        """The counts of the oldest, then a line for each of the newest, oldest first."""
        counted = ", ".join(f"{how} x {count}" for how, count in sorted(self.older.items()))
        first = [f"up to {self.last_older}: {counted}"] if counted else []
        return first + [f"{index}: {self.newest[index]}" for index in sorted(self.newest)]


def recent(past: Sequence[JsonObject], most_bytes: int) -> str:
    """The newest iterations that fit, oldest first; small ones whole, large ones in equal parts."""
    newest = list(past)[-RECENT:]
    if not newest:
        return "none yet"
    fit = max(1, min(len(newest), (most_bytes - 60) // (_LEAST + 1)))
    dropped = [f"[{len(newest) - fit} older iterations dropped]"] if fit < len(newest) else []
    shown = newest[-fit:]
    parts = [_parts(row) for row in shown]
    whole = [_iteration(row, more, most_bytes) for row, more in zip(shown, parts, strict=True)]
    room = allocate_bytes([size(text) for text in whole], most_bytes - 60 - len(shown))
    made = [
        text if size(text) <= most else _iteration(row, more, most)
        for text, row, more, most in zip(whole, shown, parts, room, strict=True)
    ]
    return "\n".join([*dropped, *made])


def _parts(row: JsonObject) -> list[Json]:
    """What is shown as data, in order: what was proposed, what the script said, what calls returned."""
    results = row.get("results")
    return [
        *([{"strategy": row["strategy"]}] if "strategy" in row else []),
        *([{"script": truncate_fields(row["script"])}] if row.get("script") else []),
        *([truncate_fields(item) for item in results] if isinstance(results, list) else []),
    ]


def _iteration(row: JsonObject, parts: Sequence[Json], most_bytes: int) -> str:
    head = truncate(text_of({key: row[key] for key in _HEAD if key in row}), most_bytes)
    bodies = [fenced(part, most_bytes) for part in parts]
    left = most_bytes - size(head)
    if sum(size(body) + 1 for body in bodies) <= left:
        return "\n".join([head, *bodies])
    count = max(0, min(len(bodies), (left - 40) // 201))
    dropped = [f"[{len(bodies) - count} results dropped for size]"] if count < len(bodies) else []
    given = allocate_bytes([size(body) for body in bodies[:count]], left - 40 * len(dropped) - count)
    kept = [fenced(part, most) for part, most in zip(parts[:count], given, strict=True)]
    return "\n".join([head, *kept, *dropped])
