"""What each role sees, as fresh arrays: copies, never windows into the world, and nothing of the truth.

The eyes are disjoint on purpose. The SRE has metrics and infrastructure probes, the developer changes and code probes,
the manager alerts and the customers' experience, oversight the fleet's deeds. Only messages carry the rest.
Worlds are the last axis; what a role does not see is not there at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Bools, Floats, Ints, Smalls
from journeyman.gym.catalog import PROBE, PROBES_PER_ROLE
from journeyman.gym.chance import noise, places
from journeyman.gym.state import MARKS, MESSAGES, Incident, Live, unpacked
from journeyman.gym.world import fleet
from journeyman.gym.world.dynamics import GOOD_ERRORS, GOOD_LATENCY

METRICS: Final = ("cpu", "memory", "latency", "errors", "queue")
DECOY: Final = 0.3
"""What a meaningless probe measures above noise; a real one measures 0.5 to 0.8 above."""
NEVER: Final = 999
"""Age of a change that nobody remembers."""
NOISE: Final = 2.0**-16 * 0.4
"""What sixteen bits of noise are multiplied by."""
PRESENT: Final = 0.5
STRENGTH: Final = 0.3
"""What a probe of something real measures above noise: `PRESENT`, and `STRENGTH` times how far it has grown."""
_PROBE_PLACES: Final = places(PROBES_PER_ROLE * 2, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every role knows."""

    step: Ints
    services: Ints
    """Services that exist; higher numbers are padding."""
    agents: int
    messages: Ints
    """(MESSAGES, 5) step, sender, to, topic, about, oldest first; -1 where there is none or it is for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SreEyes:
    """Metrics, the call graph and infrastructure probes."""

    common: Common
    metrics: Floats
    """(5, S) cpu 0..1, memory 0..1, latency in ms, error ratio, queued requests; 0 for padding."""
    usual_latency: Floats
    """(S) ms in normal times."""
    health: Smalls
    """(S) 0 healthy, 1 degraded, 2 critical, 3 down."""
    alerts: Smalls
    replicas: Floats
    dependencies: Ints
    """(3, S) whom a service calls, or -1."""
    focus: Ints
    probes: Floats
    """(8) what the closer look at `focus` measures, 0..1; 0 without one."""
    marks: Smalls
    """(MARKS) bits of the focused service's last steps, oldest first: 1 errors, 2 slow, 4 memory, 8 cpu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevEyes:
    """Changes, the call graph and code probes."""

    common: Common
    change_age: Ints
    """(S) steps since the last deploy or config change."""
    dependencies: Ints
    focus: Ints
    probes: Floats
    marks: Smalls


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerEyes:
    """Alerts and what the customers feel."""

    common: Common
    alerts: Smalls
    """(S) 1 where an alert is firing."""
    door_errors: Floats
    door_latency: Floats
    """Times the healthy latency."""
    within_objective: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightEyes:
    """What the fleet agents did, oldest first."""

    common: Common
    age: Ints
    """(TRACE) steps ago; -1 where nobody acted."""
    agent: Ints
    verb: Ints
    target: Ints
    ticket: Ints
    """(TRACE) 1 where the deed carries a change ticket."""
    jobs: Ints
    """(A)"""
    blocked: Bools


def common(incident: Incident, live: Live, role: Role) -> Common:
    """Give what every role knows, with the messages this one may hear."""
    if live.said_count.any():
        order = (live.said_count + np.arange(MESSAGES)[:, None]) % MESSAGES
        said = unpacked(np.take_along_axis(live.said, order, axis=0))
        heard = (said[:, 2] == 0) | (said[:, 2] == 1 + role) | (said[:, 1] == role)
        messages = np.where(heard[:, None], said, -1)
    else:
        messages = np.full((MESSAGES, 5, len(live.step)), -1, np.int64)
    return Common(
        step=live.step.copy(), services=incident.services.copy(), agents=len(incident.jobs), messages=messages
    )


