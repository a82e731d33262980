"""The one rule that reads the truth and writes what may be seen of it."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.catalog import PROBES_PER_ROLE
from journeyman.gym.rules.dynamics import GOOD_ERRORS, GOOD_LATENCY
from journeyman.gym.rules.rng import BEFORE, PROBES, block
from journeyman.gym.state import (
    DEPENDENCIES,
    MESSAGE_FIELDS,
    MESSAGES,
    PER_STEP,
    TRACE,
    TRACE_STEPS,
    Scenario,
    Scratch,
    Visible,
    WorldState,
)
from journeyman.gym.tasks import MAX_SERVICES, SLOTS

DECOY: Final = 0.3
"""What a meaningless probe measures above noise; a real one measures 0.5 to 0.8 above."""
NOISE: Final = 2.0**-16 * 0.4
"""What sixteen bits of noise are multiplied by."""
PRESENT: Final = 0.5
STRENGTH: Final = 0.3
"""What a probe of something real measures above noise: `PRESENT`, and `STRENGTH` times how far it has grown."""
_SRE: Final = int(Role.SRE)
_DEV: Final = int(Role.DEV)


def show(scenario: Scenario, state: WorldState, scratch: Scratch, visible: Visible) -> None:
    """Fill in all that may be seen of a world now."""
    visible.step = state.step
    visible.services = scenario.services
    visible.agents = scenario.agents
    _show_services(scenario, state, visible)
    slowness = state.latency[0] / scenario.usual_latency[0]
    visible.door_errors = state.errors[0]
    visible.door_latency = slowness
    visible.within_objective = int(state.errors[0] < GOOD_ERRORS and slowness < GOOD_LATENCY)
    for agent in range(scenario.agents):
        visible.jobs[agent] = scenario.jobs[agent]
        visible.blocked[agent] = int(state.blocked_at[agent] <= state.step)
    for role in range(ROLES):
        visible.focus[role] = state.focus[role]
    _show_messages(state, visible)
    _show_fleet(state, visible)
    if state.focus[_SRE] >= 0 or state.focus[_DEV] >= 0:
        place = (state.focus[_SRE] + 1) * (MAX_SERVICES + 1) + state.focus[_DEV] + 1
        block(scenario.key, state.step + BEFORE, place, PROBES, scratch.noise, 0)
    _show_probes(scenario, state, scratch, visible, _SRE)
    _show_probes(scenario, state, scratch, visible, _DEV)


def _show_services(scenario: Scenario, state: WorldState, visible: Visible) -> None:
    for number in range(scenario.services):
        visible.cpu[number] = state.cpu[number]
        visible.memory[number] = state.memory[number]
        visible.latency[number] = state.latency[number]
        visible.errors[number] = state.errors[number]
        visible.queue[number] = state.queue[number]
        visible.usual_latency[number] = scenario.usual_latency[number]
        visible.replicas[number] = state.replicas[number]
        visible.health[number] = state.health[number]
        visible.alerts[number] = state.alert[number]
        visible.change_age[number] = state.step - state.changed_at[number]
    for place in range(scenario.services * DEPENDENCIES):
        visible.calls[place] = scenario.calls[place]


def _show_messages(state: WorldState, visible: Visible) -> None:
    for number in range(MESSAGES):
        at = (state.message_count + number) % MESSAGES * MESSAGE_FIELDS
        for field in range(MESSAGE_FIELDS):
            visible.messages[number * MESSAGE_FIELDS + field] = state.messages[at + field]


def _show_fleet(state: WorldState, visible: Visible) -> None:
    at = state.step % TRACE_STEPS * PER_STEP
    for row in range(TRACE):
        visible.fleet[row] = state.fleet[at]
        at += 1
        if at == TRACE:
            at = 0


def _show_probes(scenario: Scenario, state: WorldState, scratch: Scratch, visible: Visible, role: int) -> None:
    """Show what a closer look measures: noise below 0.4, and above it what is wrong with that service.

    Decoys reach 0.7 and overlap with what is real, so one reading does not always settle it.
    """
    focus, first = state.focus[role], role * PROBES_PER_ROLE
    for probe in range(first, first + PROBES_PER_ROLE):
        visible.probes[probe] = (scratch.noise[probe] >> 16) * NOISE if focus >= 0 else 0.0
    if focus < 0:
        return
    decoy = scenario.decoy[focus]
    if first <= decoy < first + PROBES_PER_ROLE:
        visible.probes[decoy] = visible.probes[decoy] + DECOY
    for slot in range(SLOTS):
        probe = scenario.probe[slot]
        here = scenario.service[slot] == focus and first <= probe < first + PROBES_PER_ROLE
        # A consequence to come shows faintly before it strikes: the second look that tells a cascade.
        if here and (state.level[slot] > 0 or (scenario.chained[slot] > 0 and state.cured[slot] == 0)):
            value = visible.probes[probe] + PRESENT + state.level[slot] * STRENGTH
            visible.probes[probe] = min(value, 1.0)
