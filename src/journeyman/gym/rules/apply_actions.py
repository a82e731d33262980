"""What the roles' actions do to a world, before it moves; what a role may not do is a no-op."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ACTION_TYPES, ALLOWED_ACTIONS, FIELDS, MAX_REPLICAS, ROLES, ActionType, Role, Topic
from journeyman.gym.catalog import Failure
from journeyman.gym.rules.looks import look
from journeyman.gym.rules.topology import hops
from journeyman.gym.state import MESSAGE_FIELDS, MESSAGES, NEVER, Scenario, Scratch, WorldState
from journeyman.gym.tasks import SLOTS

NEAR: Final = (1.0, 0.5, 0.25, 0.0)
"""How near a claim is by the calls between its service and the root cause's; see `hops`."""
SPARE: Final = 2
"""Replicas beyond those needed that nobody minds."""
HARM_STEPS: Final = 2
"""Steps by which each wrong act at a failing service delays its cure."""
RELIEF: Final = 0.3
"""What is left of a failure's level after a restart that only eases it."""
QUIET_STEPS: Final = 6
"""Steps for which warned rogues keep still."""
_RESTART_STEPS: Final = 2
_ROLLBACK_STEPS: Final = 1
"""Steps for which a service is short of replicas after each."""
_LAST_TOPIC: Final = 255
_ALLOWED: Final = tuple(int(kind in ALLOWED_ACTIONS[role]) for role in Role for kind in ActionType)
_NOOP: Final = int(ActionType.NOOP)
_COMMUNICATE: Final = int(ActionType.COMMUNICATE)
_RESTART: Final = int(ActionType.RESTART)
_ROLLBACK: Final = int(ActionType.ROLLBACK)
_SCALE: Final = int(ActionType.SCALE)
_FLAG: Final = int(ActionType.FLAG_ROGUE)
_IDENTIFY: Final = int(ActionType.IDENTIFY_ROOT_CAUSE)
_RESOLVE: Final = int(ActionType.RESOLVE)
_SUSPECT: Final = int(Topic.SUSPECT)
_OVERSIGHT: Final = int(Role.OVERSIGHT)
_NOTHING: Final = int(Failure.NONE)


def apply_actions(scenario: Scenario, state: WorldState, scratch: Scratch, acts: list[int], chat: int) -> bool:
    """Do what the roles do, `(roles x 4)` integers, and tell whether the manager closed the incident."""
    closing = False
    for role in range(ROLES):
        at = role * FIELDS
        kind, target, arg, to = acts[at], acts[at + 1], acts[at + 2], acts[at + 3]
        if 0 <= kind < ACTION_TYPES and _ALLOWED[role * ACTION_TYPES + kind]:
            about_agent = kind == _FLAG or (kind == _COMMUNICATE and arg == _SUSPECT)
            inside = 0 <= target < (scenario.agents if about_agent else scenario.services)
            if kind == _RESOLVE:
                closing = True
            elif kind == _COMMUNICATE:
                if chat:
                    _say(state, role, target if inside else -1, arg, to)
            elif inside:
                _aimed(scenario, state, scratch, role, kind, target, arg)
    return closing


def _aimed(
    scenario: Scenario, state: WorldState, scratch: Scratch, role: int, kind: int, target: int, arg: int
) -> None:
    if kind == _NOOP:
        look(scenario, state, scratch, role, target)
    elif kind == _FLAG:
        _flag(scenario, state, target)
    elif kind == _IDENTIFY:
        _claim(scenario, state, role, target, arg)
    else:
        _mend(scenario, state, role, kind, target, arg)


def _say(state: WorldState, role: int, about: int, topic: int, to: int) -> None:
    at = state.message_count % MESSAGES * MESSAGE_FIELDS
    state.messages[at] = state.step
    state.messages[at + 1] = role
    state.messages[at + 2] = min(max(to, 0), ROLES)
    state.messages[at + 3] = min(max(topic, 0), _LAST_TOPIC)
    state.messages[at + 4] = about
    state.message_count = state.message_count + 1


