"""Makes the pictures of the documentation: `python -m tests.interfaces.viewer.pictures [FOLDER]`, `docs/pictures` else."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.interfaces.pages.browser import Browser
from tests.interfaces.viewer.demo import fill
from tests.interfaces.viewer.served import served

_FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: of which page, how."""

    name: str
    path: str
    height: int
    width: int = 1180
    dark: bool = False


PICTURES: Final = (
    Picture("viewer-sessions", "/", 760),
    Picture("viewer-session", "/sessions/tuned", 1500),
    Picture("viewer-waiting", "/waiting", 860, dark=True),
    Picture("viewer-events", "/sessions/tuned/events", 760),
    Picture("viewer-compare", "/compare?left=tuned&right=tuned-badly", 1000),
    Picture("viewer-episode", "/gym/episode?log=scores.jsonl&task=easy-validation-0@3&policy=heuristic", 1080),
    Picture("viewer-phone", "/sessions/tuned", 1100, width=390),
)


def main() -> None:
    """Make all of them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, served(Path(place)) as viewer, Browser(Path(place)) as browser:
        fill(viewer)
        for one in PICTURES:
            browser.open(viewer.url + one.path, width=one.width, height=one.height, dark=one.dark)
            browser.ask("new Promise(done => setTimeout(done, 400))")
            made = browser.top(folder / f"{one.name}.webp", one.height, one.width)
            print(f"{made} {made.stat().st_size:,} bytes")  # noqa: T201  # what it made


if __name__ == "__main__":
    main()
