"""The mission's own tools: look at backups, and delete old ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

BACKUPS = Path(__file__).parent / "backups"


def make_backups(count: int = 10) -> None:
    """Write empty backups to start from."""
    BACKUPS.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        (BACKUPS / f"backup-{number:02}.tar").write_text(f"backup {number}\n")


def count_backups() -> dict[str, object]:
    """Count the backups."""
    return {"metrics": {"backups": len(list(BACKUPS.glob("backup-*.tar")))}}


def delete_backups(keep: Annotated[int, Field(ge=1)]) -> dict[str, object]:
    """Delete all but the newest backups.

    Args:
        keep: How many stay.
    """
    gone = sorted(BACKUPS.glob("backup-*.tar"))[:-keep]
    for file in gone:
        file.unlink()
    return {"deleted": [file.name for file in gone]}


if __name__ == "__main__":
    make_backups()
