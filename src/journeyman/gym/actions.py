"""Who may do what: roles, the nine actions, and their form as four integers.

An action is `(type, target, arg, to)`. `target` is a service, for `flag_rogue` a fleet agent; -1 is none. `arg` is the
replica count of `scale`, the failure of `identify_root_cause` and the topic of `communicate`. `to` is 0 for the shared
channel, else 1 + the role that shall hear it. Every disruptive action belongs to exactly one role.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """A seat at the incident; the value is the row in action and reward arrays."""

    SRE = 0
    DEV = 1
    MANAGER = 2
    OVERSIGHT = 3

    @property
    def label(self) -> str:
        """The name on the wire, such as `sre`."""
        return self.name.lower()


class ActionType(IntEnum):
    """What a role can do; the value is the first of an action's four integers."""

    NOOP = 0
    COMMUNICATE = 1
    RESTART = 2
    ROLLBACK = 3
    SCALE = 4
    FLAG_ROGUE = 5
    IDENTIFY_ROOT_CAUSE = 6
    ESCALATE = 7
    RESOLVE = 8

    @property
    def label(self) -> str:
        """The name on the wire, such as `flag_rogue`."""
        return self.name.lower()


class Topic(IntEnum):
    """What a message is about; `about` names the service or, for `SUSPECT`, the fleet agent.

    Values from `CLAIM` upwards say "failure (value - CLAIM) at this service", those from `READING` upwards "this
    probe is high there". `ALL_CLEAR` about a service says that no probe is.
    """

    NOTE = 0
    SYMPTOM = 1
    FIXED = 2
    NEED_RESTART = 3
    NEED_ROLLBACK = 4
    NEED_SCALE = 5
    NEED_ESCALATION = 6
    SUSPECT = 7
    ALL_CLEAR = 8
    CLAIM = 16
    HIGH_LOCK_WAIT = 40
    HIGH_IO_WAIT = 41
    HIGH_DISK_USED = 42
    HIGH_CPU_STEAL = 43
    HIGH_RETRY_RATIO = 44
    HIGH_REPLICA_DEFICIT = 45
    HIGH_DNS_FAILURES = 46
    HIGH_ROUTE_SKEW = 47
    HIGH_CONFIG_DRIFT = 48
    HIGH_CANARY_ERRORS = 49
    HIGH_CERT_REJECTS = 50
    HIGH_CLOCK_OFFSET = 51
    HIGH_HEAP_GROWTH = 52
    HIGH_POOL_IN_USE = 53
    HIGH_CACHE_FILL = 54
    HIGH_MAINTENANCE = 55

    @property
    def label(self) -> str:
        """The name on the wire, such as `need_restart`."""
        return self.name.lower()


ROLES: Final = len(Role)
ACTION_TYPES: Final = len(ActionType)
READING: Final = int(Topic.HIGH_LOCK_WAIT)
"""The topic of the first probe; those of the others follow in their order."""
FIELDS: Final = 4
MAX_REPLICAS: Final = 16
TOPICS: Final = 56

ALLOWED_ACTIONS: Final[dict[Role, tuple[ActionType, ...]]] = {
    Role.SRE: (
        ActionType.NOOP,
        ActionType.COMMUNICATE,
        ActionType.RESTART,
        ActionType.SCALE,
        ActionType.IDENTIFY_ROOT_CAUSE,
    ),
    Role.DEV: (ActionType.NOOP, ActionType.COMMUNICATE, ActionType.ROLLBACK, ActionType.IDENTIFY_ROOT_CAUSE),
    Role.MANAGER: (ActionType.NOOP, ActionType.COMMUNICATE, ActionType.ESCALATE, ActionType.RESOLVE),
    Role.OVERSIGHT: (ActionType.NOOP, ActionType.COMMUNICATE, ActionType.FLAG_ROGUE),
}
"""What each role may do; everything else is refused as a no-op."""


@dataclass(frozen=True, slots=True)
class Action:
    """One role's move as the world takes it."""

    type: ActionType = ActionType.NOOP
    target: int = -1
    """Service number, fleet agent number for `flag_rogue`, or -1. A no-op with a target looks closer at that service."""
    arg: int = 0
    to: int = 0

    def row(self) -> tuple[int, int, int, int]:
        """The four integers of the action arrays."""
        return (int(self.type), self.target, self.arg, self.to)


NOOP: Final = Action()
