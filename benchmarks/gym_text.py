"""The gym's text adapter: microseconds per KB of chatter, whole and streamed, linear to 1 MB, and fuzzed inputs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.answers import AnswerStream
from journeyman.gym.text import AgentRole, StreamingActionParser, parse_action

CEILING_US_PER_KB: Final = 2.0
FUZZED: Final = 1_000_000
_CHUNK_CHARS: Final = 4
"""About a token."""
_SIZES_KB: Final = (1, 16, 256, 1024)
_ACTION: Final = '{"action_type": "restart", "target": "orders-db", "args": {}}'
_CHATTER: Final = "The store answers slowly while its callers wait, so I will look at what it waits for. "
_PIECES: Final = (
    '{"action_type": "', "restart", '"', "}", "{", "[", "]", ",", ":", "```json\n", "```", "<think>", "</think>", "'", "\u201c",
    "\\", "\\u12", "\ud800", "NaN", "1e999", "null", "\x00", "target", "\n", " ", "é", "{word}", "//", "/*", _ACTION, "9" * 5000,
)  # fmt: skip


def run(progress: Meter) -> list[Row]:
    """Measure texts of chatter with the action at the end, then feed random mixtures of what breaks parsers."""
    rows: list[Row] = []
    per_kb: list[float] = []
    for size in _SIZES_KB:
        text = (_CHATTER * (size * 1024 // len(_CHATTER) + 1))[: size * 1024] + _ACTION
        per_kb.append(_best_us(text) / size)
        rows.append(Row(f"{size:,} KB of chatter", per_kb[-1], "us per KB"))
    rows.append(Row("an action alone", _best_us(_ACTION), "us"))
    # What finding the action in a text costs is not the chatter's; an action alone is not looked for.
    bare = _best_us(f"I do: {_ACTION}")
    chatter = (per_kb[1] * _SIZES_KB[1] - bare) / _SIZES_KB[1]
    rows.append(Row("chatter, 16 KB, without the action", chatter, "us per KB", "< 2", chatter < CEILING_US_PER_KB))
    growth = per_kb[-1] / per_kb[1]
    rows.append(Row("1 MB over 16 KB, per KB", growth, "", "<= 2 (linear)", growth <= 2))
    streamed = [_streamed_us(lambda: StreamingActionParser(AgentRole.SRE), size) / size for size in (16, 1024)]
    rows.append(Row(f"streamed, {_CHUNK_CHARS} characters at a time, 16 KB", streamed[0], "us per KB"))
    bare = _streamed_us(AnswerStream, 16) / 16
    rows.append(Row("the same through answers.AnswerStream, which waits for the end", bare, "us per KB"))
    growth = streamed[1] / streamed[0]
    rows.append(Row("streamed, 1 MB over 16 KB, per KB", growth, "", "<= 2 (linear)", growth <= 2))
    failures = _fuzz(progress)
    rows.append(Row(f"{FUZZED:,} fuzzed inputs, exceptions", failures, "", "= 0", failures == 0))
    return rows


def _best_us(text: str) -> float:
    took: list[float] = []
    for _ in range(7):
        rounds = max(1, 200_000 // len(text))
        start = time.process_time()
        for _ in range(rounds):
            parse_action(text, AgentRole.SRE)
        took.append((time.process_time() - start) / rounds * 1e6)
    assert parse_action(text, AgentRole.SRE).target == "orders-db"
    return min(took)


def _streamed_us(make: Callable[[], StreamingActionParser | AnswerStream], size_kb: int) -> float:
    text = (_CHATTER * (size_kb * 1024 // len(_CHATTER) + 1))[: size_kb * 1024] + _ACTION
    chunks = [text[at : at + _CHUNK_CHARS] for at in range(0, len(text), _CHUNK_CHARS)]
    took: list[float] = []
    for _ in range(5):
        stream = make()
        start = time.process_time()
        for chunk in chunks:
            if stream.feed(chunk):
                break
        took.append((time.process_time() - start) * 1e6)
        assert stream.finished == isinstance(stream, StreamingActionParser)
    return min(took)


def _fuzz(progress: Meter) -> int:
    progress.start("fuzzed inputs", FUZZED // 1000)
    chance = random.Random(5)
    failures = 0
    for number in range(FUZZED):
        text = "".join(chance.choices(_PIECES, k=chance.randrange(1, 12)))
        try:
            parse_action(text if number % 4 else text.encode("utf-8", "surrogatepass"), AgentRole.SRE)
        except Exception:  # noqa: BLE001 - counting them is the point
            failures += 1
        if number % 1000 == 0:
            progress.step()
    return failures
