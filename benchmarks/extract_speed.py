"""Values out of chatter: time per KB, whole and in 4-character chunks, and what the worst inputs cost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final

from benchmarks.report import Meter, Row
from journeyman.answers import AnswerStream, extract
from tests.answers.cases import Person

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
WHOLE_US: Final = 5.0
STREAM_US: Final = 150.0
RATIO: Final = 1.3
WORST_MS: Final = 100.0
_RUNS: Final = 7
_CHARS: Final = 2_000_000
"""Small texts are read so often that they come to this together: one bad moment of the machine is not the best of many."""
_ANSWER: Final = '\n{"name": "Ada", "age": 36}\nDone.'
_WORDS: Final = [
    "the",
    "agent",
    "looked",
    "at",
    "its",
    "logs,",
    "then",
    "checked",
    "(twice)",
    "whether",
    "queue_depth",
    "[1]",
    "was",
    "<b>high</b>;",
    "it's",
    "fine.",
    "So:",
    "no",
    "change,",
    "3.5",
    "%",
    "less",
    "load",
    "than",
    '"usual",',
    "as",
    "the",
    "last",
    "run",
    "said,",
    "and",
    "nothing",
    "else",
    "to",
    "do",
    "here.\n",
]
# Inputs on which parsers are known to need quadratic time, or to run for ever.
_WORST: Final = {
    "{a: b, a: b, … 16 KB": "{" + "a: b, " * 2_700 + "}",
    "{a: b, a: b, … 86 KB": "{" + "a: b, " * 14_300 + "}",
    "open brackets, 1 MB": "[" * 1_000_000,
    "open objects, 1 MB": '{"a":' * 200_000,
    "quotes, 1 MB": '"' * 1_000_000,
    "escaped quotes, 400 KB": '{\\"a' * 100_000,
    "backslashes in a string, 1 MB": '{"a": "' + "\\" * 1_000_000,
    "apostrophes in a quoted string, 60 KB": "{'a': '" + "it's " * 12_000,
    "fences that never hold an object, 1 MB": '```json\n{"a"\n```\n' * 58_000,
    "white space in an object, 1 MB": '{"a": 1' + " " * 1_000_000,
}


def chatter(chars: int) -> str:
    """Prose of so many characters with one object at the end."""
    draw = random.Random(chars)
    words = " ".join(draw.choice(_WORDS) for _ in range(chars // 4))
    return words[: chars - len(_ANSWER)] + _ANSWER


def _streamed(text: str) -> None:
    stream = AnswerStream(Person)
    for start in range(0, len(text), 4):
        if stream.feed(text[start : start + 4]):
            break
    assert stream.close().value == Person(name="Ada", age=36)


def _whole(text: str) -> None:
    assert extract(text, Person).value == Person(name="Ada", age=36)


def _best_us(work: Callable[[str], Any], text: str, runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        started = time.perf_counter()
        work(text)
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    rows: list[Row] = []
    progress.start("chatter", 2 * len(SIZES))
    for what, work, bar_us in (("whole", _whole, WHOLE_US), ("4-character chunks", _streamed, STREAM_US)):
        per_kb: dict[int, float] = {}
        for size in SIZES:
            per_kb[size] = _best_us(work, chatter(size), max(_RUNS, _CHARS // size)) / (size / 1000)
            barred = size >= 100_000 or work is _streamed
            bar = f"<= {bar_us:g}" if barred else ""
            rows.append(
                Row(
                    f"{what}: {size // 1000} KB",
                    round(per_kb[size], 2),
                    "µs/KB",
                    bar,
                    not barred or per_kb[size] <= bar_us,
                )
            )
            progress.step()
        ratio = per_kb[1_000_000] / per_kb[10_000]
        rows.append(Row(f"{what}: 1 MB against 10 KB", round(ratio, 2), "x", f"<= {RATIO}", ratio <= RATIO))
    progress.start("worst inputs", len(_WORST))
    for what, text in _WORST.items():
        took_ms = _best_us(lambda bad: extract(bad, Person), text, 3) / 1000
        rows.append(Row(f"worst: {what}", round(took_ms, 1), "ms", f"<= {WORST_MS:g}", took_ms <= WORST_MS))
        progress.step()
    return rows
