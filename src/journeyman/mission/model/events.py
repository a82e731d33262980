"""What happened: the only thing stores keep. Each event is one frozen value with JSON fields.

An event's fields are plain JSON, so encoding is a walk over the fields that differ from their defaults. Values over
`canonical.INLINE_BYTES` stand as `{"$blob": SHA-256, "bytes": n}`. Decoding refuses what has other fields or types.
"""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import field

from journeyman.mission.chain import Entry, Envelope, open_entry
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import CallPurpose, EffectClass, EffectState
from journeyman.mission.model.reasons import Outcome, ScriptStatus, VerdictLabel, VerdictReason, WaitFor
from journeyman.mission.values.canonical import has_wide, parsed
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import Json, JsonObject, Value, defaults


def _objects() -> list[JsonObject]:
    return []


class FactEvent(Value, frozen=True, kw_only=True):
    """What happened in the world; every other event follows from the state, and is derived anew when that has moved."""


class PersonEvent(Value, frozen=True, kw_only=True):
    """What a person did, or was asked: it stands in reports and displays, and takes none of the mission's time."""

    verb: ClassVar[str]
    """What reports say that it was."""


class SessionCreated(FactEvent, frozen=True, kw_only=True):
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


class CatalogPinned(FactEvent, frozen=True, kw_only=True):
    """The allowed tools as they were when the session started."""

    tools: list[JsonObject] | JsonObject
    """Fields of `strategy.ToolSpec`, or a reference to a blob that holds them."""


class Claimed(FactEvent, frozen=True, kw_only=True):
    """A process took the lease; effects then in flight are suspect."""

    owner: str
    token: int


class Proposed(Value, frozen=True, kw_only=True):
    """What the iteration will do."""

    iteration: int
    strategy: JsonObject
    source: str
    """`plan`, `planner`, `advisor:NAME` or `person:NAME`."""
    step: str
    """Names the step for ever: with a call's place in it, it makes the idempotency key."""
    places: list[int] = field(default_factory=list[int])
    """Place in the step of each call; empty where they are all there, in order."""
    confidence: float | None = None
    """How sure an advisor says it is, 0 to 1; nothing is decided by it."""


class CheckAsked(FactEvent, frozen=True, kw_only=True):
    """Somebody wants to know how a mission of mode `check` stands: its next iteration judges files as they are now."""

    workspace: str
    """Digest of the files that are judged."""
    contract: str = ""
    """Digest of the document that says what is asked for: one contract may be checked by several missions."""
    asker: str = ""
    """Who asks: a coding agent's session, a person, a verifier."""
    touched: list[JsonObject] = field(default_factory=_objects)
    """Protected files that are not as they were, as `{path, how}`."""


class NothingLeft(Value, frozen=True, kw_only=True):
    """The planner found no call that could tell anything new: what stands for a proposal where there is none."""

    iteration: int
    tried: str
    """What was tried, and what could not be."""


class ApprovalAsked(PersonEvent, frozen=True, kw_only=True):
    """A person must say yes before the session goes on."""

    verb: ClassVar[str] = "asked for approval"
    approval: str
    """`iteration-N` for calls, `again-STEP` for a script that failed after it had changed things, or a criterion's id."""
    question: str
    by: str = ""
    """Who must answer; empty for anybody."""


class ApprovalAnswered(PersonEvent, frozen=True, kw_only=True):
    """The actor's answer."""

    verb: ClassVar[str] = "answered"
    approval: str
    granted: bool
    note: str = ""


class Intended(Value, frozen=True, kw_only=True):
    """An effect is about to happen; durable before it does."""

    effect: str
    iteration: int
    tool: str
    args: Json = field(default_factory=dict[str, Json])
    effect_class: EffectClass
    place: str
    """Step and place in it: the same for every try of this call, different for every other call."""
    turn: int = 0
    """Effects of one turn run at once, turns one after the other."""
    purpose: CallPurpose = CallPurpose.CALL
    call: str = ""
    """Id of the call inside a script."""


class ExtraCall(Value, frozen=True, kw_only=True):
    """An effect is about to cost one more call than the one that its intent counts; durable before that call leaves."""

    effect: str
    tool: str
    """What is called: the effect's own tool once more, or a probe that is asked about it."""


