"""Keeps what servers say out of logs as it stands: the SDK logs their words, and a terminal would obey some of them."""

from __future__ import annotations

import logging
from typing import Final

from journeyman.tools.results import one_line

_TOPS: Final = ("mcp", "client")
"""Top loggers of the SDK; its sessions log as `client`."""


class _OneLine(logging.Filter):
    """Lets every record through as one line without control characters, and without the traceback that quotes a server."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record."""
        record.msg, record.args = one_line(record.getMessage()), ()
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


_FILTER: Final = _OneLine()


def clean_logs() -> None:
    """Put the filter on every logger that the SDK has by now; twice is once."""
    for name in list(logging.root.manager.loggerDict):  # A filter does not reach the loggers below its own.
        if name.partition(".")[0] in _TOPS:
            logging.getLogger(name).addFilter(_FILTER)
