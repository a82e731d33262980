"""The closed sets of words in which a session's course is told."""

from __future__ import annotations

from enum import StrEnum


class SessionStatus(StrEnum):
    """Where a session stands by its record alone; whether anybody drives it, no record can say."""

    OPEN = "open"
    """It goes on whenever somebody drives it."""
    WAITING = "waiting"
    PAUSED = "paused"
    ENDED = "ended"


class Phase(StrEnum):
    """The part of an iteration that comes next."""

    PROPOSE = "propose"
    APPROVE = "approve"
    EXECUTE = "execute"
    EVALUATE = "evaluate"
    DECIDE = "decide"
    NEXT = "next"
    ENDED = "ended"


class VerdictLabel(StrEnum):
    """What a verdict says."""

    CONTINUE = "continue"
    ADJUST = "adjust"
    COMPLETE = "complete"
    TERMINATE = "terminate"


class VerdictReason(StrEnum):
    """Why a verdict is what it is."""

    IN_PROGRESS = "in_progress"
    CADENCE_SKIP = "cadence_skip"
    CRITERIA_MET = "criteria_met"
    GUARD_BROKEN = "guard_broken"
    """An abort condition was met."""
    STAGNATION = "stagnation"
    NO_PROGRESS = "no_progress"
    NOTHING_LEFT = "nothing_left"
    """The plan is through, and nothing else may be tried."""
    CLOSING = "closing"
    """It will end, once what is to be done at its end is done."""
    LOST_AT_END = "lost_at_end"
    """The criteria held until what was done at the end."""
    HEURISTIC_UNPRODUCTIVE = "heuristic_unproductive"
    CRITERIA_UNMET = "criteria_unmet"
    """A check was made, and not all that is required holds."""
    CHECK_FAILED = "check_failed"
    """A check could not be made, for a reason that lies outside what is checked."""
    MAX_ITERATIONS = "max_iterations"
    MAX_WALL_CLOCK = "max_wall_clock"
    MAX_TOOL_CALLS = "max_tool_calls"
    MAX_TOKENS = "max_tokens"
    MAX_COST = "max_cost"
    TENANT_BUDGET = "tenant_budget"
    WAITING_FOR_BUDGET = "waiting_for_budget"
    WAITING_FOR_EFFECT = "waiting_for_effect"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    DENIED = "denied"
    ABORTED = "aborted"
    FORCED = "forced"
    COULD_NOT_START = "could_not_start"

    @property
    def waits(self) -> bool:
        """Whether the iteration goes on once somebody has acted."""
        return self in (
            VerdictReason.WAITING_FOR_BUDGET,
            VerdictReason.WAITING_FOR_EFFECT,
            VerdictReason.WAITING_FOR_APPROVAL,
        )


class Outcome(StrEnum):
    """What is true at the end, by the evidence alone."""

    ACHIEVED = "achieved"
    NOT_ACHIEVED = "not_achieved"
    UNKNOWN = "unknown"


class WaitFor(StrEnum):
    """What a session waits for; approvals have their own events."""

    SLEEP = "sleep"
    BUDGET = "budget"
    EFFECT = "effect"


class ScriptStatus(StrEnum):
    """How far a script is."""

    WAITING = "waiting"
    FINISHED = "finished"
    FAILED = "failed"
