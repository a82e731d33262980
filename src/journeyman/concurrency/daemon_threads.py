"""Daemon threads for work that may hang: no thread can be stopped, but nobody has to wait for one."""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_NUMBERS: Final = itertools.count(1)
_MOST_IDLE: Final = 32


class DaemonThread:
    """A daemon thread that takes one job after the other: starting a thread costs more than most jobs do."""

    def __init__(self) -> None:
        self.stays = True
        self.busy = False
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"journeyman-blocking-{next(_NUMBERS)}", daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Let it run a job, which tells by itself that it is done, after `rest` was called."""
        self.busy = True
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            self._jobs.get()()
            if not self.stays:
                return


_IDLE: Final[deque[DaemonThread]] = deque()
"""Workers without a job, the one used last at the end."""


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_IDLE.clear)


_SWITCH_S: Final = 0.0005
"""While abandoned threads may be computing: ten of their turns, of 5 ms each, would come between two of ours."""


class _Abandoned:
    """The workers that nobody waits for any more; as long as there is one, threads take shorter turns."""

    def __init__(self) -> None:
        self._workers: set[DaemonThread] = set()
        self._lock = threading.Lock()
        self._usual_s = sys.getswitchinterval()

    def add(self, worker: DaemonThread) -> None:
        with self._lock:
            if not worker.busy:
                return
            if not self._workers:
                self._usual_s = sys.getswitchinterval()
                sys.setswitchinterval(min(_SWITCH_S, self._usual_s))
            self._workers.add(worker)

    def discard(self, worker: DaemonThread) -> None:
        with self._lock:
            worker.busy = False
            if worker in self._workers:
                self._workers.discard(worker)
                if not self._workers:
                    sys.setswitchinterval(self._usual_s)


_ABANDONED: Final = _Abandoned()


def abandon(worker: DaemonThread) -> None:
    """Leave a worker to its job, which may hang or compute for ever; harmless where it has just ended."""
    _ABANDONED.add(worker)


def return_to_pool(worker: DaemonThread) -> None:
    """Have a worker that is through with its job wait for the next one; called by the job itself, at its end."""
    _ABANDONED.discard(worker)
    worker.stays = len(_IDLE) < _MOST_IDLE
    if worker.stays:
        _IDLE.append(worker)


def idle_thread() -> DaemonThread:
    """A worker without a job; raises `RuntimeError` where no thread can be started."""
    try:
        return _IDLE.pop()
    except IndexError:
        return DaemonThread()
