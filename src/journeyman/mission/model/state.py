"""State: only what deciding needs, so that its size does not grow with history. `fold` makes it from events."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from journeyman.mission.criteria.evidence import (
    CriterionStatus,
    Evidence,
    Measurement,
    ObservedCheck,
    ObservedEvent,
    Series,
)
from journeyman.mission.model.effects import CallPurpose, EffectClass, EffectState
from journeyman.mission.model.events import ClosingNotes, CriterionResult, Intended
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.planner_memory import PlannerMemory
from journeyman.mission.model.reasons import (
    Outcome,
    Phase,
    ScriptStatus,
    SessionStatus,
    VerdictLabel,
    VerdictReason,
    WaitFor,
)
from journeyman.mission.model.strategy import Strategy, ToolCall, ToolSpec
from journeyman.mission.model.task import TaskProgress
from journeyman.mission.values.value import Json, JsonObject, Value

MAX_METRICS = 500
"""Distinct metric names kept; what was measured longest ago is forgotten first."""
MAX_PRODUCERS = 20
"""Values of one metric kept from different calls; beyond them the name counts as ambiguous."""
MAX_HISTORIES = 100
"""Numeric metrics with a history."""
KEPT_SIGNATURES = 64
"""Error classes remembered as known."""


class SessionIdentity(Value, frozen=True, kw_only=True):
    """Whose session it is, and where it comes from."""

    session_id: str
    tenant: str
    created_at: str
    parent: str = ""
    """`session@iteration` that it was forked from."""
    origin: str = ""
    """Folder of the mission file."""


class Effect(Value, frozen=True, kw_only=True):
    """One tool call and how far it is."""

    intended: Intended
    state: EffectState = EffectState.INTENDED
    suspect: bool = False
    """In flight when a process took over: nobody knows whether it happened."""
    crashed: bool = False
    """It was suspect once: how it ended says nothing against the call."""
    reconciled: bool = False
    """It was found out how it ended: if it did not happen, it may be made again in place."""
    asked_by: str = ""
    """The process whose probe could not tell whether it happened."""
    answered: bool = True
    """What is known of it is its own answer; False where a probe, a person or the policy told how it ended."""
    value: Json = None
    error_class: str = ""
    error: str = ""
    epoch: int = 0
    """Epoch of the world when it began, or could have begun."""
    measurement: Measurement | None = None
    """What it measured; `None` while it is in flight."""
    extra_calls: int = 0
    """Calls that it cost beyond its first."""

    @property
    def is_call(self) -> bool:
        """Whether it is a step of the strategy, and no measurement of the engine's own."""
        return self.intended.purpose is CallPurpose.CALL

    @property
    def effect_class(self) -> EffectClass:
        """The pinned class."""
        return self.intended.effect_class


class ContextResult(Value, frozen=True, kw_only=True):
    """How a context call ended when it was made last."""

    iteration: int
    """The iteration that it was made for."""
    state: EffectState
    value: Json = None
    """Inline, or a reference to its blob."""
    error_class: str = ""
    error: str = ""


class Arrival(Value, frozen=True, kw_only=True):
    """What one measurement brought, waiting to be judged."""

    measurement: Measurement
    epoch: int
    """Epoch of the world when it came."""
    evidence: tuple[Evidence, ...] = ()
    fresh: bool = True
    """False where something may have changed the world meanwhile: only abort conditions look at it."""


class WorldKnowledge(Value, frozen=True, kw_only=True):
    """What is known of the world, and in which epoch of it that was measured."""

    epoch: int = 0
    """Grows with everything that may have changed the world; evidence of another epoch is stale."""
    quiet: frozenset[int] = frozenset()
    """Epochs that began with a kill, a pause or an answer: what others may have done meanwhile makes evidence stale, and
    excuses no abort condition."""
    order: int = 0
    """Counts measurements."""
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict[str, "tuple[Evidence, ...]"])
    """Name to the newest value of each call that reported it, up to the last judgement."""
    arrivals: tuple[Arrival, ...] = ()
    """What came since the last judgement, oldest first."""
    events: tuple[ObservedEvent, ...] = ()
    """Of this iteration."""
    checks: Mapping[str, ObservedCheck] = field(default_factory=dict[str, ObservedCheck])
    known: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    """Every metric ever measured, and by which tools."""
    sources: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """Metric to the pure call, `{tool, args}`, that measured it last: repeated where only staleness bars a judgement."""
    history: Mapping[str, Series] = field(default_factory=dict[str, Series])
    trends: Mapping[str, tuple[Series, ...]] = field(default_factory=dict[str, "tuple[Series, ...]"])
    """Trend to the points that it follows."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tool to successful calls."""


