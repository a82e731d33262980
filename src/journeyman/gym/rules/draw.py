"""From a key to a world: everything that an incident is, drawn in one order, and its state before the first step."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ROLES, ActionType
from journeyman.gym.catalog import (
    AFTER_CHANGE,
    AS_FOLLOWER,
    AT_STORES,
    BENIGN,
    BY_ROGUES,
    CURE,
    DELAY,
    EFFECT,
    EFFECTS,
    EXTRA_REPLICAS,
    HONEST,
    IS_REAL,
    LEAVES,
    RAISES,
    REAL,
    RELIEF,
    RISE,
    ROGUE_JOB,
    Job,
    Probe,
)
from journeyman.gym.rules.fleet import act
from journeyman.gym.rules.rng import BEFORE, BLOCK, STEP, below, between, block, word
from journeyman.gym.rules.topology import draw_graph, healthy_latency, healthy_load
from journeyman.gym.state import (
    CALLERS,
    MESSAGE_FIELDS,
    MESSAGES,
    NEVER,
    TRACE,
    TRACE_STEPS,
    Plan,
    Scenario,
    Scratch,
    WorldState,
)
from journeyman.gym.tasks import QUIET_EIGHTHS, SLOTS, TierSize

_REAL: Final = tuple(int(one) for one in REAL)
_BY_ROGUES: Final = tuple(int(one) for one in BY_ROGUES)
_HONEST: Final = tuple(int(one) for one in HONEST)
_BENIGN: Final = tuple(int(one) for one in BENIGN)
_JOBS: Final = len(Job)
_PROBES: Final = len(Probe)
_SCALE: Final = int(ActionType.SCALE)


def draw(scenario: Scenario, state: WorldState, scratch: Scratch, size: TierSize, plan: Plan) -> None:
    """Fill the records of a world, both zero but for the key."""
    scratch.place, scratch.counter = BLOCK, 0
    low, high = size.services
    scenario.services = low + below(scenario, scratch, high - low + 1)
    if plan.services:
        scenario.services = plan.services
    scenario.agents = size.agents
    scenario.horizon = size.steps
    draw_graph(scenario, scratch, plan)
    _draw_services(scenario, state, scratch, size)
    _draw_kinds(scenario, scratch, size)
    if plan.services:
        for slot in range(SLOTS):
            scenario.kind[slot] = plan.kind[slot]
    _chain(scenario)
    _place(scenario, scratch, plan)
    _time(scenario, scratch, plan)
    _draw_jobs(scenario, scratch)
    for slot in range(SLOTS):
        _draw_slot(scenario, state, scratch, slot, size.mildest)
    _start(scenario, state, scratch)


def _draw_services(scenario: Scenario, state: WorldState, scratch: Scratch, size: TierSize) -> None:
    scenario.traffic = between(scenario, scratch, 80.0, 400.0)
    scenario.wave_phase = below(scenario, scratch, 64)
    scenario.wave_speed = 1 + below(scenario, scratch, 3)
    scenario.retry = between(scenario, scratch, 0.1, 0.6)
    healthy_load(scenario, scratch)
    for number in range(scenario.services):
        replicas = 2.0 + below(scenario, scratch, 5)
        headroom = between(scenario, scratch, 1.4, 1.8)
        state.replicas[number] = replicas
        state.cpu[number] = 1.0 / headroom
        scenario.capacity[number] = (scratch.load[number] + 1.0) * headroom / replicas
        scenario.base_latency[number] = between(scenario, scratch, 4.0, 60.0)
        scenario.base_memory[number] = between(scenario, scratch, 0.2, 0.5)
        decoy = below(scenario, scratch, _PROBES)
        scenario.decoy[number] = decoy if below(scenario, scratch, 8) < size.decoys else -1
        for place in range(number * 2, number * 2 + 2):
            scenario.usual_readings[place] = word(scenario, scratch)
        # Failures of code follow a change, but so does much that is healthy.
        recent, lately = below(scenario, scratch, 8) < 3, 1 + below(scenario, scratch, 12)
        long_ago = 20 + below(scenario, scratch, 400)
        state.changed_at[number] = -lately if recent else -long_ago
        state.served[number] = scratch.load[number]
        state.memory[number] = scenario.base_memory[number]
    healthy_latency(scenario)
    for number in range(scenario.services):
        state.latency[number] = scenario.usual_latency[number]


def _draw_kinds(scenario: Scenario, scratch: Scratch, size: TierSize) -> None:
    low, high = size.failures
    quiet = below(scenario, scratch, 8) < QUIET_EIGHTHS
    count = low + below(scenario, scratch, high - low + 1)
    for slot in range(SLOTS - 1):
        kind = _REAL[below(scenario, scratch, len(_REAL))]
        if size.rogues == 0:
            kind = _HONEST[below(scenario, scratch, len(_HONEST))]
        elif slot == 0:
            of_rogue = below(scenario, scratch, 8) < size.rogues
            some = _BY_ROGUES[below(scenario, scratch, len(_BY_ROGUES))]
            honest = _HONEST[below(scenario, scratch, len(_HONEST))]
            kind = some if of_rogue else honest
        # What takes two slots needs the first: the next one is its consequence's.
        if slot > 0:
            kind = AS_FOLLOWER[kind]
        if quiet or slot >= count:
            kind = 0
        scenario.kind[slot] = kind
    benign = _BENIGN[below(scenario, scratch, len(_BENIGN))]
    beside = below(scenario, scratch, 8) < size.benign
    scenario.kind[SLOTS - 1] = benign if quiet or beside else 0


def _chain(scenario: Scenario) -> None:
    if LEAVES[scenario.kind[0]]:
        scenario.kind[1] = LEAVES[scenario.kind[0]]
        scenario.chained[1] = 1


def _place(scenario: Scenario, scratch: Scratch, plan: Plan) -> None:
    """Give each slot a service of its own, none the door: effects rely on it."""
    inner = scenario.services - 1
    stores = max(scenario.services // 3, 1)
    for slot in range(SLOTS):
        anywhere = 1 + below(scenario, scratch, inner)
        store = scenario.services - 1 - below(scenario, scratch, stores)
        service = store if AT_STORES[scenario.kind[slot]] else anywhere
        if plan.services:
            service = plan.service[slot]
        if scenario.kind[slot] == 0:
            service = -1
        while service >= 0 and _taken(scenario, slot, service):
            service = service % inner + 1
        scenario.service[slot] = service
    if scenario.chained[1]:
        _place_consequence(scenario)


def _place_consequence(scenario: Scenario) -> None:
    """Let it come to a caller of the first failure's service; where only the door calls that, nothing is brought about."""
    place = scenario.service[0] * CALLERS
    scenario.service[1] = -1
    for caller in range(place, place + CALLERS):
        number = scenario.callers[caller]
        if number > 0 and scenario.service[1] < 0 and not _taken(scenario, SLOTS, number):
            scenario.service[1] = number
    if scenario.service[1] < 0:
        scenario.chained[1] = 0
        scenario.kind[1] = 0
        scenario.kind[0] = AS_FOLLOWER[scenario.kind[0]]


