"""What a world is made of: what was drawn, what changes, and what may be seen of both.

`Scenario` and `WorldState` hold the truth. `Visible` holds none: observations of every form are made from it alone, and
one rule, `rules/visible.py`, fills it. A list that holds several numbers per service or row is flat, numbers of one
service side by side.

Columns are as narrow as their numbers allow: in a large batch a step takes the time that it takes to fetch the worlds.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from journeyman.gym.actions import ROLES
from journeyman.gym.catalog import EFFECTS, PROBES_PER_ROLE
from journeyman.gym.records import Column, record
from journeyman.gym.tasks import MAX_AGENTS, MAX_SERVICES, SLOTS

CALLERS: Final = 2
DEPENDENCIES: Final = 3
KEY_WORDS: Final = 8
TRACE_STEPS: Final = 12
"""Steps of fleet actions that can be looked back on."""
PER_STEP: Final = 3
"""Most fleet actions in one step."""
TRACE: Final = TRACE_STEPS * PER_STEP
MESSAGES: Final = 8
MESSAGE_FIELDS: Final = 5
"""step, sender, to, topic, about."""
LOG_STEPS: Final = 8
"""Steps of log flags kept."""
LOG_LINES: Final = LOG_STEPS * 4
NEVER: Final = 1 << 20
"""A step that does not come."""
NOISE_WORDS: Final = 48
FLEET_WORDS: Final = 4
"""The first words of a step's noise are the fleet's, then comes one per service."""

Int: TypeAlias = Annotated[int, Column("i8")]
Float: TypeAlias = Annotated[float, Column("f8")]
Services: TypeAlias = Annotated[list[float], Column("f8", MAX_SERVICES)]
ServiceNumbers: TypeAlias = Annotated[list[int], Column("i1", MAX_SERVICES)]
ServiceSteps: TypeAlias = Annotated[list[int], Column("i2", MAX_SERVICES)]
Calls: TypeAlias = Annotated[list[int], Column("i1", MAX_SERVICES * DEPENDENCIES)]
Slots: TypeAlias = Annotated[list[int], Column("i4", SLOTS)]
SlotFloats: TypeAlias = Annotated[list[float], Column("f8", SLOTS)]
Agents: TypeAlias = Annotated[list[int], Column("i1", MAX_AGENTS)]
Roles: TypeAlias = Annotated[list[int], Column("i4", ROLES)]
Trace: TypeAlias = Annotated[list[int], Column("i4", TRACE)]
Probes: TypeAlias = Annotated[list[float], Column("f8", 2 * PROBES_PER_ROLE)]
Messages: TypeAlias = Annotated[list[int], Column("i2", MESSAGES * MESSAGE_FIELDS)]


@record
class Scenario:
    """What reset drew; constant until the world is reset."""

    key: Annotated[list[int], Column("i8", KEY_WORDS)]
    """Words of 32 bits, from which everything in this world is drawn."""
    services: Int
    agents: Int
    horizon: Int
    calls: Calls
    """(services x 3) whom a service calls; -1 is nobody."""
    callers: Annotated[list[int], Column("i1", MAX_SERVICES * CALLERS)]
    """(services x 2) who calls a service; 0 with weight 0 is nobody."""
    weights: Annotated[list[float], Column("f8", MAX_SERVICES * CALLERS)]
    """Calls per request of that caller."""
    rates: Annotated[list[float], Column("f8", MAX_SERVICES * DEPENDENCIES)]
    """The same by caller: how often a request calls each that it depends on."""
    capacity: Services
    """Requests per step and replica."""
    base_latency: Services
    """Own milliseconds when idle."""
    usual_latency: Services
    """Milliseconds with dependencies, undisturbed."""
    base_memory: Services
    """Share of memory in use, undisturbed."""
    traffic: Float
    """Requests per step at the door."""
    wave_phase: Int
    wave_speed: Int
    retry: Float
    """Extra calls per failed call."""
    decoy: ServiceNumbers
    """Probe on which a service always measures high, or -1."""
    usual_readings: Annotated[list[int], Column("i8", MAX_SERVICES * 2)]
    """(services x 2) what each of the SRE's and of the developer's probes measures when nothing is wrong, four bits each."""
    jobs: Agents
    """What each fleet agent is employed for."""
    kind: Slots
    """The failure in each slot; 0 is an empty slot."""
    service: Slots
    """Where it sits; -1 for an empty slot."""
    real: Slots
    """1 for a failure, 0 for a benign event."""
    root: Slots
    """1 for a root cause, 0 for a consequence."""
    chained: Slots
    """1 where it comes only if slot 0 is not cured before its onset."""
    onset: Slots
    end: Slots
    """Step at which a benign event passes by itself."""
    rogue: Slots
    """Fleet agent that causes it, or -1."""
    change_step: Slots
    """Step of the deploy or configuration change that brings it, or `NEVER`."""
    cure: Slots
    delay: Slots
    relief: Slots
    """Action that eases without curing; -1 is none."""
    needed: Slots
    """Replicas that a curing scale must reach."""
    raises: Annotated[list[int], Column("i1", SLOTS * 2)]
    """(slots x 2) the SRE's and the developer's probe that it raises."""
    severity: SlotFloats
    """How bad it gets, up to 1."""
    rise: SlotFloats
    effects: Annotated[list[float], Column("f8", SLOTS * EFFECTS)]
    """Full-grown effects of each slot."""


@record
class Plan:
    """What is given of a world after a post-mortem instead of drawn; all zero where everything is drawn."""

    services: Int
    """0 where nothing is given."""
    callers: Annotated[list[int], Column("i1", MAX_SERVICES * CALLERS)]
    """(services x 2) who calls a service; -1 is nobody."""
    kind: Slots
    service: Slots
    onset: Slots


@record
class WorldState:
    """What changes from step to step."""

    step: Int
    ended: Int
    succeeded: Int
    replicas: Services
    queue: Services
    served: Services
    errors: Services
    latency: Services
    cpu: Services
    memory: Services
    breaker: ServiceNumbers
    down: ServiceNumbers
    """Steps until a restarted service is back."""
    health: ServiceNumbers
    """0 healthy, 1 degraded, 2 critical, 3 down."""
    heat: ServiceNumbers
    alert: ServiceNumbers
    changed_at: ServiceSteps
    """Step of the last change that has happened."""
    effects: Annotated[list[float], Column("f8", MAX_SERVICES * EFFECTS)]
    """What the failures do to each service now."""
    log_flags: Annotated[list[int], Column("i1", LOG_STEPS * MAX_SERVICES)]
    """What was worth a log line, a ring by step: 1 errors, 2 slow, 4 memory, 8 cpu."""
    level: SlotFloats
    """How far each failure has grown, 0..1."""
    cured: Slots
    relieved: Slots
    timer: Slots
    """Steps until a cure works; 0 is none on its way."""
    strike_at: Slots
    rogue_live: Slots
    """1 where its rogue agent exists and is not blocked."""
    struck: Slots
    """1 where its rogue struck in this step."""
    harmed: Slots
    """Wrong acts at its service while it acted: each makes it worse and its cure slower."""
    named: Slots
    """1 + the role that named it; 0 is nobody."""
    near: SlotFloats
    """How near to it the counted claims came, 0..1 ..."""
    near_by: Slots
    """... and 1 + the role that came nearest."""
    asked_by: Slots
    """1 + the role that asked for its cure last."""
    earned: Slots
    """1 where it had been named when its cure took effect."""
    blocked_at: Annotated[list[int], Column("i4", MAX_AGENTS)]
    """Step at which an agent was stopped, or `NEVER`."""
    fleet: Trace
    """What the agents did, packed, a ring by step; -1 is nothing."""
    adapted: Int
    """1 once a wrong flag has warned the rogues."""
    caught: Int
    false_flags: Int
    wrong_acts: Roles
    """Disruptive actions without effect, and wrong claims."""
    wrong_claims: Roles
    claims: Int
    detected_by: Int
    """1 + the role whose claim was the first, if it was right in whether something is wrong; 0 otherwise."""
    named_none: Int
    """1 + the role that said so rightly; 0 is nobody."""
    waste: Float
    """Replicas paid for and not needed."""
    calm: Int
    """Steps in a row within the objective."""
    good_steps: Int
    focus: Roles
    """Service that a role looked at closely last, or -1."""
    looked_at: Roles
    """Step in which it did."""
    probes: Probes
    """What these looks measured."""
    messages: Messages
    """A ring by `message_count`."""
    message_count: Int
    score: Annotated[list[float], Column("f8", 1 + ROLES)]
    """Team and roles, as paid so far."""


@record
class Visible:
    """What the four roles together may know; no rule that reads this has the truth at hand."""

    step: Int
    services: Int
    agents: Int
    cpu: Services
    memory: Services
    latency: Services
    errors: Services
    queue: Services
    usual_latency: Services
    replicas: Services
    health: ServiceNumbers
    alerts: ServiceNumbers
    calls: Calls
    change_age: ServiceSteps
    """Steps since the last change."""
    door_errors: Float
    door_latency: Float
    """Times the usual latency."""
    within_objective: Int
    focus: Roles
    look_age: Roles
    """Steps since the closer look at it; 1 is new."""
    probes: Probes
    """What the SRE's and the developer's last closer looks measured, 0..1; 0 without one."""
    jobs: Agents
    blocked: Agents
    fleet: Trace
    """What the agents did, oldest step first: agent, verb, target and ticket, a byte each; -1 is nothing."""
    messages: Messages
    """Oldest first, of all channels: each form of observation lets through what its role may hear."""
    said: Annotated[list[float], Column("f8", MESSAGES * MESSAGE_FIELDS)]
    """The same as numbers for learners, worked out once for all who hear them."""


@record
class Scratch:
    """Room for what a rule works out and nobody keeps."""

    noise: Annotated[list[int], Column("i8", NOISE_WORDS)]
    inflow: Services
    load: Services
    drawn: Annotated[list[int], Column("i8", 16)]
    """Words of the stream that draws a scenario ..."""
    place: Int
    """... the next of them, and ..."""
    counter: Int
    """... the block after them."""
