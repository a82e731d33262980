"""From seeds to worlds: everything an incident is, drawn in one pass over all worlds."""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.actions import ROLES
from journeyman.gym.arrays import Bools, Floats, Ints, Words
from journeyman.gym.catalog import BENIGN, GROUP, REAL, ROGUE_JOB, ROGUES, Failure, Group, Job, Probe
from journeyman.gym.chance import Dice, mixed, noise_keys
from journeyman.gym.draw.topology import draw_graph, healthy_latency, healthy_load
from journeyman.gym.state import MARKS, MESSAGES, NEVER_BLOCKED, NO_STRIKE, Incident, Live
from journeyman.gym.tasks import QUIET_EIGHTHS, SIZES, SLOTS, Tier, TierSize

FOREVER: Final = 1 << 20
_UNIT16: Final = 2.0**-16
_TIER_SALT: Final = np.uint64(0xA0761D6478BD642F)
_CODE_GROUPS: Final = (Group.ERRORS, Group.MEMORY)


def draw(seeds: Words, tier: Tier) -> tuple[Incident, Live]:
    """Give the incidents of these seeds and their state before the first step.

    Args:
        seeds: one per world; the same seed always gives the same world, whatever its neighbours.
        tier: the bounds to draw from.
    """
    size = SIZES[tier]
    width = size.services[1]
    keys = world_keys(seeds, tier)
    dice = Dice(keys)
    services = size.services[0] + dice.below(1, width - size.services[0] + 1)
    graph = draw_graph(dice, services, width)
    traffic = dice.between(2, 80.0, 400.0)
    load = healthy_load(graph, traffic)
    replicas = (2 + dice.below(3, 5, width)).astype(np.float64)
    headroom = 1.4 + _jitter(mixed(seeds), width) * 0.4
    base = dice.between(4, 4.0, 60.0, width)
    slots = _draw_slots(dice, size, services, graph.callers)
    jobs, rogue = _draw_agents(dice, size.agents, slots.kind)
    incident = Incident(
        seed=seeds,
        key=noise_keys(keys),
        services=services,
        active=graph.active,
        dependencies=graph.dependencies,
        callers=graph.callers,
        weights=graph.weights,
        headroom=headroom,
        capacity=(load + 1) * headroom / replicas,
        replicas=replicas,
        base_latency=base,
        healthy_latency=healthy_latency(graph, base),
        base_memory=dice.between(5, 0.2, 0.5, width),
        traffic=traffic,
        wave=np.stack([dice.below(6, 64), 1 + dice.below(7, 3)]),
        retry=dice.between(8, 0.1, 0.6),
        changed_at=_draw_changes(dice, width, slots),
        jobs=jobs,
        kind=slots.kind,
        service=slots.service,
        real=slots.real,
        root=slots.real & ~slots.chained,
        chained=slots.chained,
        amplitude=dice.between(9, size.mildest, 1.0, SLOTS) * (slots.kind > 0),
        decoy=np.where(dice.below(44, 8, width) < size.decoys, dice.below(45, len(Probe), width), -1),
        onset=slots.onset,
        end=slots.end,
        rogue=rogue,
    )
    return incident, _start(dice, incident, load)


def world_keys(seeds: Words, tier: Tier) -> Words:
    """Give the keys from which everything in a world is drawn."""
    return mixed(mixed(seeds) + np.array(int(tier) + 1, np.uint64) * _TIER_SALT)


def _jitter(words: Words, width: int) -> Floats:
    # The first four services carry the 64 bits of a bijection of the seed: two seeds cannot draw the same capacities.
    shifts = (np.arange(width, dtype=np.uint64) % np.uint64(4)) * np.uint64(16)
    bits = (words >> shifts[:, None]) & np.uint64(0xFFFF)
    return bits.astype(np.float64) * _UNIT16


class _Slots:
    """The failure slots while they are drawn."""

    __slots__ = ("chained", "end", "kind", "onset", "real", "service")

    def __init__(self, kind: Ints, real: Bools, service: Ints, chained: Bools, onset: Ints) -> None:
        self.kind = kind
        self.real = real
        self.service = service
        self.chained = chained
        self.onset = onset
        self.end = np.full(kind.shape, FOREVER, np.int64)


def _draw_slots(dice: Dice, size: TierSize, services: Ints, callers: Ints) -> _Slots:
    kind = _draw_kinds(dice, size)
    cascade = kind[0] == Failure.CASCADE
    chained = np.zeros(kind.shape, np.bool_)
    chained[1] = cascade
    kind[1] = np.where(cascade, Failure.CASCADE, kind[1])
    real = (kind > 0) & (kind < BENIGN[0])
    service = _place(dice, kind, services)
    column = np.arange(len(services), dtype=np.int64)
    caller = callers[0, service[0], column]
    # A cascade spreads to the caller of the store, unless the door is the caller or the place is taken.
    free = cascade & (caller > 0) & (service[1:] != caller).all(0)
    service[1] = np.where(free, caller, service[1])
    service[kind == 0] = -1
    onset = dice.below(23, 3, SLOTS)
    onset[1] = np.where(cascade, 6 + dice.below(24, 3), onset[1])
    onset[0] = 0
    slots = _Slots(kind, real, service, chained, onset)
    benign = (kind > 0) & ~real
    slots.end = np.where(benign, onset + 8 + dice.below(25, 10, SLOTS), slots.end)
    return slots