class Settled(FactEvent, frozen=True, kw_only=True):
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
    cut_bytes: int = 0
    """Size of a result of which `value` is a preview; 0 where all of it is kept."""
    seen: JsonObject = field(default_factory=dict[str, Json])
    """Names and values found in a value kept as a blob, for the planner."""
    left_running: bool = False
    """Something of it could not be stopped and runs on."""
    tokens: int = 0
    """That the call used, as an agent tells them."""
    cost_microusd: int = 0


class Unanswered(FactEvent, frozen=True, kw_only=True):
    """A probe could not tell whether an effect happened: why. It is asked again by each process that takes over."""

    effect: str
    tool: str
    """The probe; empty where there is none."""
    error_class: str
    error: str


class Reconciled(FactEvent, frozen=True, kw_only=True):
    """It became known what an `unknown` or suspect effect did."""

    effect: str
    state: EffectState
    """`done` or `failed`."""
    value: Json = None
    """What the call gave, where a probe knows it."""
    note: str = ""
    assumed: bool = False
    """The mission's policy says so; nobody has looked."""


class ScriptAdvanced(FactEvent, frozen=True, kw_only=True):
    """A script ran to its next calls, its end or an error."""

    iteration: int
    status: ScriptStatus
    snapshot: JsonObject = field(default_factory=dict[str, Json])
    """Reference to the blob from which a waiting script goes on."""
    calls: list[JsonObject] = field(default_factory=_objects)
    """Pending calls as `{call, tool, args}`."""
    observations: list[JsonObject] = field(default_factory=_objects)
    """What it reported since its last step, name to value, in order: a name that comes again begins another measurement."""
    events: list[JsonObject] = field(default_factory=_objects)
    value: Json = None
    error_class: str = ""
    error: str = ""


class CheckFact(Value, frozen=True, kw_only=True):
    """What one check of the engine found."""

    id: str
    """The criterion's."""
    met: bool | None
    """Null when the check itself failed."""
    evidence: Json = None
    inputs: str = ""
    """Digest of the files that it looked at, where that is known."""
    kept_from: str = ""
    """The session that found it, on the same files; empty where it was found for this judgement."""


class Checked(FactEvent, frozen=True, kw_only=True):
    """Checks that the engine made itself, on pristine copies."""

    iteration: int
    facts: list[CheckFact]


class CriterionResult(Value, frozen=True, kw_only=True):
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


def _results() -> list[CriterionResult]:
    return []


class Watched(Value, frozen=True, kw_only=True):
    """The abort conditions against what has just arrived, in the middle of an iteration."""

    iteration: int
    results: list[CriterionResult] = field(default_factory=_results)
    aborted: str = ""
    """The condition that was met."""


class Evaluated(Value, frozen=True, kw_only=True):
    """The criteria against the evidence."""

    iteration: int
    checkpoint: bool = True
    """Whether the cadence judges progress here."""
    results: list[CriterionResult]
    awaiting: list[str] = field(default_factory=list[str])
    """Approvals that alone stand between here and completion."""
    aborted: str = ""
    """The abort condition that was met, now or earlier."""
    until_met: bool | None = None
    """Whether the strategy's `until` is true; null when it has none."""
    objective: float | None = None
    """The fresh value of the metric that is minimized or maximized."""


class Decided(Value, frozen=True, kw_only=True):
    """The iteration's verdict."""

    iteration: int
    verdict: VerdictLabel
    reason: VerdictReason
    mission: str
    """Digest of the mission it was decided under."""
    used: JsonObject = field(default_factory=dict[str, Json])
    """What was used of each budget, so that a replay can check it."""
    closing: VerdictReason | None = None
    """Why the mission will end, once what it asks for at its end is done."""


class WaitStarted(Value, frozen=True, kw_only=True):
    """The session waits for a time or a person."""

    reason: WaitFor
    until_at: str = ""


class WaitEnded(FactEvent, frozen=True, kw_only=True):
    """What was waited for has come."""


class Paused(PersonEvent, frozen=True, kw_only=True):
    """The session stops at the next safe point."""

    verb: ClassVar[str] = "paused"
    note: str = ""


class Resumed(PersonEvent, frozen=True, kw_only=True):
    """The session may go on."""

    verb: ClassVar[str] = "resumed"


