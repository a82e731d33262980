"""The failures: what each does, what cures it and which close look tells it from its look-alikes.

Failures of one group share their first-look symptoms to the digit; only a probe (a look at the service by the right
role) or the fleet trace tells them apart, and their cures differ. Benign events look like a group too and pass by
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from journeyman.gym.actions import ActionType, Role
from journeyman.gym.arrays import Floats, Ints


class Failure(IntEnum):
    """What can be wrong; 0 claims that nothing is."""

    NONE = 0
    DB_DEADLOCK = 1
    MEMORY_LEAK = 2
    BAD_CONFIG_PUSH = 3
    AUTOSCALER_COST_CUT = 4
    MISROUTED_TRAFFIC = 5
    CASCADE = 6
    DNS_OUTAGE = 7
    DISK_FULL = 8
    ROGUE_DEPLOY_BOT = 9
    RETRY_STORM = 10
    CERT_EXPIRY = 11
    NOISY_NEIGHBOUR = 12
    SLOW_DISK = 13
    BAD_CANARY = 14
    CLOCK_SKEW = 15
    POOL_LEAK = 16
    ROGUE_BATCH_JOB = 17
    TRAFFIC_SURGE = 18
    CACHE_WARMUP = 19
    PLANNED_FAILOVER = 20
    COMPACTION = 21

    @property
    def label(self) -> str:
        """The name on the wire, such as `db_deadlock`."""
        return self.name.lower()


class Group(IntEnum):
    """First-look symptoms that failures share."""

    SLOW_STORE = 0
    ERRORS = 1
    SATURATION = 2
    MEMORY = 3


class Job(IntEnum):
    """What a fleet agent is employed for."""

    AUTOSCALER = 0
    LOAD_BALANCER = 1
    DEPLOY_BOT = 2
    BATCH_RUNNER = 3


class Probe(IntEnum):
    """What a closer look measures; the first eight are the SRE's, the rest the developer's."""

    LOCK_WAIT = 0
    IO_WAIT = 1
    DISK_USED = 2
    CPU_STEAL = 3
    RETRY_RATIO = 4
    REPLICA_DEFICIT = 5
    DNS_FAILURES = 6
    ROUTE_SKEW = 7
    CONFIG_DRIFT = 8
    CANARY_ERRORS = 9
    CERT_REJECTS = 10
    CLOCK_OFFSET = 11
    HEAP_GROWTH = 12
    POOL_IN_USE = 13
    CACHE_FILL = 14
    MAINTENANCE = 15


PROBES_PER_ROLE: Final = 8
EFFECTS: Final = ("capacity_loss", "errors", "latency", "memory")
CAPACITY_LOSS, ERRORS, LATENCY, MEMORY = range(4)
CURE_DELAY: Final = {ActionType.RESTART: 1, ActionType.ROLLBACK: 2, ActionType.SCALE: 2, ActionType.ESCALATE: 4}
"""Steps from the right action to its effect."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One failure's line in the catalogue."""

    failure: Failure
    group: Group
    cure: ActionType
    probe: Probe
    relief: bool = False
    """A restart eases it for a while, yet it comes back."""
    rogue: Job | None = None
    """A fleet agent with this job causes it and does so again until it is blocked."""
    benign: bool = False


