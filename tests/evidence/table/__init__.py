"""Missions that must not complete and missions that must, one named row for each."""

from __future__ import annotations

from tests.evidence.scenario import Row
from tests.evidence.table import aborts, absence, facts, holds, probes, reports, sources, stale, types


def rows() -> list[Row]:
    """All rows."""
    return [row for part in (stale, sources, probes, aborts, holds, types, reports, facts, absence) for row in part.rows()]
