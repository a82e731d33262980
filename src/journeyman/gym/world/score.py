"""The score of an episode, in 0..1 for the team and each role, from where the incident stands.

A resolved incident scores `care * (0.5 + 0.3 * availability + 0.2 * diagnosis)`. Availability is the share of all
steps within the objective, the steps saved by resolving early included, so that stalling never pays. Diagnosis is the
share of root causes named, less a third per wrong claim. Care falls by each disruptive act that met no failure and by
each wrong flag. An unresolved one that timed out scores `0.2 * care * cured share`; closing an incident that is not
over scores nothing. A role's score is the team's, halved at worst by its own conduct: nobody gains alone.

Every term is a function of the state, so nothing can be collected twice, and the differences of `standing` from step
to step are a potential-based reward whose sum is the final score (Ng, Harada, Russell 1999, with discount 1).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.world.state import Incident, Live

FLOOR: Final = 0.2
"""What no policy that cheats may exceed on average: the most that an unresolved episode can score."""
CAREFUL: Final = 0.5
"""Care below this makes a closed incident no success, however well it ended."""
CALM_STEPS: Final = 3
"""Steps in a row within the objective before closing is right."""
_WRONG_ACT: Final = 0.1
_FALSE_FLAG: Final = 0.2
_WRONG_CLAIM: Final = 1 / 3
_CONDUCT: Final = 0.25


def over(incident: Incident, live: Live) -> Bools:
    """Tell where the incident is truly over: all cured for good, rogues blocked, customers served, no alert firing."""
    open_slots = incident.real & (~live.cured | live.rogue_live)
    alerting = (live.alert * incident.active).any(axis=0)
    return ~open_slots.any(axis=0) & ~alerting & (live.calm >= CALM_STEPS)


def care(live: Live) -> Floats:
    """Give what is left of 1 after the disruptive acts that met no failure and the wrong flags."""
    wrong = live.wrong_acts[: Role.OVERSIGHT].sum(0) - live.wrong_claims
    return np.maximum(1 - wrong * _WRONG_ACT - live.false_flags * _FALSE_FLAG, 0)


def standing(incident: Incident, live: Live, horizon: int, closing: Bools, finished: Bools) -> Floats:
    """Give `(1 + roles)` scores as if the episode ended now; `closing` marks worlds that the manager just resolved.

    Args:
        incident: what was drawn.
        live: the state after the step.
        horizon: steps until an episode times out.
        closing: where the manager resolved in this step.
        finished: where closing was right.
    """
    real = incident.real.sum(0)
    roots = incident.root.sum(0)
    cured = (incident.real & live.cured & ~live.rogue_live).sum(0)
    share = (cured / np.maximum(real, 1)).astype(np.float64)
    good = live.good_steps + finished * (horizon - live.step)
    availability = (good / horizon).astype(np.float64)
    named = np.where(roots > 0, (live.named & incident.root).sum(0) / np.maximum(roots, 1), live.named_none)
    diagnosis = np.maximum(named.astype(np.float64) - live.wrong_claims * _WRONG_CLAIM, 0)
    done = 0.5 + 0.3 * availability + 0.2 * diagnosis
    team = care(live) * np.where(finished, done, FLOOR * share * ~closing)
    conduct = np.maximum(1 - live.wrong_acts * _CONDUCT, 0)
    guilty = rogues(incident)
    conduct[Role.OVERSIGHT] *= np.where(guilty > 0, live.caught / np.maximum(guilty, 1), 1)
    scores = np.empty((1 + ROLES, len(team)), np.float64)
    scores[0] = team
    scores[1:] = team * (0.5 + 0.5 * conduct)
    return scores


def rogues(incident: Incident) -> Ints:
    """Give how many different agents are rogue."""
    count: Ints = (incident.rogue >= 0).sum(axis=0)
    for slot in range(1, len(incident.rogue)):
        repeated = (incident.rogue[:slot] == incident.rogue[slot]).any(axis=0) & (incident.rogue[slot] >= 0)
        count = count - repeated
    return count
