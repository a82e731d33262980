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


class FleetAction(NamedTuple):
    """What a fleet agent did, as oversight sees it."""

    steps_ago: int
    agent: str
    verb: str
    target: str
    ticket: bool


class Alert(NamedTuple):
    """An alert that fires."""

    service: str
    severity: str
    """`page` where callers feel it, else `warn`."""
    message: str
    """What was over its limit when it began to fire."""
    triggered_at_step: int


class Message(NamedTuple):
    """One message that the role may hear."""

    step: int
    sender: str
    to: str
    """A role, or `all`."""
    topic: str
    """One of `TopicName`, empty where none was given."""
    about: str
    """The service or fleet agent that the topic is about, or nothing."""
    text: str
    """What the sender wrote, as it was written: show it with `quoting.quoted`."""


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
    look_age: int = 0
    """Steps since it was taken; 1 is new."""
    visible_metrics: tuple[tuple[str, ServiceMetrics], ...] = ()
    visible_alerts: tuple[Alert, ...] = ()
    """By service."""
    visible_changes: tuple[Change, ...] = ()
    visible_probes: tuple[tuple[str, float], ...] = ()
    """What the closer look measures, 0..1."""
    visible_logs: tuple[LogEntry, ...] = ()
    visible_fleet_actions: tuple[FleetAction, ...] = ()
    fleet_agents: tuple[tuple[str, str, bool], ...] = ()
    """Name, job and whether it is stopped."""
    customers: Customers | None = None
    shared_chat: tuple[Message, ...] = ()
    private_inbox: tuple[Message, ...] = ()


class Observation(NamedTuple):
    """What one role sees at one moment."""

    turn_role: AgentRole
    step: int
    horizon: int
    view: RoleView
    done: bool = False
    reward: float = 0.0
    notice: str = ""
    """What became of the role's last action where not all of it was carried out, and why; never whether it helped."""
