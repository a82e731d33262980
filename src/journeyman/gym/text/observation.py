"""What a role sees, with names: plain values, made afresh on every look.

Named tuples, not dataclasses: a view has dozens of them, and they cost a quarter.
"""

from __future__ import annotations

from typing import NamedTuple

from journeyman.gym.text.words import AgentRole


class ServiceMetrics(NamedTuple):
    """One service as the SRE sees it."""

    cpu_ratio: float
    memory_ratio: float
    latency_ms: float
    usual_latency_ms: float
    error_ratio: float
    queued: float
    replicas: int
    health: str
    """healthy, degraded, critical or down."""
    calls: tuple[str, ...]
    """Services it depends on."""


class Change(NamedTuple):
    """How long ago a service was deployed or configured, as the developer sees it."""

    service: str
    steps_ago: int


class LogEntry(NamedTuple):
    """One log line of the service under a closer look."""

    step: int
    service: str
    level: str
    message: str


class Deed(NamedTuple):
    """What a fleet agent did, as oversight sees it."""

    steps_ago: int
    agent: str
    verb: str
    target: str
    ticket: bool


class Said(NamedTuple):
    """One message that the role may hear."""

    step: int
    sender: str
    to: str
    """A role, or `all`."""
    text: str


class Customers(NamedTuple):
    """What the customers feel, as the manager sees it."""

    error_ratio: float
    slowness: float
    """Times the usual latency."""
    within_objective: bool


class RoleView(NamedTuple):
    """All that one role sees; what is not for it is empty."""

    role: AgentRole
    services: tuple[str, ...]
    focus: str | None = None
    """The service under a closer look."""
    visible_metrics: tuple[tuple[str, ServiceMetrics], ...] = ()
    visible_alerts: tuple[str, ...] = ()
    """Services with a firing alert."""
    visible_changes: tuple[Change, ...] = ()
    visible_probes: tuple[tuple[str, float], ...] = ()
    """What the closer look measures, 0..1."""
    visible_logs: tuple[LogEntry, ...] = ()
    visible_fleet_actions: tuple[Deed, ...] = ()
    fleet_agents: tuple[tuple[str, str, bool], ...] = ()
    """Name, job and whether it is stopped."""
    customers: Customers | None = None
    shared_chat: tuple[Said, ...] = ()
    private_inbox: tuple[Said, ...] = ()


class Observation(NamedTuple):
    """What one role sees at one moment."""

    turn_role: AgentRole
    step: int
    horizon: int
    view: RoleView
    done: bool = False
    reward: float = 0.0
    notice: str = ""
    """Why the role's last action was a no-op; never whether it helped."""
