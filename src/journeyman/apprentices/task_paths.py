"""Where the attempts of a task lie: all that whoever only looks at them needs to load."""

from __future__ import annotations

from pathlib import Path


def attempt_folder(root: Path, number: int) -> Path:
    """The folder of an attempt, in the folder of its task."""
    return root / "attempts" / f"{number:03}"


def judged_folder(root: Path, number: int) -> Path:
    """What an attempt left, as checks look at it."""
    return attempt_folder(root, number) / "judged"
