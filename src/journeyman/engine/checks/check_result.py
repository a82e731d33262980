"""What comes of a check."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.mission.values.canonical import Json


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
