"""What the engine can check itself, and judging by what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from journeyman.mission.criteria.evidence import Judgement, inconclusive, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
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
    """Never a shell line; `{copy}` stands for the copied path, `{report}` for where a test report goes."""
    folder: str = "."
    """What is copied, counted from the mission's folder, and where the program runs. A file is copied alone."""
    exit_code: int = 0
    timeout_s: float = 60.0
    passed_at_least: int | None = None
    """So many tests must pass, and none fail, by the report in JUnit's form that it writes; `None` asks for no report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedCheck:
    """Files that a guard protects are as they were pinned; only who asks for a check knows which those are."""


Check: TypeAlias = FileCheck | CommandCheck | ProtectedCheck


def judge_check(criterion: str, view: EvidenceView) -> Judgement:
    """The judgement that a criterion's fresh check leads to."""
    check = view.checks.get(criterion)
    if check is None:
        return inconclusive("not looked at since the world may have changed")
    if check.met is None:
        return inconclusive(check.evidence)
    return judged(check.met, check.evidence, (check.measurement,))
