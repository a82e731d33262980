"""State: only what deciding needs, so that its size does not grow with history. `fold` makes it from events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from journeyman.mission.model.events import Intended
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.strategy import Strategy, ToolSpec
from journeyman.mission.values.canonical import Json, JsonObject

MAX_METRICS = 500
"""Distinct metric names kept; the longest unmeasured are forgotten first."""
HISTORY_POINTS = 200
"""Newest points kept of each metric: the largest window of a trend."""
MAX_HISTORIES = 100
"""Numeric metrics with a history."""
KEPT_SIGNATURES = 64
"""Error classes remembered as known."""


class Status(StrEnum):
    """Where a session stands, as lists show it."""

    RUNNING = "running"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One tool call and how far it is."""

    intended: Intended
    state: str = "intended"
    """`intended`, `done`, `failed` or `unknown`."""
    suspect: bool = False
    """In flight when a process took over: nobody knows whether it happened."""
    value: Json = None
    error_class: str = ""
    error: str = ""
    order: int = 0
    """Settle order within the session; 0 while in flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The newest value of a metric."""

    value: Json
    iteration: int
    order: int
    """What the world had gone through when it was measured; see `State.mutated`."""
    tool: str = ""
    """Who measured it; empty for a script's observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionState:
    """What a criterion remembers between evaluations."""

    status: str = "inconclusive"
    progress: float = 0.0
    best: float = 0.0
    held: int = 0
    """Evaluations in a row in which it was met."""
    first: float | None = None
    """First number seen, the zero of its progress."""
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used of the budget; calls in flight count as used."""

    iterations: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost_microusd: int = 0
    wall_clock_s: float = 0.0
    """Driven time; pauses, waits for people and time without a driver do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script between two of its steps."""

    status: str
    snapshot: str = ""
    calls: tuple[JsonObject, ...] = ()
    steps: int = 0
    """Suspensions so far: with the call's id it names an effect."""
    told: int = 0
    """Events that the script has reported so far."""
    value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMemory:
    """What the planner knows of a tool from this session."""

    tries: int = 0
    done: int = 0
    failed: int = 0
    failed_in_row: int = 0
    last_iteration: int = -1
    moved: int = 0
    """How often progress rose when it was called."""
    failed_at_epoch: int = -1
    """World epoch of the last failure; a new epoch makes another try worth while."""
    risk: float = 0.0
    """How much nearer its calls have brought the guards in all; 1 breaks one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the deterministic planner remembers, bounded."""

    plan_index: int = 0
    plan_tries: int = 0
    tools: Mapping[str, ToolMemory] = field(default_factory=dict[str, ToolMemory])
    tried: Mapping[str, str] = field(default_factory=dict[str, str])
    """Call signature to how it went: `moved`, `same`, `worse`, `failed@EPOCH`."""
    seen: Mapping[str, tuple[Json, ...]] = field(default_factory=dict[str, "tuple[Json, ...]"])
    """Name to values in observations, newest last."""
    epoch: int = 0
    """Counts changes of the world or of what is known: a failed call is worth repeating in a new one."""
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
    """How near the nearest guard is to being broken; at 1 it is."""
    risked_at: int = -1
    """The last iteration that brought a guard nearer."""
    repeats: int = 0
    """Iterations in a row with the same calls."""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question to a person."""

    approval: str
    question: str
    by: str
    asked_at: str


@dataclass(frozen=True, kw_only=True)
class State:
    """A session, folded. Without slots, so that `but` copies all fields at once."""

    session_id: str
    tenant: str
    mission: Mission
    digest: str
    created_at: str
    parent: str = ""
    origin: str = ""
    tools: Mapping[str, ToolSpec] = field(default_factory=dict[str, ToolSpec])
    tools_ref: str = ""
    """Blob digest of the tool definitions when they are kept outside the event."""
    phase: Phase = Phase.PROPOSE
    iteration: int = 0
    """0-based index of the iteration under way, or of the next one."""
    last_at: str = ""
    started_at: str = ""
    ended_at: str = ""
    usage: Usage = Usage()
    owner: str = ""
    # The iteration under way.
    strategy: Strategy | None = None
    source: str = ""
    next_call: int = 0
    """Index of the first call of the strategy that is not yet intended."""
    probed: bool = False
    """Whether the iteration's probes are intended."""
    denied: bool = False
    script: Script | None = None
    effects: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    """Of this iteration, and older ones that are unknown."""
    events: tuple[JsonObject, ...] = ()
    errors: tuple[JsonObject, ...] = ()
    facts: JsonObject = field(default_factory=dict[str, Json])
    facts_order: int = -1
    checked: bool = False
    judged: bool = False
    """Whether this iteration was evaluated; an answer may make it evaluated again."""
    # What is known.
    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    history: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, "tuple[float, ...]"])
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tool to successful calls."""
    order: int = 0
    mutated: int = 0
    """Order of the last effect that may have changed the world: older evidence is stale."""
    # How it goes.
    criteria: Mapping[str, CriterionState] = field(default_factory=dict[str, CriterionState])
    results: tuple[JsonObject, ...] = ()
    awaiting: tuple[str, ...] = ()
    checkpoint: bool = False
    checkpoint_at: str = ""
    best_total: float = 0.0
    evaluations: int = 0
    stalled: int = 0
    """Evaluations in a row without progress."""
    adjusted: bool = False
    """Whether stagnation was answered by an adjustment already."""
    new_error: bool = False
    error_classes: tuple[str, ...] = ()
    memory: Memory = Memory()
    # What people and clocks have said.
    pending: Pending | None = None
    answers: Mapping[str, tuple[bool, str]] = field(default_factory=dict[str, "tuple[bool, str]"])
    """Approval to (granted, by whom)."""
    paused: bool = False
    wait: str = ""
    wait_until: str = ""
    slept: bool = False
    end_asked: str = ""
    end_by: str = ""
    notes: tuple[str, ...] = ()
    asks: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, "tuple[int, int]"])
    """Questions to models that are open: name to (tokens, micro-dollars) reserved, which count as used."""
    asked: int = 0
    """Tries of questions so far: numbers the next one."""
    advised: str = ""
    """Why the last advice was not used; empty when it was, or none was asked for."""
    closing: JsonObject = field(default_factory=dict[str, Json])
    """Closing notes, laid over the report."""
    verdict: str = ""
    reason: str = ""
    outcome: str = ""

    def but(self, **changes: object) -> State:
        """Give this state with other values in some fields.

        As `dataclasses.replace`, which asks for each of fifty fields by name, at a tenth of its cost: every event
        makes a state.
        """
        if unknown := changes.keys() - self.__dict__.keys():
            raise TypeError(f"a state has no {', '.join(sorted(unknown))}")
        other = object.__new__(State)
        other.__dict__.update(self.__dict__, **changes)
        return other

    @property
    def status(self) -> Status:
        """Give where the session stands."""
        if self.phase is Phase.ENDED:
            return Status.ENDED
        if self.paused:
            return Status.PAUSED
        if self.pending is not None or self.wait in ("budget", "effect"):
            return Status.WAITING
        return Status.RUNNING

    @property
    def in_flight(self) -> tuple[Effect, ...]:
        """Give the effects that have not settled."""
        return tuple(effect for effect in self.effects.values() if effect.state == "intended")

    @property
    def unknown(self) -> tuple[Effect, ...]:
        """Give the effects of which nobody knows whether they happened."""
        return tuple(effect for effect in self.effects.values() if effect.state == "unknown")
