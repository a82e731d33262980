"""Keeps the SDKs' debug logs, which hold prompts, answers and keys, from ever being written."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field


class _WarningsOnly(logging.Filter):
    """Lets through what an operator must see; unlike a level, nobody lifts it by asking for debug logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record may be written."""
        return record.levelno >= logging.WARNING


_FILTER = _WarningsOnly()


@dataclass(slots=True)
class QuietLoggers:
    """Holds some libraries' logs to warnings, those of their inner loggers included."""

    names: frozenset[str]
    """Top loggers of the libraries."""
    _known: int = field(default=-1, repr=False)

    def __call__(self) -> None:
        """Put the filter on every logger there is; quick when none came since the last time."""
        for name in self.names if self._known < 0 else ():
            logger = logging.getLogger(name)
            logger.setLevel(max(logger.level, logging.WARNING))
        there = list(logging.root.manager.loggerDict)
        if len(there) == self._known:
            return
        self._known = len(there)
        for name in there:  # a filter does not reach the loggers below its own
            if name.partition(".")[0] in self.names:
                logging.getLogger(name).addFilter(_FILTER)


@dataclass(frozen=True, slots=True)
class RedactRootLogs:
    """Takes the texts out of what a library logs through the root logger, where errors are told with their input."""

    folder: str
    """Where the library's code lies."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, without text when it is the library's."""
        if record.pathname.startswith(self.folder):
            record.msg = "the agent's protocol layer failed; what it says is withheld"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True

    def __call__(self) -> None:
        """Stand before the root logger; twice is once."""
        logging.getLogger().addFilter(self)
