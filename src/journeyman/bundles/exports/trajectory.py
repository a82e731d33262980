"""What happened in a session, turn by turn, as every form tells it. Pure: events in, a value out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import (
    AdviceSettled,
    CatalogPinned,
    CriterionResult,
    Decided,
    Ended,
    Evaluated,
    EventRecord,
    Intended,
    Proposed,
    Reconciled,
    SessionCreated,
    Settled,
)
from journeyman.mission.values.canonical import REFERENCE, Json, JsonObject

PLAIN_SOURCES = ("plan", "planner")
"""Who proposes without asking a model."""


@dataclass(slots=True, kw_only=True)
class ToolUse:
    """A call and what it gave."""

    call_id: str
    tool: str
    arguments: JsonObject
    at: str
    state: str = ""
    """Empty where it never settled."""
    value: Json = None
    error: str = ""
    duration_s: float | None = None


@dataclass(slots=True, kw_only=True)
class IterationSteps:
    """One iteration: what was proposed, done, found and decided."""

    index: int
    at: str
    source: str
    """`plan`, `planner`, `advisor:NAME` or `person:NAME`."""
    strategy: JsonObject
    uses: list[ToolUse] = field(default_factory=list[ToolUse])
    results: list[CriterionResult] = field(default_factory=list[CriterionResult])
    verdict: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_microusd: int = 0
    model_calls: int = 0
    model: str = ""

    @property
    def rationale(self) -> str:
        """Why, in the words of whoever proposed it."""
        said = self.strategy.get("rationale") or self.strategy.get("title") or self.strategy.get("name")
        return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTrace:
    """What an agent did in one attempt, as its trace tells it."""

    name: str
    """Such as `01`."""
    steps: Sequence[JsonObject]


@dataclass(slots=True, kw_only=True)
class SessionTrajectory:
    """A session from its first event to its last."""

    session_id: str = ""
    mission: JsonObject = field(default_factory=dict[str, Json])
    tools: list[JsonObject] = field(default_factory=list[JsonObject])
    created_at: str = ""
    ended_at: str = ""
    verdict: str = ""
    outcome: str = ""
    """Empty while it goes on."""
    turns: list[IterationSteps] = field(default_factory=list[IterationSteps])
    attempts: Sequence[AttemptTrace] = ()

    @property
    def directive(self) -> str:
        """What was asked for."""
        return str(self.mission.get("directive", ""))

    @property
    def model(self) -> str:
        """The model that proposed last; empty where none did."""
        return next((turn.model for turn in reversed(self.turns) if turn.model), "")


def trajectory_of(
    events: Iterable[EventRecord], values: Mapping[str, Json], attempts: Sequence[AttemptTrace] = ()
) -> SessionTrajectory:
    """The trajectory of a session.

    Args:
        events: All of its events, in order.
        values: What the blobs hold that these refer to, by digest; a reference without one stays as it is.
        attempts: Traces of its attempts.
    """
    found = SessionTrajectory(attempts=attempts)
    uses: dict[str, ToolUse] = {}
    for happened in events:
        _take(found, uses, happened, values)
    return found


def references_in(value: Json) -> Iterable[str]:
    """The digests of the blobs that a value refers to."""
    if isinstance(value, dict):
        digest = value.get(REFERENCE)
        if isinstance(digest, str):
            yield digest
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)


def _take(
    found: SessionTrajectory, uses: dict[str, ToolUse], happened: EventRecord, values: Mapping[str, Json]
) -> None:
    match happened.event:
        case SessionCreated(session_id=session_id, mission=mission):
            found.session_id, found.created_at = session_id, happened.at
            found.mission = cast("JsonObject", _whole(mission, values))
        case CatalogPinned(tools=tools):
            told = _whole(cast("Json", tools), values)
            found.tools = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
        case Proposed(iteration=iteration, strategy=strategy, source=source):
            told = cast("JsonObject", _whole(strategy, values))
            found.turns.append(IterationSteps(index=iteration, at=happened.at, source=source, strategy=told))
        case Intended(effect=effect, tool=tool, args=args) if found.turns:
            told = _whole(args, values)
            arguments: JsonObject = told if isinstance(told, dict) else {"value": told}
            uses[effect] = ToolUse(call_id=effect, tool=tool, arguments=arguments, at=happened.at)
            found.turns[-1].uses.append(uses[effect])
        case Settled(effect=effect, state=state) as settled if effect in uses:
            use = uses[effect]
            use.state, use.value, use.error = state.value, _whole(settled.value, values), settled.error
            use.duration_s = settled.duration_s
        case Reconciled(effect=effect, state=EffectState() as state) as known if effect in uses:
            uses[effect].state, uses[effect].value = state.value, _whole(known.value, values)
        case Ended(verdict=verdict, reason=reason, outcome=outcome):
            found.verdict, found.outcome = f"{verdict.value}/{reason.value}", outcome.value
            found.ended_at = happened.at
        case _ if found.turns:
            _judge(found.turns[-1], happened)
        case _:
            pass


def _judge(turn: IterationSteps, happened: EventRecord) -> None:
    """Take in what becomes of a turn."""
    match happened.event:
        case Evaluated(results=results):
            turn.results = list(results)
        case Decided(verdict=verdict, reason=reason):
            turn.verdict = f"{verdict.value}/{reason.value}"
        case AdviceSettled() as advice:
            _count(turn, advice)
        case _:
            pass


def _count(turn: IterationSteps, advice: AdviceSettled) -> None:
    """A question to a model counts for the turn in which it was asked."""
    turn.model_calls += 1
    turn.model = advice.model or turn.model
    turn.input_tokens += advice.input_tokens
    turn.output_tokens += advice.output_tokens
    turn.cost_microusd += advice.cost_microusd or 0


def _whole(value: Json, values: Mapping[str, Json]) -> Json:
    """A value with what it refers to in place of the references."""
    if isinstance(value, dict):
        digest: Any = value.get(REFERENCE)
        if isinstance(digest, str):
            return values.get(digest, value)
        return {key: _whole(item, values) for key, item in value.items()}
    return [_whole(item, values) for item in value] if isinstance(value, list) else value