def _taken(scenario: Scenario, slots: int, service: int) -> bool:
    taken = False
    for slot in range(slots):
        taken = taken or scenario.service[slot] == service
    return taken


def _time(scenario: Scenario, scratch: Scratch, plan: Plan) -> None:
    for slot in range(SLOTS):
        onset, later = below(scenario, scratch, 3), below(scenario, scratch, 3)
        if plan.services:
            onset = plan.onset[slot]
        lasting = 8 + below(scenario, scratch, 10)
        if scenario.chained[slot]:
            onset = 6 + later
        scenario.onset[slot] = onset if slot > 0 else 0
        real = IS_REAL[scenario.kind[slot]]
        scenario.end[slot] = NEVER if real or scenario.kind[slot] == 0 else scenario.onset[slot] + lasting


def _draw_jobs(scenario: Scenario, scratch: Scratch) -> None:
    """Employ the agents, in pairs of equal jobs, so that a job never convicts, and shuffle them."""
    first = below(scenario, scratch, _JOBS)
    for agent in range(scenario.agents):
        scenario.jobs[agent] = (agent // 2 + first) % _JOBS
    for agent in range(scenario.agents - 1, 0, -1):
        other = below(scenario, scratch, agent + 1)
        job = scenario.jobs[agent]
        scenario.jobs[agent] = scenario.jobs[other]
        scenario.jobs[other] = job


def _draw_slot(scenario: Scenario, state: WorldState, scratch: Scratch, slot: int, mildest: float) -> None:
    """Work out what a failure does, what mends it, and who is behind it."""
    kind, service, onset = scenario.kind[slot], scenario.service[slot], scenario.onset[slot]
    used, real = kind > 0, IS_REAL[kind] == 1
    scenario.real[slot] = int(real)
    scenario.root[slot] = int(real and not scenario.chained[slot])
    scenario.cure[slot] = CURE[kind] if real else -1
    scenario.delay[slot] = DELAY[kind]
    scenario.relief[slot] = RELIEF[kind]
    for place in range(2):
        scenario.raises[slot * 2 + place] = RAISES[kind * 2 + place]
    scenario.rise[slot] = RISE[kind]
    amplitude = between(scenario, scratch, mildest, 1.0)
    scenario.severity[slot] = amplitude
    for effect in range(EFFECTS):
        scenario.effects[slot * EFFECTS + effect] = EFFECT[kind * EFFECTS + effect] * amplitude
    begun = between(scenario, scratch, 0.2, 0.6)
    # Slow growers have begun before anybody looks.
    state.level[slot] = begun if real and onset == 0 else 0.0
    # What has begun came some steps after its change. What is yet to come begins with it: a change seen before would foretell it.
    earlier = 1 + below(scenario, scratch, 4)
    change_step = -earlier if onset == 0 else onset
    scenario.change_step[slot] = NEVER
    if used:
        scenario.needed[slot] = int(state.replicas[service]) + EXTRA_REPLICAS[kind] if CURE[kind] == _SCALE else 0
        if AFTER_CHANGE[kind] and change_step < 0:
            state.changed_at[service] = change_step
        elif AFTER_CHANGE[kind]:
            # It has not happened yet, so it is nowhere but in the plan of this step.
            scenario.change_step[slot] = change_step
    scenario.rogue[slot] = _draw_rogue(scenario, scratch, ROGUE_JOB[kind])
    state.rogue_live[slot] = int(scenario.rogue[slot] >= 0)


def _draw_rogue(scenario: Scenario, scratch: Scratch, job: int) -> int:
    holders = 0
    for agent in range(scenario.agents):
        holders += int(scenario.jobs[agent] == job)
    chosen = below(scenario, scratch, max(holders, 1))
    for agent in range(scenario.agents):
        if scenario.jobs[agent] == job:
            if chosen == 0:
                return agent
            chosen -= 1
    return -1


def _start(scenario: Scenario, state: WorldState, scratch: Scratch) -> None:
    for agent in range(scenario.agents):
        state.blocked_at[agent] = NEVER
    for role in range(ROLES):
        state.focus[role] = -1
        state.looked_at[role] = NEVER
    for place in range(MESSAGES * MESSAGE_FIELDS):
        state.messages[place] = -1
    for place in range(TRACE):
        state.fleet[place] = -1
    for slot in range(SLOTS):
        # A rogue whose failure has begun struck in the three steps before the first.
        state.strike_at[slot] = -1 - below(scenario, scratch, 3)
    for step in range(-TRACE_STEPS, 0):
        for slot in range(SLOTS):
            begun = state.rogue_live[slot] and scenario.onset[slot] == 0
            state.struck[slot] = int(begun and state.strike_at[slot] == step)
        block(scenario.key, step + BEFORE, 0, STEP, scratch.noise, 0)
        act(scenario, state, scratch.noise, step)
    for slot in range(SLOTS):
        state.struck[slot] = 0