def _draw_kinds(dice: Dice, size: TierSize) -> Ints:
    pool = np.array([one for one in REAL if size.rogues or one not in ROGUES], np.int64)
    low, high = size.failures
    quiet = dice.below(20, 8) < QUIET_EIGHTHS
    count = np.where(quiet, 0, low + dice.below(21, high - low + 1))
    kind = pool[dice.below(22, len(pool), SLOTS)]
    # Only slot 0 may be a cascade: it needs slot 1 for its consequence.
    kind[1:] = np.where(kind[1:] == Failure.CASCADE, Failure.DB_DEADLOCK, kind[1:])
    kind[: SLOTS - 1] *= np.arange(SLOTS - 1)[:, None] < count
    benign = quiet | (dice.below(26, 8) < size.benign)
    kind[SLOTS - 1] = np.array(BENIGN, np.int64)[dice.below(27, len(BENIGN))] * benign
    return kind


def _place(dice: Dice, kind: Ints, services: Ints) -> Ints:
    """Give each slot a service of its own; slow stores sit in the last third of the graph, nothing at the door."""
    inner = services - 1
    stores = np.maximum(services // 3, 1)
    anywhere = 1 + dice.below(28, inner, SLOTS)
    store = services - 1 - dice.below(29, stores, SLOTS)
    service = np.where(GROUP[kind] == Group.SLOW_STORE, store, anywhere)
    for slot in range(1, SLOTS):
        for _ in range(slot):
            taken = (service[:slot] == service[slot]).any(0)
            service[slot] = np.where(taken, service[slot] % inner + 1, service[slot])
    return service


def _draw_agents(dice: Dice, agents: int, kind: Ints) -> tuple[Ints, Ints]:
    """Give the agents' jobs and each slot's rogue; agents come in pairs of equal jobs, so a job never convicts."""
    jobs = (np.arange(agents)[:, None] // 2 + dice.below(30, len(Job))) % len(Job)
    order = np.argsort(dice.words(31, agents), axis=0, kind="stable")
    jobs = np.take_along_axis(jobs, order, 0)
    wanted = ROGUE_JOB[kind]
    rogue = np.full(kind.shape, -1, np.int64)
    for slot in range(SLOTS):
        holders = jobs == wanted[slot]
        chosen = np.argmax(holders * (1 + dice.below(32 + slot, 1 << 16, agents)), axis=0)
        rogue[slot] = np.where(wanted[slot] >= 0, chosen, -1)
    return jobs, rogue


def _draw_changes(dice: Dice, width: int, slots: _Slots) -> Ints:
    """Give the step of each service's last change: failures of code follow one, but so does much that is healthy."""
    recent = dice.below(40, 8, width) < 3
    changed = -np.where(recent, 1 + dice.below(41, 12, width), 20 + dice.below(42, 400, width))
    column = np.arange(changed.shape[1], dtype=np.int64)
    for slot in range(SLOTS):
        group = GROUP[slots.kind[slot]]
        code = (slots.kind[slot] > 0) & ((group == _CODE_GROUPS[0]) | (group == _CODE_GROUPS[1]))
        rows = np.flatnonzero(code)
        changed[slots.service[slot, rows], column[rows]] = slots.onset[slot, rows] - 1 - dice.below(43, 4)[rows]
    return changed


def _start(dice: Dice, incident: Incident, load: Floats) -> Live:
    width, worlds = len(incident.active), len(incident.services)
    agents = len(incident.jobs)
    zeros = np.zeros((width, worlds), np.float64)
    none = np.zeros(worlds, np.int64)
    slots = np.zeros((SLOTS, worlds), np.bool_)
    # Slow growers have begun before anybody looks.
    level = dice.between(50, 0.2, 0.6, SLOTS) * (incident.real & (incident.onset == 0))
    return Live(
        step=none.copy(),
        ended=np.zeros(worlds, np.bool_),
        succeeded=np.zeros(worlds, np.bool_),
        replicas=incident.replicas.copy(),
        queue=zeros.copy(),
        served=load * incident.active,
        errors=zeros.copy(),
        latency=incident.healthy_latency.copy(),
        cpu=zeros.copy(),
        memory=incident.base_memory.copy(),
        breaker=zeros.copy(),
        down=zeros.copy(),
        health=np.zeros((width, worlds), np.int8),
        heat=np.zeros((width, worlds), np.int8),
        alert=np.zeros((width, worlds), np.int8),
        marks=np.zeros((MARKS, width, worlds), np.int8),
        level=level,
        cured=slots.copy(),
        relieved=slots.copy(),
        timer=np.zeros((SLOTS, worlds), np.int64),
        strike_at=np.zeros((SLOTS, worlds), np.int64),
        rogue_live=incident.rogue >= 0,
        named=slots.copy(),
        blocked_at=np.full((agents, worlds), NEVER_BLOCKED, np.int64),
        adapted=np.zeros(worlds, np.bool_),
        caught=none.copy(),
        false_flags=none.copy(),
        wrong_acts=np.zeros((ROLES, worlds), np.int64),
        wrong_claims=none.copy(),
        named_none=np.zeros(worlds, np.bool_),
        calm=none.copy(),
        good_steps=none.copy(),
        focus=np.full((ROLES, worlds), -1, np.int64),
        strikes=_first_strikes(dice, incident),
        said=np.full((MESSAGES, worlds), -1, np.int64),
        said_count=none.copy(),
        score=np.zeros((1 + ROLES, worlds), np.float64),
    )


def _first_strikes(dice: Dice, incident: Incident) -> Ints:
    """Give the strikes that happened in the three steps before the first."""
    begun = (incident.rogue >= 0) & (incident.onset == 0)
    when = -1 - dice.below(65, 3, SLOTS)
    ticket = dice.below(66, 8, SLOTS) == 0
    first = np.where(begun, when * 2 + ticket, NO_STRIKE)
    return np.stack([first, np.full_like(first, NO_STRIKE)])
