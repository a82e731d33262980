"""What the engine needs of the world outside the record: tools, the sandbox, folders, the clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from journeyman.engine.advice_client import AdviceBroker
from journeyman.engine.clock import Clock, SystemClock
from journeyman.mission.criteria.evidence import ExpressionResult
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json
from journeyman.stores.base import Store
from journeyman.tools.base import Catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import PredicateResult
from journeyman.tools.script import ScriptRun

OpenCatalog: TypeAlias = Callable[[Mission, Path, Deadline, str], AbstractAsyncContextManager[Catalog]]
"""Opens the tools of a mission from its folder for a session: imports its functions, starts its servers. The driver moves the
deadline."""


class PredicateEvaluator(Protocol):
    """Evaluates an expression over JSON in the sandbox."""

    async def evaluate(self, expression: str, obs: Json) -> PredicateResult:
        """The value, or why there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything outside the rules that a session touches."""

    store: Store
    open_catalog: OpenCatalog
    predicates: PredicateEvaluator
    scripts: ScriptRun
    broker: AdviceBroker | None = None
    """Asks models for advice; `None` runs every mission by plan and planner."""
    clock: Clock = field(default_factory=SystemClock)
    lease_ttl_s: float = 10.0
    """How long a lease holds without a heartbeat; another process may take over after it."""
    watch_s: float = 0.2
    """How often a running driver looks for what people added."""
    owner: str = ""
    """Names this process in leases; drawn when empty."""
    driver_mark: str = ""
    """Begins the drawn name, so that records tell what kind of process drove them."""
    records: Path | None = None
    """The folder of the store's own files: no check copies it, should it lie among those that are checked."""
    tasks: Path | None = None
    """Where sessions whose mission is a task keep what their attempts left: that is what checks look at."""


def expression_result(result: PredicateResult) -> ExpressionResult:
    """What the sandbox found in the form that judging takes."""
    return ExpressionResult(
        result.value, None if result.error_class is None else f"{result.error_class}: {result.error}"
    )
