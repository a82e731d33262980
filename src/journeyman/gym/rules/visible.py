"""The one rule that reads the truth and writes what may be seen of it."""

from __future__ import annotations

from journeyman.gym.actions import ROLES
from journeyman.gym.catalog import PROBES_PER_ROLE
from journeyman.gym.rules.dynamics import GOOD_ERRORS, GOOD_LATENCY
from journeyman.gym.rules.features import write_said
from journeyman.gym.state import (
    DEPENDENCIES,
    MESSAGE_FIELDS,
    MESSAGES,
    PER_STEP,
    TRACE,
    TRACE_STEPS,
    Scenario,
    Visible,
    WorldState,
)


def show(scenario: Scenario, state: WorldState, visible: Visible) -> None:
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
        visible.look_age[role] = max(state.step - state.looked_at[role], 0)
    _show_messages(state, visible)
    _show_fleet(state, visible)
    for probe in range(2 * PROBES_PER_ROLE):
        visible.probes[probe] = state.probes[probe]


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
    write_said(visible)


def _show_fleet(state: WorldState, visible: Visible) -> None:
    at = state.step % TRACE_STEPS * PER_STEP
    for row in range(TRACE):
        visible.fleet[row] = state.fleet[at]
        at += 1
        if at == TRACE:
            at = 0