class CriterionState(Value, frozen=True, kw_only=True):
    """What a criterion remembers between evaluations."""

    result: CriterionResult
    best: float = 0.0
    """Highest progress."""
    conclusive_at: str = ""
    """When it was last judged met or unmet."""

    @property
    def status(self) -> CriterionStatus:
        """How it was judged last."""
        return self.result.status

    @property
    def progress(self) -> float:
        """How far it is, 0..1."""
        return self.result.progress

    @property
    def met(self) -> bool:
        """Whether it was met when it was last looked at; completion also asks that this was not carried."""
        return self.result.status is CriterionStatus.MET


class Progress(Value, frozen=True, kw_only=True):
    """How the criteria stand, and whether they move."""

    criteria: Mapping[str, CriterionState] = field(default_factory=dict[str, CriterionState])
    awaiting: tuple[str, ...] = ()
    aborted: str = ""
    """The abort condition that was met; never forgotten."""
    checkpoint: bool = False
    checkpoint_at: str = ""
    best_total: float = 0.0
    evaluations: int = 0
    stalled: int = 0
    """Evaluations in a row without progress."""
    adjusted: bool = False
    """Whether stagnation was answered by an adjustment already."""
    error_classes: tuple[str, ...] = ()
    """Known classes of errors, `TOOL:CLASS`."""


class BudgetUsage(Value, frozen=True, kw_only=True):
    """What was used of the budget; calls in flight count as used."""

    iterations: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost_microusd: int = 0
    wall_clock_s: float = 0.0
    """Driven time; pauses, waits for people and time without a driver do not count."""


class ScriptProgress(Value, frozen=True, kw_only=True):
    """A script between two of its steps."""

    status: ScriptStatus
    snapshot: str = ""
    calls: tuple[JsonObject, ...] = ()
    steps: int = 0
    """Suspensions so far: with the call's id it names an effect."""
    told: int = 0
    """Events that the script has reported so far."""
    observed: int = 0
    """Observations that it has reported so far."""
    value: Json = None


class Iteration(Value, frozen=True, kw_only=True):
    """The iteration under way, or the last one."""

    index: int = 0
    strategy: Strategy | None = None
    source: str = ""
    step: str = ""
    places: tuple[int, ...] = ()
    """Place in the step of each call of the strategy."""
    probed: bool = False
    """Whether the probes are intended."""
    refreshed: bool = False
    checked: bool = False
    judged: bool = False
    """Whether it was evaluated; an answer may make it evaluated again."""
    denied: bool = False
    slept: bool = False
    script: ScriptProgress | None = None
    errors: tuple[JsonObject, ...] = ()
    new_error: bool = False
    until_met: bool | None = None


class Plan(Value, frozen=True, kw_only=True):
    """How far the operator's plan is."""

    index: int = 0
    """Step that is next or under way."""
    round: int = 0
    """How often the step, or the whole plan, was begun before: part of its calls' keys."""
    done: tuple[int, ...] = ()
    """Places of the step whose calls have settled as done."""
    tries: int = 0
    """Failed tries of the step."""
    blocked: bool = False
    """Its script failed after it had changed things: only a person may let it begin again."""
    begun_in: int = -1
    """Epoch of the world in which it was begun anew, as what its scripts had reported was stale."""
    given_up: int = 0
    """Steps that were denied, or that failed too often: the plan went on behind them."""
    looks_from: int = 0
    """Step since whose beginning nothing was intended that can have changed the world."""
    looks_since: int = 0
    """Iteration of which that is true."""
    proposals: int = 0
    """Strategies of planner and advisors so far: names their steps."""


class PendingApproval(Value, frozen=True, kw_only=True):
    """A question to a person."""

    approval: str
    question: str
    by: str


class PeopleState(Value, frozen=True, kw_only=True):
    """What people have said, and what waits for them or for a time."""

    pending: PendingApproval | None = None
    answers: Mapping[str, tuple[bool, str]] = field(default_factory=dict[str, "tuple[bool, str]"])
    """Approval to (granted, by whom)."""
    paused: bool = False
    wait: WaitFor | None = None
    wait_until: str = ""
    end_asked: VerdictReason | None = None
    end_by: str = ""
    notes: tuple[str, ...] = ()
    """The newest twenty."""

    @property
    def waiting(self) -> bool:
        """Whether a person must act; such time is not counted."""
        return self.pending is not None or self.wait in (WaitFor.BUDGET, WaitFor.EFFECT)


class AdviceState(Value, frozen=True, kw_only=True):
    """Questions to models."""

    open: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, "tuple[int, int]"])
    """Name of each open question to (tokens, micro-dollars) reserved, which count as used."""
    asked: int = 0
    """Tries of questions so far: numbers the next one."""
    rejected: str = ""
    """Why the last advice was not used; empty when it was, or none was asked for."""
    closing: ClosingNotes | None = None
    """Laid over the report."""
    said: JsonObject = field(default_factory=dict[str, Json])
    """What an advisor's script observed in this iteration: shown to it, never evidence."""


