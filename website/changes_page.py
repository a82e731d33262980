"""The page of changes: what waits in `changes/` for the next release, and before it what was released."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from website.version import ROOT, version

_BEGINNING: Final = "# Changes\n\nWhat a user can now do or see, newest first.\n"


def changes_page(root: Path = ROOT) -> str:
    """The page's Markdown."""
    kept = root / "CHANGELOG.md"
    released = kept.read_text("utf-8") if kept.exists() else ""
    waiting = _waiting(root) if any((root / "changes").glob("*.md")) else ""
    return f"{_BEGINNING}\n{waiting}\n{released}"


def _waiting(root: Path) -> str:
    title = ["--version", f"after {version()}", "--date", "not released"]
    command = [sys.executable, "-m", "towncrier", "build", "--draft", *title]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own tool
