"""A check that somebody asks for: which files it is of, and what is known of them already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.mission.model.events import CheckAsked, CheckFact


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCheck:
    """One check of a mission of mode `check`."""

    event: CheckAsked
    folder: Path
    """Where tools and checks work: a copy that nobody else can reach, or the files themselves."""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Criterion to the digest of the files that it looks at."""
    known: Sequence[CheckFact] = ()
    """What need not be looked at again, since the files that it was found on are the same."""
    limit_s: float | None = None
    """Seconds that its checks may take; those that are not done by then could not be told."""
    on_found: Callable[[CheckFact], None] | None = None
    """Told of each fact as it is found."""
