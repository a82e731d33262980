"""What can be checked, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from journeyman.mission.values.canonical import Json
from journeyman.mission.values.compare import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """A file or folder exists, and everything else that is asked of it holds."""

    path: str
    """Counted from the mission's folder. A link, pipe, socket or device is not looked into."""
    json: tuple[str, Operator, Json] | None = None
    """A dot path into the document, an operator and the value to compare with."""
    csv: tuple[Sequence[str], int] | None = None
    """Columns that the header must have, and how many rows there are at least behind it."""
    regex: str | None = None
    """In RE2's syntax; found anywhere in the text."""
    sha256: str | None = None
    """Lower-case hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCheck:
    """A program exits with `exit_code` on a pristine copy."""

    argv: Sequence[str]
    """Never a shell line; `{copy}` stands for the copied path."""
    folder: str = "."
    """What is copied, counted from the mission's folder, and where the program runs. A file is copied alone."""
    exit_code: int = 0
    timeout_s: float = 60.0


Check: TypeAlias = FileCheck | CommandCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found."""

    met: bool | None
    """`None`: it could not be told, for the reason that is the evidence."""
    evidence: Json
    taken_bytes: int = 0
    """How much was read or copied for it."""
    duration_s: float = 0.0


def undetermined(reason: str, taken_bytes: int = 0) -> CheckResult:
    """The result of a check that could not be made."""
    return CheckResult(met=None, evidence=reason, taken_bytes=taken_bytes)
