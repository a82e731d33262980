"""The effect classes, and all that follows from them: one table, read by every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EffectClass(StrEnum):
    """What calling a tool does to the world. Whoever acts by it reads a column of `EFFECT_RULES`, and asks for no class."""

    PURE = "pure"
    """Changes nothing."""
    KEYED = "keyed"
    """May be repeated with the same key."""
    PROBED = "probed"
    """Can be asked whether it happened."""
    UNSAFE = "unsafe"
    """None of these."""


class EffectState(StrEnum):
    """How far an effect is."""

    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody knows whether it happened."""


class AfterCrash(StrEnum):
    """What becomes of a call that was under way when a process ended."""

    RUN_AGAIN = "run_again"
    ASK_WORLD = "ask_world"
    UNKNOWN = "unknown"


class CallPurpose(StrEnum):
    """Why a call is made."""

    CALL = "call"
    """A step of the strategy."""
    PROBE = "probe"
    """Fetches evidence for a criterion."""
    REFRESH = "refresh"
    """Repeats a pure call whose measurement became stale."""
    CONTEXT = "context"
    """Looks at the environment for planner and advisors; it measures nothing."""


@dataclass(frozen=True, slots=True)
class EffectRules:
    """What follows from a class."""

    repeatable: bool
    """Whether the call may be sent again when it may have been sent before."""
    changes_world: bool
    """Whether older evidence is stale from its intent on."""
    after_crash: AfterCrash
    preference: float
    """What the planner adds to a tool's worth."""
    carries_key: bool = False
    """Whether a call carries its idempotency key as an argument, where the operator named one for it."""


EFFECT_RULES: Final[Mapping[EffectClass, EffectRules]] = {
    EffectClass.PURE: EffectRules(repeatable=True, changes_world=False, after_crash=AfterCrash.RUN_AGAIN, preference=2.0),
    EffectClass.KEYED: EffectRules(repeatable=True, changes_world=True, after_crash=AfterCrash.RUN_AGAIN, preference=1.0, carries_key=True),
    EffectClass.PROBED: EffectRules(repeatable=False, changes_world=True, after_crash=AfterCrash.ASK_WORLD, preference=0.5),
    EffectClass.UNSAFE: EffectRules(repeatable=False, changes_world=True, after_crash=AfterCrash.UNKNOWN, preference=0.0),
}  # fmt: skip

LOOKING: Final = EffectClass.PURE
"""What probes and other looks of the engine's own are."""
UNCLASSIFIED: Final = EffectClass.UNSAFE
"""What a tool is of which nobody said anything."""

NEVER_SENT: Final = frozenset(
    {"invalid_arguments", "not_allowed", "tool_changed", "server_unreachable", "denied", "skipped"}
)
"""Error classes of calls that certainly changed nothing."""
