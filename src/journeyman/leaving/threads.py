"""Daemon threads for work that may hang: no thread can be stopped, but nobody has to wait for one."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_NUMBERS: Final = itertools.count(1)
_MOST_IDLE: Final = 32


class Worker:
    """A daemon thread that takes one job after the other: starting a thread costs more than most jobs do."""

    def __init__(self) -> None:
        self.stays = True
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"journeyman-blocking-{next(_NUMBERS)}", daemon=True).start()

    def give(self, job: Callable[[], None]) -> None:
        """Let it run a job, which tells by itself that it is done, after `rest` was called."""
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            self._jobs.get()()
            if not self.stays:
                return


_IDLE: Final[deque[Worker]] = deque()
"""Workers without a job, the one used last at the end."""


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_IDLE.clear)


def rest(worker: Worker) -> None:
    """Have a worker that is through with its job wait for the next one; called by the job itself, at its end."""
    worker.stays = len(_IDLE) < _MOST_IDLE
    if worker.stays:
        _IDLE.append(worker)


def free_worker() -> Worker:
    """Give a worker without a job; raise `RuntimeError` where no thread can be started."""
    try:
        return _IDLE.pop()
    except IndexError:
        return Worker()
