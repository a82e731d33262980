"""What of a report's criteria decides: the mission's own list, and inside groups the members for which they are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.model import Report
from journeyman.mission.report.rows import CriterionRow, JudgedRow
from journeyman.mission.values.canonical import Json


@dataclass(frozen=True, slots=True)
class Goal:
    """A criterion that is to be met, with the members of a group."""

    id: str
    required: bool
    members: tuple[Goal, ...] = ()


def goals(criteria: Json) -> tuple[Goal, ...]:
    """A mission's criteria that are to be met: all but abort conditions and what these are made of."""
    return tuple(
        Goal(str(row.get("id")), row.get("required") is not False, goals(row.get("criteria")))
        for row in (criteria if isinstance(criteria, list) else ())
        if isinstance(row, dict) and not row.get("abort_when_met")
    )


def goal_ids(wanted: tuple[Goal, ...]) -> set[str]:
    """The ids of goals and of what they are made of."""
    return {goal.id for goal in wanted} | {name for goal in wanted for name in goal_ids(goal.members)}


def open_goals(wanted: tuple[Goal, ...], judged: Mapping[str, JudgedRow]) -> Iterator[JudgedRow]:
    """The required goals that are not met in an evaluation; of a group its members that are not."""
    for goal in wanted:
        row = judged.get(goal.id)
        if row is None or row.status is CriterionStatus.MET or not goal.required:
            continue
        if goal.members:
            yield from open_goals(goal.members, judged)
        else:
            yield row


def top_level(report: Report) -> list[CriterionRow]:
    """The criteria that stand in the mission's own list; members of groups count through their groups alone."""
    listed = report.mission.get("criteria")
    names = {str(row.get("id")) for row in (listed if isinstance(listed, list) else ()) if isinstance(row, dict)}
    return [row for row in report.criteria if row.id in names]
