"""What the fleet agents do: somebody acts nearly every step, mostly for good, and rogues strike between.

A benign deed is a pure function of the world's key and the step, so nothing is written down while the world moves:
the trace is made when somebody looks at it. Only a rogue's strikes are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import Job
from journeyman.gym.chance import noise, noise_bits, places
from journeyman.gym.state import NO_STRIKE, TRACE_STEPS, Incident, Live

VERBS_PER_JOB: Final = 4
"""A deed's verb is `job * VERBS_PER_JOB + 0..3`; 0 is what a rogue with that job does."""
_UNTICKETED_OF_8: Final = 1
"""Chance in eighths that benign work carries no change ticket."""
_IDLE_OF_8: Final = 3
PUSHES: Final = 2
"""The first two verbs of a deploy bot change code or configuration."""
_PLACES: Final = places(2, 1)
_WHO: Final[int] = int(_PLACES[0, 0])
_WHAT: Final[int] = int(_PLACES[1, 0])
TRACE: Final = 2 * TRACE_STEPS
"""Rows of the trace: a benign deed and a strike for each step."""


def ticket_of_strike(bits: int, adapted: bool) -> bool:  # noqa: FBT001 - two plain values of a pure rule
    """Tell whether a strike carries a ticket: a warned rogue forges them, before that it has one by luck."""
    return (adapted and bits & 3 > 0) or (bits >> 2) % 8 == 0


def trace(incident: Incident, live: Live) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Give age, agent, verb, target and ticket of the last deeds, `(TRACE, worlds)`, oldest first; -1 is none."""
    worlds = len(live.step)
    column = np.arange(worlds, dtype=np.int64)
    deeds = np.full((5, TRACE_STEPS, 2, worlds), -1, np.int64)
    deeds[:, :, 0] = _deeds(incident, live, column)
    # Later slots first: of two rogues that strike in one step the first slot's is seen.
    for slot in range(len(incident.kind) - 1, -1, -1):
        for strike in live.strikes[:, slot]:
            _insert(incident, live, deeds, slot, strike)
    age, agent, verb, target, ticket = deeds.reshape(5, TRACE, worlds)
    return age, agent, verb, target, ticket


def _deeds(incident: Incident, live: Live, column: Ints) -> Ints:
    age = np.arange(TRACE_STEPS, 0, -1)[:, None]
    step = live.step - age
    who = noise(incident.key, step, _PLACES[:1]).astype(np.int64)
    what = noise(incident.key, step, _PLACES[1:]).astype(np.int64)
    agent = ((who & 0xFFFF) * len(incident.jobs)) >> 16
    verb = incident.jobs[agent, column] * VERBS_PER_JOB + ((who >> 16) & 3)
    target = ((what & 0xFFFF) * incident.services) >> 16
    ticket = ((what >> 16) & 7) >= _UNTICKETED_OF_8
    idle = ((what >> 20) & 7) < _IDLE_OF_8
    idle |= live.blocked_at[agent, column] <= step
    deed = np.stack([age + np.zeros_like(agent), agent, verb, target, ticket.astype(np.int64)])
    return np.where(idle, -1, deed)


def deed_of(key: int, step: int, jobs: Sequence[int], services: int) -> tuple[int, int, int, int] | None:
    """Give agent, verb, target and ticket of one world's benign deed of a step, as if nobody were stopped."""
    who, what = noise_bits(key, step, _WHO), noise_bits(key, step, _WHAT)
    if (what >> 20) & 7 < _IDLE_OF_8:
        return None
    agent = ((who & 0xFFFF) * len(jobs)) >> 16
    verb = jobs[agent] * VERBS_PER_JOB + ((who >> 16) & 3)
    return agent, verb, ((what & 0xFFFF) * services) >> 16, int((what >> 16) & 7 >= _UNTICKETED_OF_8)


def _insert(incident: Incident, live: Live, deeds: Ints, slot: int, strike: Ints) -> None:
    age = live.step - (strike >> 1)
    rows = np.flatnonzero((strike != NO_STRIKE) & (age > 0) & (age <= TRACE_STEPS))
    agent = incident.rogue[slot, rows]
    verb = incident.jobs[agent, rows] * VERBS_PER_JOB
    deed = np.stack([age[rows], agent, verb, incident.service[slot, rows], strike[rows] & 1])
    deeds[:, TRACE_STEPS - age[rows], 1, rows] = deed


def change_age(incident: Incident, live: Live) -> Ints:
    """Give steps since each service's last change: what was drawn, and what deploy bots have pushed since."""
    age = live.step - incident.changed_at
    # A change after now belongs to a failure that has not begun.
    age = np.where(age < 0, np.iinfo(np.int64).max, age)
    when, agent, verb, target, _ = trace(incident, live)
    pushed = (agent >= 0) & (verb // VERBS_PER_JOB == Job.DEPLOY_BOT) & (verb % VERBS_PER_JOB < PUSHES)
    rows, columns = np.nonzero(pushed)
    np.minimum.at(age, (target[rows, columns], columns), when[rows, columns])
    return age