class BudgetAmended(PersonEvent, frozen=True, kw_only=True):
    """New ceilings; fields as in the mission's budget, only those that change."""

    verb: ClassVar[str] = "amended the budget"
    changes: JsonObject
    digest: str
    """SHA-256 of the mission with the new budget."""


class NoteAdded(PersonEvent, frozen=True, kw_only=True):
    """Words of a person, for reports and advisors."""

    verb: ClassVar[str] = "noted"
    text: str


class EndAsked(PersonEvent, frozen=True, kw_only=True):
    """A person ends the session: `aborted` cancels what runs, `forced` lets it settle."""

    verb: ClassVar[str] = "ended the session"
    reason: VerdictReason
    note: str = ""


class AdviceAsked(Value, frozen=True, kw_only=True):
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


class AdviceSettled(FactEvent, frozen=True, kw_only=True):
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


class AdviceRejected(Value, frozen=True, kw_only=True):
    """Advice was not used: why, and that the planner went on."""

    request: str
    purpose: str
    reason: str


class ClosingNotes(FactEvent, frozen=True, kw_only=True):
    """Validated advice laid over the report, field by field."""

    lessons: list[str] = field(default_factory=list[str])
    recommended_followups: list[str] = field(default_factory=list[str])


class Ended(Value, frozen=True, kw_only=True):
    """The session is over."""

    verdict: VerdictLabel
    reason: VerdictReason
    outcome: Outcome


class SnapshotTaken(Value, frozen=True, kw_only=True):
    """The state as it was right before, so that readers need not fold all events; changes nothing."""

    state: JsonObject
    """Reference to the blob of `record.snapshot`."""
    form: str
    """Names the fields of the state; readers with other fields pass over it."""


Event: TypeAlias = (
    SessionCreated | CatalogPinned | Claimed | Proposed | CheckAsked | ApprovalAsked | ApprovalAnswered | Intended | ExtraCall
    | NothingLeft | Settled | Unanswered | Reconciled | ScriptAdvanced | Checked | Watched | Evaluated | Decided | WaitStarted | WaitEnded | Paused | Resumed
    | BudgetAmended | NoteAdded | EndAsked | AdviceAsked | AdviceSettled | AdviceRejected | ClosingNotes | Ended
    | SnapshotTaken
)  # fmt: skip

EVENT_TYPES: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


class EventRecord(Value, frozen=True):
    """An event with its time and cause: what the fold takes."""

    at: str
    actor: str
    event: Event


def encode(event: Event) -> JsonObject:
    """An event's fields as JSON, defaults left out."""
    data: JsonObject = {}
    for name, default in defaults(type(event)):
        value = getattr(event, name)
        if value != default or type(value) is not type(default):
            if type(value) is float and value.is_integer():
                value = int(value)  # as RFC 8785 writes it
            data[name] = [_row(item) for item in cast("list[object]", value)] if name in _NESTED else value
    return data


_NESTED = frozenset({"results", "facts"})
"""Fields that hold lists of dataclasses."""


def encode_result(result: CriterionResult) -> JsonObject:
    """A criterion's result as JSON, defaults left out."""
    return encode(cast("Event", result))


def _row(item: object) -> Json:
    return encode(cast("Event", item)) if isinstance(item, (CriterionResult, CheckFact)) else cast("Json", item)


PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`\Z")
"""Where in the event the fault is; what stands before it may hold what the event holds, which is for nobody's eyes."""


@cache
def _decoder(kind: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(kind)


def read(entry: Entry) -> EventRecord:
    """The event of a stored entry; raises `RecordBroken` when it is of no known kind or form."""
    return decode(open_entry(entry))


def decode(envelope: Envelope) -> EventRecord:
    """The event of an opened entry; raises `RecordBroken` when it is of no known kind or form."""
    kind = EVENT_TYPES.get(envelope.kind)
    if kind is None:
        raise RecordBroken(f"event {envelope.seq} is of the unknown kind {envelope.kind!r}")
    data = envelope.raw
    try:
        event = msgspec.convert(parsed(data), kind) if has_wide(data) else _decoder(kind).decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        place = PLACE.search(str(error))
        where = f" at {place[1]}" if place is not None and place[1] else ""
        raise RecordBroken(f"event {envelope.seq} ({envelope.kind}) is malformed{where}") from None
    return EventRecord(envelope.at, envelope.actor, event)
