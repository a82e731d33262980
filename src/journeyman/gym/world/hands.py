"""What the roles' actions do to the worlds: all actions of a step at once, refused ones as no-ops."""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.actions import ACTION_TYPES, FIELDS, MAX_REPLICAS, ROLES, ActionType, Role, Topic, hands_table
from journeyman.gym.arrays import Bools, Ints
from journeyman.gym.catalog import Failure
from journeyman.gym.draw.wiring import Wires
from journeyman.gym.state import MESSAGES, NEVER_BLOCKED, Incident, Live, packed

_ALLOWED: Final = hands_table().ravel()
_ROW: Final = np.arange(ROLES)[:, None] * ACTION_TYPES
_AIMED: Final = np.zeros(ACTION_TYPES, np.bool_)
_AIMED[ActionType.RESTART : ActionType.ESCALATE + 1] = True
_MENDING: Final = np.zeros(ACTION_TYPES, np.bool_)
_MENDING[[ActionType.RESTART, ActionType.ROLLBACK, ActionType.SCALE, ActionType.ESCALATE]] = True
COOLING_STEPS: Final[dict[int, float]] = {ActionType.RESTART: 2.0, ActionType.ROLLBACK: 1.0}
_MENDING_ROLES: Final = 3
RELIEF: Final = 0.3
"""What is left of a failure's level after a restart that only eases it."""
QUIET_STEPS: Final = 6
"""Steps for which warned rogues keep still."""
_SENDERS: Final[Ints] = np.arange(ROLES, dtype=np.int64)[:, None]


class Moves:
    """The roles' actions of one step: `(roles, worlds)` arrays of what is allowed, the rest made no-ops."""

    arg: Ints
    kind: Ints
    present: int
    target: Ints
    to: Ints

    __slots__ = ("arg", "kind", "present", "target", "to")

    def __init__(self, incident: Incident, actions: Ints) -> None:
        fields = np.ascontiguousarray(actions.T)
        asked, target, self.arg, self.to = fields[0], fields[1], fields[2], fields[3]
        known = (asked >= 0) & (asked < ACTION_TYPES)
        kind: Ints = asked * known
        suspecting = (kind == ActionType.COMMUNICATE) & (self.arg == Topic.SUSPECT)
        bound = np.where(suspecting | (kind == ActionType.FLAG_ROGUE), len(incident.jobs), incident.services)
        inside = (target >= 0) & (target < bound)
        allowed: Bools = _ALLOWED.take(kind + _ROW) & (inside | ~_AIMED.take(kind))
        self.kind = kind * allowed
        self.target = np.where(inside & known & (allowed | (kind == 0)), target, -1)
        self.present = int(np.bitwise_or.reduce(np.left_shift(1, self.kind), axis=None))

    def any(self, *types: ActionType) -> bool:
        """Tell whether some role does one of these."""
        return any(self.present >> one & 1 for one in types)


def apply(incident: Incident, live: Live, wires: Wires, moves: Moves, chat: bool) -> None:  # noqa: FBT001 - five plain values
    """Do what the roles do, before the world moves."""
    seen = (moves.kind == ActionType.NOOP) & (moves.target >= 0)
    live.focus = np.where(seen, moves.target, live.focus)
    if chat and moves.any(ActionType.COMMUNICATE):
        _say(live, moves)
    if moves.any(ActionType.RESTART, ActionType.ROLLBACK, ActionType.SCALE, ActionType.ESCALATE):
        _mend(incident, live, wires, moves)
    if moves.any(ActionType.FLAG_ROGUE):
        _flag(incident, live, moves)
    if moves.any(ActionType.IDENTIFY_ROOT_CAUSE):
        _claim(incident, live, moves)


def _say(live: Live, moves: Moves) -> None:
    speaking = moves.kind == ActionType.COMMUNICATE
    order = np.cumsum(speaking, axis=0) - 1 + live.said_count
    said = packed(live.step, _SENDERS, np.clip(moves.to, 0, ROLES), np.clip(moves.arg, 0, 255), moves.target)
    roles, rows = np.nonzero(speaking)
    live.said[order[roles, rows] % MESSAGES, rows] = said[roles, rows]
    live.said_count = live.said_count + speaking.sum(0)


