"""The failures: what each does, what cures it and which closer looks tell it from its look-alikes.

Failures of one group share their first-look symptoms to the digit. Each raises one probe of the SRE and one of the
developer, and shares either with others whose cures differ: only both together name it, and now and then only the fleet
trace or the next service. Benign events raise the same probes and pass by themselves.

A failure is one row of `CATALOG`: everything else in the gym reads the tables that are made of it here. A new one needs
its number in `Failure` and its row, and its word in `text/words.py`. The tables are tuples of plain numbers, since
compiled rules take those in as constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from journeyman.gym.actions import ActionType, Role


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

    SLOW = 0
    ERRORS = 1
    MEMORY = 2


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
EFFECTS: Final = 4
"""What a failure does to its service: capacity lost, errors, latency, memory, in this order wherever they are listed."""
CAPACITY_LOSS, ERRORS, LATENCY, MEMORY = range(EFFECTS)
CURE_DELAY: Final = {ActionType.RESTART: 1, ActionType.ROLLBACK: 2, ActionType.SCALE: 2, ActionType.ESCALATE: 4}
"""Steps from the right action to its effect."""

PROBE_LOGS: Final = {
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
"""The log line, level and text, that tells what a probe measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """What all failures of a group share."""

    effects: tuple[float, float, float, float]
    """Full-grown; see `EFFECTS`."""
    rise: float
    """Growth per step."""
    after_change: bool = False
    """A deploy or configuration change came before them."""


GROUPS: Final = {
    Group.SLOW: GroupSpec(effects=(0.68, 0.05, 2.0, 0.0), rise=0.5),
    Group.ERRORS: GroupSpec(effects=(0.0, 0.45, 0.3, 0.0), rise=1.0, after_change=True),
    Group.MEMORY: GroupSpec(effects=(0.0, 0.25, 2.5, 0.55), rise=0.12, after_change=True),
}


@dataclass(frozen=True, slots=True)
class FailureSpec:
    """One failure's row."""

    failure: Failure
    group: Group
    cure: ActionType
    sre_probe: Probe
    dev_probe: Probe
    """The two probes that it raises, one of each role's."""
    at_stores: bool = False
    """It sits in the last third of the graph, where data is kept."""
    relief: bool = False
    """A restart eases it for a while, yet it comes back."""
    extra_replicas: int = 0
    """How many more than there were a curing `scale` must reach."""
    rogue: Job | None = None
    """A fleet agent with this job causes it and does so again until it is blocked."""
    benign: bool = False
    """Nothing is wrong; it passes by itself."""
    leaves: Failure | None = None
    """What it brings about at its caller unless it is cured in time: it outlives its cause, and no cure of it works
    before that of its cause."""
    as_follower: Failure | None = None
    """What comes instead of it in a slot that leaves no room for what it would bring about."""


