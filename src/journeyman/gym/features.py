"""Views as flat numbers for learners: one float32 vector per role and world, all features in -1..8."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from journeyman.gym.actions import HANDS, MAX_REPLICAS, ROLES, TOPICS, ActionType, Role
from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.catalog import PROBES_PER_ROLE, Job
from journeyman.gym.eyes.views import METRICS, Common, DevEyes, ManagerEyes, OversightEyes, SreEyes
from journeyman.gym.policies.base import Seats
from journeyman.gym.state import DEPENDENCIES, MESSAGES, TRACE_STEPS
from journeyman.gym.tasks import SIZES, Tier
from journeyman.gym.world.fleet import TRACE, VERBS_PER_JOB

Vector = NDArray[np.float32]
LOW: Final = -1.0
HIGH: Final = 8.0
_LONG_STEPS: Final = 50
_QUEUE: Final = 400
_WIDEST: Final = 32
_MESSAGE_SCALE: Final = np.array([_LONG_STEPS, ROLES, ROLES + 1, TOPICS, _WIDEST], np.float64)[None, :, None]
_HELD_PER_SERVICE: Final = len(METRICS) + 4 + DEPENDENCIES


def size(tier: Tier, role: Role) -> int:
    """Give the length of a role's vector."""
    width, agents = SIZES[tier].services[1], SIZES[tier].agents
    own = {
        Role.SRE: width * _HELD_PER_SERVICE + PROBES_PER_ROLE,
        Role.DEV: width * (2 + DEPENDENCIES) + PROBES_PER_ROLE,
        Role.MANAGER: width + 3,
        Role.OVERSIGHT: TRACE * 5 + agents * 2,
    }
    return own[role] + 2 + MESSAGES * 5


def team_size(tier: Tier) -> int:
    """Give the length of all four roles' vectors together."""
    return sum(size(tier, role) for role in Role)


def features(seats: Seats, role: Role) -> Vector:
    """Give `(worlds, size)` numbers of what a role sees."""
    if role is Role.SRE:
        return _sre(seats.sre())
    if role is Role.DEV:
        return _dev(seats.dev())
    return _manager(seats.manager()) if role is Role.MANAGER else _oversight(seats.oversight())


def team_features(seats: Seats) -> Vector:
    """Give `(worlds, team size)`: the roles' vectors side by side."""
    return np.concatenate([features(seats, role) for role in Role], axis=1)


def _joined(common: Common, *parts: Floats) -> Vector:
    said = np.where(common.messages < 0, LOW, common.messages / _MESSAGE_SCALE)
    head = np.stack([common.step / _LONG_STEPS, common.services / _WIDEST])
    rows = [part.reshape(-1, part.shape[-1]) for part in (head, said, *parts)]
    flat = np.empty((sum(map(len, rows)), len(common.step)), np.float32)
    np.concatenate(rows, out=flat, casting="same_kind")
    np.clip(flat, LOW, HIGH, out=flat)
    return flat.T


def _sre(eyes: SreEyes) -> Vector:
    cpu, memory, latency, errors, queue = eyes.metrics
    slowness = latency / np.maximum(eyes.usual_latency, 1) / 4
    per_service = np.stack([cpu, memory, slowness, errors, queue / _QUEUE])
    alerts = eyes.alerts.astype(np.float64)
    levels = np.stack([eyes.health / 3.0, alerts, eyes.replicas / MAX_REPLICAS])
    return _joined(eyes.common, per_service, levels, *_graph(eyes.dependencies, eyes.focus), eyes.probes)


def _dev(eyes: DevEyes) -> Vector:
    return _joined(eyes.common, eyes.change_age / _LONG_STEPS, *_graph(eyes.dependencies, eyes.focus), eyes.probes)


def _graph(dependencies: Ints, focus: Ints) -> tuple[Floats, Floats]:
    looking: Bools = np.arange(len(dependencies[0]), dtype=np.int64)[:, None] == focus
    return np.where(dependencies < 0, LOW, dependencies / _WIDEST), looking.astype(np.float64)


def _manager(eyes: ManagerEyes) -> Vector:
    door = np.stack([eyes.door_errors, eyes.door_latency / 4, eyes.within_objective.astype(np.float64)])
    return _joined(eyes.common, eyes.alerts.astype(np.float64), door)


def _oversight(eyes: OversightEyes) -> Vector:
    deeds = np.stack([eyes.age, eyes.agent, eyes.verb, eyes.target, eyes.ticket]).astype(np.float64)
    scale = np.array([TRACE_STEPS, len(eyes.jobs), len(Job) * VERBS_PER_JOB, _WIDEST, 1.0])[:, None, None]
    deeds = np.where(deeds < 0, LOW, deeds / scale)
    return _joined(eyes.common, deeds, eyes.jobs / len(Job), eyes.blocked.astype(np.float64))


def choices(tier: Tier) -> tuple[int, int, int, int]:
    """Give how many values each field of an action has for learners; target 0 is none, k is service or agent k - 1."""
    targets = 1 + max(SIZES[tier].services[1], SIZES[tier].agents)
    return (len(ActionType), targets, TOPICS, 1 + ROLES)


def decoded(picks: Ints) -> Ints:
    """Give world actions for learners' picks of any shape `(..., 4)`."""
    actions = np.array(picks, np.int64)
    actions[..., 1] -= 1
    return actions


def masks(tier: Tier, services: int, role: Role) -> tuple[NDArray[np.int8], ...]:
    """Give what a role may pick, one mask per field; oversight's targets are agents, the others' services."""
    kinds, targets, args, to = (np.zeros(count, np.int8) for count in choices(tier))
    kinds[list(HANDS[role])] = 1
    targets[: 1 + (SIZES[tier].agents if role is Role.OVERSIGHT else services)] = 1
    args[:] = 1
    to[:] = 1
    return kinds, targets, args, to


def type_masks(worlds: int) -> Bools:
    """Give `(worlds, roles, action types)` of what each role may do."""
    table = np.zeros((ROLES, len(ActionType)), np.bool_)
    for role, allowed in HANDS.items():
        table[role, list(allowed)] = True
    return np.broadcast_to(table, (worlds, *table.shape)).copy()