def _mend(incident: Incident, live: Live, wires: Wires, moves: Moves) -> None:
    kind, target = moves.kind[:_MENDING_ROLES, None], moves.target[:_MENDING_ROLES, None]
    aimed = (target == incident.service) & ((live.step >= incident.onset) & ~live.cured)
    enough = moves.arg[Role.SRE] >= wires.needed
    curing = aimed & (kind == wires.cure) & ((live.timer == 0) & (enough | (wires.cure != ActionType.SCALE)))
    easing = aimed[0] & (kind[0] == wires.relief) & ~live.relieved
    cure = curing[0] | curing[1] | curing[2]
    live.timer = live.timer + cure * (wires.delay + 1)
    live.level = live.level - live.level * easing * (1 - RELIEF)
    live.relieved = live.relieved | easing
    useful = np.logical_or.reduce(curing, axis=1)
    useful[0] |= np.logical_or.reduce(easing, axis=0)
    mending: Bools = _MENDING.take(moves.kind[:_MENDING_ROLES])
    live.wrong_acts[:_MENDING_ROLES] += mending & ~useful
    for action, role in ((ActionType.RESTART, Role.SRE), (ActionType.ROLLBACK, Role.DEV)):
        if moves.any(action):
            rows = np.flatnonzero(moves.kind[role] == action)
            live.down[moves.target[role, rows], rows] = COOLING_STEPS[action]
            live.queue[moves.target[role, rows], rows] = 0
    if moves.any(ActionType.SCALE):
        rows = np.flatnonzero(moves.kind[Role.SRE] == ActionType.SCALE)
        wanted = np.clip(moves.arg[Role.SRE, rows], 1, MAX_REPLICAS)
        live.replicas[moves.target[Role.SRE, rows], rows] = wanted


def _flag(incident: Incident, live: Live, moves: Moves) -> None:
    rows = np.flatnonzero(moves.kind[Role.OVERSIGHT] == ActionType.FLAG_ROGUE)
    agent = moves.target[Role.OVERSIGHT, rows]
    fresh = live.blocked_at[agent, rows] == NEVER_BLOCKED
    rows, agent = rows[fresh], agent[fresh]
    live.blocked_at[agent, rows] = live.step[rows]
    guilty = incident.rogue[:, rows] == agent
    hit = guilty.any(0)
    live.rogue_live[:, rows] &= ~guilty
    live.caught[rows] += hit
    live.false_flags[rows] += ~hit
    live.wrong_acts[Role.OVERSIGHT, rows] += ~hit
    live.adapted[rows] |= ~hit
    # Warned rogues keep still for a while.
    live.strike_at[:, rows] = np.maximum(live.strike_at[:, rows], ~hit * (live.step[rows] + QUIET_STEPS))


def _claim(incident: Incident, live: Live, moves: Moves) -> None:
    quiet = ~np.logical_or.reduce(incident.real, axis=0)
    for role in (Role.SRE, Role.DEV):
        claiming = moves.kind[role] == ActionType.IDENTIFY_ROOT_CAUSE
        match = (incident.service == moves.target[role]) & (incident.kind == moves.arg[role]) & incident.root
        match &= claiming
        nothing = claiming & quiet & (moves.arg[role] == Failure.NONE)
        wrong: Bools = claiming & ~np.logical_or.reduce(match, axis=0) & ~nothing
        live.named |= match
        live.named_none |= nothing
        live.wrong_claims += wrong
        live.wrong_acts[role] += wrong


def resolving(moves: Moves) -> Bools:
    """Tell where the manager closes the incident."""
    return moves.kind[Role.MANAGER] == ActionType.RESOLVE


def expected(actions: Ints, worlds: int) -> Ints:
    """Give the actions as integers of shape `(worlds, roles, 4)`.

    Raises:
        ValueError: the shape is another, or they are no integers.
    """
    array = np.asarray(actions)
    if array.dtype.kind not in "iu":
        raise ValueError(f"actions are {array.dtype}; integers are wanted")
    array = array.astype(np.int64, copy=False)
    if array.shape != (worlds, ROLES, FIELDS):
        raise ValueError(f"actions have shape {array.shape}; this batch takes {(worlds, ROLES, FIELDS)}")
    return array
