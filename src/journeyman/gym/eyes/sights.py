"""What each role sees of one world, in plain numbers: for role agents and for words.

`views` has the same as arrays over a batch. Services that do not exist are left out, and so are empty rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from journeyman.gym.eyes.views import Common, DevEyes, ManagerEyes, OversightEyes, SreEyes


class Message(NamedTuple):
    """Something said that the role may hear; `about` is a service or an agent, or -1."""

    step: int
    sender: int
    to: int
    """0 for all, else 1 + the role."""
    topic: int
    about: int


class Deed(NamedTuple):
    """What a fleet agent did."""

    age: int
    """Steps ago."""
    agent: int
    verb: int
    target: int
    ticket: int


class SreSight(NamedTuple):
    """Metrics, the call graph and infrastructure probes; lists by service."""

    step: int
    messages: Sequence[Message]
    """The last eight of all that was said, as far as the role may hear them, oldest first; so for every role."""
    cpu: list[float]
    memory: list[float]
    latency: list[float]
    """ms"""
    errors: list[float]
    queue: list[float]
    usual_latency: list[float]
    health: list[int]
    alerts: list[int]
    replicas: list[float]
    calls: tuple[tuple[int, ...], ...]
    """Whom each service calls."""
    focus: int
    probes: list[float]
    """(8) what the closer look at `focus` measures; empty without one."""


class DevSight(NamedTuple):
    """Changes and code probes."""

    step: int
    messages: Sequence[Message]
    change_age: list[int]
    focus: int
    probes: list[float]


class ManagerSight(NamedTuple):
    """Alerts and what the customers feel."""

    step: int
    messages: Sequence[Message]
    alerts: list[int]
    door_errors: float
    door_latency: float
    within_objective: bool


class OversightSight(NamedTuple):
    """What the fleet agents did, oldest first."""

    step: int
    messages: Sequence[Message]
    deeds: Sequence[Deed]
    jobs: list[int]
    blocked: list[bool]


class Sights(Protocol):
    """What the roles see now in every world of a batch, made when it is asked for."""

    def sre(self) -> list[SreSight]:
        """Give what the SREs see."""
        ...

    def dev(self) -> list[DevSight]:
        """Give what the developers see."""
        ...

    def manager(self) -> list[ManagerSight]:
        """Give what the managers see."""
        ...

    def oversight(self) -> list[OversightSight]:
        """Give what the overseers see."""
        ...


class Eyes(Protocol):
    """A batch's eyes as arrays."""

    def sre(self) -> SreEyes:
        """Give what the SREs see."""
        ...

    def dev(self) -> DevEyes:
        """Give what the developers see."""
        ...

    def manager(self) -> ManagerEyes:
        """Give what the managers see."""
        ...

    def oversight(self) -> OversightEyes:
        """Give what the overseers see."""
        ...


class BatchSights:
    """What is seen of a batch, from its eyes."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def sre(self) -> list[SreSight]:
        """Give what the SREs see."""
        return sre_sights(self._eyes.sre())

    def dev(self) -> list[DevSight]:
        """Give what the developers see."""
        return dev_sights(self._eyes.dev())

    def manager(self) -> list[ManagerSight]:
        """Give what the managers see."""
        return manager_sights(self._eyes.manager())

    def oversight(self) -> list[OversightSight]:
        """Give what the overseers see."""
        return oversight_sights(self._eyes.oversight())


def sre_sights(eyes: SreEyes) -> list[SreSight]:
    """Give the plain form of a batch's eyes, a sight per world."""
    steps, messages, services = _common(eyes.common)
    by_service = [*eyes.metrics, eyes.usual_latency, eyes.health, eyes.alerts, eyes.replicas]
    columns: list[list[list[Any]]] = [array.T.tolist() for array in by_service]
    called: list[list[list[int]]] = eyes.dependencies.T.tolist()
    focus: list[int] = eyes.focus.tolist()
    probes: list[list[float]] = eyes.probes.T.tolist()
    sights: list[SreSight] = []
    for world, count in enumerate(services):
        cpu, memory, latency, errors, queue, usual, health, alerts, replicas = (one[world][:count] for one in columns)
        sight = SreSight(
            step=steps[world],
            messages=messages[world],
            cpu=cpu,
            memory=memory,
            latency=latency,
            errors=errors,
            queue=queue,
            usual_latency=usual,
            health=health,
            alerts=alerts,
            replicas=replicas,
            calls=tuple(tuple(one for one in some if one >= 0) for some in called[world][:count]),
            focus=focus[world],
            probes=probes[world] if focus[world] >= 0 else [],
        )
        sights.append(sight)
    return sights


def dev_sights(eyes: DevEyes) -> list[DevSight]:
    """Give the plain form of a batch's eyes, a sight per world."""
    steps, messages, services = _common(eyes.common)
    ages: list[list[int]] = eyes.change_age.T.tolist()
    focus: list[int] = eyes.focus.tolist()
    probes: list[list[float]] = eyes.probes.T.tolist()
    return [
        DevSight(
            steps[world],
            messages[world],
            ages[world][:count],
            focus[world],
            probes[world] if focus[world] >= 0 else [],
        )
        for world, count in enumerate(services)
    ]


def manager_sights(eyes: ManagerEyes) -> list[ManagerSight]:
    """Give the plain form of a batch's eyes, a sight per world."""
    steps, messages, services = _common(eyes.common)
    alerts: list[list[int]] = eyes.alerts.T.tolist()
    errors, latency = eyes.door_errors.tolist(), eyes.door_latency.tolist()
    within: list[bool] = eyes.within_objective.tolist()
    return [
        ManagerSight(steps[world], messages[world], alerts[world][:count], errors[world], latency[world], within[world])
        for world, count in enumerate(services)
    ]


def oversight_sights(eyes: OversightEyes) -> list[OversightSight]:
    """Give the plain form of a batch's eyes, a sight per world."""
    steps, messages, _ = _common(eyes.common)
    table = np.stack([eyes.age, eyes.agent, eyes.verb, eyes.target, eyes.ticket], axis=1)
    deeds: list[list[list[int]]] = table.transpose(2, 0, 1).tolist()
    jobs: list[list[int]] = eyes.jobs.T.tolist()
    blocked: list[list[bool]] = eyes.blocked.T.tolist()
    return [
        OversightSight(step, heard, [Deed(*row) for row in rows if row[1] >= 0], own, stopped)
        for step, heard, rows, own, stopped in zip(steps, messages, deeds, jobs, blocked, strict=True)
    ]


def _common(common: Common) -> tuple[list[int], list[list[Message]], list[int]]:
    rows: list[list[list[int]]] = common.messages.transpose(2, 0, 1).tolist()
    heard = [[Message(*row) for row in some if row[1] >= 0] for some in rows]
    return common.step.tolist(), heard, common.services.tolist()