class BestSoFar(Value, frozen=True, kw_only=True):
    """A value of the objective, and how the world was set then."""

    value: float
    iteration: int
    progress: float = 1.0
    """Of the mission then."""
    settings: tuple[ToolCall, ...] = ()
    """The last call of each tool that changes the world, as they were then."""
    measured_by: ToolCall | None = None
    """The pure call that measured it, if one did."""


class ObjectiveState(Value, frozen=True, kw_only=True):
    """How far an objective is; one entry a tool."""

    best: BestSoFar | None = None
    """The best value with which the criteria held."""
    nearest: BestSoFar | None = None
    """While they never held: the settings with which they came nearest, of equals those with the better value."""
    first: float | None = None
    """The first value that was seen."""
    settings: Mapping[str, ToolCall | None] = field(default_factory=dict[str, "ToolCall | None"])
    """Tool to its last call that may have changed the world; `None` where nobody knows what that did."""


class CheckState(Value, frozen=True, kw_only=True):
    """What is known of the check that was asked for last, in a mission of mode `check`."""

    asked: bool = False
    """Its iteration has not begun yet."""
    workspace: str = ""
    contract: str = ""
    asker: str = ""
    touched: tuple[JsonObject, ...] = ()
    """Protected files that are not as they were, as `{path, how}`."""
    found: str = ""
    """Digest of the files and of how each criterion stood."""
    same: int = 0
    """How often in a row that was found."""


class Timestamps(Value, frozen=True, kw_only=True):
    """When things happened."""

    last_at: str
    started_at: str = ""
    ended_at: str = ""


class Verdict(Value, frozen=True, kw_only=True):
    """The last verdict."""

    label: VerdictLabel
    reason: VerdictReason
    outcome: Outcome | None = None
    """Once the session has ended."""


class State(Value, frozen=True, kw_only=True):
    """A session, folded."""

    identity: SessionIdentity
    mission: Mission
    digest: str
    """SHA-256 of the mission, amendments included."""
    times: Timestamps
    tools: Mapping[str, ToolSpec] = field(default_factory=dict[str, ToolSpec])
    tools_ref: str = ""
    """Blob digest of the tool definitions when they are kept outside the event."""
    owner: str = ""
    phase: Phase = Phase.PROPOSE
    usage: BudgetUsage = BudgetUsage()
    iteration: Iteration = Iteration()
    effects: Mapping[str, Effect] = field(default_factory=dict[str, Effect])
    """Of this iteration, and older ones that are unknown."""
    context: Mapping[str, ContextResult] = field(default_factory=dict[str, ContextResult])
    """Place of each context call in the mission's list to how it ended; never evidence."""
    plan: Plan = Plan()
    world: WorldKnowledge = WorldKnowledge()
    progress: Progress = Progress()
    memory: PlannerMemory = PlannerMemory()
    people: PeopleState = PeopleState()
    advice: AdviceState = AdviceState()
    verdict: Verdict | None = None
    objective: ObjectiveState = ObjectiveState()
    check: CheckState = CheckState()
    task: TaskProgress = TaskProgress()
    closing: VerdictReason | None = None
    """Why it will end, once what is to be done at its end is done."""

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self.identity.session_id

    @property
    def status(self) -> SessionStatus:
        """Where the session stands by its record."""
        if self.phase is Phase.ENDED:
            return SessionStatus.ENDED
        if self.people.paused:
            return SessionStatus.PAUSED
        return SessionStatus.WAITING if self.people.waiting else SessionStatus.OPEN

    @property
    def outcome(self) -> Outcome | None:
        """What is true at the end; `None` while the session goes on."""
        return self.verdict.outcome if self.verdict is not None else None

    @property
    def label(self) -> VerdictLabel | None:
        """What the last verdict says."""
        return self.verdict.label if self.verdict is not None else None

    @property
    def reason(self) -> VerdictReason | None:
        """Why the last verdict is what it is."""
        return self.verdict.reason if self.verdict is not None else None

    @property
    def in_flight(self) -> tuple[Effect, ...]:
        """The effects that have not settled."""
        return tuple(effect for effect in self.effects.values() if effect.state is EffectState.INTENDED)

    @property
    def unknown(self) -> tuple[Effect, ...]:
        """The effects of which nobody knows whether they happened."""
        return tuple(effect for effect in self.effects.values() if effect.state is EffectState.UNKNOWN)

    def of_iteration(self) -> tuple[Effect, ...]:
        """The effects of this iteration, in the order of their intents."""
        return tuple(effect for effect in self.effects.values() if effect.intended.iteration == self.iteration.index)
