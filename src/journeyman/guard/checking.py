"""One check of a folder by its contract: the files as they are now, on a copy, in a session's next iteration."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, cast

from journeyman.concurrency.folder_removal import remove_folder
from journeyman.engine.checks.command_check import run_stoppable
from journeyman.engine.checks.requested_check import RequestedCheck
from journeyman.engine.engine import Engine, OnEvent
from journeyman.engine.record_reading import state_of
from journeyman.guard.contract import Contract, protected_patterns
from journeyman.guard.contract_lookup import GuardPlace
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.engine_check import ProtectedCheck
from journeyman.mission.model.events import CheckAsked, CheckFact
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject, digest
from journeyman.mission.values.errors import JourneymanError
from journeyman.stores.base import Store
from journeyman.workspaces.baseline import TouchedFile
from journeyman.workspaces.digest import WorkspaceFiles, glance_workspace, read_workspace
from journeyman.workspaces.pristine import copy_workspace

OnceFree: TypeAlias = Callable[[str, Callable[[], Awaitable[State]]], Awaitable[State]]
"""Drives a session, told its id and what drives it, once no dead process holds it any more."""
LAST: Final = "last-check.json"
_CACHE: Final = "stat-cache"
_MOST_TOUCHED: Final = 100
"""Touched files that a record names; beyond them it says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """What is to be checked, and how much is believed."""

    place: GuardPlace
    contract: Contract
    asker: str
    """Who asks: a host's session, a person, a verifier. Its session goes on until it ends; then a new one begins."""
    checks: int
    """How many checks a new session may have."""
    verified: bool = False
    """Read every file, keep no evidence: for verdicts. Otherwise times and sizes tell which files changed."""
    anew: bool = False
    """Keep no evidence."""
    on_event: OnEvent | None = None
    on_found: Callable[[CheckFact], None] | None = None


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How a check ended."""

    state: State
    touched: tuple[TouchedFile, ...]
    kept: tuple[str, ...]
    """Criteria whose evidence was kept, since the files that decide them are the same."""
    silent: tuple[str, ...] = ()
    """Rounds in which an installed hook made no call, in words."""


async def check_folder(engine: Engine, store: Store, order: CheckOrder, once_free: OnceFree) -> CheckOutcome:
    """Check once; blocking work is done in threads, and cancelling ends it.

    `once_free` waits for the lease of a process that was killed. Raises `LeaseHeld` while another process checks in the same session, and whatever keeps files from being read or copied.
    """
    contract, place = order.contract, order.place
    files = await run_stoppable(lambda stopped: look_at(order, stopped))
    seen = contract.baseline.applied(files)
    touched = contract.baseline.touched(files)
    inputs = _inputs(contract, seen)
    kept = await _kept(store, order, inputs)
    judged = [*kept, *_protected_facts(contract, touched)]
    async with _copied(order, files, {fact.id for fact in judged}) as folder:
        requested = RequestedCheck(
            event=CheckAsked(
                workspace=files.digest, contract=contract.digest, asker=order.asker, touched=_touched_rows(touched)
            ),
            folder=folder,
            inputs=inputs,
            known=judged,
            limit_s=float(contract.guard.timeout_s),
            on_found=order.on_found,
        )
        session = await open_session(store, place, order.asker, contract)
        if session is None:
            session = await begin_session(engine, order)
        name = session
        state = await once_free(name, lambda: engine.check(name, requested, order.on_event))
    write_json(Path(place.own) / LAST, {"session_id": state.session_id, "contract": contract.digest})
    return CheckOutcome(state, touched, tuple(fact.id for fact in kept))


def look_at(order: CheckOrder, stopped: Callable[[], bool] = lambda: False) -> WorkspaceFiles:
    """The files of the folder, read or glanced at. Blocks."""
    root, also = Path(order.place.root), protected_patterns(order.contract.guard)
    if order.verified:
        return read_workspace(root, also=also, stopped=stopped)
    return glance_workspace(root, Path(order.place.own) / _CACHE, also=also)


async def begin_session(engine: Engine, order: CheckOrder) -> str:
    """A new session for whoever asks."""
    session = await engine.create(order.contract.guard.mission(order.checks), Path(order.place.root))
    write_json(_session_file(order.place, order.asker), {"session_id": session, "contract": order.contract.digest})
    return session


async def open_session(store: Store, place: GuardPlace, asker: str, contract: Contract) -> str | None:
    """The session of whoever asks, where it is of this contract and has not ended."""
    known = read_json(_session_file(place, asker))
    session = str(known.get("session_id", ""))
    if not session or known.get("contract") != contract.digest:
        return None
    state = await _state(store, session)
    return None if state is None or state.status is SessionStatus.ENDED else session


def _session_file(place: GuardPlace, asker: str) -> Path:
    return Path(place.own) / "sessions" / f"{digest(asker.encode())[:32]}.json"


async def _state(store: Store, session: str) -> State | None:
    try:
        return await state_of(store, session)
    except JourneymanError:
        return None  # deleted, or broken: nothing of it is kept


def _inputs(contract: Contract, seen: WorkspaceFiles) -> dict[str, str]:
    """Criterion to the digest of the files that decide it, as its check sees them."""
    return {
        criterion.id: seen.digest_of(criterion.inputs())
        for criterion in walk(contract.guard.criteria)
        if criterion.engine_check() is not None
    }


async def _kept(store: Store, order: CheckOrder, inputs: Mapping[str, str]) -> tuple[CheckFact, ...]:
    """The evidence of the check before, where it was met and stands: the same contract, the same deciding files.

    What was not met is looked at again: it may lie in what is no file of the folder.
    """
    if order.verified or order.anew:
        return ()
    last = read_json(Path(order.place.own) / LAST)
    if last.get("contract") != order.contract.digest:
        return ()
    state = await _state(store, str(last.get("session_id", "")))
    if state is None or state.check.contract != order.contract.digest:
        return ()
    found: list[CheckFact] = []
    for criterion in walk(order.contract.guard.criteria):
        known = state.world.checks.get(criterion.id)
        if known is None or not _may_stand(criterion) or known.met is not True or not known.inputs:
            continue
        if known.inputs == inputs.get(criterion.id):
            source = known.kept_from or state.session_id
            found.append(
                CheckFact(id=criterion.id, met=True, evidence=known.evidence, inputs=known.inputs, kept_from=source)
            )
    return tuple(found)


def _may_stand(criterion: Criterion) -> bool:
    """What must hold for several measurements needs a new one each time."""
    return criterion.hold_for == 1 and not isinstance(criterion.engine_check(), ProtectedCheck)


def _protected_facts(contract: Contract, touched: Sequence[TouchedFile]) -> list[CheckFact]:
    shown = "; ".join(f"{shown_path(one.path)} was {one.how}" for one in touched[:10])
    words = f"{shown}{f' and {len(touched) - 10} more' if len(touched) > 10 else ''}" or "none was touched"
    return [
        CheckFact(id=criterion.id, met=not touched, evidence=words)
        for criterion in walk(contract.guard.criteria)
        if isinstance(criterion.engine_check(), ProtectedCheck)
    ]


def _touched_rows(touched: Sequence[TouchedFile]) -> list[JsonObject]:
    rows: list[JsonObject] = [{"path": shown_path(one.path), "how": one.how} for one in touched[:_MOST_TOUCHED]]
    if len(touched) > _MOST_TOUCHED:
        rows.append({"path": "", "how": f"and {len(touched) - _MOST_TOUCHED} more"})
    return rows


def shown_path(path: str) -> str:
    """A path as text that can be written anywhere."""
    return os.fsencode(path).decode("utf-8", "replace")


@asynccontextmanager
async def _copied(order: CheckOrder, files: WorkspaceFiles, judged: set[str]) -> AsyncGenerator[Path]:
    """The folder in which checks work: a copy, or the folder itself where nothing is left to be looked at."""
    contract, root = order.contract, Path(order.place.root)
    due = [
        criterion
        for criterion in walk(contract.guard.criteria)
        if criterion.probes or (criterion.engine_check() is not None and criterion.id not in judged)
    ]
    if not due:
        yield root
        return
    place = Path(await run_stoppable(lambda _: tempfile.mkdtemp(prefix="journeyman-guard-")))
    copy = place / (root.name or "copy")
    try:
        await run_stoppable(
            lambda stopped: copy_workspace(
                root,
                files,
                copy,
                baseline=contract.baseline,
                mounts=contract.guard.mount,
                verified=order.verified,
                stopped=stopped,
            )
        )
        yield copy
    finally:
        remove_folder(place)


def read_json(file: Path) -> dict[str, object]:
    """What was written there; nothing where that cannot be read."""
    try:
        found: object = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def write_json(file: Path, value: Mapping[str, object]) -> None:
    """Write it whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(value), "utf-8")
    draft.replace(file)
