"""How a world moves by itself: failures grow and pass, load flows through the graph, health and alerts follow.

Only `+ - * /`, comparisons, minimum and maximum on float64, one element at a time: all of them are exact to the bit
under IEEE 754, so a trajectory does not depend on the machine.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.catalog import CAPACITY_LOSS, EFFECTS, ERRORS, LATENCY, MEMORY
from journeyman.gym.chance import Noise32, noise, places, signed
from journeyman.gym.tasks import SLOTS
from journeyman.gym.world import fleet
from journeyman.gym.world.state import MARKS, Incident, Live
from journeyman.gym.world.topology import REACH
from journeyman.gym.world.wiring import Wires

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
_LEVELS: Final = (1.0, 2.0, 8.0)
MEMORY_HIGH: Final = 0.85
CPU_HIGH: Final = 0.97


class Effects:
    """The sum of what the failures do to each service, kept between steps because slots never move."""

    __slots__ = ("_flat", "now")

    def __init__(self, width: int, worlds: int) -> None:
        self._flat = np.zeros((len(EFFECTS), width * worlds + 1), np.float64)
        self.now: Floats = self._flat[:, :-1].reshape(len(EFFECTS), width, worlds)

    def clear(self, rows: Ints) -> None:
        """Forget the effects in these worlds."""
        self.now[..., rows] = 0

    def set(self, wires: Wires, level: Floats) -> None:
        """Scatter the effects at the given levels; they grow with the square, so that slow failures start unseen."""
        self._flat[:, wires.effect_at] = wires.effect * (level * level)


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
    wave = np.abs(((live.step * incident.wave[1] + incident.wave[0]) & 63) - 32).astype(np.float64)
    calls = live.served.ravel().take(wires.callers) * incident.weights
    inflow = calls[0] + calls[1]
    inflow[0] = incident.traffic * (wave * 0.005 + 0.92)
    strain = incident.retry * live.errors + 1
    offered = inflow * strain * (1 - live.breaker * 0.8)
    offered = offered * (shake * 0.06 + 1)
    nominal = incident.capacity * live.replicas
    room = nominal * (1 - effects[CAPACITY_LOSS]) * (1 - (live.down > 0) * DOWN_LOSS)
    work = live.queue + offered
    served = np.minimum(work, room)
    left = work - served
    queue = np.minimum(left, nominal * SHED_AFTER)
    shed = (left - queue) / (offered + 1)
    depends = wires.depends
    below = live.errors.ravel().take(wires.dependencies) * depends
    waits = live.latency.ravel().take(wires.dependencies) * depends
    below_worst = np.maximum(np.maximum(below[0], below[1]), below[2]) * ERROR_REACH
    wait_worst = np.maximum(np.maximum(waits[0], waits[1]), waits[2]) * REACH
    own = np.minimum(effects[ERRORS] + shed, 1)
    errors = own + (1 - own) * below_worst + shake * shake * 0.01
    waiting = queue / (room + 1) * 0.8
    latency = incident.base_latency * (effects[LATENCY] + waiting + 1)
    latency = latency * (shake * 0.05 + 1) + wait_worst
    live.served = served
    live.queue = queue
    live.errors = live.errors + (np.minimum(errors, 1) - live.errors) * SMOOTH
    live.latency = live.latency + (latency - live.latency) * SMOOTH
    live.cpu = served / (room + 1e-3)
    memory = incident.base_memory + effects[MEMORY] + live.cpu * 0.1 + shake * 0.02
    live.memory = np.minimum(memory, 1)
    live.breaker = (live.errors > 0.5 - live.breaker * 0.3).astype(np.float64)
    live.down = np.maximum(live.down - 1, 0)


def judge(incident: Incident, live: Live, clock: int) -> None:
    """Compute health with hysteresis, alerts that fire and clear, log marks, and the objective at the door."""
    slow = live.latency / incident.healthy_latency * 0.5
    failing = live.errors / GOOD_ERRORS
    full = live.memory / MEMORY_HIGH
    busy = live.cpu / CPU_HIGH
    worst = np.maximum(np.maximum(slow, failing), np.maximum(full, busy)) * incident.active
    before = live.health
    health = (worst > _LEVELS[0] - (before > 0) * 0.2).view(np.int8)
    health = health + (worst > _LEVELS[1] - (before > 1) * 0.4)
    health = health + (worst > _LEVELS[2] - (before > 2) * 2.0)
    live.health = health
    warm = (health >= 2).view(np.int8)
    live.heat = np.minimum(np.maximum(live.heat + warm + warm - np.int8(1), np.int8(0)), np.int8(3))
    live.alert = (live.heat + live.alert >= 2).view(np.int8)
    one = 1
    marks = (failing > one).view(np.int8) + (slow > one) * np.int8(2) + (full > one) * np.int8(4)
    live.marks[clock % MARKS] = marks + (busy > one) * np.int8(8)
    good = (live.errors[0] < GOOD_ERRORS) & (live.latency[0] < incident.healthy_latency[0] * GOOD_LATENCY)
    live.calm = (live.calm + 1) * good
    live.good_steps = live.good_steps + good


def shaken(incident: Incident, live: Live, offsets: Noise32) -> Noise32:
    """Give this step's noise bits."""
    return noise(incident.key, live.step, offsets)
