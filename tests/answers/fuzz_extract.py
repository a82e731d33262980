"""Look for a text that `extract` or `AnswerStream` cannot take: `python -m tests.answers.fuzz_extract [SECONDS]`.

With atheris installed its coverage guides the search; without it, items of the corpus are mutated at random.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from importlib.util import find_spec
from typing import Final

from journeyman.answers import AnswerStream, extract
from tests.answers.cases import MODELS, load

_MODELS: Final = [None, list[int], *MODELS.values()]
_PIECES: Final = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    ":",
    ",",
    "\\",
    "```",
    "<think>",
    "</think>",
    "<|",
    "//",
    "/*",
    "\ud800",
    "\n",
]
_SLOW_S: Final = 0.5
_MAX_CHARS: Final = 20_000


def check(text: str, draw: random.Random) -> None:
    """Raise when the text is not read, is read slowly, or is read otherwise in pieces."""
    model = draw.choice(_MODELS)
    started = time.process_time()
    whole = extract(text, model)
    took_s = time.process_time() - started
    assert took_s < _SLOW_S, f"took {took_s:.2f} s"
    stream, place = AnswerStream(model), 0
    while place < len(text):
        step = draw.randint(1, 40)
        place += step
        if stream.feed(text[place - step : place]):
            break
    assert stream.close() == (whole if place >= len(text) else extract(text[:place], model)), (
        "streamed and whole differ"
    )
    extract(text.encode("utf-8", "surrogatepass"), model)


def mutated(texts: list[str], draw: random.Random) -> str:
    """A text with a few random changes."""
    text = draw.choice(texts)
    for _ in range(draw.randint(1, 6)):
        start, end = sorted(draw.randint(0, len(text)) for _ in range(2))
        end = min(end, start + draw.randint(0, 30))
        other = draw.choice(texts)
        at = draw.randint(0, len(other))
        new = draw.choice([draw.choice(_PIECES) * draw.choice([1, 1, 1, 50]), other[at : at + draw.randint(0, 60)], ""])
        text = text[:start] + new + text[end:]
    return text[:_MAX_CHARS]


def main(seconds: float) -> None:
    """Search for so long; print what fails, if anything does."""
    if find_spec("atheris") is not None:
        atheris = importlib.import_module("atheris")
        atheris.Setup(
            [sys.argv[0], f"-max_total_time={int(seconds)}"],
            lambda data: check(data.decode("utf-8", "replace"), random.Random(len(data))),  # noqa: S311 — a fuzzer wants seeds
        )
        atheris.Fuzz()
        return
    seed = random.SystemRandom().randrange(2**32)
    draw, tried, until = random.Random(seed), 0, time.perf_counter() + seconds  # noqa: S311 — a fuzzer wants seeds
    texts = [case.text for case in load() if isinstance(case.text, str) and len(case.text) < _MAX_CHARS]
    while time.perf_counter() < until:
        text = mutated(texts, draw)
        tried += 1
        try:
            check(text, draw)
        except Exception as error:
            raise SystemExit(f"seed {seed}, text {tried}: {error!r}\n{text!r}") from error
    print(f"{tried:,} texts, seed {seed}: nothing found")  # noqa: T201 — a program for the command line


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
