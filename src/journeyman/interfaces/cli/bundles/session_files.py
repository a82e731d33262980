"""Where the files of a session lie that are not in its record."""

from __future__ import annotations

from pathlib import Path

from journeyman.config import Settings


def session_files(settings: Settings, session: str) -> Path:
    """The folder of its attempts with their traces, and of its outputs."""
    return settings.data_dir / settings.tenant / "tasks" / session
