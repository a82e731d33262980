"""The evaluation's side of an isolated policy: starts its process, sends observations, takes actions, ends it.

The process gets what the roles see and nothing else: no world, no task id, no salt, an environment without our
variables. Where it fails in a batch (an exception, an end, silence, anything but actions), it is killed, does nothing
for the rest of that batch, which is scored, and is started anew for the next.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Final, cast

import numpy as np

from journeyman.concurrency.child_processes import kill_at_exit, kill_group
from journeyman.concurrency.daemon_threads import abandon, idle_thread, return_to_pool
from journeyman.evaluation.isolated.confinement import landlock_version
from journeyman.evaluation.isolated.frames import ERROR_BYTES, Garbage, Kind, read_frame, write_frame
from journeyman.evaluation.policy_code import PolicyCode
from journeyman.gym.actions import FIELDS, ROLES
from journeyman.gym.arrays import Ints
from journeyman.gym.evaluate import MakeTeam
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import no_actions
from journeyman.gym.tasks import Task
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable

START_S: Final = 60.0
"""How long starting, importing and making a team may take."""
ACT_S: Final = 30.0
"""How long one step of one batch may take."""
IN_A_ROW: Final = 3
"""Batches that fail one after another after which the run ends."""
_WORKER: Final = "journeyman.evaluation.isolated.policy_worker"
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""Variables that say where programs are and how text is written, and nothing about us."""
_TAIL_BYTES: Final = 300
_ENDING_S: Final = 1.0
"""How long the pipes of a killed process take to close."""


class PolicyFailed(Exception):
    """The process gave no actions."""


