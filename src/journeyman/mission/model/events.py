"""What happened: the only thing stores keep. Each event is one frozen value with JSON fields.

An event's fields are plain JSON, so encoding is a walk over the fields that differ from their defaults. Values over
`canonical.INLINE_BYTES` stand as `{"$blob": SHA-256, "bytes": n}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, TypeAlias, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

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


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """A person must say yes before the session goes on."""

    approval: str
    """`iteration-N` for calls, or the criterion's id."""
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
    effect_class: str
    probe: bool = False
    """Fetches fresh evidence for a criterion."""
    call: str = ""
    """Id of the call inside a script."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How an effect ended, with what it gave."""

    effect: str
    state: str
    """`done`, `failed` or `unknown`."""
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


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """It became known what an `unknown` or suspect effect did."""

    effect: str
    state: str
    """`done` or `failed`."""
    value: Json = None
    """What the call gave, where a probe knows it."""
    note: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptAdvanced:
    """A script ran to its next calls, its end or an error."""

    iteration: int
    status: str
    """`waiting`, `finished` or `failed`."""
    snapshot: JsonObject = field(default_factory=dict[str, Json])
    """Reference to the blob from which a waiting script goes on."""
    calls: list[JsonObject] = field(default_factory=_objects)
    """Pending calls as `{call, tool, args}`."""
    observations: JsonObject = field(default_factory=dict[str, Json])
    events: list[JsonObject] = field(default_factory=_objects)
    value: Json = None
    error_class: str = ""
    error: str = ""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Facts about artifacts, read on a pristine copy."""

    iteration: int
    facts: JsonObject
    """Criterion id to `{met, evidence}`; `met` is null when the check itself failed."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The criteria against the evidence."""

    iteration: int
    checkpoint: bool
    """Whether the cadence judges progress here."""
    results: list[JsonObject]
    awaiting: list[str] = field(default_factory=list[str])
    """Approvals that alone stand between here and completion."""
    until_met: bool | None = None
    """Whether the strategy's `until` is true; null when it has none."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The iteration's verdict."""

    iteration: int
    verdict: str
    reason: str
    mission: str
    """Digest of the mission it was decided under."""
    used: JsonObject = field(default_factory=dict[str, Json])
    """What was used of each budget, so that a replay can check it."""


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """The session waits for a time or a person."""

    reason: str
    """`sleep`, `budget` or `effect`; approvals have their own events."""
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

    reason: str
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

    verdict: str
    reason: str
    outcome: str


@_strict
@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """The state as it was right before, so that readers need not fold all events; changes nothing."""

    state: JsonObject
    """Reference to the blob of `record.snapshot`."""
    form: str
    """Names the fields of the state; readers with other fields pass over it."""


Event: TypeAlias = (
    SessionCreated | CatalogPinned | Claimed | Proposed | ApprovalAsked | ApprovalAnswered | Intended | Settled
    | Reconciled | ScriptAdvanced | Checked | Evaluated | Decided | WaitStarted | WaitEnded | Paused | Resumed
    | BudgetAmended | NoteAdded | EndAsked | AdviceAsked | AdviceSettled | AdviceRejected | ClosingNotes | Ended
    | SnapshotTaken
)  # fmt: skip

EVENT_TYPES: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        SessionCreated, CatalogPinned, Claimed, Proposed, ApprovalAsked, ApprovalAnswered, Intended, Settled,
        Reconciled, ScriptAdvanced, Checked, Evaluated, Decided, WaitStarted, WaitEnded, Paused, Resumed,
        BudgetAmended, NoteAdded, EndAsked, AdviceAsked, AdviceSettled, AdviceRejected, ClosingNotes, Ended,
        SnapshotTaken,
    )
}  # fmt: skip


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
            data[name] = value
    return data


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
