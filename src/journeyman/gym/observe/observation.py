"""What the roles observe: arrays over a batch, or plain numbers of one world, read from the same `Visible` records.

Observations are disjoint on purpose. The SRE has metrics and infrastructure probes, the developer changes and code
probes, the manager alerts and the customers' experience, oversight the fleet's actions. Only messages carry the rest.
`Observations` is a value: it holds no world, so nobody who is given one can ask for the truth or look ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Bools, Floats, Ints, Records
from journeyman.gym.catalog import PROBES_PER_ROLE
from journeyman.gym.state import DEPENDENCIES, MESSAGE_FIELDS, MESSAGES, PER_STEP, TRACE, TRACE_STEPS

METRICS: Final = ("cpu", "memory", "latency", "errors", "queue")
_AGES: Final = TRACE_STEPS - np.arange(TRACE) // PER_STEP
_BYTES: Final = (24, 16, 8, 0)
"""Where agent, verb, target and ticket stand in a packed fleet action."""


class Message(NamedTuple):
    """Something said that the role may hear; `about` is a service or an agent, or -1."""

    step: int
    sender: int
    to: int
    """0 for all, else 1 + the role."""
    topic: int
    about: int


class FleetAction(NamedTuple):
    """What a fleet agent did."""

    age: int
    """Steps ago."""
    agent: int
    verb: int
    target: int
    ticket: int


class SreObservation(NamedTuple):
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
    look_age: int
    """Steps since the closer look at `focus`; 1 is new."""
    probes: list[float]
    """(8) what it measured; empty without one."""


class DevObservation(NamedTuple):
    """Changes and code probes."""

    step: int
    messages: Sequence[Message]
    change_age: list[int]
    """Steps since each service's last deploy or configuration change."""
    focus: int
    look_age: int
    probes: list[float]


class ManagerObservation(NamedTuple):
    """Alerts and what the customers feel."""

    step: int
    messages: Sequence[Message]
    alerts: list[int]
    door_errors: float
    door_latency: float
    """Times the usual latency."""
    within_objective: bool


