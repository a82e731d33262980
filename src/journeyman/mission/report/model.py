"""What a report says, as values; `to_json` writes it, `from_json` reads one back and refuses another form."""

from __future__ import annotations

from typing import Final

import msgspec

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.values.canonical import MAX_SAFE_INTEGER
from journeyman.mission.values.errors import CallerError
from journeyman.mission.values.value import Json, JsonObject, Value

VERSION: Final = 3


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


class JudgedRow(Value, frozen=True, kw_only=True):
    """How a criterion stood in one evaluation."""

    id: str
    status: CriterionStatus
    progress: float
    evidence: Json
    carried: bool


class StrategyShown(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What an iteration set out to do."""

    rationale: str
    calls: list[str] = msgspec.field(default_factory=list[str])
    parallel: bool = False
    script_lines: int | None = None


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
    evaluation: list[JudgedRow] = msgspec.field(default_factory=list[JudgedRow])
    checkpoint: bool = False
    verdict: str = ""
    reason: str = ""
    ended_at: str = ""


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
    effect_class: str = msgspec.field(name="class")
    purpose: str
    state: str
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
        return self.state == "done" and not self.reconciled_by


class ContextRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A context call, and how it ended when it was made last; a `state` of `None` is never."""

    tool: str
    args: Json
    every: int | None
    """Iterations between two calls; `None` is once, at the start."""
    state: str | None
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


class AdviceRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One try of a question to a model: sizes and names, never a text."""

    ask: str
    at: str
    purpose: str
    advisor: str
    iteration: int
    state: str
    """`open`, `used`, `rejected` (an answer came that was not fit) or `failed` (none came)."""
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


class Report(Value, frozen=True, kw_only=True):
    """Everything that was done, what it cost and how it ended. The same record gives the same report."""

    version: int
    session_id: str
    tenant: str
    name: str
    directive: str
    mission: JsonObject
    mission_digest: str
    parent: str | None
    criteria: list[CriterionRow]
    budget: Budgets
    used: Budgets
    tools: list[ToolRow]
    allowlist: list[str]
    cadence: JsonObject
    stagnation_threshold: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    """`None` while the session goes on."""
    iterations_run: int
    status: str
    verdict: str
    reason: str
    actor: str
    """Who decided last, or ended it."""
    outcome: str | None
    outcome_now: str
    """What the evidence says, whatever was claimed."""
    verified_by: str
    context: list[ContextRow]
    effects_by_state: dict[str, int]
    effects: list[EffectRow]
    iterations: list[IterationRow]
    series: dict[str, list[list[int | float]]]
    """Metric to its points: iteration and value."""
    budget_series: list[BudgetPoint]
    people: list[PersonRow]
    notes: list[str]
    lessons: list[str]
    recommended_followups: list[str]
    advice: list[AdviceRow]
    left_out: LeftOut
    events: int
    head_hash: str


def to_json(row: Value) -> JsonObject:
    """A report, or a row of one, as JSON; fields of a row that say nothing are left out."""
    return {name: _with_whole_numbers(value) for name, value in msgspec.to_builtins(row).items()}


def _with_whole_numbers(value: Json) -> Json:
    """Whole floats as integers: read back from JSON, a number may be either, and its bytes must be the same."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else value
    if isinstance(value, dict):
        return {name: _with_whole_numbers(item) for name, item in value.items()}
    return [_with_whole_numbers(item) for item in value] if isinstance(value, list) else value


def from_json(value: object) -> Report:
    """The report that was written as JSON; raise `CallerError` where it has another form."""
    try:
        found = msgspec.convert(value, Report)
    except (msgspec.ValidationError, ValueError) as error:
        hint = "give what `journeyman report --json` or `journeyman export` wrote"
        raise CallerError(f"this is not a report: {error}; {hint}", code="invalid_input") from None
    if found.version != VERSION:
        raise CallerError(
            f"this report has version {found.version}, not {VERSION}; write it again with `journeyman report`",
            code="invalid_input",
        )
    return found
