"""How a world moves by itself: failures grow and pass, load flows through the graph, health and alerts follow.

Only `+ - * /`, comparisons, minimum and maximum on float64, one element at a time: all of them are exact to the bit
under IEEE 754, so a trajectory does not depend on the machine.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.arrays import Bools, Floats, Ints, Smalls
from journeyman.gym.catalog import CAPACITY_LOSS, EFFECTS, ERRORS, LATENCY, MEMORY
from journeyman.gym.chance import Noise32, noise, places, signed
from journeyman.gym.draw.topology import REACH
from journeyman.gym.draw.wiring import Wires
from journeyman.gym.state import MARKS, Incident, Live
from journeyman.gym.tasks import SLOTS
from journeyman.gym.world import fleet

FALL: Final = 0.34
"""How fast a cured failure's effects pass, per step."""
GOOD_ERRORS: Final = 0.05
"""The objective: at most this share of requests fails at the door ..."""
GOOD_LATENCY: Final = 2.0
"""... and they take at most this many times the healthy latency."""
STRIKE_GAP: Final = 5
"""Steps after its cure until a rogue strikes again ..."""
STRIKE_GAP_WARNED: Final = 4
"""... and so many more once a wrong flag has warned it."""
STRIKE_PLACES: Final = places(SLOTS, 3)
SHED_AFTER: Final = 4.0
"""Steps of full work that a queue holds before it sheds."""
ERROR_REACH: Final = 0.9
"""Share of a dependency's errors that reach its caller."""
DOWN_LOSS: Final = 0.7
"""Share of its capacity that a service misses while its replicas restart one after the other."""
DOWN_ROOM: Final = 1.0 - DOWN_LOSS
SMOOTH: Final = 0.6
PER_ERRORS: Final = 1 / GOOD_ERRORS
PER_MEMORY: Final = 1 / 0.85
PER_CPU: Final = 1 / 0.97
"""Factors that scale each metric so that 1 is where a service counts as degraded, 2 as critical, 8 as down."""


class Effects:
    """The sum of what the failures do to each service, kept between steps because slots never move."""

    __slots__ = ("_flat", "_shape")

    def __init__(self, width: int, worlds: int) -> None:
        self._shape = (len(EFFECTS), width, worlds)
        self._flat = np.zeros(len(EFFECTS) * width * worlds + 1, np.float64)

    @property
    def now(self) -> Floats:
        """The effects as `(effects, services, worlds)`; a window made anew, since a kept one would not outlive pickling."""
        return self._flat[:-1].reshape(self._shape)

    def clear(self, rows: Ints) -> None:
        """Forget the effects in these worlds."""
        self.now[..., rows] = 0

    def set(self, wires: Wires, level: Floats) -> None:
        """Scatter the effects at the given levels; they grow with the square, so that slow failures start unseen."""
        self._flat[wires.effect_at] = wires.effect * (level * level)


def grow(incident: Incident, live: Live, wires: Wires) -> None:
    """Move every failure by one step; rogues strike again where they were cured but not blocked."""
    step = live.step
    live.cured[1] |= incident.chained[1] & live.cured[0] & (step < incident.onset[1])
    landing = live.timer == 1
    live.timer = np.maximum(live.timer - 1, 0)
    live.cured |= landing
    live.strike_at = np.maximum(live.strike_at, landing * (step + (STRIKE_GAP + STRIKE_GAP_WARNED * live.adapted)))
    struck = live.rogue_live & (live.cured & (step >= live.strike_at) | ((step == incident.onset) & (step > 0)))
    if struck.any():
        _strike(incident, live, struck)
    goal = (step >= incident.onset) & ~live.cured & (step < incident.end)
    change = np.minimum(goal - live.level, wires.rise)
    live.level = live.level + np.maximum(change, -FALL)


def _strike(incident: Incident, live: Live, struck: Bools) -> None:
    live.cured &= ~struck
    slots, rows = np.nonzero(struck)
    bits = noise(incident.key, live.step, STRIKE_PLACES)[slots, rows].tolist()
    warned = live.adapted[rows].tolist()
    tickets = [fleet.ticket_of_strike(word, flag) for word, flag in zip(bits, warned, strict=True)]
    live.strikes[1, slots, rows] = live.strikes[0, slots, rows]
    live.strikes[0, slots, rows] = live.step[rows] * 2 + np.array(tickets)


