"""Reads whole records: events, report, replay, state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from journeyman.engine.journal import summary_of
from journeyman.engine.recent import Recent
from journeyman.engine.world import Evaluates
from journeyman.mission.advice import StrategyAdvice
from journeyman.mission.criteria.evidence import Answered
from journeyman.mission.fold.fold import fold, fold_all, with_tools
from journeyman.mission.model.events import CatalogPinned, Happened, decode
from journeyman.mission.model.state import State
from journeyman.mission.prompt import Prompt, strategy_prompt
from journeyman.mission.record.chain import Entry, Head, head_of, opened
from journeyman.mission.record.replay import Replayed, replay
from journeyman.mission.report.build import build_report
from journeyman.mission.values.canonical import Json, JsonObject, parsed
from journeyman.mission.values.errors import NotFound
from journeyman.stores.base import Store, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A session's events, read and decoded."""

    session_id: str
    events: tuple[Happened, ...]
    entries: tuple[Entry, ...]
    head: Head


async def read_record(store: Store, session_id: str) -> Record:
    """Give a session's whole record; raise `NotFound` when there is none."""
    entries = tuple(await store.read(session_id))
    if not entries:
        raise NotFound(f"no session {session_id!r}; `journeyman list` shows the sessions there are")
    events = tuple(decode(opened(entry)) for entry in entries)
    return Record(session_id=session_id, events=events, entries=entries, head=head_of(entries[-1]))


async def report_of(store: Store, session_id: str) -> JsonObject:
    """Give the report of a session as it stands."""
    record = await read_record(store, session_id)
    return build_report(await with_definitions(store, record.events), record.head)


async def with_definitions(store: Store, events: Sequence[Happened]) -> Sequence[Happened]:
    """Give the events with tool definitions that are kept as a blob put in place."""
    placed: list[Happened] = []
    for happened in events:
        event = happened.event
        if isinstance(event, CatalogPinned) and isinstance(event.tools, dict):
            rows = cast("list[JsonObject]", parsed(await store.blob(str(event.tools["$blob"]))))
            placed.append(Happened(happened.at, happened.actor, CatalogPinned(tools=rows)))
        else:
            placed.append(happened)
    return placed


async def state_of(store: Store, session_id: str) -> State:
    """Give the state of a session."""
    record = await read_record(store, session_id)
    state = cast("State", fold_all(None, record.events))
    if state.tools_ref:
        state = with_tools(state, cast("list[JsonObject]", parsed(await store.blob(state.tools_ref))))
    return state


async def replay_of(store: Store, session_id: str, predicates: Evaluates) -> Replayed:
    """Give what replaying a session's record finds."""

    async def ask(expression: str, obs: JsonObject) -> Answered:
        result = await predicates.evaluate(expression, obs)
        return Answered(result.value, None if result.error_class is None else f"{result.error_class}: {result.error}")

    async def read_blob(name: str) -> Json:
        return parsed(await store.blob(name))

    record = await read_record(store, session_id)
    return await replay(record.events, ask, read_blob)


def summarized(entries: Sequence[Entry]) -> Summary:
    """Give the list row of a record that is taken in from a file."""
    events = [decode(opened(entry)) for entry in entries]
    state = cast("State", fold_all(None, events))
    return summary_of(state, events[-1].at)


async def prompt_of(store: Store, session_id: str) -> Prompt:
    """Give the prompt that a model would see next for a session."""
    record = await read_record(store, session_id)
    recent, state = Recent(), None
    for happened in await with_definitions(store, record.events):
        state = fold(state, happened)
        recent.take(happened, state)
    values = {name: parsed(await store.blob(name)) for name in recent.references()}
    schema = cast("JsonObject", StrategyAdvice.model_json_schema())
    return strategy_prompt(cast("State", state), recent.resolved(values), schema)