def _mend(scenario: Scenario, state: WorldState, role: int, kind: int, target: int, arg: int) -> None:
    if kind == _SCALE and min(max(arg, 1), MAX_REPLICAS) == int(state.replicas[target]):
        return
    useful, needed = False, int(state.replicas[target])
    for slot in range(SLOTS):
        if scenario.service[slot] == target and state.step >= scenario.onset[slot] and not state.cured[slot]:
            helps = _ask(scenario, state, role, kind, slot, arg)
            needed = max(needed, scenario.needed[slot]) if helps else needed
            useful = useful or helps
            if not helps and scenario.real[slot]:
                state.harmed[slot] = state.harmed[slot] + 1
                state.level[slot] = 1.0
    if not useful:
        state.wrong_acts[role] = state.wrong_acts[role] + 1
    if kind == _SCALE:
        state.replicas[target] = float(min(max(arg, 1), MAX_REPLICAS))
        state.waste = state.waste + max(state.replicas[target] - (needed + SPARE), 0.0)
    elif kind in (_RESTART, _ROLLBACK):
        state.down[target] = _RESTART_STEPS if kind == _RESTART else _ROLLBACK_STEPS
        state.queue[target] = 0.0


def _ask(scenario: Scenario, state: WorldState, role: int, kind: int, slot: int, arg: int) -> bool:
    """Ask for what an act can do about a failure, and tell whether that is anything."""
    # What a cause brought about comes back as long as the cause is there.
    in_order = scenario.chained[slot] == 0 or state.cured[0] > 0
    enough = kind != _SCALE or arg >= scenario.needed[slot]
    if kind == scenario.cure[slot] and in_order and enough and state.timer[slot] == 0:
        state.timer[slot] = scenario.delay[slot] + 1 + state.harmed[slot] * HARM_STEPS
        state.asked_by[slot] = 1 + role
        return True
    if kind == scenario.relief[slot] and not state.relieved[slot]:
        state.level[slot] = state.level[slot] - state.level[slot] * (1.0 - RELIEF)
        state.relieved[slot] = 1
        return True
    return False


def _flag(scenario: Scenario, state: WorldState, agent: int) -> None:
    if state.blocked_at[agent] != NEVER:
        return
    state.blocked_at[agent] = state.step
    guilty = False
    for slot in range(SLOTS):
        if scenario.rogue[slot] == agent:
            state.rogue_live[slot] = 0
            guilty = True
    if guilty:
        state.caught = state.caught + 1
        return
    state.false_flags = state.false_flags + 1
    state.wrong_acts[_OVERSIGHT] = state.wrong_acts[_OVERSIGHT] + 1
    state.adapted = 1
    for slot in range(SLOTS):
        state.strike_at[slot] = max(state.strike_at[slot], state.step + QUIET_STEPS)


def _claim(scenario: Scenario, state: WorldState, role: int, target: int, failure: int) -> None:
    roots, right = 0, False
    for slot in range(SLOTS):
        roots += scenario.root[slot]
    if state.claims == 0 and (failure == _NOTHING) == (roots == 0):
        state.detected_by = 1 + role
    for slot in range(SLOTS):
        if scenario.root[slot] and failure != _NOTHING:
            # As many claims count as there are causes: more of them find no more places.
            near = NEAR[hops(scenario, target, scenario.service[slot])] if state.claims < roots else 0.0
            if near > state.near[slot]:
                state.near[slot] = near
                state.near_by[slot] = 1 + role
            if scenario.service[slot] == target and scenario.kind[slot] == failure:
                right = True
                if state.named[slot] == 0:
                    state.named[slot] = 1 + role
    if roots == 0 and failure == _NOTHING:
        right = True
        state.named_none = 1 + role
    state.claims = state.claims + 1
    if not right:
        state.wrong_claims[role] = state.wrong_claims[role] + 1
        state.wrong_acts[role] = state.wrong_acts[role] + 1
