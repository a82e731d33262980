"""The facts that criteria are judged by which the engine checks itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from journeyman.engine.checks.check_result import CheckResult
from journeyman.engine.checks.check_runner import run_checks
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import CheckFact
from journeyman.mission.model.mission import Mission


async def check_facts(
    mission: Mission,
    base_dir: Path,
    left_s: float | None,
    *,
    known: Sequence[CheckFact] = (),
    inputs: Mapping[str, str] | None = None,
    on_found: Callable[[CheckFact], None] | None = None,
    apart: Path | None = None,
) -> list[CheckFact]:
    """The fact about every such criterion, within `left_s` seconds; `met` is null when it could not be told.

    Args:
        mission: The mission.
        base_dir: Where its paths begin.
        left_s: `None` for as long as it takes.
        known: Facts that are taken as they are.
        inputs: Digests of what criteria look at, by their ids.
        on_found: Told of each fact as it is found.
        apart: The folder of our own records, which no check copies.
    """
    given = {fact.id: fact for fact in known}
    checks = {
        criterion.id: check
        for criterion in walk(mission.criteria)
        if (check := criterion.engine_check()) is not None and criterion.id not in given
    }
    deadline_s = None if left_s is None else time.monotonic() + left_s

    def fact(name: str, result: CheckResult) -> CheckFact:
        return CheckFact(id=name, met=result.met, evidence=result.evidence, inputs=(inputs or {}).get(name, ""))

    def tell(name: str, result: CheckResult) -> None:
        if on_found is not None:
            on_found(fact(name, result))

    found = await run_checks(checks, base_dir, deadline_s, tell, apart)
    return [*given.values(), *(fact(name, result) for name, result in found.items())]
