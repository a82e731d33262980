"""What the roles' actions do to a world, before it moves; what a role may not do is a no-op."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ACTION_TYPES, ALLOWED_ACTIONS, FIELDS, MAX_REPLICAS, ROLES, ActionType, Role, Topic
from journeyman.gym.catalog import Failure
from journeyman.gym.state import MESSAGE_FIELDS, MESSAGES, NEVER, Scenario, WorldState
from journeyman.gym.tasks import SLOTS

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


def apply_actions(scenario: Scenario, state: WorldState, acts: list[int], chat: int) -> bool:
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
                _aimed(scenario, state, role, kind, target, arg)
    return closing


def _aimed(scenario: Scenario, state: WorldState, role: int, kind: int, target: int, arg: int) -> None:
    if kind == _NOOP:
        state.focus[role] = target
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
    useful = False
    for slot in range(SLOTS):
        if scenario.service[slot] == target and state.step >= scenario.onset[slot] and not state.cured[slot]:
            enough = kind != _SCALE or arg >= scenario.needed[slot]
            if kind == scenario.cure[slot] and state.timer[slot] == 0 and enough:
                state.timer[slot] = scenario.delay[slot] + 1
                useful = True
            if kind == scenario.relief[slot] and not state.relieved[slot]:
                state.level[slot] = state.level[slot] - state.level[slot] * (1.0 - RELIEF)
                state.relieved[slot] = 1
                useful = True
    if not useful:
        state.wrong_acts[role] = state.wrong_acts[role] + 1
    if kind == _SCALE:
        state.replicas[target] = float(min(max(arg, 1), MAX_REPLICAS))
    elif kind in (_RESTART, _ROLLBACK):
        state.down[target] = _RESTART_STEPS if kind == _RESTART else _ROLLBACK_STEPS
        state.queue[target] = 0.0


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
    right, quiet = False, True
    for slot in range(SLOTS):
        if scenario.real[slot]:
            quiet = False
        if scenario.service[slot] == target and scenario.kind[slot] == failure and scenario.root[slot]:
            state.named[slot] = 1
            right = True
    if quiet and failure == _NOTHING:
        state.named_none = 1
        right = True
    if not right:
        state.wrong_claims = state.wrong_claims + 1
        state.wrong_acts[role] = state.wrong_acts[role] + 1