def flow(incident: Incident, live: Live, wires: Wires, effects: Floats, bits: Noise32) -> None:
    """Move requests, queues, errors and latency through the graph by one step."""
    shake = signed(bits)
    room, offered = _demand(incident, live, wires, effects, shake)
    work = live.queue + offered
    served = np.minimum(work, room)
    left = np.subtract(work, served, out=work)
    queue = np.minimum(left, incident.capacity * live.replicas * SHED_AFTER)
    left -= queue
    offered += 1
    shed = np.divide(left, offered, out=left)
    errors, waits = _below(live, wires)
    own = np.add(effects[ERRORS], shed, out=shed)
    np.minimum(own, 1, out=own)
    errors *= 1 - own
    errors += own
    errors += shake * shake * 0.01
    latency = queue / (room + 1)
    latency *= 0.8
    latency += effects[LATENCY]
    latency += 1
    latency *= incident.base_latency
    latency *= shake * 0.05 + 1
    latency += waits
    live.served = served
    live.queue = queue
    np.minimum(errors, 1, out=errors)
    live.errors = _approach(live.errors, errors)
    live.latency = _approach(live.latency, latency)
    room += 1e-3
    live.cpu = np.divide(served, room, out=room)
    memory = incident.base_memory + effects[MEMORY]
    memory += live.cpu * 0.1
    memory += np.multiply(shake, 0.02, out=shake)
    live.memory = np.minimum(memory, 1, out=memory)
    live.breaker = (live.errors > 0.5 - live.breaker * 0.3).astype(np.float64)
    live.down = np.maximum(live.down - 1, 0)


def _demand(incident: Incident, live: Live, wires: Wires, effects: Floats, shake: Floats) -> tuple[Floats, Floats]:
    """Give the requests that each service can serve and those that it is asked."""
    wave = np.abs(((live.step * incident.wave[1] + incident.wave[0]) & 63) - 32).astype(np.float64)
    calls = live.served.ravel().take(wires.callers)
    calls *= incident.weights
    offered = calls[0]
    offered += calls[1]
    offered[0] = incident.traffic * (wave * 0.005 + 0.92)
    strain = incident.retry * live.errors
    strain += 1
    offered *= strain
    offered *= 1 - live.breaker * 0.8
    offered *= shake * 0.06 + 1
    room = incident.capacity * live.replicas
    room *= 1 - effects[CAPACITY_LOSS]
    room *= 1 - (live.down > 0) * DOWN_LOSS
    return room, offered


def _below(live: Live, wires: Wires) -> tuple[Floats, Floats]:
    """Give the errors and milliseconds that reach each service from its worst dependency."""
    errors = live.errors.ravel().take(wires.dependencies)
    errors *= wires.depends
    waits = live.latency.ravel().take(wires.dependencies)
    waits *= wires.depends
    for worst in (errors, waits):
        np.maximum(worst[0], worst[1], out=worst[0])
        np.maximum(worst[0], worst[2], out=worst[0])
    errors[0] *= ERROR_REACH
    waits[0] *= REACH
    return errors[0], waits[0]


def _approach(now: Floats, goal: Floats) -> Floats:
    goal -= now
    goal *= SMOOTH
    goal += now
    return goal


def judge(incident: Incident, live: Live, wires: Wires, clock: int) -> None:
    """Compute health with hysteresis, alerts that fire and clear, log marks, and the objective at the door."""
    slow = live.latency * wires.per_usual
    failing = live.errors * PER_ERRORS
    full = live.memory * PER_MEMORY
    busy = live.cpu * PER_CPU
    worst = np.maximum(np.maximum(slow, failing), np.maximum(full, busy))
    before = live.health
    health: Smalls = ((worst > 1) | ((worst > 0.8) & (before > 0))).view(np.int8)
    health = health + ((worst > 2) | ((worst > 1.6) & (before > 1)))
    health = health + ((worst > 8) | ((worst > 6) & (before > 2)))
    health *= incident.active
    live.health = health
    warm = (health >= 2).view(np.int8)
    live.heat = np.minimum(np.maximum(live.heat + warm + warm - np.int8(1), np.int8(0)), np.int8(3))
    live.alert = (live.heat + live.alert >= 2).view(np.int8)
    marks = (failing > 1).view(np.int8) + (slow > 1) * np.int8(2) + (full > 1) * np.int8(4)
    live.marks[clock % MARKS] = marks + (busy > 1) * np.int8(8)
    good = (live.errors[0] < GOOD_ERRORS) & (live.latency[0] < incident.healthy_latency[0] * GOOD_LATENCY)
    live.calm = (live.calm + 1) * good
    live.good_steps = live.good_steps + good


def shaken(incident: Incident, live: Live, offsets: Noise32) -> Noise32:
    """Give this step's noise bits."""
    return noise(incident.key, live.step, offsets)
