"""The page of changes: what was released, and before it what waits in `changes/` for the next release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from website.version import ROOT, version

_BEGINNING: Final = "# Changes\n\nWhat a user can now do or see, newest first.\n"


def changes_page() -> str:
    """The page's Markdown."""
    waiting = subprocess.run(  # noqa: S603 - our own tool
        [
            sys.executable,
            "-m",
            "towncrier",
            "build",
            "--draft",
            "--version",
            f"after {version()}",
            "--date",
            "not released",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    kept = ROOT / "CHANGELOG.md"
    return f"{_BEGINNING}\n{waiting}\n{_without_title(kept) if kept.exists() else ''}"


def _without_title(path: Path) -> str:
    return path.read_text("utf-8").partition("\n")[2]
