"""The check behind a hook: in a process of its own, which goes on where the hook must leave before its host's time is over."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, cast

from journeyman.agents import Host, StopAnswer, StopRequest
from journeyman.config import Settings, load_settings
from journeyman.guard.contract_lookup import GuardPlace
from journeyman.guard.stop_hook import StopHook, answer_stop, note_release, release_unknown
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.wiring import opened

if sys.platform != "win32":
    import fcntl

_STEP_S: Final = 0.05


def answer(host: Host, request: StopRequest, place: GuardPlace, records: str) -> StopAnswer:
    """The answer to a stop, within the host's time."""
    hook = StopHook(host=host, request=request, place=place)
    hook.note_call()
    settings = load_settings({"data_dir": str(Path(records).parent), "tenant": Path(records).name})
    if sys.platform == "win32":  # there is no process that could go on by itself
        return run_async(partial(_checked, hook, settings))[0]
    until_s = time.monotonic() + float(os.environ.get("JOURNEYMAN_HOOK_WAIT_S") or host.wait_s)
    lock = _lock(hook, until_s)
    given = None if lock is None else _in_child(hook, settings, until_s, lock)
    if given is not None:
        return given
    late = hook.still_running()
    if not late.block:
        run_async(partial(_noted, hook, settings, late.message))
    return late


def _lock(hook: StopHook, until_s: float) -> int | None:
    """Hold off other hooks of the same agent; `None` where a check of an earlier stop still runs at the end of the time."""
    hook.loop_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(hook.loop_file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until_s:
                os.close(lock)
                return None
            time.sleep(_STEP_S)
        else:
            return lock


def _in_child(hook: StopHook, settings: Settings, until_s: float, lock: int) -> StopAnswer | None:
    """The answer of a process of its own; `None` where it goes on after the time."""
    heard, told = os.pipe()
    child = os.fork()  # before any thread or loop is begun
    if child == 0:
        code = 1
        try:
            os.setsid()
            os.close(heard)
            _silence()
            _child(hook, settings, told)
            code = 0
        finally:
            os._exit(code)
    os.close(told)
    os.close(lock)  # held by the child as long as it lives
    data = b""
    while (left_s := until_s - time.monotonic()) > 0 and select.select([heard], [], [], left_s)[0]:
        chunk = os.read(heard, 65536)
        if not chunk:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
            return _read(data) or hook.failed(RuntimeError("the process that checked ended without a word"))
        data += chunk
    os.close(heard)
    return None


def _silence() -> None:
    """Keep what is printed away from the host: it takes any other word than ours for a failed hook."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)


def _child(hook: StopHook, settings: Settings, told: int) -> None:
    given, workspace = run_async(partial(_checked, hook, settings))
    row = {"block": given.block, "reason": given.reason, "message": given.message}
    data = json.dumps(row).encode()
    try:
        while data:
            data = data[os.write(told, data) :]
    except BrokenPipeError:
        hook.keep_late(given, workspace)


def _read(data: bytes) -> StopAnswer | None:
    try:
        row = cast("dict[str, object]", json.loads(data))
    except ValueError:
        return None
    return StopAnswer(block=row["block"] is True, reason=str(row["reason"]), message=str(row["message"]))


async def _checked(hook: StopHook, settings: Settings) -> tuple[StopAnswer, str]:
    """The answer and what it is of; whatever goes wrong is an answer, too."""
    try:
        async with opened(settings) as journeyman:
            try:
                patient = journeyman.engine.once_free
                return await answer_stop(hook, journeyman.engine, journeyman.store, journeyman.clock, patient)
            except Exception as error:  # noqa: BLE001  # an agent must not be let go because of it
                given = hook.failed(error)
                if not given.block:
                    await release_unknown(hook, journeyman.engine, journeyman.store, given.message)
                return given, ""
    except Exception as error:  # noqa: BLE001  # there is no record to write it to
        return hook.failed(error), ""


async def _noted(hook: StopHook, settings: Settings, text: str) -> None:
    with suppress(Exception):
        async with opened(settings) as journeyman:
            await note_release(hook, journeyman.engine, journeyman.store, journeyman.clock, text)
