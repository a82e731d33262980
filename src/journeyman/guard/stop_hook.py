"""A host's agent wants to stop: check its folder, or say why that is not judged, and keep what was said."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from journeyman.agents.base import Defer, Host, StopAnswer, StopRequest
from journeyman.engine import control
from journeyman.engine.clock import Clock
from journeyman.engine.engine import Engine
from journeyman.guard.checking import (
    CheckOrder,
    OnceFree,
    begin_session,
    check_folder,
    look_at,
    open_session,
    read_json,
    write_json,
)
from journeyman.guard.contract import difference, pinned_contract, stored_contract
from journeyman.guard.contract_lookup import GuardPlace
from journeyman.guard.stop_answer import LoopState, answer_of, answer_to_error, answer_while_running
from journeyman.mission.model.reasons import VerdictReason
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import JourneymanError
from journeyman.stores.base import Store

WHO: Final = "guard"
"""Under this name the record has what the guard itself notes."""
_UNCONFIRMED: Final = "journeyman guard: {file} was never confirmed by a person, so nothing is checked; look at it, then: journeyman guard pin"


def calls_file(place: GuardPlace, host: Host) -> Path:
    """A byte for each time that this host called a hook in this folder."""
    return Path(place.own) / "calls" / host.name


@dataclass(frozen=True, slots=True, kw_only=True)
class StopHook:
    """One stop of one agent."""

    host: Host
    request: StopRequest
    place: GuardPlace

    @property
    def asker(self) -> str:
        """Names the agent's session in records."""
        part = f"/{self.request.subagent}" if self.request.subagent else ""
        return f"{self.whole}{part}"

    @property
    def whole(self) -> str:
        """Names the session of the agent that a subagent is of."""
        return f"{self.host.name}:{self.request.session or '?'}"

    @property
    def loop_file(self) -> Path:
        """Where is kept what was said to this agent."""
        return Path(self.place.own) / "loops" / f"{digest(self.asker.encode())[:32]}.json"

    def loop(self) -> LoopState:
        """What was said to it so far."""
        return LoopState.of_json(read_json(self.loop_file))

    def keep(self, loop: LoopState) -> None:
        """Remember what was said."""
        write_json(self.loop_file, loop.to_json())

    def note_call(self) -> None:
        """Leave that this host called, whatever becomes of it: who waits for it hears its silence by that."""
        file = calls_file(self.place, self.host)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("ab") as calls:
            calls.write(b".")

    @property
    def late_file(self) -> Path:
        """Where an answer waits that was found after its hook had to leave."""
        return self.loop_file.with_suffix(".late")

    def keep_late(self, answer: StopAnswer, workspace: str) -> None:
        """Keep an answer for the next stop."""
        told = {"block": answer.block, "reason": answer.reason, "message": answer.message}
        write_json(self.late_file, {"workspace": workspace, "answer": told})

    def take_late(self, order: CheckOrder) -> StopAnswer | None:
        """The answer that waits, where the files are those that it was found on."""
        if not self.late_file.exists():
            return None
        found = read_json(self.late_file)
        self.late_file.unlink(missing_ok=True)
        answer = found.get("answer")
        if not isinstance(answer, dict) or found.get("workspace") != look_at(order).digest:
            return None
        row = cast("dict[str, object]", answer)
        return StopAnswer(
            block=row.get("block") is True, reason=str(row.get("reason")), message=str(row.get("message"))
        )

    def still_running(self) -> StopAnswer:
        """The answer while the check of an earlier stop goes on."""
        contract = pinned_contract(self.place)
        answer, loop = answer_while_running(self.loop(), contract.guard.max_blocks if contract is not None else 1)
        self.keep(loop)
        return answer

    def failed(self, error: Exception) -> StopAnswer:
        """The answer where the guard failed; where nothing can be kept, the host's own word bounds the blocks."""
        code = error.code if isinstance(error, JourneymanError) else "bug"
        words = str(error) if isinstance(error, JourneymanError) else f"{type(error).__name__}: {error}"
        answer, loop = answer_to_error(code, words, self.loop())
        try:
            self.keep(loop)
        except OSError:
            held = self.request.tells_continued and not self.request.continued
            released = f"journeyman guard: RELEASED, outcome unknown, and nothing can be written: {words}"
            return StopAnswer(block=held, reason=answer.reason or words, message=answer.message if held else released)
        return answer


async def answer_stop(
    hook: StopHook, engine: Engine, store: Store, clock: Clock, once_free: OnceFree
) -> tuple[StopAnswer, str]:
    """The answer to a stop, and the digest of the files that it is of. Raises whatever keeps the check from being made."""
    contract = pinned_contract(hook.place)
    if contract is None:
        return StopAnswer(block=False, message=_UNCONFIRMED.format(file=hook.place.file)), ""
    cap = hook.host.cap_here(os.environ)
    most = contract.guard.max_blocks if cap is None else min(contract.guard.max_blocks, cap)
    order = CheckOrder(place=hook.place, contract=contract, asker=hook.asker, checks=most + 1)
    why = hook.request.defer
    if why is None and hook.request.subagent and not contract.guard.subagents:
        why = Defer.SUBAGENT
    if why is not None:
        if why is not Defer.OTHER_HOST:
            # In the agent's own session: one of a subagent that nobody judges would never end.
            await _note(engine, store, clock, replace(order, asker=hook.whole), f"stop not judged: {why.value}")
        return StopAnswer(block=False), ""
    if (late := hook.take_late(order)) is not None:
        return late, ""
    outcome = await check_folder(engine, store, order, once_free)
    answer, loop = answer_of(outcome.state, hook.loop(), note=difference(hook.place, contract))
    hook.keep(loop)
    return answer, outcome.state.check.workspace


async def release_unknown(hook: StopHook, engine: Engine, store: Store, why: str) -> None:
    """Record that an agent was let go although nothing could be checked; as far as anything can be recorded."""
    with suppress(JourneymanError, OSError):
        contract = stored_contract(hook.place)
        if contract is not None:
            order = CheckOrder(place=hook.place, contract=contract, asker=hook.asker, checks=1)
            session = await open_session(store, hook.place, hook.asker, contract) or await begin_session(engine, order)
            await engine.conclude(session, VerdictReason.CHECK_FAILED, why[:2000])


async def note_release(hook: StopHook, engine: Engine, store: Store, clock: Clock, text: str) -> None:
    """Record a release beside a check that still runs."""
    contract = pinned_contract(hook.place)
    if contract is not None:
        order = CheckOrder(place=hook.place, contract=contract, asker=hook.asker, checks=1)
        await _note(engine, store, clock, order, text)


async def _note(engine: Engine, store: Store, clock: Clock, order: CheckOrder, text: str) -> None:
    """Write it to the session of whoever asks, unless that is its last word already."""
    session = await open_session(store, order.place, order.asker, order.contract)
    if session is None:
        session = await begin_session(engine, order)
    await control.note_once(store, clock, session, WHO, text)