_F, _G, _A, _P = Failure, Group, ActionType, Probe
CATALOG: Final = (
    Entry(_F.NONE, _G.ERRORS, _A.NOOP, _P.LOCK_WAIT, benign=True),
    Entry(_F.DB_DEADLOCK, _G.SLOW_STORE, _A.RESTART, _P.LOCK_WAIT),
    Entry(_F.MEMORY_LEAK, _G.MEMORY, _A.ROLLBACK, _P.HEAP_GROWTH, relief=True),
    Entry(_F.BAD_CONFIG_PUSH, _G.ERRORS, _A.ROLLBACK, _P.CONFIG_DRIFT),
    Entry(_F.AUTOSCALER_COST_CUT, _G.SATURATION, _A.SCALE, _P.REPLICA_DEFICIT, rogue=Job.AUTOSCALER),
    Entry(_F.MISROUTED_TRAFFIC, _G.ERRORS, _A.ESCALATE, _P.ROUTE_SKEW, rogue=Job.LOAD_BALANCER),
    Entry(_F.CASCADE, _G.SLOW_STORE, _A.RESTART, _P.LOCK_WAIT),
    Entry(_F.DNS_OUTAGE, _G.ERRORS, _A.ESCALATE, _P.DNS_FAILURES),
    Entry(_F.DISK_FULL, _G.SLOW_STORE, _A.SCALE, _P.DISK_USED, relief=True),
    Entry(_F.ROGUE_DEPLOY_BOT, _G.ERRORS, _A.ROLLBACK, _P.CONFIG_DRIFT, rogue=Job.DEPLOY_BOT),
    Entry(_F.RETRY_STORM, _G.SATURATION, _A.RESTART, _P.RETRY_RATIO),
    Entry(_F.CERT_EXPIRY, _G.ERRORS, _A.ESCALATE, _P.CERT_REJECTS),
    Entry(_F.NOISY_NEIGHBOUR, _G.SATURATION, _A.SCALE, _P.CPU_STEAL),
    Entry(_F.SLOW_DISK, _G.SLOW_STORE, _A.ESCALATE, _P.IO_WAIT),
    Entry(_F.BAD_CANARY, _G.ERRORS, _A.ROLLBACK, _P.CANARY_ERRORS),
    Entry(_F.CLOCK_SKEW, _G.ERRORS, _A.RESTART, _P.CLOCK_OFFSET),
    Entry(_F.POOL_LEAK, _G.MEMORY, _A.RESTART, _P.POOL_IN_USE),
    Entry(_F.ROGUE_BATCH_JOB, _G.SATURATION, _A.RESTART, _P.CPU_STEAL, rogue=Job.BATCH_RUNNER),
    Entry(_F.TRAFFIC_SURGE, _G.SATURATION, _A.NOOP, _P.MAINTENANCE, benign=True),
    Entry(_F.CACHE_WARMUP, _G.MEMORY, _A.NOOP, _P.CACHE_FILL, benign=True),
    Entry(_F.PLANNED_FAILOVER, _G.ERRORS, _A.NOOP, _P.MAINTENANCE, benign=True),
    Entry(_F.COMPACTION, _G.SLOW_STORE, _A.NOOP, _P.MAINTENANCE, benign=True),
)

_GROUP_EFFECTS: Final = {
    Group.SLOW_STORE: (0.70, 0.10, 4.0, 0.0),
    Group.ERRORS: (0.0, 0.45, 0.3, 0.0),
    Group.SATURATION: (0.65, 0.0, 1.0, 0.0),
    Group.MEMORY: (0.0, 0.25, 2.5, 0.55),
}
_GROUP_RISE: Final = {Group.SLOW_STORE: 0.5, Group.ERRORS: 1.0, Group.SATURATION: 0.5, Group.MEMORY: 0.08}


def _ints(values: list[int]) -> Ints:
    return np.array(values, np.int64)


CURE: Final = _ints([entry.cure for entry in CATALOG])
DELAY: Final = _ints([CURE_DELAY.get(entry.cure, 0) for entry in CATALOG])
GROUP: Final = _ints([entry.group for entry in CATALOG])
PROBE: Final = _ints([entry.probe for entry in CATALOG])
RELIEF: Final = np.array([entry.relief for entry in CATALOG])
ROGUE_JOB: Final = _ints([-1 if entry.rogue is None else entry.rogue for entry in CATALOG])
EXTRA_REPLICAS: Final = _ints([int(entry.failure in {_F.NOISY_NEIGHBOUR, _F.DISK_FULL}) for entry in CATALOG])
EFFECT: Final[Floats] = np.array(
    [(0.0,) * 4 if entry.failure == 0 else _GROUP_EFFECTS[entry.group] for entry in CATALOG], np.float64
).T.copy()
RISE: Final[Floats] = np.array([_GROUP_RISE[entry.group] for entry in CATALOG], np.float64)
REAL: Final = tuple(entry.failure for entry in CATALOG if not entry.benign)
BENIGN: Final = tuple(entry.failure for entry in CATALOG if entry.benign and entry.failure)
ROGUES: Final = tuple(entry.failure for entry in CATALOG if entry.rogue is not None)
ACTOR: Final = {
    ActionType.RESTART: Role.SRE,
    ActionType.SCALE: Role.SRE,
    ActionType.ROLLBACK: Role.DEV,
    ActionType.ESCALATE: Role.MANAGER,
}
"""The one role that can do each curing action."""
