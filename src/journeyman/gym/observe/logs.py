"""The text of log lines; which a service has is drawn by `rules/logs.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.gym.catalog import PROBE_LOGS, Probe

_AMBIENT: Final = (
    ("INFO", "health check answered in {n} ms"),
    ("INFO", "rotated {n} session tokens"),
    ("INFO", "cache refreshed, {n} keys"),
    ("WARN", "slow client closed the connection after {n} s"),
    ("INFO", "batch of {n} records written"),
    ("WARN", "retrying a call to a third party, attempt 2 of 3"),
    ("INFO", "feature flags fetched, {n} on"),
    ("WARN", "deprecated field used by {n} callers"),
    ("INFO", "connection pool trimmed to {n}"),
    ("WARN", "p95 brushed its budget for {n} s"),
    ("ERROR", "request refused: malformed body, {n} bytes"),
    ("INFO", "metrics flushed"),
)
_SYMPTOMS: Final = (
    ("ERROR", "{n} requests failed in the last minute"),
    ("WARN", "requests wait {n} times as long as usual"),
    ("WARN", "memory above 85 % of its limit"),
    ("WARN", "all workers busy, {n} requests queued"),
)
"""One per log flag: errors, slow, memory, cpu."""
_LEAST: Final = 2
LINES: Final = (*_AMBIENT, *_SYMPTOMS, *(PROBE_LOGS[probe] for probe in Probe))
"""Level and text of each kind of line."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a service's log."""

    step: int
    service: int
    level: str
    """INFO, WARN or ERROR."""
    message: str


def log_line(packed: int, service: int) -> LogLine:
    """The line that a rule wrote as one number."""
    level, text = LINES[(packed >> 8) & 0xFF]
    return LogLine(packed >> 16, service, level, text.format(n=_LEAST + (packed & 0xFF)))
