"""One world's arrays as plain Python numbers and lists: what was drawn, and what changes."""

from __future__ import annotations

from typing import Final, TypeAlias

from journeyman.gym.actions import ActionType
from journeyman.gym.catalog import CURE, DELAY, EFFECT, EXTRA_REPLICAS, PROBE, RISE
from journeyman.gym.catalog import RELIEF as RELIEVED
from journeyman.gym.chance import places
from journeyman.gym.state import Incident, Live
from journeyman.gym.tasks import SIZES

_LISTS: Final = (
    "replicas",
    "queue",
    "served",
    "errors",
    "latency",
    "cpu",
    "memory",
    "breaker",
    "down",
    "health",
    "heat",
    "alert",
    "level",
    "cured",
    "relieved",
    "timer",
    "strike_at",
    "rogue_live",
    "named",
    "wrong_acts",
    "blocked_at",
    "focus",
    "said",
    "strikes",
    "marks",
    "score",
)
"""Fields of `Live` that are mirrored as lists."""
_PLAIN: Final = (
    "step",
    "adapted",
    "caught",
    "false_flags",
    "wrong_claims",
    "named_none",
    "calm",
    "good_steps",
    "said_count",
    "ended",
    "succeeded",
)
"""Fields of `Live` that are mirrored as one value."""
_SERVICE_PLACES: Final[list[int]] = places(1 + max(size.services[1] for size in SIZES.values()))[:, 0].tolist()
_CURES: Final[list[int]] = CURE.tolist()
_DELAYS: Final[list[int]] = DELAY.tolist()
_EXTRA: Final[list[int]] = EXTRA_REPLICAS.tolist()
_PROBES: Final[list[int]] = PROBE.tolist()
_RISES: Final[list[float]] = RISE.tolist()
_RELIEVED: Final[list[bool]] = RELIEVED.tolist()
_EFFECTS: Final[list[list[float]]] = EFFECT.T.tolist()


class Now:
    """The fields of `Live` as lists and plain values."""

    replicas: list[float]
    queue: list[float]
    served: list[float]
    errors: list[float]
    latency: list[float]
    cpu: list[float]
    memory: list[float]
    breaker: list[float]
    down: list[float]
    health: list[int]
    heat: list[int]
    alert: list[int]
    level: list[float]
    cured: list[bool]
    relieved: list[bool]
    timer: list[int]
    strike_at: list[int]
    rogue_live: list[bool]
    named: list[bool]
    wrong_acts: list[int]
    blocked_at: list[int]
    focus: list[int]
    said: list[int]
    strikes: list[list[int]]
    marks: list[list[int]]
    score: list[float]
    step: int
    adapted: bool
    caught: int
    false_flags: int
    wrong_claims: int
    named_none: bool
    calm: int
    good_steps: int
    said_count: int
    ended: bool
    succeeded: bool

    __slots__ = (*_LISTS, *_PLAIN)

    def __init__(self, live: Live) -> None:
        for name in _LISTS:
            setattr(self, name, getattr(live, name)[..., 0].tolist())
        for name in _PLAIN:
            setattr(self, name, getattr(live, name)[0].item())

    def write(self, live: Live) -> None:
        """Put the values back into the arrays."""
        for name in _LISTS:
            getattr(live, name)[..., 0] = getattr(self, name)
        for name in _PLAIN:
            getattr(live, name)[0] = getattr(self, name)


Part: TypeAlias = tuple[int, float, int, int, float, float, tuple[int, ...], float, float, int]
"""A service's constants: number, capacity per replica, its callers and their weights, dependencies, base latency,
base memory, place in the noise. A plain tuple, since the hot loop unpacks it."""


class Drawn:
    """What was drawn of one world, and what follows from it; constant until a reset."""

    def __init__(self, incident: Incident) -> None:
        self.services: int = incident.services[0].item()
        self.key: int = incident.key[0].item()
        self.traffic: float = incident.traffic[0].item()
        self.phase, self.speed = incident.wave[:, 0].tolist()
        self.retry: float = incident.retry[0].item()
        self.jobs: list[int] = incident.jobs[:, 0].tolist()
        self.agents = len(self.jobs)
        self._read_services(incident)
        self._read_slots(incident)

    def _read_services(self, incident: Incident) -> None:
        self.usual: list[float] = incident.healthy_latency[:, 0].tolist()
        self.per_usual: list[float] = (1 / (incident.healthy_latency[:, 0] * 2)).tolist()
        self.changed_at: list[int] = incident.changed_at[:, 0].tolist()
        self.decoys: list[int] = incident.decoy[:, 0].tolist()
        called: list[list[int]] = incident.dependencies[..., 0].T.tolist()
        self.calls = tuple(tuple(one for one in some if one >= 0) for some in called[: self.services])
        callers: list[list[int]] = incident.callers[..., 0].T.tolist()
        weights: list[list[float]] = incident.weights[..., 0].T.tolist()
        capacity: list[float] = incident.capacity[:, 0].tolist()
        latency: list[float] = incident.base_latency[:, 0].tolist()
        memory: list[float] = incident.base_memory[:, 0].tolist()
        self.parts: list[Part] = []
        for number, ((first, second), (weight, other)) in enumerate(zip(callers, weights, strict=True)):
            if number < self.services:
                wired = (number, capacity[number], max(first, 0), max(second, 0), weight, other, self.calls[number])
                self.parts.append((*wired, latency[number], memory[number], _SERVICE_PLACES[number]))

    def _read_slots(self, incident: Incident) -> None:
        self.kind: list[int] = incident.kind[:, 0].tolist()
        self.service: list[int] = incident.service[:, 0].tolist()
        self.root: list[bool] = incident.root[:, 0].tolist()
        self.chained: list[bool] = incident.chained[:, 0].tolist()
        self.onset: list[int] = incident.onset[:, 0].tolist()
        self.end: list[int] = incident.end[:, 0].tolist()
        self.rogue: list[int] = incident.rogue[:, 0].tolist()
        self.real: list[bool] = incident.real[:, 0].tolist()
        amplitude: list[float] = incident.amplitude[:, 0].tolist()
        replicas: list[float] = incident.replicas[:, 0].tolist()
        self.quiet = not any(self.real)
        self.cure = [_CURES[kind] if own else -1 for kind, own in zip(self.kind, self.real, strict=True)]
        self.delay = [_DELAYS[kind] for kind in self.kind]
        self.relief = [int(ActionType.RESTART) if _RELIEVED[kind] else -1 for kind in self.kind]
        self.rise = [_RISES[kind] for kind in self.kind]
        self.probe = [_PROBES[kind] for kind in self.kind]
        self.needed = [
            (int(replicas[max(service, 0)]) + _EXTRA[kind]) * (_CURES[kind] == ActionType.SCALE)
            for kind, service in zip(self.kind, self.service, strict=True)
        ]
        self.effects = [
            [effect * size for effect in _EFFECTS[kind]] for kind, size in zip(self.kind, amplitude, strict=True)
        ]
