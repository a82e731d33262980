"""A closer look: what the probes of one role measure at one service in one step.

Nothing is read off a single probe. Each measures noise upon what is usual at that service; what is wrong there raises
one probe of the SRE and one of the developer, and others raise the same ones. A look is of the step in which it was
taken: who does something else meanwhile keeps the older readings.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import Role
from journeyman.gym.catalog import PROBES_PER_ROLE
from journeyman.gym.rules.rng import BEFORE, PROBES, block
from journeyman.gym.state import Scenario, Scratch, WorldState
from journeyman.gym.tasks import MAX_SERVICES, SLOTS

USUAL: Final = 0.02
"""What a sixteenth of the usual level is worth: without noise a healthy service measures up to 0.3."""
NOISE: Final = 2.0**-32 * 0.4
"""What a word of noise is multiplied by."""
DECOY: Final = 0.25
"""What a meaningless probe measures above that."""
PRESENT: Final = 0.15
STRENGTH: Final = 0.4
"""What a probe of something real measures above it: `PRESENT`, and `STRENGTH` times how bad it is by now."""
FORETOLD: Final = 0.25
"""What it measures of something that a failure elsewhere is about to bring about."""
_PROBERS: Final = int(Role.DEV)
"""The last role that has probes."""


def look(scenario: Scenario, state: WorldState, scratch: Scratch, role: int, target: int) -> None:
    """Take a closer look, and keep what it measures."""
    state.focus[role] = target
    state.looked_at[role] = state.step
    if role > _PROBERS:
        return
    block(scenario.key, state.step + BEFORE, role * MAX_SERVICES + target, PROBES, scratch.noise, 0)
    usual, first = scenario.usual_readings[target * 2 + role], role * PROBES_PER_ROLE
    for probe in range(PROBES_PER_ROLE):
        level = (usual >> (probe * 4)) & 15
        state.probes[first + probe] = level * USUAL + scratch.noise[probe] * NOISE
    decoy = scenario.decoy[target]
    if first <= decoy < first + PROBES_PER_ROLE:
        state.probes[decoy] = state.probes[decoy] + DECOY
    for slot in range(SLOTS):
        if scenario.service[slot] == target:
            probe, bad = scenario.raises[slot * 2 + role], state.level[slot] * scenario.severity[slot]
            if bad > 0:
                state.probes[probe] = state.probes[probe] + PRESENT + bad * STRENGTH
            elif scenario.chained[slot] and not state.cured[slot]:
                state.probes[probe] = state.probes[probe] + FORETOLD
    for probe in range(first, first + PROBES_PER_ROLE):
        state.probes[probe] = min(state.probes[probe], 1.0)
