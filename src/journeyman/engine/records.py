"""What is read of a session: its events, report, replay and prompt. Long records pass by; they are not held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import cast

from journeyman.engine.journal import summary_of
from journeyman.engine.recent_iterations import RecentIterations
from journeyman.engine.record_reading import (
    newest_iterations,
    read_pages,
    report_start_seq,
    session_not_found,
    state_of,
    with_tool_specs,
)
from journeyman.engine.runtime import PredicateEvaluator, expression_result
from journeyman.mission.advice import StrategyAdvice
from journeyman.mission.chain import Entry, Head, head_of, is_of_kind
from journeyman.mission.criteria.evidence import ExpressionResult
from journeyman.mission.fold.fold import fold_all
from journeyman.mission.model.events import CatalogPinned, EventRecord, Proposed, read
from journeyman.mission.model.state import State
from journeyman.mission.prompt import RECENT, Prompt, references, strategy_prompt
from journeyman.mission.record.replay import Replayer, ReplayResult
from journeyman.mission.report.build import ReportBuilder
from journeyman.mission.report.model import Report
from journeyman.mission.values.canonical import Json, JsonObject, parsed
from journeyman.stores.base import Store, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A session's events, read and decoded."""

    session_id: str
    events: tuple[EventRecord, ...]
    entries: tuple[Entry, ...]
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedEvent:
    """An event with its place."""

    seq: int
    iteration: int
    """The newest one proposed up to here."""
    happened: EventRecord


async def read_record(store: Store, session_id: str) -> Record:
    """A session's whole record, held in memory; raises `NotFound` when there is none."""
    entries = tuple([entry async for page in read_pages(store, session_id) for entry in page])
    decoded = tuple(read(entry) for entry in entries)
    return Record(session_id=session_id, events=decoded, entries=entries, head=head_of(entries[-1]))


async def numbered_events(store: Store, session_id: str, *, kind: str = "") -> AsyncIterator[NumberedEvent]:
    """All events in order, or those of one kind; others are passed over unread."""
    iteration = 0
    async for page in read_pages(store, session_id):
        for entry in page:
            is_proposed = is_of_kind(entry, Proposed.__name__)
            if is_proposed or not kind or is_of_kind(entry, kind):
                happened = read(entry)
                if isinstance(happened.event, Proposed):
                    iteration = happened.event.iteration
                if not kind or is_of_kind(entry, kind):
                    yield NumberedEvent(seq=entry.seq, iteration=iteration, happened=happened)


async def newest_events(
    store: Store, session_id: str, count: int, before_seq: int | None = None
) -> list[NumberedEvent]:
    """The newest events, oldest first; raises `NotFound` where there are none at all."""
    entries = await store.read(session_id, 0, count, before_seq=before_seq, newest=True)
    if not entries:
        if not await store.read(session_id, 0, 1):
            raise session_not_found(session_id)
        return []
    before = await newest_iterations(store, session_id, 1, Head(entries[0].seq - 1, b""))
    first = before[0].event if before else None
    iteration = first.iteration if isinstance(first, Proposed) else 0
    rows: list[NumberedEvent] = []
    for entry in entries:
        happened = read(entry)
        if isinstance(happened.event, Proposed):
            iteration = happened.event.iteration
        rows.append(NumberedEvent(seq=entry.seq, iteration=iteration, happened=happened))
    return rows


async def replay_of(store: Store, session_id: str, predicates: PredicateEvaluator) -> ReplayResult:
    """What replaying a session's record finds; raises `RecordBroken` where its chain or its end does not hold."""
    return (await replay_and_report(store, session_id, predicates))[0]


async def replay_and_report(
    store: Store, session_id: str, predicates: PredicateEvaluator
) -> tuple[ReplayResult, Report | None]:
    """What replaying finds, and the report that was derived in the same pass where nothing differs."""

    async def ask(expression: str, obs: JsonObject) -> ExpressionResult:
        result = await predicates.evaluate(expression, obs)
        return expression_result(result)

    async def read_blob(name: str) -> Json:
        return parsed(await store.blob(name))

    replaying, builder = Replayer(ask, read_blob), ReportBuilder()
    newest = await report_start_seq(store, session_id)
    head: Head | None = None
    async for page in read_pages(store, session_id):
        for entry in page:
            happened = read(entry)
            if isinstance(happened.event, CatalogPinned):
                happened = await with_tool_specs(store, happened)
            if not await replaying.take(happened):
                return replaying.result(), None
            builder.take_or_pass(happened, cast("State", replaying.state), newest=entry.seq >= newest)
            head = head_of(entry)
    return replaying.result(), builder.finish(cast("State", replaying.state), cast("Head", head))


def summarized(entries: Sequence[Entry]) -> Summary:
    """The list row of a record that is taken in from a file."""
    decoded = [read(entry) for entry in entries]
    state = cast("State", fold_all(None, decoded))
    return summary_of(state, decoded[-1].at)


async def prompt_of(store: Store, session_id: str) -> Prompt:
    """The prompt that a model would see next for a session."""
    state, recent = await state_of(store, session_id), RecentIterations()
    for happened in await newest_iterations(store, session_id, RECENT):
        recent.take(happened)
    values = {name: parsed(await store.blob(name)) for name in (*recent.references(), *references(state))}
    schema = cast("JsonObject", StrategyAdvice.model_json_schema())
    return strategy_prompt(state, recent.resolved(values), schema, values=values)
