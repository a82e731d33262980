"""The rows that a report is made of, as values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import CallPurpose, EffectClass, EffectState
from journeyman.mission.values.value import Json, JsonObject, Value


class Budgets(Value, frozen=True, kw_only=True):
    """Amounts of each kind of budget; a ceiling of `None` is no limit."""

    iterations: int | None
    wall_clock_s: float | None
    tool_calls: int | None
    tokens: int | None
    cost_usd: float | None

    def of(self, kind: str) -> float | None:
        """The amount of a kind, by its name."""
        value: float | None = getattr(self, kind)
        return value


class BudgetPoint(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What was used up to an iteration."""

    iteration: int
    at: str
    iterations: int
    wall_clock_s: float
    tool_calls: int
    tokens: int
    cost_usd: float


class CriterionRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """How a criterion stands at the end, by what evidence."""

    id: str
    kind: str
    required: bool
    abort_when_met: bool
    definition: JsonObject
    sentence: str
    """What it asks for."""
    status: CriterionStatus
    progress: float
    evidence: Json
    carried: bool
    """Whether the newest evaluation did not measure it."""
    seen_at: str | None
    """When it was decided last."""
    held: int | None = None
    """Measurements in a row that met it, where it must hold for more than one."""
    hold_for: int = 1
    bound: float | None = None
    """The one number that its value is compared with."""
    one_sided: bool = False
    """Whether all numbers on one side of the bound meet it: how far the value is from it says how safe it stands."""


class JudgedRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """How a criterion stood in one evaluation."""

    id: str
    status: CriterionStatus
    progress: float
    evidence: Json = None
    carried: bool = False
    held: int = 0
    """Measurements in a row that met it."""


class StrategyShown(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What an iteration set out to do."""

    text: str
    """The calls on one line, as live views show them."""
    tools: list[str] = msgspec.field(default_factory=list[str])
    """The tools that it calls; a script's are known only once it calls them."""
    rationale: str = ""


class IterationRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One iteration, as far as it got."""

    index: int
    started_at: str = ""
    source: str = ""
    """Who proposed it: `plan`, `planner`, `advisor:NAME`."""
    confidence: float | None = None
    strategy: StrategyShown | None = None
    effects: list[str] = msgspec.field(default_factory=list[str])
    errors: list[JsonObject] = msgspec.field(default_factory=list[JsonObject])
    denied_by: str = ""
    """Who said no to it."""
    evaluation: list[JudgedRow] = msgspec.field(default_factory=list[JudgedRow])
    checkpoint: bool = False
    verdict: str = ""
    reason: str = ""
    ended_at: str = ""
    driven_s: float | None = None
    """Seconds that it took, without those in which a person was waited for; `None` where nobody knows."""


class AskedRow(Value, frozen=True, kw_only=True):
    """The newest question to the world whether a call happened, which could not tell."""

    tool: str
    """Empty where there is nobody to ask."""
    at: str
    error_class: str
    error: str


class EffectRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One call, from its intent to what became of it."""

    effect: str
    iteration: int
    tool: str
    args: Json
    effect_class: EffectClass = msgspec.field(name="class")
    purpose: CallPurpose
    state: EffectState
    intended_at: str = ""
    settled_at: str = ""
    duration_s: float | None = None
    tries: int = 0
    result_bytes: int = 0
    """Before it was cut."""
    value: Json = None
    left_running: bool = False
    error_class: str = ""
    error: str = ""
    reconciled_by: str = ""
    reconciled_at: str = ""
    note: str = ""
    extra_calls: int = 0
    """Calls that asked the world whether it had happened."""
    probe: AskedRow | None = None

    @property
    def simply_done(self) -> bool:
        """Whether it ended as calls should, with nobody asked about it."""
        return self.state is EffectState.DONE and not self.reconciled_by


class ContextRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A context call, and how it ended when it was made last; a `state` of `None` is never."""

    tool: str
    args: Json
    every: int | None
    """Iterations between two calls; `None` is once, at the start."""
    state: EffectState | None
    iteration: int | None = None
    value: Json = None
    error_class: str = ""
    error: str = ""


class ToolRow(Value, frozen=True, kw_only=True):
    """A tool as it was pinned, and how often it was called."""

    name: str
    effect: str
    destructive: bool
    pin: str
    calls: int


class PersonRow(Value, frozen=True, kw_only=True):
    """What a person did, or the engine that asked one."""

    at: str
    actor: str
    what: str
    """The event's name."""
    details: JsonObject
    """The event's fields."""


class TryState(StrEnum):
    """What became of one try of a question to a model."""

    OPEN = "open"
    USED = "used"
    REJECTED = "rejected"
    """An answer came that was not fit."""
    FAILED = "failed"
    """None came."""


class AdviceRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One try of a question to a model: sizes and names, never a text."""

    ask: str
    at: str
    purpose: str
    advisor: str
    iteration: int
    state: TryState
    failure: str = ""
    reason: str = ""
    """Which rule, at which field."""
    model: str = ""
    prompt_bytes: int = 0
    answer_bytes: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usage_source: str = ""
    cost_microusd: int | None = None
    price: str = ""
    duration_s: float = 0.0


class LeftOut(Value, frozen=True, kw_only=True):
    """How many rows the record has that the report has not."""

    iterations: int
    effects: int
    people: int
    advice: int
