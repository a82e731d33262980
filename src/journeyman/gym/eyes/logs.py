"""Log lines of the service that a role looks at, written when somebody reads them.

Most lines are ambient and mean nothing, some say what the metrics say too, and now and then one says what only a
closer look shows. Which lines a step has is a function of the world's key, the step and the place, so reading twice
gives the same text, and nothing is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.gym.actions import Role
from journeyman.gym.catalog import PROBES_PER_ROLE, Probe
from journeyman.gym.chance import noise_bits, places
from journeyman.gym.state import MARKS
from journeyman.gym.world.mirror import Drawn, Now

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
"""One per bit of the log marks: errors, slow, memory, cpu."""
_TELLING: Final[dict[Probe, tuple[str, str]]] = {
    Probe.LOCK_WAIT: ("ERROR", "transaction rolled back after waiting {n} s for a lock"),
    Probe.IO_WAIT: ("WARN", "flush of {n} pages took 40 times as long as the median"),
    Probe.DISK_USED: ("ERROR", "write refused: no space left on volume"),
    Probe.CPU_STEAL: ("WARN", "runnable but not running for {n} % of the last minute"),
    Probe.RETRY_RATIO: ("WARN", "{n} of 100 requests carry a retry header"),
    Probe.REPLICA_DEFICIT: ("WARN", "fewer replicas ready than the deployment was sized for"),
    Probe.DNS_FAILURES: ("ERROR", "name lookup failed: SERVFAIL, {n} times"),
    Probe.ROUTE_SKEW: ("ERROR", "{n} % of requests arrive for another cluster"),
    Probe.CONFIG_DRIFT: ("ERROR", "unknown key in configuration, default used, {n} requests rejected"),
    Probe.CANARY_ERRORS: ("ERROR", "all {n} failures of the last minute come from one build"),
    Probe.CERT_REJECTS: ("ERROR", "TLS handshake failed: certificate has expired"),
    Probe.CLOCK_OFFSET: ("ERROR", "token not yet valid: issued {n} s in the future"),
    Probe.HEAP_GROWTH: ("WARN", "heap after collection grew by {n} MB since the last deploy"),
    Probe.POOL_IN_USE: ("WARN", "no free connection: {n} checked out and never returned"),
    Probe.CACHE_FILL: ("INFO", "warming the cache, {n} % filled"),
    Probe.MAINTENANCE: ("INFO", "planned work from the change calendar is running"),
}
_PLACES: Final[list[int]] = places(4, 4)[:, 0].tolist()
_MASK: Final = 0xFFFFFFFF
_TOLD_FROM: Final = 0.1
_AMBIENT_OF_8: Final = 6
_TELLING_OF_8: Final = 3


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a service's log."""

    step: int
    service: int
    level: str
    """INFO, WARN or ERROR."""
    message: str


def lines(drawn: Drawn, now: Now, role: Role, clock: int) -> tuple[LogLine, ...]:
    """Give the last steps' lines of the service that the role looks at, oldest first; none without a look."""
    focus = now.focus[role]
    if focus < 0 or role not in (Role.SRE, Role.DEV):
        return ()
    told = _told(drawn, now, role, focus)
    key = drawn.key ^ ((focus + 1) << 20 & _MASK)
    written: list[LogLine] = []
    for step in range(max(now.step - MARKS, 0), now.step):
        marks = now.marks[(clock - (now.step - step)) % MARKS][focus]
        bits = [noise_bits(key, step, place) for place in _PLACES]
        written += [LogLine(step, focus, *line) for line in _of_step(bits, marks, told)]
    return tuple(written)


def _told(drawn: Drawn, now: Now, role: Role, focus: int) -> Probe | None:
    """Give what the telling lines of this service are about, if it is this role's to see."""
    for probe, service, level in zip(drawn.probe, drawn.service, now.level, strict=True):
        if service == focus and level > _TOLD_FROM and probe // PROBES_PER_ROLE == role:
            return Probe(probe)
    return None


def _of_step(bits: list[int], marks: int, told: Probe | None) -> list[tuple[str, str]]:
    ambient = [draw for draw in bits[:2] if draw & 7 < _AMBIENT_OF_8]
    chosen = [_filled(_AMBIENT[(draw >> 8) % len(_AMBIENT)], draw) for draw in ambient]
    raised = [bit for bit in range(4) if marks >> bit & 1]
    if raised:
        chosen.append(_filled(_SYMPTOMS[raised[(bits[2] >> 8) % len(raised)]], bits[2]))
    if told is not None and bits[3] & 7 < _TELLING_OF_8:
        chosen.append(_filled(_TELLING[told], bits[3]))
    return chosen


def _filled(template: tuple[str, str], draw: int) -> tuple[str, str]:
    level, text = template
    return level, text.format(n=2 + (draw >> 16) % 90)
