"""What people may do to a session, from any process: each is one event in the record, with who did it."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.engine.clock import Clock
from journeyman.engine.journal import Journal
from journeyman.engine.process_identity import is_gone
from journeyman.mission.criteria.base import walk
from journeyman.mission.files.mission_file import with_ceilings
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, EffectState
from journeyman.mission.model.mission import mission_digest
from journeyman.mission.model.reasons import Phase, VerdictReason
from journeyman.mission.model.state import Effect, State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.stores.base import Store

_TRIES = 500
"""An append beside a running driver may lose the race this often; each try reads only what is new."""


async def _add(store: Store, clock: Clock, session_id: str, who: str, make: Callable[[State], e.Event]) -> State:
    journal = Journal(store, clock, session_id)
    await journal.load()
    for _ in range(_TRIES):
        state = journal.state
        if state.phase is Phase.ENDED:
            raise NotAllowed(
                f"session {session_id} has ended ({state.reason}); `journeyman fork {session_id}` goes on from it"
            )
        journal.record(make(state), actor=f"person:{who}")
        if await journal.commit():
            return journal.state
        journal.discard_pending()  # the driver was quicker: decide again on what it wrote, which has been read already
    raise NotAllowed(
        f"session {session_id} grows too fast to add to it; try again"
    )  # pragma: no cover  # lost every race


async def pause(store: Store, clock: Clock, session_id: str, who: str, note: str = "") -> State:
    """Stop the session at its next safe point; give its state."""

    def make(state: State) -> e.Event:
        if state.people.paused:
            raise NotAllowed(f"session {session_id} is paused already; `journeyman resume {session_id}` goes on")
        return e.Paused(note=note)

    return await _add(store, clock, session_id, who, make)


async def resume(store: Store, clock: Clock, session_id: str, who: str) -> State:
    """Let a paused session go on; give its state. A session that is not paused is left as it is."""
    journal = Journal(store, clock, session_id)
    state = await journal.load()
    if state.phase is Phase.ENDED or not state.people.paused:
        return state
    return await _add(store, clock, session_id, who, lambda _: e.Resumed())


async def end(store: Store, clock: Clock, session_id: str, who: str, *, abort: bool, note: str = "") -> State:
    """End the session: an abort cancels running calls, a forced end lets them settle. The driver writes the ending."""
    return await _add(
        store,
        clock,
        session_id,
        who,
        lambda _: e.EndAsked(reason=VerdictReason.ABORTED if abort else VerdictReason.FORCED, note=note),
    )


async def answer(
    store: Store, clock: Clock, session_id: str, who: str, *, granted: bool, approval: str = "", note: str = ""
) -> State:
    """Answer the session's open question, or the approval criterion `approval` ahead of time."""

    def make(state: State) -> e.Event:
        pending = state.people.pending
        name = approval or (pending.approval if pending is not None else "")
        if not name:
            raise NotAllowed(
                f"session {session_id} asks nothing now; name an approval criterion to answer it ahead of time"
            )
        wanted = pending.by if pending is not None and pending.approval == name else _named(state, name)
        if wanted and wanted != who:
            raise NotAllowed(
                f"{name!r} must be answered by {wanted!r}, not by {who!r}; give --as {wanted} if that is you"
            )
        if name in state.people.answers:
            raise NotAllowed(f"{name!r} was answered already by {state.people.answers[name][1]}")
        return e.ApprovalAnswered(approval=name, granted=granted, note=note)

    return await _add(store, clock, session_id, who, make)


def _named(state: State, name: str) -> str:
    for criterion in walk(state.mission.criteria):
        asked = criterion.asks_person()
        if criterion.id == name and asked is not None:
            return asked.by
    raise NotFound(f"session {state.session_id} has no open question and no approval criterion {name!r}")


async def note(store: Store, clock: Clock, session_id: str, who: str, text: str) -> State:
    """Add words of a person to the record; reports and advisors see them."""
    if not text.strip():
        raise NotAllowed("the note is empty; write something")
    return await _add(store, clock, session_id, who, lambda _: e.NoteAdded(text=text.strip()[:4000]))


async def note_once(store: Store, clock: Clock, session_id: str, who: str, text: str) -> State:
    """The same, unless it is the last word that the session has: what repeats itself fills no record."""
    state = await Journal(store, clock, session_id).load()
    return state if state.people.notes[-1:] == (text,) else await note(store, clock, session_id, who, text)


async def amend(store: Store, clock: Clock, session_id: str, who: str, changes: JsonObject) -> State:
    """Change budget ceilings of a session that goes on; the mission's digest changes with them."""

    def make(state: State) -> e.Event:
        if not changes:
            raise NotAllowed("nothing to amend; give at least one ceiling, such as iterations=40")
        amended = with_ceilings(state.mission, changes, "amended mission")
        return e.BudgetAmended(changes=changes, digest=mission_digest(amended))

    return await _add(store, clock, session_id, who, make)


def unsettled(state: State) -> tuple[Effect, ...]:
    """The effects of which a person may say whether they happened.

    These are the unknown ones and, while nobody drives the session, those under way that must not be sent again.
    """
    open_ones = (effect for effect in state.in_flight if not EFFECT_RULES[effect.effect_class].repeatable)
    return (*state.unknown, *open_ones)


async def resolve(
    store: Store, clock: Clock, session_id: str, who: str, effect: str, *, done: bool, text: str = ""
) -> State:
    """Say whether an effect happened of which nobody knows.

    An effect that was under way when its process was killed can be told of at once. Raises `LeaseHeld` while a process
    drives the session: it may still find out by itself.
    """

    def make(state: State) -> e.Event:
        if effect not in {item.intended.effect for item in unsettled(state)}:
            names = ", ".join(item.intended.effect for item in unsettled(state)) or "none"
            raise NotFound(f"session {session_id} has no unknown effect {effect!r}; unknown now: {names}")
        how = EffectState.DONE if done else EffectState.FAILED
        return e.Reconciled(effect=effect, state=how, note=text or f"told by {who}")

    journal = Journal(store, clock, session_id)
    state = await journal.load()
    if effect not in {item.intended.effect for item in state.in_flight} or is_gone(state.owner):
        return await _add(store, clock, session_id, who, make)  # nobody is left who could find out
    journal.lease = await store.claim(session_id, f"person:{who}", 10.0)
    try:
        journal.record(e.Claimed(owner=f"person:{who}", token=journal.lease.token), actor=f"person:{who}")
        journal.record(make(journal.state), actor=f"person:{who}")
        while not await journal.commit():
            journal.record(make(journal.state), actor=f"person:{who}")
        return journal.state
    finally:
        await store.release(journal.lease)
