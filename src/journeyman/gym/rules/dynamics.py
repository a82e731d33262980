"""How a world moves by itself: failures grow and pass, load flows through the graph, health and alerts follow."""

from __future__ import annotations

from typing import Final

from journeyman.gym.catalog import CAPACITY_LOSS, EFFECTS, ERRORS, LATENCY, MEMORY
from journeyman.gym.rules.fleet import act
from journeyman.gym.rules.rng import BEFORE, BLOCK, STEP, block
from journeyman.gym.rules.topology import REACH
from journeyman.gym.state import CALLERS, DEPENDENCIES, FLEET_WORDS, LOG_STEPS, Scenario, Scratch, WorldState
from journeyman.gym.tasks import MAX_SERVICES, SLOTS

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
SHED_AFTER: Final = 4.0
"""Steps of full work that a queue holds before it sheds."""
ERROR_REACH: Final = 0.9
"""Share of its failed calls that a caller cannot do without."""
DOWN_LOSS: Final = 0.7
"""Share of its capacity that a service misses while its replicas restart one after the other."""
_DOWN_ROOM: Final = 1.0 - DOWN_LOSS
_SMOOTH: Final = 0.6
_PER_ERRORS: Final = 1 / GOOD_ERRORS
_PER_MEMORY: Final = 1 / 0.85
_PER_CPU: Final = 1 / 0.97
"""Factors that scale each metric so that 1 is where a service counts as degraded, 2 as critical, 8 as down."""
_HALF: Final = 1 << 31
_UNIT31: Final = 2.0**-31


