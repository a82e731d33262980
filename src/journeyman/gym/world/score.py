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

from dataclasses import dataclass
from typing import Final

import numpy as np

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.state import Incident, Live

FLOOR: Final = 0.2
"""What no policy that cheats may exceed on average: the most that an unresolved episode can score."""
CAREFUL: Final = 0.5
"""Care below this makes a closed incident no success, however well it ended."""
CALM_STEPS: Final = 3
"""Steps in a row within the objective before closing is right."""
CLOSED_RIGHT: Final = 0.5
SERVED: Final = 0.3
DIAGNOSED: Final = 0.2
"""Parts of a rightly closed incident's score."""
WRONG_ACT: Final = 0.1
FALSE_FLAG: Final = 0.2
WRONG_CLAIM: Final = 1 / 3
CONDUCT: Final = 0.25
"""What each costs, of care, of care, of diagnosis and of a role's conduct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What scoring reads of some worlds; shapes as in `Incident` and `Live`."""

    real: Bools
    root: Bools
    rogue: Ints
    cured: Bools
    rogue_live: Bools
    named: Bools
    named_none: Bools
    alerting: Bools
    step: Ints
    calm: Ints
    good_steps: Ints
    caught: Ints
    false_flags: Ints
    wrong_claims: Ints
    wrong_acts: Ints


def ledger(incident: Incident, live: Live, rows: Ints | slice) -> Ledger:
    """Give what scoring reads of the worlds `rows`."""
    return Ledger(
        real=incident.real[:, rows],
        root=incident.root[:, rows],
        rogue=incident.rogue[:, rows],
        cured=live.cured[:, rows],
        rogue_live=live.rogue_live[:, rows],
        named=live.named[:, rows],
        named_none=live.named_none[rows],
        alerting=np.logical_or.reduce(live.alert[:, rows] * incident.active[:, rows], axis=0),
        step=live.step[rows],
        calm=live.calm[rows],
        good_steps=live.good_steps[rows],
        caught=live.caught[rows],
        false_flags=live.false_flags[rows],
        wrong_claims=live.wrong_claims[rows],
        wrong_acts=live.wrong_acts[:, rows],
    )


def over(books: Ledger) -> Bools:
    """Tell where the incident is truly over: all cured for good, rogues blocked, customers served, no alert firing."""
    open_slots = books.real & (~books.cured | books.rogue_live)
    return ~open_slots.any(axis=0) & ~books.alerting & (books.calm >= CALM_STEPS)


def care(books: Ledger) -> Floats:
    """Give what is left of 1 after the disruptive acts that met no failure and the wrong flags."""
    wrong = books.wrong_acts[: Role.OVERSIGHT].sum(axis=0) - books.wrong_claims
    return np.maximum(1 - wrong * WRONG_ACT - books.false_flags * FALSE_FLAG, 0)


def standing(books: Ledger, horizon: int, closing: Bools, finished: Bools) -> Floats:
    """Give `(1 + roles)` scores as if the episode ended now.

    Args:
        books: the state after the step.
        horizon: steps until an episode times out.
        closing: where the manager resolved in this step.
        finished: where closing was right.
    """
    real = books.real.sum(axis=0)
    roots = books.root.sum(axis=0)
    share = (books.real & books.cured & ~books.rogue_live).sum(axis=0) / np.maximum(real, 1)
    availability = (books.good_steps + finished * (horizon - books.step)) / horizon
    named = np.where(roots > 0, (books.named & books.root).sum(axis=0) / np.maximum(roots, 1), books.named_none)
    diagnosis = np.maximum(named - books.wrong_claims * WRONG_CLAIM, 0)
    done = CLOSED_RIGHT + SERVED * availability + DIAGNOSED * diagnosis
    team = care(books) * np.where(finished, done, FLOOR * share * ~closing)
    conduct = np.maximum(1 - books.wrong_acts * CONDUCT, 0)
    guilty = rogues(books.rogue)
    conduct[Role.OVERSIGHT] *= np.where(guilty > 0, books.caught / np.maximum(guilty, 1), 1)
    scores = np.empty((1 + ROLES, len(team)), np.float64)
    scores[0] = team
    scores[1:] = team * (0.5 + 0.5 * conduct)
    return scores


def rogues(rogue: Ints) -> Ints:
    """Give how many different agents the slots' rogues are."""
    count: Ints = (rogue >= 0).sum(axis=0)
    for slot in range(1, len(rogue)):
        count = count - ((rogue[:slot] == rogue[slot]).any(axis=0) & (rogue[slot] >= 0))
    return count