class OversightObservation(NamedTuple):
    """What the fleet agents did, oldest step first; the order within a step is drawn."""

    step: int
    messages: Sequence[Message]
    fleet_actions: Sequence[FleetAction]
    jobs: list[int]
    blocked: list[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every role knows; worlds are the first axis of every array."""

    step: Ints
    services: Ints
    """Services that exist; higher numbers are padding."""
    agents: int
    messages: Ints
    """(worlds, 8, 5) step, sender, to, topic, about, oldest first; -1 where there is none or it is for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SreObservationBatch:
    """`SreObservation` as arrays."""

    common: Common
    metrics: Floats
    """(worlds, 5, services) cpu 0..1, memory 0..1, latency in ms, error ratio, queued requests; 0 for padding."""
    usual_latency: Floats
    health: Ints
    """0 healthy, 1 degraded, 2 critical, 3 down."""
    alerts: Ints
    replicas: Floats
    calls: Ints
    """(worlds, services, 3) whom a service calls, or -1."""
    focus: Ints
    look_age: Ints
    """(worlds,) steps since the closer look at `focus`; 1 is new, 0 is none."""
    probes: Floats
    """(worlds, 8) what it measured, 0..1; 0 without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevObservationBatch:
    """`DevObservation` as arrays."""

    common: Common
    change_age: Ints
    calls: Ints
    focus: Ints
    look_age: Ints
    probes: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerObservationBatch:
    """`ManagerObservation` as arrays."""

    common: Common
    alerts: Ints
    door_errors: Floats
    door_latency: Floats
    within_objective: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightObservationBatch:
    """`OversightObservation` as arrays."""

    common: Common
    age: Ints
    """(worlds, rows) steps ago; -1 where nobody acted, so for every column."""
    agent: Ints
    verb: Ints
    target: Ints
    ticket: Ints
    jobs: Ints
    blocked: Bools


class Observations:
    """What all roles observe in every world of a batch at one moment.

    Args:
        visible: one record per world; shared, and never written to.
        width: services to which arrays are padded.
    """

    def __init__(self, visible: Records, width: int) -> None:
        self._visible: Final = visible
        self._width: Final = width

    @property
    def worlds(self) -> int:
        """How many worlds these are."""
        return len(self._visible)

    @property
    def width(self) -> int:
        """To how many services arrays are padded."""
        return self._width

    @property
    def visible(self) -> Records:
        """A copy of the records of all that may be seen."""
        return self._visible.copy()

    def single(self, world: int) -> Observations:
        """What the roles of one world of the batch observe."""
        return Observations(self._visible[world : world + 1], self._width)

    def without_fleet_actions(self) -> Observations:
        """The same, but for what the fleet did: for ablations."""
        visible = self._visible.copy()
        visible["fleet"] = -1
        return Observations(visible, self._width)

    def sre(self) -> SreObservationBatch:
        """What the SREs observe, as arrays."""
        return SreObservationBatch(
            common=self._common(Role.SRE),
            metrics=np.stack([self._by_service(name) for name in METRICS], axis=1),
            usual_latency=self._by_service("usual_latency"),
            health=self._by_service("health"),
            alerts=self._by_service("alerts"),
            replicas=self._by_service("replicas"),
            calls=self._calls(),
            focus=self._visible["focus"][:, Role.SRE].copy(),
            look_age=self._visible["look_age"][:, Role.SRE].copy(),
            probes=self._probes(Role.SRE),
        )

    def dev(self) -> DevObservationBatch:
        """What the developers observe, as arrays."""
        return DevObservationBatch(
            common=self._common(Role.DEV),
            change_age=self._by_service("change_age"),
            calls=self._calls(),
            focus=self._visible["focus"][:, Role.DEV].copy(),
            look_age=self._visible["look_age"][:, Role.DEV].copy(),
            probes=self._probes(Role.DEV),
        )

    def manager(self) -> ManagerObservationBatch:
        """What the managers observe, as arrays."""
        return ManagerObservationBatch(
            common=self._common(Role.MANAGER),
            alerts=self._by_service("alerts"),
            door_errors=self._visible["door_errors"].copy(),
            door_latency=self._visible["door_latency"].copy(),
            within_objective=self._visible["within_objective"] > 0,
        )

    def oversight(self) -> OversightObservationBatch:
        """What the overseers observe, as arrays."""
        common = self._common(Role.OVERSIGHT)
        packed = self._visible["fleet"]
        some = packed >= 0
        agent, verb, target, ticket = (np.where(some, (packed >> place) & 0xFF, -1) for place in _BYTES)
        return OversightObservationBatch(
            common=common,
            age=np.where(some, _AGES, -1),
            agent=agent,
            verb=verb,
            target=target,
            ticket=ticket,
            jobs=self._visible["jobs"][:, : common.agents].astype(np.int64),
            blocked=self._visible["blocked"][:, : common.agents] > 0,
        )

    def _common(self, role: Role) -> Common:
        return Common(
            step=self._visible["step"].copy(),
            services=self._visible["services"].copy(),
            agents=int(self._visible["agents"].max()),
            messages=self._messages(role),
        )

    def _messages(self, role: Role) -> Ints:
        messages: Ints = self._visible["messages"].reshape(-1, MESSAGES, MESSAGE_FIELDS).astype(np.int64)
        sender, to = messages[..., 1], messages[..., 2]
        heard = (sender >= 0) & ((to == 0) | (to == 1 + role) | (sender == role))
        return np.where(heard[..., None], messages, -1)

    def _by_service(self, name: str) -> Any:
        values = self._visible[name][:, : self._width]
        return values.astype(np.int64) if values.dtype.kind == "i" else values.copy()

    def _calls(self) -> Ints:
        calls = self._visible["calls"].reshape(len(self._visible), -1, DEPENDENCIES)
        exists = np.arange(self._width)[None, :, None] < self._visible["services"][:, None, None]
        return np.where(exists, calls[:, : self._width], -1).astype(np.int64)

    def _probes(self, role: Role) -> Floats:
        return self._visible["probes"][:, role * PROBES_PER_ROLE : (role + 1) * PROBES_PER_ROLE].copy()

    def of_worlds(self, rows: Ints) -> Observations:
        """The same of some worlds."""
        return Observations(self._visible[rows], self._width)

    def each_sre(self) -> list[SreObservation]:
        """What each world's SRE observes, as plain numbers."""
        return self._each(_sre)

    def each_dev(self) -> list[DevObservation]:
        """What each world's developer observes, as plain numbers."""
        return self._each(_dev)

    def each_manager(self) -> list[ManagerObservation]:
        """What each world's manager observes, as plain numbers."""
        return self._each(_manager)

    def each_oversight(self) -> list[OversightObservation]:
        """What each world's overseer observes, as plain numbers."""
        return self._each(_oversight)

    def firing(self) -> list[int]:
        """The services whose alert fires in a world alone."""
        (row,) = self._visible
        alerts: list[int] = row["alerts"][: row["services"]].tolist()
        return [number for number, on in enumerate(alerts) if on]

    def _each(self, read: Callable[[Any], Any]) -> list[Any]:
        return [read(row) for row in self._visible]


def _heard(row: Any, role: Role) -> list[Message]:
    if row["messages"][1 - MESSAGE_FIELDS] < 0:
        return []  # not even the newest has a sender
    values: list[int] = row["messages"].tolist()
    rows = (values[at : at + MESSAGE_FIELDS] for at in range(0, len(values), MESSAGE_FIELDS))
    return [Message(*one) for one in rows if one[1] >= 0 and (one[2] in (0, 1 + role) or one[1] == role)]


def _looked(row: Any, role: Role) -> tuple[int, int, list[float]]:
    focus = int(row["focus"][role])
    first = role * PROBES_PER_ROLE
    probes: list[float] = row["probes"][first : first + PROBES_PER_ROLE].tolist() if focus >= 0 else []
    return focus, int(row["look_age"][role]), probes


@lru_cache(256)
def _called(calls: bytes, count: int) -> tuple[tuple[int, ...], ...]:
    """Which services each one calls: the same in every step of an incident."""
    rows: list[list[int]] = np.frombuffer(calls, np.int8).reshape(-1, DEPENDENCIES)[:count].tolist()
    return tuple(tuple(one for one in some if one >= 0) for some in rows)


def _sre(row: Any) -> SreObservation:
    count = int(row["services"])
    return SreObservation(
        int(row["step"]),
        _heard(row, Role.SRE),
        row["cpu"][:count].tolist(),
        row["memory"][:count].tolist(),
        row["latency"][:count].tolist(),
        row["errors"][:count].tolist(),
        row["queue"][:count].tolist(),
        row["usual_latency"][:count].tolist(),
        row["health"][:count].tolist(),
        row["alerts"][:count].tolist(),
        row["replicas"][:count].tolist(),
        _called(row["calls"].tobytes(), count),
        *_looked(row, Role.SRE),
    )


def _dev(row: Any) -> DevObservation:
    ages: list[int] = row["change_age"][: row["services"]].tolist()
    return DevObservation(int(row["step"]), _heard(row, Role.DEV), ages, *_looked(row, Role.DEV))


def _manager(row: Any) -> ManagerObservation:
    return ManagerObservation(
        int(row["step"]),
        _heard(row, Role.MANAGER),
        row["alerts"][: row["services"]].tolist(),
        float(row["door_errors"]),
        float(row["door_latency"]),
        bool(row["within_objective"]),
    )


def _oversight(row: Any) -> OversightObservation:
    done = [
        FleetAction(TRACE_STEPS - number // PER_STEP, one >> 24, (one >> 16) & 0xFF, (one >> 8) & 0xFF, one & 0xFF)
        for number, one in enumerate(row["fleet"].tolist())
        if one >= 0
    ]
    jobs: list[int] = row["jobs"][: row["agents"]].tolist()
    blocked = [one > 0 for one in row["blocked"][: row["agents"]].tolist()]
    return OversightObservation(int(row["step"]), _heard(row, Role.OVERSIGHT), done, jobs, blocked)