def move(scenario: Scenario, state: WorldState, scratch: Scratch) -> None:
    """Move a world by one step, after its roles have acted."""
    for place in range((FLEET_WORDS + scenario.services + BLOCK - 1) // BLOCK):
        block(scenario.key, state.step + BEFORE, place, STEP, scratch.noise, place * BLOCK)
    _grow(scenario, state)
    act(scenario, state, scratch.noise, state.step)
    _call(scenario, state, scratch)
    for number in range(scenario.services):
        _serve(scenario, state, scratch, number)
        _judge(scenario, state, number)
    good = state.errors[0] < GOOD_ERRORS and state.latency[0] < scenario.usual_latency[0] * GOOD_LATENCY
    state.calm = state.calm + 1 if good else 0
    state.good_steps = state.good_steps + int(good)
    state.step = state.step + 1


def _grow(scenario: Scenario, state: WorldState) -> None:
    """Move every failure; rogues strike again where they were cured but not blocked."""
    step = state.step
    if scenario.chained[1] and state.cured[0] and step < scenario.onset[1]:
        state.cured[1] = 1
        state.earned[1] = state.earned[0]
        state.asked_by[1] = state.asked_by[0]
    for slot in range(SLOTS):
        state.struck[slot] = 0
        onset = scenario.onset[slot]
        if state.timer[slot]:
            state.timer[slot] = state.timer[slot] - 1
            if state.timer[slot] == 0:
                state.cured[slot] = 1
                # What it brought about was its doing: naming the cause names that, too.
                state.earned[slot] = int(state.named[0 if scenario.chained[slot] else slot] > 0)
                gap = STRIKE_GAP + STRIKE_GAP_WARNED * state.adapted
                state.strike_at[slot] = max(state.strike_at[slot], step + gap)
        again = state.cured[slot] and step >= state.strike_at[slot]
        if state.rogue_live[slot] and (again or (step == onset and step > 0)):
            state.cured[slot] = 0
            state.struck[slot] = 1
        if scenario.service[slot] >= 0:
            acting = onset <= step < scenario.end[slot] and not state.cured[slot]
            level = state.level[slot]
            level += max(min((1.0 if acting else 0.0) - level, scenario.rise[slot]), -FALL)
            state.level[slot] = level
            # They grow with the square, so that slow failures start unseen.
            at = scenario.service[slot] * EFFECTS
            for effect in range(EFFECTS):
                state.effects[at + effect] = scenario.effects[slot * EFFECTS + effect] * (level * level)


def _call(scenario: Scenario, state: WorldState, scratch: Scratch) -> None:
    """Work out the requests that reach each service, before any of them is served."""
    wave = abs(((state.step * scenario.wave_speed + scenario.wave_phase) & 63) - 32)
    scratch.inflow[0] = scenario.traffic * (wave * 0.005 + 0.92)
    for number in range(1, scenario.services):
        at = number * CALLERS
        scratch.inflow[number] = (
            state.served[scenario.callers[at]] * scenario.weights[at]
            + state.served[scenario.callers[at + 1]] * scenario.weights[at + 1]
        )


def _serve(scenario: Scenario, state: WorldState, scratch: Scratch, number: int) -> None:
    """Move a service's queue, errors and latency; those it calls have higher numbers and still stand as before."""
    shake = (scratch.noise[FLEET_WORDS + number] - _HALF) * _UNIT31
    effects = number * EFFECTS
    breaker = state.breaker[number]
    strain = scenario.retry * state.errors[number] + 1.0
    offered = scratch.inflow[number] * strain * (1.0 - breaker * 0.8) * (shake * 0.06 + 1.0)
    nominal = scenario.capacity[number] * state.replicas[number]
    room = nominal * (1.0 - state.effects[effects + CAPACITY_LOSS])
    if state.down[number] > 0:
        room = room * _DOWN_ROOM
        state.down[number] = state.down[number] - 1
    work = state.queue[number] + offered
    served = min(work, room)
    left = work - served
    queue = min(left, nominal * SHED_AFTER)
    own = min(state.effects[effects + ERRORS] + (left - queue) / (offered + 1.0), 1.0)
    reaching, wait = 0.0, 0.0
    for place in range(number * DEPENDENCIES, (number + 1) * DEPENDENCIES):
        called = scenario.calls[place]
        if called >= 0:
            reaching += state.errors[called] * scenario.rates[place]
            wait = max(wait, state.latency[called])
    reaching = min(reaching * ERROR_REACH, 1.0)
    errors = min(own + (1.0 - own) * reaching + shake * shake * 0.001, 1.0)
    state.errors[number] = state.errors[number] + (errors - state.errors[number]) * _SMOOTH
    lag = state.effects[effects + LATENCY] + queue / (room + 1.0) * 0.8 + 1.0
    latency = scenario.base_latency[number] * lag * (shake * 0.05 + 1.0) + wait * REACH
    state.latency[number] = state.latency[number] + (latency - state.latency[number]) * _SMOOTH
    state.cpu[number] = served / (room + 1e-3)
    memory = scenario.base_memory[number] + state.effects[effects + MEMORY] + state.cpu[number] * 0.1 + shake * 0.02
    state.memory[number] = min(memory, 1.0)
    state.breaker[number] = int(state.errors[number] > 0.5 - breaker * 0.3)
    state.served[number] = served
    state.queue[number] = queue


def _judge(scenario: Scenario, state: WorldState, number: int) -> None:
    """Tell a service's health with hysteresis, its alert, and what is worth a log line."""
    failing = state.errors[number] * _PER_ERRORS
    slow = state.latency[number] / (scenario.usual_latency[number] * 2)
    full = state.memory[number] * _PER_MEMORY
    busy = state.cpu[number] * _PER_CPU
    worst = max(failing, slow, full, busy)
    before = state.health[number]
    health = int(worst > (0.8 if before > 0 else 1.0))
    health += int(worst > (1.6 if before > 1 else 2.0))
    health += int(worst > (6.0 if before > 2 else 8.0))
    state.health[number] = health
    heat = min(max(state.heat[number] + (1 if health > 1 else -1), 0), 3)
    state.heat[number] = heat
    state.alert[number] = int(heat + state.alert[number] > 1)
    flags = int(failing > 1.0) + int(slow > 1.0) * 2 + int(full > 1.0) * 4 + int(busy > 1.0) * 8
    state.log_flags[state.step % LOG_STEPS * MAX_SERVICES + number] = flags