_F, _G, _A, _P = Failure, Group, ActionType, Probe
CATALOG: Final = (
    FailureSpec(_F.NONE, _G.ERRORS, _A.NOOP, _P.LOCK_WAIT, _P.POOL_IN_USE, benign=True),
    FailureSpec(_F.DB_DEADLOCK, _G.SLOW, _A.RESTART, _P.LOCK_WAIT, _P.POOL_IN_USE, at_stores=True),
    FailureSpec(_F.MEMORY_LEAK, _G.MEMORY, _A.ROLLBACK, _P.DISK_USED, _P.HEAP_GROWTH, relief=True),
    FailureSpec(_F.BAD_CONFIG_PUSH, _G.ERRORS, _A.ROLLBACK, _P.DNS_FAILURES, _P.CONFIG_DRIFT),
    FailureSpec(
        _F.AUTOSCALER_COST_CUT,
        _G.SLOW,
        _A.SCALE,
        _P.REPLICA_DEFICIT,
        _P.CACHE_FILL,
        extra_replicas=1,
        rogue=Job.AUTOSCALER,
    ),
    FailureSpec(_F.MISROUTED_TRAFFIC, _G.ERRORS, _A.ESCALATE, _P.ROUTE_SKEW, _P.CONFIG_DRIFT, rogue=Job.LOAD_BALANCER),
    FailureSpec(
        _F.CASCADE,
        _G.SLOW,
        _A.RESTART,
        _P.LOCK_WAIT,
        _P.POOL_IN_USE,
        at_stores=True,
        leaves=_F.RETRY_STORM,
        as_follower=_F.DB_DEADLOCK,
    ),
    FailureSpec(_F.DNS_OUTAGE, _G.ERRORS, _A.ESCALATE, _P.DNS_FAILURES, _P.CERT_REJECTS),
    FailureSpec(
        _F.DISK_FULL, _G.SLOW, _A.SCALE, _P.DISK_USED, _P.MAINTENANCE, at_stores=True, relief=True, extra_replicas=1
    ),
    FailureSpec(_F.ROGUE_DEPLOY_BOT, _G.ERRORS, _A.ROLLBACK, _P.DNS_FAILURES, _P.CONFIG_DRIFT, rogue=Job.DEPLOY_BOT),
    FailureSpec(_F.RETRY_STORM, _G.SLOW, _A.RESTART, _P.RETRY_RATIO, _P.POOL_IN_USE),
    FailureSpec(_F.CERT_EXPIRY, _G.ERRORS, _A.ESCALATE, _P.RETRY_RATIO, _P.CERT_REJECTS),
    FailureSpec(_F.NOISY_NEIGHBOUR, _G.MEMORY, _A.SCALE, _P.CPU_STEAL, _P.HEAP_GROWTH, extra_replicas=1),
    FailureSpec(_F.SLOW_DISK, _G.SLOW, _A.ESCALATE, _P.IO_WAIT, _P.POOL_IN_USE, at_stores=True),
    FailureSpec(_F.BAD_CANARY, _G.ERRORS, _A.ROLLBACK, _P.RETRY_RATIO, _P.CANARY_ERRORS),
    FailureSpec(_F.CLOCK_SKEW, _G.ERRORS, _A.RESTART, _P.CPU_STEAL, _P.CLOCK_OFFSET),
    FailureSpec(_F.POOL_LEAK, _G.MEMORY, _A.RESTART, _P.LOCK_WAIT, _P.HEAP_GROWTH),
    FailureSpec(_F.ROGUE_BATCH_JOB, _G.SLOW, _A.RESTART, _P.IO_WAIT, _P.CACHE_FILL, rogue=Job.BATCH_RUNNER),
    FailureSpec(_F.TRAFFIC_SURGE, _G.SLOW, _A.NOOP, _P.REPLICA_DEFICIT, _P.MAINTENANCE, benign=True),
    FailureSpec(_F.CACHE_WARMUP, _G.MEMORY, _A.NOOP, _P.DISK_USED, _P.CACHE_FILL, benign=True),
    FailureSpec(_F.PLANNED_FAILOVER, _G.ERRORS, _A.NOOP, _P.ROUTE_SKEW, _P.CANARY_ERRORS, benign=True),
    FailureSpec(_F.COMPACTION, _G.SLOW, _A.NOOP, _P.IO_WAIT, _P.MAINTENANCE, benign=True),
)
"""By number."""

CURE: Final = tuple(int(row.cure) for row in CATALOG)
DELAY: Final = tuple(CURE_DELAY.get(row.cure, 0) for row in CATALOG)
RAISES: Final = tuple(int(probe) for row in CATALOG for probe in (row.sre_probe, row.dev_probe))
"""(failures x 2) the SRE's and the developer's probe that each raises"""
RELIEF: Final = tuple(int(ActionType.RESTART) if row.relief else -1 for row in CATALOG)
EXTRA_REPLICAS: Final = tuple(row.extra_replicas for row in CATALOG)
ROGUE_JOB: Final = tuple(-1 if row.rogue is None else int(row.rogue) for row in CATALOG)
IS_REAL: Final = tuple(int(not row.benign) for row in CATALOG)
LEAVES: Final = tuple(0 if row.leaves is None else int(row.leaves) for row in CATALOG)
AS_FOLLOWER: Final = tuple(int(row.failure if row.as_follower is None else row.as_follower) for row in CATALOG)
AT_STORES: Final = tuple(int(row.at_stores) for row in CATALOG)
AFTER_CHANGE: Final = tuple(int(row.failure > 0 and GROUPS[row.group].after_change) for row in CATALOG)
RISE: Final = tuple(GROUPS[row.group].rise for row in CATALOG)
EFFECT: Final = tuple(
    effect for row in CATALOG for effect in (GROUPS[row.group].effects if row.failure else (0.0,) * 4)
)
"""(failures x effects)"""
REAL: Final = tuple(row.failure for row in CATALOG if not row.benign)
BENIGN: Final = tuple(row.failure for row in CATALOG if row.benign and row.failure)
HONEST: Final = tuple(one for one in REAL if CATALOG[one].rogue is None)
"""Failures that no fleet agent causes."""
BY_ROGUES: Final = tuple(one for one in REAL if CATALOG[one].rogue is not None)
ACTOR: Final = {
    ActionType.RESTART: Role.SRE,
    ActionType.SCALE: Role.SRE,
    ActionType.ROLLBACK: Role.DEV,
    ActionType.ESCALATE: Role.MANAGER,
}
"""The one role that can do each curing action."""
