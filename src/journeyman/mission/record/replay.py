"""replay(record): derive every evaluation, verdict, budget and ending again, with no clock, tool or model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from journeyman.mission.criteria.evidence import Call
from journeyman.mission.fold.fold import fold, with_tools
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose
from journeyman.mission.model.events import Event, EventRecord, encode
from journeyman.mission.model.mission import dump, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.record.snapshot import form, snapshot_event
from journeyman.mission.rules import commands as c
from journeyman.mission.rules import derived_events
from journeyman.mission.rules.calls import context_calls, effect_class, intended
from journeyman.mission.rules.evaluate import evaluated, watched
from journeyman.mission.rules.expression_answers import Ask, judge_with_answers
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.canonical import Json, canonical
from journeyman.mission.values.value import replace

ReadBlob: TypeAlias = Callable[[str], Awaitable[Json]]
"""Gives the JSON value of a blob."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first event that does not follow from those before it."""

    seq: int
    kind: str
    recorded: str
    derived: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay found."""

    events: int
    derived: int
    """Events that were derived again and compared: intents, evaluations, verdicts with what was used, endings.

    Proposals are not: a better planner, like another advisor, may propose something else; the verdicts stay.
    """
    difference: Difference | None
    state: State | None


class Replayer:
    """Derives one event after the other again, in flat memory."""

    def __init__(self, ask: Ask, read_blob: ReadBlob, *, state: State | None = None, before: int = 0) -> None:
        """Begin behind the first `before` events, after which the state is `state`."""
        self._ask = ask
        self._read_blob = read_blob
        self.state = state
        self._before = before
        self.events = 0
        self.derived = 0
        self.difference: Difference | None = None
        """Of the first event that does not follow; nothing is to be taken after it."""

    async def take(self, happened: EventRecord) -> bool:
        """Take the next event in; tell whether it follows from those before it."""
        self.events += 1
        event = happened.event
        if self.state is not None and isinstance(event, (e.Evaluated, e.Watched)):
            expected = await _judged(self.state, event, happened.at, self._ask, self._read_blob)
        else:
            expected = _expected(self.state, happened)
        if expected is not None:
            self.derived += 1
            if expected != event and canonical(encode(expected)) != canonical(encode(event)):
                self.difference = _difference(self._before + self.events, event, expected)
                return False
        state = fold(self.state, happened)
        if state.tools_ref:
            rows = await self._read_blob(state.tools_ref)
            state = with_tools(state, [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [])
        self.state = state
        return True

    def result(self) -> ReplayResult:
        """What was found up to here."""
        return ReplayResult(events=self.events, derived=self.derived, difference=self.difference, state=self.state)


async def replay(events: Iterable[EventRecord], ask: Ask, read_blob: ReadBlob) -> ReplayResult:
    """What replaying a record finds; stops at the first difference."""
    replaying = Replayer(ask, read_blob)
    for happened in events:
        if not await replaying.take(happened):
            break
    return replaying.result()


def _difference(seq: int, recorded: Event, derived: Event) -> Difference:
    one, other = canonical(encode(recorded)).decode(), canonical(encode(derived)).decode()
    start = next(
        (index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )
    begin = max(0, start - 40)
    return Difference(
        seq=seq, kind=type(recorded).__name__, recorded=one[begin : start + 120], derived=other[begin : start + 120]
    )


def _expected(state: State | None, happened: EventRecord) -> Event | None:
    """What the rules say must stand here, judgements aside; `None` for what only the world or a person knows."""
    event = happened.event
    if state is None:
        return _created(event)
    match event:
        case e.Decided():
            command = next_command(state)
            return (
                derived_events.decided(state, command.verdict)
                if isinstance(command, c.Decide)
                else _out_of_place(command)
            )
        case e.Ended():
            command = next_command(state)
            return (
                e.Ended(verdict=command.verdict, reason=command.reason, outcome=command.outcome)
                if isinstance(command, c.End)
                else _out_of_place(command)
            )
        case e.BudgetAmended():
            after = fold(state, happened)
            return e.BudgetAmended(changes=event.changes, digest=mission_digest(after.mission))
        case e.SnapshotTaken() if event.form == form():
            return snapshot_event(state)
        case e.Intended(purpose=CallPurpose.CONTEXT):
            return _looked_for(state, event)
        case e.Intended():
            return replace(event, effect_class=effect_class(state, event.tool, event.purpose))
        case _:
            return None


def _looked_for(state: State, event: e.Intended) -> Event:
    """The next context call that is due; long arguments stand as a reference in the record."""
    due = context_calls(state)
    if not due:
        return _out_of_place(next_command(state))
    derived = intended(state, c.Intend(due))[0]
    same = Call.of(derived.tool, derived.args) == Call.of(event.tool, event.args)
    return replace(derived, args=event.args) if same else derived


def _created(event: Event) -> Event:
    if not isinstance(event, e.SessionCreated):
        return _out_of_place(c.Nothing("no session yet"))
    state = fold(None, EventRecord("2000-01-01T00:00:00Z", "replay", event))
    return e.SessionCreated(
        tenant=event.tenant,
        session_id=event.session_id,
        mission=dump(state.mission),
        digest=mission_digest(state.mission),
        parent=event.parent,
        origin=event.origin,
    )


def _out_of_place(command: c.Command) -> Event:
    return e.NoteAdded(text=f"nothing of this kind: the next step was {type(command).__name__}")


async def _judged(
    state: State, event: e.Evaluated | e.Watched, at: str, ask: Ask, read_blob: ReadBlob
) -> e.Evaluated | e.Watched:
    values = (
        {name: await read_blob(name) for name in derived_events.blobs_of(state)}
        if derived_events.wants_values(state)
        else {}
    )
    if isinstance(event, e.Watched):
        return await judge_with_answers(lambda run: watched(state, run, values), ask)
    return await judge_with_answers(lambda run: evaluated(state, at, run, values), ask)
