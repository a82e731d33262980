"""`plan_finished`: every step of the operator's plan was made, so that a plan by itself is a mission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from journeyman.mission.criteria.allowed_tools import AllowedTools
from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.evidence import Judgement, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.values.errors import Problem


class PlanFinished(Criterion):
    """Met once the plan is through and none of its steps was given up or denied. A fact of the record: never stale."""

    kind: Literal["plan_finished"]

    looks_at_plan: ClassVar[bool] = True

    def judge(self, view: EvidenceView) -> Judgement:
        """Look how far the plan is."""
        plan = view.plan
        given_up = f", {plan.given_up} of them given up or denied" if plan.given_up else ""
        told = f"{plan.behind} of {plan.steps} steps{given_up}"
        met = plan.behind == plan.steps and not plan.given_up
        return judged(
            met, told, progress=min(0.99 if not met else 1.0, (plan.behind - plan.given_up) / max(1, plan.steps))
        )

    def warnings(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say what it proves."""
        yield from super().warnings(tools)
        hint = "add a criterion on what should be different then, with a `probe`"
        yield self.problem("proves that the plan's calls were made and succeeded, not what they changed", hint)

    def sentence(self) -> str:
        """Say what is asked for."""
        return "every step of the plan was made"
