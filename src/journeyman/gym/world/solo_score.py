"""The score of a world alone, in plain Python numbers: `score` for a batch of one, to the bit.

`tests/gym/test_solo.py` holds the two to each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.world.mirror import Drawn, Now
from journeyman.gym.world.score import (
    CALM_STEPS,
    CAREFUL,
    CLOSED_RIGHT,
    CONDUCT,
    DIAGNOSED,
    FALSE_FLAG,
    FLOOR,
    SERVED,
    WRONG_ACT,
    WRONG_CLAIM,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a world would score if its episode ended now."""

    scores: list[float]
    """The team's, then each role's."""
    succeeded: bool


def over(drawn: Drawn, now: Now) -> bool:
    """Tell whether closing the incident would be right."""
    slots = zip(drawn.real, now.cured, now.rogue_live, strict=True)
    open_slots = any(real and (not cured or rogue) for real, cured, rogue in slots)
    return not open_slots and now.calm >= CALM_STEPS and not any(now.alert[: drawn.services])


def standing(drawn: Drawn, now: Now, horizon: int, *, closing: bool) -> Standing:
    """Give the scores after a step in which the manager did or did not close the incident."""
    finished = closing and over(drawn, now)
    care = _care(now)
    if finished:
        availability = (now.good_steps + (horizon - now.step)) / horizon
        team = care * (CLOSED_RIGHT + SERVED * availability + DIAGNOSED * _diagnosis(drawn, now))
    else:
        slots = zip(drawn.real, now.cured, now.rogue_live, strict=True)
        cured = sum(real and done and not rogue for real, done, rogue in slots)
        team = care * (FLOOR * (cured / max(sum(drawn.real), 1)) * (not closing))
    conduct = [max(1 - wrong * CONDUCT, 0.0) for wrong in now.wrong_acts]
    rogues = len({agent for agent in drawn.rogue if agent >= 0})
    conduct[Role.OVERSIGHT] *= now.caught / max(rogues, 1) if rogues else 1
    roles = [team * (0.5 + 0.5 * conduct[role]) for role in range(ROLES)]
    return Standing([team, *roles], finished and care >= CAREFUL)


def _care(now: Now) -> float:
    wrong = sum(now.wrong_acts[: Role.OVERSIGHT]) - now.wrong_claims
    return max(1 - wrong * WRONG_ACT - now.false_flags * FALSE_FLAG, 0.0)


def _diagnosis(drawn: Drawn, now: Now) -> float:
    roots = sum(drawn.root)
    found = sum(named and root for named, root in zip(now.named, drawn.root, strict=True))
    named = found / roots if roots else float(now.named_none)
    return max(named - now.wrong_claims * WRONG_CLAIM, 0.0)