@dataclass(slots=True, eq=False)
class PolicyProcess:
    """One policy file in a process of its own; leave it with `close`."""

    code: PolicyCode
    act_s: float = ACT_S
    start_s: float = START_S
    failures: list[str] = field(default_factory=list[str])
    """Why it did nothing for the rest of a batch, once per such batch."""
    confined: bool = field(default_factory=lambda: landlock_version() > 0)
    """Whether the process can be kept from files, processes and networks."""
    _in_a_row: int = 0
    _last: IsolatedTeam | None = None
    _process: subprocess.Popen[bytes] | None = None
    _said: IO[bytes] | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def check(self, width: int) -> None:
        """Start the process and make a team of one world, so that a file that cannot play is refused before it does.

        Raises:
            InvalidInput: it cannot.
        """
        try:
            self.begin(1, width)
        except PolicyFailed as fault:
            what = str(fault).removeprefix(f"{self.code.path.resolve()}: ")
            raise InvalidInput("--policy", (Problem(where=str(self.code.path), message=what),)) from None

    def begin(self, worlds: int, width: int) -> None:
        """Have a team made for fresh worlds.

        Raises:
            PolicyFailed: there is none.
        """
        if self._process is None:
            self._start()
        self._exchange(Kind.BEGIN, json.dumps({"worlds": worlds, "width": width}).encode(), 0, self.start_s)

    def act(self, observations: Observations) -> Ints:
        """The actions for what is seen.

        Raises:
            PolicyFailed: there are none.
        """
        worlds = observations.worlds
        answer = self._exchange(
            Kind.ACT, observations.visible.tobytes(), worlds * ROLES * FIELDS * np.dtype(np.int64).itemsize, self.act_s
        )
        return np.frombuffer(answer, np.int64).reshape(worlds, ROLES, FIELDS)

    def team_for(self, _some: Sequence[Task], _seed: int) -> MakeTeam:
        """The maker of the next batches' teams; the policy hears neither of tasks nor of seeds."""
        return self._team

    def row(self) -> dict[str, Json]:
        """How it went, for JSON."""
        return {
            "confined": self.confined,
            "failed_batches": len(self.failures),
            "last_failure": self.failures[-1] if self.failures else None,
        }

    def _team(self, worlds: int) -> IsolatedTeam:
        """A team for the worlds of the next batch."""
        if self._last is not None and not self._last.failed:
            self._in_a_row = 0
        self._last = IsolatedTeam(self, worlds)
        return self._last

    def failed(self, failure: str) -> None:
        """Hear why a batch goes on without the policy.

        Raises:
            Unavailable: those before failed, too, so that nothing more is to be learnt from others.
        """
        self.failures.append(failure)
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW:
            raise Unavailable(
                f"{self.code.path} failed in {IN_A_ROW} batches in a row, last: {failure}; what was played before is "
                "kept: mend the policy and play again"
            )

    def close(self) -> None:
        """End the process and remove its folder."""
        self._kill()
        if self._process is not None:
            _close_pipes(self._process)
        self._process = None
        if self._said is not None:
            self._said.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._said = self._folder = None

    def _kill(self) -> None:
        if self._process is not None:
            kill_group(self._process)
            self._process.wait()

    def _start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="journeyman-policy-", ignore_cleanup_errors=True)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - `close` does
        home = self._folder.name
        environment = {name: value for name in _KEPT if (value := os.environ.get(name)) is not None}
        environment |= {"HOME": home, "TMPDIR": home, "NUMBA_CACHE_DIR": home}
        confined = "confined" if self.confined else "open"
        words = [str(self.code.path.resolve()), self.code.name, home, confined]
        self._process = subprocess.Popen(  # noqa: S603 - which code runs there is what the user says
            [sys.executable, "-I", "-m", _WORKER, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=home,
            env=environment,
            start_new_session=True,
        )
        kill_at_exit(self._process)

    def _exchange(self, kind: Kind, payload: bytes, answer_bytes: int, within_s: float) -> bytes:
        process = self._process
        assert process is not None  # noqa: S101 - `begin` started it
        assert process.stdin is not None  # noqa: S101 - it was made with pipes
        assert process.stdout is not None  # noqa: S101 - it was made with pipes
        heard, told = process.stdout, process.stdin

        late = threading.Event()

        def exchange() -> tuple[int, bytes]:
            try:
                write_frame(cast("Any", told), kind, payload)
                return read_frame(cast("Any", heard), max(answer_bytes, ERROR_BYTES))
            finally:
                if late.is_set():  # nobody else may: closing a pipe waits for whoever reads it
                    _close_pipes(process)

        def give_up() -> None:
            late.set()
            self._kill()

        try:
            came, answer = _within(exchange, within_s, give_up)
        except TimeoutError as fault:
            if fault.args:  # something that it started holds its pipes, and the thread waits for them
                self._process = None
            raise self._failed(f"it did not answer within {within_s:g} s") from None
        except (EOFError, OSError):
            raise self._failed(self._ended(process)) from None
        except Garbage as fault:
            raise self._failed(str(fault)) from None
        if came == Kind.FAILED:
            raise self._failed(answer.decode("utf-8", "replace"))
        if came != kind or len(answer) != answer_bytes:
            wanted = f"{answer_bytes:,} bytes of actions" if kind is Kind.ACT else "a team"
            raise self._failed(f"it answered with {len(answer):,} bytes of kind {came} where {wanted} were wanted")
        return answer

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        try:
            code: int | None = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        tail = b""
        if self._said is not None:
            size = self._said.seek(0, os.SEEK_END)
            self._said.seek(max(0, size - _TAIL_BYTES))
            tail = self._said.read()
        said = tail.decode("utf-8", "replace").strip()
        return f"its process ended with code {code}{f'; it said last: {said}' if said else ''}"

    def _failed(self, what: str) -> PolicyFailed:
        self.close()
        return PolicyFailed(what)


class IsolatedTeam:
    """A batch's team whose policy runs elsewhere; once that has failed, it does nothing more."""

    def __init__(self, process: PolicyProcess, worlds: int) -> None:
        self.name = process.code.name
        self.failed = False
        self._process: Final = process
        self._worlds: Final = worlds
        self._begun = False

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        if self.failed:
            return no_actions(self._worlds)
        try:
            if not self._begun:
                self._process.begin(self._worlds, observations.width)
                self._begun = True
            return self._process.act(observations)
        except PolicyFailed as fault:
            self.failed = True
            self._process.failed(str(fault))
            return no_actions(self._worlds)


def _within(work: Callable[[], tuple[int, bytes]], seconds: float, give_up: Callable[[], None]) -> tuple[int, bytes]:
    """What work that may block gives.

    Raises:
        TimeoutError: it takes longer, and `give_up` was called; with an argument where it did not end then either.
    """
    outcome: queue.SimpleQueue[tuple[int, bytes] | BaseException] = queue.SimpleQueue()
    worker = idle_thread()

    def job() -> None:
        found: tuple[int, bytes] | BaseException
        try:
            found = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            found = error
        return_to_pool(worker)
        outcome.put(found)

    worker.submit(job)
    try:
        found = outcome.get(timeout=seconds)
    except queue.Empty:
        give_up()
        try:
            outcome.get(timeout=_ENDING_S)
        except queue.Empty:
            abandon(worker)
            raise TimeoutError("and its pipes stay open") from None
        raise TimeoutError from None
    if isinstance(found, BaseException):
        raise found
    return found


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was written last never went out
                pipe.close()
