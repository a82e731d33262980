"""What the deterministic planner remembers of a session: a part of its state."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import field

from journeyman.mission.values.value import Json, JsonObject, Value


class CallEffect(StrEnum):
    """What a call did for the mission's progress."""

    MOVED = "moved"
    SAME = "same"
    WORSE = "worse"
    FAILED = "failed"
    DENIED = "denied"
    """A person said no to it."""


class TriedCall(Value, frozen=True):
    """How one call went the last time it was made."""

    how: CallEffect
    changes: int = 0
    """Changes that calls had made to the world by then: only after more of them may it go another way."""
    others: int = 0
    """Those of them that other tools' calls had made."""
    epoch: int = 0
    """Epoch of the world when it had settled."""
    count: int = 1
    """How often it was made."""
    answer: str = ""
    """The words of its failure, at most `MAX_WORDS` characters of them; else the short name of what it gave."""
    same: int = 1
    """How often in a row it gave just that."""
    transient: bool = False
    """It failed on its way: nobody said no to it."""


class MeasuredCall(Value, frozen=True, kw_only=True):
    """A call with numbers for arguments, and the numbers that criteria then looked at."""

    tool: str
    args: JsonObject
    numbers: Mapping[str, float]
    """Criterion to what it saw."""
    shortfall: float
    """How far all of them were from what is wanted; 0 once they are there."""


class ToolMemory(Value, frozen=True, kw_only=True):
    """What the planner knows of a tool from this session."""

    tries: int = 0
    done: int = 0
    failed: int = 0
    failed_in_row: int = 0
    moved: int = 0
    """How often progress rose when it was called."""
    failed_at_changes: int = -1
    """Changes made to the world by the last failure; more of them make another try worth while."""
    varies: bool = False
    """Whether equal calls were seen to give different answers though no call of ours lay between: noise, or time."""
    settles: bool = False
    """Whether a call that had moved progress moved nothing when it was made once more: it sets, it does not add."""
    unmoved: int = 0
    """Calls in a row that brought no criterion nearer than any call before."""
    risk: float = 0.0
    """How much nearer its calls have brought the abort conditions in all, less what they took back; 1 meets one."""


class PlannerMemory(Value, frozen=True, kw_only=True):
    """What the deterministic planner remembers, bounded."""

    tools: Mapping[str, ToolMemory] = field(default_factory=dict[str, ToolMemory])
    tried: Mapping[str, TriedCall] = field(default_factory=dict[str, TriedCall])
    """Call signature to how it went."""
    seen: Mapping[str, tuple[Json, ...]] = field(default_factory=dict[str, "tuple[Json, ...]"])
    """Name to values in observations, newest last."""
    changes: int = 0
    """Calls done that may have changed the world."""
    explored: int = 0
    """Calls that the planner proposed for the first time; from `MAX_TRIED` on it looks for no more of them."""
    measured: tuple[MeasuredCall, ...] = ()
    """What a search over numbers goes by, oldest first: the newest and the best."""
    least: float | None = None
    """The least shortfall so far."""
    idle: int = 0
    """Iterations in a row in which nothing new could be tried and nothing was seen to change: the next wait is longer."""
    nothing_left: str = ""
    """What was tried, once nothing is left to try."""
    best_call: JsonObject | None = None
    """The call after which progress was highest."""
    best_total: float = 0.0
    """Progress after that call."""
    last_moved: bool = False
    advised_misses: int = 0
    """Advised strategies in a row that moved nothing."""
    total: float = 0.0
    """Progress after the last evaluation."""
    guarded: float = 0.0
    """How near the nearest abort condition is to being met; at 1 it is."""
    risked_at: int = -1
    """The last iteration that brought an abort condition nearer by a good part of what was left."""
    repeats: int = 0
    """Iterations in a row with the same calls."""
    signature: str = ""
