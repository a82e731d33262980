"""The closed sets of the gym as words, for JSON and models; `number` leads to the arrays' form."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from journeyman.gym import actions, catalog


class AgentRole(StrEnum):
    """A seat at the incident."""

    SRE = "sre"
    DEV = "dev"
    MANAGER = "manager"
    OVERSIGHT = "oversight"

    @property
    def number(self) -> actions.Role:
        """The role's row in the arrays."""
        return _ROLES[self]


class ActionType(StrEnum):
    """What a role can do."""

    NOOP = "noop"
    COMMUNICATE = "communicate"
    RESTART = "restart"
    ROLLBACK = "rollback"
    SCALE = "scale"
    FLAG_ROGUE = "flag_rogue"
    IDENTIFY_ROOT_CAUSE = "identify_root_cause"
    ESCALATE = "escalate"
    RESOLVE = "resolve"

    @property
    def number(self) -> actions.ActionType:
        """The first integer of the action in the arrays."""
        return _TYPES[self]


class FailureType(StrEnum):
    """What can be claimed as a root cause; `none` claims that nothing is wrong."""

    NONE = "none"
    DB_DEADLOCK = "db_deadlock"
    MEMORY_LEAK = "memory_leak"
    BAD_CONFIG_PUSH = "bad_config_push"
    AUTOSCALER_COST_CUT = "autoscaler_cost_cut"
    MISROUTED_TRAFFIC = "misrouted_traffic"
    CASCADE = "cascade"
    DNS_OUTAGE = "dns_outage"
    DISK_FULL = "disk_full"
    ROGUE_DEPLOY_BOT = "rogue_deploy_bot"
    RETRY_STORM = "retry_storm"
    CERT_EXPIRY = "cert_expiry"
    NOISY_NEIGHBOUR = "noisy_neighbour"
    SLOW_DISK = "slow_disk"
    BAD_CANARY = "bad_canary"
    CLOCK_SKEW = "clock_skew"
    POOL_LEAK = "pool_leak"
    ROGUE_BATCH_JOB = "rogue_batch_job"

    @property
    def number(self) -> catalog.Failure:
        """The failure in the catalogue."""
        return _FAILURES[self]


class TopicName(StrEnum):
    """What a message is about, for listeners that read no prose."""

    NOTE = "note"
    SYMPTOM = "symptom"
    FIXED = "fixed"
    NEED_RESTART = "need_restart"
    NEED_ROLLBACK = "need_rollback"
    NEED_SCALE = "need_scale"
    NEED_ESCALATION = "need_escalation"
    SUSPECT = "suspect"
    ALL_CLEAR = "all_clear"
    HIGH_LOCK_WAIT = "high_lock_wait"
    HIGH_IO_WAIT = "high_io_wait"
    HIGH_DISK_USED = "high_disk_used"
    HIGH_CPU_STEAL = "high_cpu_steal"
    HIGH_RETRY_RATIO = "high_retry_ratio"
    HIGH_REPLICA_DEFICIT = "high_replica_deficit"
    HIGH_DNS_FAILURES = "high_dns_failures"
    HIGH_ROUTE_SKEW = "high_route_skew"
    HIGH_CONFIG_DRIFT = "high_config_drift"
    HIGH_CANARY_ERRORS = "high_canary_errors"
    HIGH_CERT_REJECTS = "high_cert_rejects"
    HIGH_CLOCK_OFFSET = "high_clock_offset"
    HIGH_HEAP_GROWTH = "high_heap_growth"
    HIGH_POOL_IN_USE = "high_pool_in_use"
    HIGH_CACHE_FILL = "high_cache_fill"
    HIGH_MAINTENANCE = "high_maintenance"

    @property
    def number(self) -> actions.Topic:
        """The topic in the arrays."""
        return _TOPICS[self]


# Looked up once: an enum's lookup by name costs ten times a dictionary's.
_ROLES: Final = {one: actions.Role[one.name] for one in AgentRole}
_TYPES: Final = {one: actions.ActionType[one.name] for one in ActionType}
_FAILURES: Final = {one: catalog.Failure[one.name] for one in FailureType}
_TOPICS: Final = {one: actions.Topic[one.name] for one in TopicName}
