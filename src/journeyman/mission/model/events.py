"""What happened: the only thing stores keep. Each event is one frozen value with JSON fields.

An event's fields are plain JSON, so encoding is a walk over the fields that differ from their defaults. Values over
`canonical.INLINE_BYTES` stand as `{"$blob": SHA-256, "bytes": n}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, TypeAlias, cast, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import EffectClass, EffectState, Purpose
from journeyman.mission.model.reasons import Label, Outcome, Reason, ScriptStatus, WaitFor
from journeyman.mission.record.chain import Envelope
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import RecordBroken

_strict = with_config(ConfigDict(extra="forbid"))


def _objects() -> list[JsonObject]:
    return []


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated:
    """A mission was accepted."""

    tenant: str
    session_id: str
    mission: JsonObject
    digest: str
    """SHA-256 of the mission."""
    parent: str = ""
    """`session@iteration` that this session was forked from."""
    origin: str = ""
    """Folder of the mission file: functions, servers and artifacts are found from it."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPinned:
    """The allowed tools as they were when the session started."""

    tools: list[JsonObject] | JsonObject
    """Fields of `strategy.ToolSpec`, or a reference to a blob that holds them."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A process took the lease; effects then in flight are suspect."""

    owner: str
    token: int


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What the iteration will do."""

    iteration: int
    strategy: JsonObject
    source: str
    """`plan`, `planner`, `advisor:NAME` or `person:NAME`."""
    step: str
    """Names the step for ever: with a call's place in it, it makes the idempotency key."""
    places: list[int] = field(default_factory=list[int])
    """Place in the step of each call; empty where they are all there, in order."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """A person must say yes before the session goes on."""

    approval: str
    """`iteration-N` for calls, `again-STEP` for a script that failed after it had changed things, or a criterion's id."""
    question: str
    by: str = ""
    """Who must answer; empty for anybody."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAnswered:
    """The actor's answer."""

    approval: str
    granted: bool
    note: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """An effect is about to happen; durable before it does."""

    effect: str
    iteration: int
    tool: str
    args: Json
    effect_class: EffectClass
    place: str
    """Step and place in it: the same for every try of this call, different for every other call."""
    turn: int
    """Effects of one turn run at once, turns one after the other."""
    purpose: Purpose = Purpose.CALL
    call: str = ""
    """Id of the call inside a script."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraCall:
    """An effect is about to cost one more call than the one that its intent counts; durable before that call leaves."""

    effect: str
    tool: str
    """What is called: the effect's own tool once more, or a probe that is asked about it."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How an effect ended, with what it gave."""

    effect: str
    state: EffectState
    value: Json = None
    metrics: JsonObject = field(default_factory=dict[str, Json])
    events: list[JsonObject] = field(default_factory=_objects)
    error_class: str = ""
    error: str = ""
    tries: int = 1
    duration_s: float = 0.0
    result_bytes: int = 0
    seen: JsonObject = field(default_factory=dict[str, Json])
    """Names and values found in a value kept as a blob, for the planner."""
    asked: int = 0
    """Calls that were made to find out whether it happened; only in records from before there was `ExtraCall`."""
    left_running: bool = False
    """Something of it could not be stopped and runs on."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """It became known what an `unknown` or suspect effect did."""

    effect: str
    state: EffectState
    """`done` or `failed`."""
    value: Json = None
    """What the call gave, where a probe knows it."""
    note: str = ""
    asked: int = 0
    """Calls that were made to find out; only in records from before there was `ExtraCall`."""
    assumed: bool = False
    """The mission's policy says so; nobody has looked."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptAdvanced:
    """A script ran to its next calls, its end or an error."""

    iteration: int
    status: ScriptStatus
    snapshot: JsonObject = field(default_factory=dict[str, Json])
    """Reference to the blob from which a waiting script goes on."""
    calls: list[JsonObject] = field(default_factory=_objects)
    """Pending calls as `{call, tool, args}`."""
    observations: JsonObject = field(default_factory=dict[str, Json])
    """What it reported since its last step; the newest value of each name."""
    observed: int = 0
    """How many reports these were."""
    events: list[JsonObject] = field(default_factory=_objects)
    value: Json = None
    error_class: str = ""
    error: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFact:
    """What one check of the engine found."""

    id: str
    """The criterion's."""
    met: bool | None
    """Null when the check itself failed."""
    evidence: Json = None


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Checks that the engine made itself, on pristine copies."""

    iteration: int
    facts: list[CheckFact]


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """How one criterion stands."""

    id: str
    status: CriterionStatus
    """After holding: what is met, but not yet held long enough, is unmet."""
    progress: float
    evidence: Json = None
    carried: bool = False
    """The last judgement, since its probes were not due; counts for progress only."""
    held: int = 0
    """Measurements in a row in which it was met."""
    measured: int = 0
    """Order of the newest measurement that it was judged by."""
    counted: int = 0
    """Order of the newest measurement that counted for holding."""
    counted_at: str = ""
    """When that was made."""
    arguments: str = ""
    """Digest of its calls: held measurements are of equal ones."""
    first: float | None = None
    """First number seen, where progress is measured from one."""
    point: float | None = None
    """New point of a trend."""


def _results() -> list[CriterionResult]:
    return []


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The abort conditions against what has just arrived, in the middle of an iteration."""

    iteration: int
    results: list[CriterionResult] = field(default_factory=_results)
    aborted: str = ""
    """The condition that was met."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The criteria against the evidence."""

    iteration: int
    checkpoint: bool
    """Whether the cadence judges progress here."""
    results: list[CriterionResult]
    awaiting: list[str] = field(default_factory=list[str])
    """Approvals that alone stand between here and completion."""
    aborted: str = ""
    """The abort condition that was met, now or earlier."""
    until_met: bool | None = None
    """Whether the strategy's `until` is true; null when it has none."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The iteration's verdict."""

    iteration: int
    verdict: Label
    reason: Reason
    mission: str
    """Digest of the mission it was decided under."""
    used: JsonObject = field(default_factory=dict[str, Json])
    """What was used of each budget, so that a replay can check it."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """The session waits for a time or a person."""

    reason: WaitFor
    until_at: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded:
    """What was waited for has come."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The session stops at the next safe point."""

    note: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The session may go on."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAmended:
    """New ceilings; fields as in the mission's budget, only those that change."""

    changes: JsonObject
    digest: str
    """SHA-256 of the mission with the new budget."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Words of a person, for reports and advisors."""

    text: str


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class EndAsked:
    """A person ends the session: `aborted` cancels what runs, `forced` lets it settle."""

    reason: Reason
    note: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceAsked:
    """A prompt is about to leave; durable before it does. Holds sizes and names, never a text."""

    ask: str
    """Names this try: `REQUEST#TRY`."""
    request: str
    purpose: str
    advisor: str
    iteration: int
    prompt_bytes: int
    """Rounded up to a power of two: the exact length of a short prompt would tell much of it."""
    prompt_key: str
    """Keyed hash of the prompt: equal prompts can be told, their text cannot be guessed."""
    reserved_tokens: int = 0
    reserved_microusd: int = 0


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceSettled:
    """How a try ended; the other half of the pair."""

    ask: str
    failure: str = ""
    """Class of the failure; empty when there is an answer."""
    reason: str = ""
    model: str = ""
    answer_bytes: int = 0
    """Rounded up to a power of two."""
    input_tokens: int = 0
    output_tokens: int = 0
    usage_source: str = "estimated"
    cost_microusd: int | None = None
    """Null when the price is unknown."""
    price: str = ""
    """Which price entry the cost comes from: `settings`, `free`, `advisor`, or `LIST@VERSION:PROVIDER/MODEL`."""
    duration_s: float = 0.0


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceRejected:
    """Advice was not used: why, and that the planner went on."""

    request: str
    purpose: str
    reason: str


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingNotes:
    """Validated advice laid over the report, field by field."""

    lessons: list[str] = field(default_factory=list[str])
    recommended_followups: list[str] = field(default_factory=list[str])


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The session is over."""

    verdict: Label
    reason: Reason
    outcome: Outcome


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """The state as it was right before, so that readers need not fold all events; changes nothing."""

    state: JsonObject
    """Reference to the blob of `record.snapshot`."""
    form: str
    """Names the fields of the state; readers with other fields pass over it."""


Event: TypeAlias = (
    SessionCreated | CatalogPinned | Claimed | Proposed | ApprovalAsked | ApprovalAnswered | Intended | ExtraCall
    | Settled | Reconciled | ScriptAdvanced | Checked | Watched | Evaluated | Decided | WaitStarted | WaitEnded | Paused | Resumed
    | BudgetAmended | NoteAdded | EndAsked | AdviceAsked | AdviceSettled | AdviceRejected | ClosingNotes | Ended
    | SnapshotTaken
)  # fmt: skip

EVENT_TYPES: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True, slots=True)
class Happened:
    """An event with its time and cause: what the fold takes."""

    at: str
    actor: str
    event: Event


@cache
def _defaults(kind: type[Event]) -> tuple[tuple[str, object], ...]:
    found: list[tuple[str, object]] = []
    for item in fields(kind):
        default = item.default if item.default_factory is MISSING else item.default_factory()
        found.append((item.name, default))
    return tuple(found)


@cache
def _validate(kind: type[Event]) -> Callable[[object], Any]:
    return TypeAdapter(kind).validator.validate_python


def encode(event: Event) -> JsonObject:
    """Give an event's fields as JSON, defaults left out."""
    data: JsonObject = {}
    for name, default in _defaults(type(event)):
        value = getattr(event, name)
        if value != default or type(value) is not type(default):
            if type(value) is float and value.is_integer():
                value = int(value)  # as RFC 8785 writes it
            data[name] = [_row(item) for item in cast("list[object]", value)] if name in _NESTED else value
    return data


_NESTED = frozenset({"results", "facts"})
"""Fields that hold lists of dataclasses."""


def encode_result(result: CriterionResult) -> JsonObject:
    """Give a criterion's result as JSON, defaults left out."""
    return encode(cast("Event", result))


def _row(item: object) -> Json:
    return encode(cast("Event", item)) if isinstance(item, (CriterionResult, CheckFact)) else cast("Json", item)


def decode(envelope: Envelope) -> Happened:
    """Give the event of a stored envelope; raise `RecordBroken` when it is of no known kind or form."""
    kind = EVENT_TYPES.get(envelope.kind)
    if kind is None:
        raise RecordBroken(f"event {envelope.seq} is of the unknown kind {envelope.kind!r}")
    try:
        event = cast("Event", _validate(kind)(envelope.data))
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise RecordBroken(f"event {envelope.seq} ({envelope.kind}) is malformed at {places}") from None
    return Happened(envelope.at, envelope.actor, event)
