"""What an incident is worth when it is over: a function of its state, between 0 and 1.

```
parts = 0.05 detect + 0.15 localise + 0.3 diagnose + 0.5 mitigate
closed rightly   care * parts
timed out        care * parts * 0.3
closed wrongly   0
```

Each stage counts once. *Detect*: the first claim is right in whether something is wrong. *Localise*: how near to each
root cause the claims came, of as many claims as there are causes. *Diagnose*: root causes named, less a half per wrong
claim. *Mitigate*: failures cured for good that had been named by then, times 0.5 to 1 by how well customers were served;
a cure by luck mends the world and earns nothing. *Care* falls by each disruptive act that met no failure, each wrong
claim and flag, and by replicas that were paid for and not needed.

A role's score is what the team's would lose by its absence: the same function of the same state, without that role's
claims, cures, catches and closing. An idle seat earns exactly nothing, and so does one that only gets in the way. The
world is not played again without it, so what others would have done instead does not enter.

Every term is a function of the state, so nothing can be collected twice, and the differences of the score from step
to step are a potential-based reward whose sum is the final score (Ng, Harada, Russell 1999, with discount 1).
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.state import Scenario, WorldState
from journeyman.gym.tasks import SLOTS

FLOORS: Final = (0.3, 0.2, 0.2)
"""What no policy that cheats may exceed on average, by tier; the one failure of an easy world is now and then guessed."""
PASSED: Final = 0.5
"""The score from which a rightly closed incident is a success."""
CALM_STEPS: Final = 3
"""Steps in a row within the objective before closing is right."""
DETECT: Final = 0.05
LOCALISE: Final = 0.15
DIAGNOSE: Final = 0.3
MITIGATE: Final = 0.5
"""The stages' parts of a rightly closed incident's score."""
OPEN: Final = 0.3
"""What they are worth where time ran out."""
SERVED: Final = 0.5
"""Share of the mitigation that depends on how well customers were served."""
WRONG: Final = 0.15
FALSE_FLAG: Final = 0.2
WASTE: Final = 0.02
"""What a wrong act or claim, a wrong flag, and a replica too many cost of care ..."""
WRONG_CLAIM: Final = 0.5
"""... and a wrong claim of the diagnosis."""
_SRE: Final = int(Role.SRE)
_OVERSIGHT: Final = int(Role.OVERSIGHT)
_MANAGER: Final = int(Role.MANAGER)
NOBODY: Final = -1
"""In place of a role that is left out."""


def is_resolved(scenario: Scenario, state: WorldState) -> bool:
    """Tell whether the incident is over: all cured for good, rogues blocked, customers served, no alert firing."""
    if state.calm < CALM_STEPS:
        return False
    for slot in range(SLOTS):
        if scenario.real[slot] and (not state.cured[slot] or state.rogue_live[slot]):
            return False
    firing = 0
    for number in range(scenario.services):
        firing += state.alert[number]
    return firing == 0


def rogues(scenario: Scenario) -> int:
    """Count the different agents that are rogue."""
    count = 0
    for slot in range(SLOTS):
        new = scenario.rogue[slot] >= 0
        for other in range(slot):
            if scenario.rogue[other] == scenario.rogue[slot]:
                new = False
        count += int(new)
    return count


def pay(scenario: Scenario, state: WorldState, closing: bool, paid: list[float]) -> None:  # noqa: FBT001 - compiled code takes no keywords
    """Score where the incident stands, and pay team and roles what that is more than before."""
    finished = closing and is_resolved(scenario, state)
    wrongly = closing and not finished
    team = 0.0 if wrongly else worth(scenario, state, finished, NOBODY)
    state.succeeded = int(finished and team >= PASSED)
    paid[0] = team - state.score[0]
    state.score[0] = team
    for role in range(ROLES):
        score = 0.0 if wrongly else max(team - worth(scenario, state, finished, role), 0.0)
        paid[1 + role] = score - state.score[1 + role]
        state.score[1 + role] = score


def _care(state: WorldState, without: int) -> float:
    """What is left of 1 after what was done in vain, by others than the role `without`."""
    left = 1.0
    for role in range(ROLES):
        if role != without:
            left -= state.wrong_acts[role] * (FALSE_FLAG if role == _OVERSIGHT else WRONG)
    if without != _SRE:
        left -= state.waste * WASTE
    return max(left, 0.0)


def worth(scenario: Scenario, state: WorldState, finished: bool, without: int) -> float:  # noqa: FBT001 - as above
    """What the team's score is, or would be without the claims, cures, catches and closing of one role."""
    roots, real = 0, 0
    near, named, earned = 0.0, 0.0, 0.0
    for slot in range(SLOTS):
        if scenario.root[slot]:
            roots += 1
            near += state.near[slot] if state.near_by[slot] != 1 + without else 0.0
            named += float(_by_others(state.named[slot], without))
        if scenario.real[slot]:
            real += 1
            held = state.rogue_live[slot] == 0 and (scenario.rogue[slot] < 0 or without != _OVERSIGHT)
            cured = state.cured[slot] > 0 and held and _by_others(state.asked_by[slot], without) > 0
            known = state.named[0 if scenario.chained[slot] else slot]
            earned += float(int(cured and state.earned[slot] > 0 and _by_others(known, without) > 0))
            finished = finished and cured
    finished = finished and without != _MANAGER
    detected = float(_by_others(state.detected_by, without))
    if roots == 0:
        # Nothing is wrong: to say so is all that there is to find, name and leave alone.
        near = named = earned = float(_by_others(state.named_none, without))
        roots = real = 1
    wrong_claims = 0
    for role in range(_MANAGER):
        if role != without:
            wrong_claims += state.wrong_claims[role]
    diagnosed = max(named / roots - wrong_claims * WRONG_CLAIM, 0.0)
    saved = scenario.horizon - state.step if finished else 0
    served = (state.good_steps + saved) / scenario.horizon
    mitigated = earned / real * (1.0 - SERVED + SERVED * served)
    parts = DETECT * detected + LOCALISE * (near / roots) + DIAGNOSE * diagnosed + MITIGATE * mitigated
    return _care(state, without) * parts * (1.0 if finished else OPEN)


def _by_others(who: int, without: int) -> int:
    """1 where somebody did it, `who` being 1 + the role, and not that role."""
    return int(who > 0 and who != 1 + without)