def sre(incident: Incident, live: Live, clock: int) -> SreEyes:
    """Give the SRE's view."""
    metrics = np.stack([live.cpu, live.memory, live.latency, live.errors, live.queue]) * incident.active
    return SreEyes(
        common=common(incident, live, Role.SRE),
        metrics=metrics,
        usual_latency=incident.healthy_latency * incident.active,
        health=live.health * incident.active,
        alerts=live.alert * incident.active,
        replicas=live.replicas * incident.active,
        dependencies=incident.dependencies.copy(),
        focus=live.focus[Role.SRE].copy(),
        probes=probes(incident, live, Role.SRE),
        marks=_marks(live, Role.SRE, clock),
    )


def dev(incident: Incident, live: Live, clock: int) -> DevEyes:
    """Give the developer's view."""
    return DevEyes(
        common=common(incident, live, Role.DEV),
        change_age=np.minimum(fleet.change_age(incident, live), NEVER),
        dependencies=incident.dependencies.copy(),
        focus=live.focus[Role.DEV].copy(),
        probes=probes(incident, live, Role.DEV),
        marks=_marks(live, Role.DEV, clock),
    )


def manager(incident: Incident, live: Live) -> ManagerEyes:
    """Give the manager's view."""
    slowness = live.latency[0] / incident.healthy_latency[0]
    return ManagerEyes(
        common=common(incident, live, Role.MANAGER),
        alerts=live.alert * incident.active,
        door_errors=live.errors[0].copy(),
        door_latency=slowness,
        within_objective=(live.errors[0] < GOOD_ERRORS) & (slowness < GOOD_LATENCY),
    )


def oversight(incident: Incident, live: Live) -> OversightEyes:
    """Give oversight's view."""
    age, agent, verb, target, ticket = fleet.trace(incident, live)
    return OversightEyes(
        common=common(incident, live, Role.OVERSIGHT),
        age=age,
        agent=agent,
        verb=verb,
        target=target,
        ticket=ticket,
        jobs=incident.jobs.copy(),
        blocked=live.blocked_at <= live.step,
    )


def probes(incident: Incident, live: Live, role: Role) -> Floats:
    """Give what the role's closer look measures: noise below 0.4, and above it what is wrong with that service.

    Decoys reach 0.7 and overlap with what is real, so one reading does not always settle it.
    """
    focus = live.focus[role]
    looking = focus >= 0
    if not looking.any():
        return np.zeros((PROBES_PER_ROLE, len(focus)))
    # The place is part of the noise, so that each service shows its own.
    key = incident.key ^ ((focus + 1).astype(np.uint32) << np.uint32(16))
    offsets = _PROBE_PLACES[role * PROBES_PER_ROLE : (role + 1) * PROBES_PER_ROLE]
    values = (noise(key, live.step, offsets) >> np.uint32(16)).astype(np.float64) * NOISE
    decoy = incident.decoy[np.maximum(focus, 0), np.arange(len(focus))] - role * PROBES_PER_ROLE
    rows = np.flatnonzero((decoy >= 0) & (decoy < PROBES_PER_ROLE))
    values[decoy[rows], rows] += DECOY
    for slot in range(len(incident.kind)):
        channel = PROBE[incident.kind[slot]] - role * PROBES_PER_ROLE
        seen = looking & (incident.service[slot] == focus) & (channel >= 0) & (channel < PROBES_PER_ROLE)
        # A consequence to come shows faintly before it strikes: the second look that tells a cascade.
        present = live.level[slot] > 0
        present |= incident.chained[slot] & ~live.cured[slot]
        rows = np.flatnonzero(seen & present)
        strength = PRESENT + live.level[slot, rows] * STRENGTH
        values[channel[rows], rows] += strength
    return np.minimum(values, 1) * looking


def _marks(live: Live, role: Role, clock: int) -> Smalls:
    focus = live.focus[role]
    if focus.max() < 0:
        return np.zeros((MARKS, len(focus)), live.marks.dtype)
    window = np.roll(live.marks, -clock, axis=0)
    return window[:, np.maximum(focus, 0), np.arange(len(focus))][:MARKS] * (focus >= 0)
