"""The commands: the closed set of things that the engine does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from journeyman.mission.model.effects import CallPurpose
from journeyman.mission.model.reasons import Outcome, VerdictLabel, VerdictReason, WaitFor
from journeyman.mission.model.state import Effect
from journeyman.mission.rules.decide import Decision
from journeyman.mission.values.canonical import Json


@dataclass(frozen=True, slots=True)
class Propose:
    """Find the strategy of this iteration."""

    iteration: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person and wait."""

    approval: str
    question: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntendedCall:
    """A call that is about to be intended."""

    tool: str
    args: Json
    place: str
    turn: int
    purpose: CallPurpose = CallPurpose.CALL
    call: str = ""
    """Id of the call inside a script."""


@dataclass(frozen=True, slots=True)
class Intend:
    """Write down the intents of the next calls."""

    calls: tuple[IntendedCall, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Run the intended effects of one turn, at once."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """Settle effects that were intended as never sent."""

    effects: tuple[Effect, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AskWorld:
    """Ask the world, by probe, whether suspect effects happened."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Settle suspect effects as unknown: running them again might repeat them."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class StepScript:
    """Start the script, or resume it with the results of its calls."""

    snapshot: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Let the engine's own checks run."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Judge the abort conditions by what has just arrived."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Judge the criteria."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Write the verdict down."""

    verdict: Decision


@dataclass(frozen=True, slots=True)
class Assume:
    """Reconcile unknown effects as the mission's policy says."""

    effects: tuple[Effect, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a time or a person."""

    reason: WaitFor
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wake:
    """Sleep until `until_at`, at most `at_most_s`, then go on."""

    until_at: str
    at_most_s: float


@dataclass(frozen=True, slots=True)
class End:
    """Write the ending."""

    verdict: VerdictLabel
    reason: VerdictReason
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing can be done: ended, paused, or a person must act."""

    why: str


Command: TypeAlias = (
    Propose | Ask | Intend | Run | Skip | AskWorld | GiveUp | StepScript | Check | Watch | Evaluate | Decide | Assume | Wait | Wake | End | Nothing
)  # fmt: skip
