"""What a batch of worlds is made of: what was drawn at reset, and what changes from step to step.

Worlds are the last axis of every array. S services, A fleet agents, F failure slots, R roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, TypeVar

import numpy as np

from journeyman.gym.arrays import Bools, Floats, Ints, Smalls, Words
from journeyman.gym.chance import Noise32

CALLERS: Final = 2
DEPENDENCIES: Final = 3
TRACE_STEPS: Final = 12
"""Steps of fleet deeds that can be looked back on."""
NO_STRIKE: Final = -(1 << 20)
NEVER_BLOCKED: Final = 1 << 20
MESSAGES: Final = 8
MARKS: Final = 8
"""Steps of log marks kept."""


@dataclass(slots=True, kw_only=True)
class Incident:
    """What reset drew; constant until the world is reset."""

    seed: Words
    key: Noise32
    services: Ints
    """How many services there are; the rest of S is padding."""
    active: Bools
    """(S) where a service exists."""
    dependencies: Ints
    """(DEPENDENCIES, S) whom a service calls; -1 is nobody."""
    callers: Ints
    """(CALLERS, S) who calls a service; -1 is nobody."""
    weights: Floats
    """(CALLERS, S) calls per request of that caller."""
    headroom: Floats
    """(S) capacity over healthy load."""
    capacity: Floats
    """(S) requests per step and replica."""
    replicas: Floats
    """(S) replicas at the start."""
    base_latency: Floats
    """(S) own milliseconds when idle."""
    healthy_latency: Floats
    """(S) milliseconds with dependencies, undisturbed."""
    base_memory: Floats
    """(S) share of memory in use, undisturbed."""
    traffic: Floats
    """Requests per step at the door."""
    wave: Ints
    """(2) phase and speed of the load's daily wave."""
    retry: Floats
    """Extra calls per failed call."""
    changed_at: Ints
    """(S) step of the last deploy or config change before the incident."""
    jobs: Ints
    """(A) what each fleet agent is employed for."""
    kind: Ints
    """(F) the failure in each slot; 0 is an empty slot."""
    service: Ints
    """(F) where it sits; -1 for an empty slot."""
    real: Bools
    """(F) a failure, not a benign event."""
    root: Bools
    """(F) a root cause, not a consequence."""
    chained: Bools
    """(F) comes only if slot 0 is not cured before its onset."""
    amplitude: Floats
    """(F) severity."""
    decoy: Ints
    """(S) probe on which a service always measures high, or -1."""
    onset: Ints
    end: Ints
    """(F) step at which a benign event passes by itself."""
    rogue: Ints
    """(F) fleet agent that causes it, or -1."""


@dataclass(slots=True, kw_only=True)
class Live:
    """What changes."""

    step: Ints
    ended: Bools
    succeeded: Bools
    replicas: Floats
    queue: Floats
    served: Floats
    errors: Floats
    latency: Floats
    cpu: Floats
    memory: Floats
    breaker: Floats
    down: Floats
    """(S) steps until a restarted service is back."""
    health: Smalls
    """(S) 0 healthy, 1 degraded, 2 critical, 3 down."""
    heat: Smalls
    alert: Smalls
    marks: Smalls
    """(MARKS, S) what was worth a log line, newest at the batch's clock."""
    level: Floats
    """(F) how far each failure has grown, 0..1."""
    cured: Bools
    relieved: Bools
    timer: Ints
    """(F) steps until a cure works; 0 is none on its way."""
    strike_at: Ints
    rogue_live: Bools
    """(F) its rogue agent exists and is not blocked."""
    named: Bools
    blocked_at: Ints
    """(A) step at which an agent was stopped."""
    strikes: Ints
    """(2, F) the last two strikes of each slot's rogue, newest first: step * 2 + whether it carried a ticket."""
    adapted: Bools
    """A wrong flag has warned the rogues."""
    caught: Ints
    false_flags: Ints
    wrong_acts: Ints
    """(R) disruptive actions without effect, and wrong claims."""
    wrong_claims: Ints
    named_none: Bools
    calm: Ints
    """Steps in a row within the objective."""
    good_steps: Ints
    focus: Ints
    """(R) service a role looks at closely, or -1."""
    said: Ints
    """(MESSAGES) packed messages, a ring by `said_count`; -1 is none."""
    said_count: Ints
    score: Floats
    """(1 + R) team and roles, as the episode would score if it ended now."""


def packed(step: Ints, sender: Ints, to: Ints, topic: Ints, about: Ints) -> Ints:
    """Give messages as one integer each; `to` is at most `ROLES`, `topic` below 256, `about` from -1 to 254."""
    return ((step << 32) | (sender << 24) | (to << 16)) + ((topic << 8) | (about + 1))


def unpacked(messages: Ints) -> Ints:
    """Give `(messages, 5, worlds)`: step, sender, to, topic, about of packed messages; -1 where there is none."""
    fields = [messages >> 32, (messages >> 24) & 0xFF, (messages >> 16) & 0xFF, (messages >> 8) & 0xFF]
    split = np.stack([*fields, (messages & 0xFF) - 1], axis=1)
    return np.where(messages[:, None] < 0, -1, split)


class Batched(Protocol):
    """A dataclass of arrays whose last axis is the worlds."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


_Part = TypeVar("_Part", bound=Batched)


def put(into: _Part, rows: Ints, fresh: _Part) -> None:
    """Overwrite the worlds `rows` with those of `fresh`."""
    for name in into.__dataclass_fields__:
        getattr(into, name)[..., rows] = getattr(fresh, name)


def take(source: _Part, rows: Ints | slice, *, copied: bool = False) -> _Part:
    """Give the worlds `rows`: a copy for numbers, a window for a slice unless it is to be `copied`."""
    names = source.__dataclass_fields__
    if copied:
        return type(source)(**{name: getattr(source, name)[..., rows].copy() for name in names})
    return type(source)(**{name: getattr(source, name)[..., rows] for name in names})


def joined(first: _Part, second: _Part) -> _Part:
    """Give the worlds of both, the first's before the second's."""
    names = first.__dataclass_fields__
    return type(first)(
        **{name: np.concatenate([getattr(first, name), getattr(second, name)], axis=-1) for name in names}
    )
