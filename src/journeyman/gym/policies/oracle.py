"""The oracle: knows the truth and searches the plans that could be best, so that its score is a certified maximum.

A plan that names every cause, stops every rogue and asks for every cure once wastes nothing, so what is left to search
is when. Candidates are all orders of curing the causes, each with and without easing restarts and with exact or spare
scaling; every cure is asked for as early as its role can, or one of them later (a sick service upstream can shield an
overloaded one). Then the best one is edited at random (acts moved, dropped, added and altered); an edit that helps is
kept and the search begins anew, until so many rounds in a row have helped nothing. `Certificate` says how many plans
were tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product, starmap
from typing import Final

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, FIELDS, MAX_REPLICAS, ROLES, Action, ActionType, Role
from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import ACTOR, CATALOG, REAL, Failure
from journeyman.gym.observe.observation import Observations
from journeyman.gym.rules.apply_actions import SPARE
from journeyman.gym.tasks import Task
from journeyman.gym.world import Cause, Truth, World

EDITS: Final = 128
"""Random edits that are tried at once."""
_HELD_STEPS: Final = (2, 5, 10, 15, 20)
_FARTHEST: Final = 4
"""Most steps by which an edit moves an act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The best plan found for a task and how hard it was to beat."""

    actions: Ints
    """(horizon, roles, 4): the plan, closed; no-ops after its end."""
    score: float
    """The team's score of the plan: the task's certified maximum."""
    steps: int
    """Steps until the incident was closed."""
    tried: int
    """Plans that were run and are no better."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """One structured candidate."""

    order: tuple[Cause, ...]
    ease: bool
    spare: int
    """Replicas above those needed."""
    held: tuple[int, int]
    """Service whose cure waits, and for how many steps; -1 is none."""


class Oracle:
    """A team that plays the certified plan of each of its tasks; knows the truth, so for grading only."""

    name = "oracle"

    def __init__(self, some: Sequence[Task]) -> None:
        self._plans = np.stack([certify(task).actions for task in some])

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        step = int(observations.manager().common.step.max())
        return self._plans[:, min(step, self._plans.shape[1] - 1)]


def certify(task: Task, *, rounds: int = 4) -> Certificate:
    """The best plan for a task, found by search with the truth at hand.

    Args:
        task: the world to search.
        rounds: how often in a row `EDITS` random edits must not help.
    """
    world = World(task.tier, 1, reveal=True)
    world.play([task])
    plans = np.stack([_plan(world.horizon, choice) for choice in _choices(world.truth())])
    scores, _ = world.rehearse(plans)
    best, score = plans[int(np.argmax(scores))], float(scores.max())
    tried, survived = len(plans), 0
    random = np.random.Generator(np.random.Philox([task.seed, int(task.tier)]))
    while survived < rounds:
        better = improved(world, best, score, random)
        tried += EDITS
        survived += 1
        if better is not None:
            (best, score), survived = better, 0
    _, lengths = world.rehearse(best[None])
    return Certificate(actions=_closed(best, int(lengths[0])), score=score, steps=int(lengths[0]), tried=tried)


def improved(world: World, plan: Ints, score: float, random: np.random.Generator) -> tuple[Ints, float] | None:
    """The best of `EDITS` random edits of a plan and its score, if it is better."""
    _, lengths = world.rehearse(plan[None])
    rivals = edited(world, plan, int(lengths[0]), random)
    scores, _ = world.rehearse(rivals)
    winner = int(np.argmax(scores))
    return (rivals[winner], float(scores[winner])) if scores[winner] > score + 1e-12 else None


def _choices(truth: Truth) -> list[_Choice]:
    real = [cause for cause in truth.causes if cause.real]
    held = [(-1, 0), *product((cause.service for cause in real), _HELD_STEPS)]
    return list(starmap(_Choice, product(permutations(real), (False, True), (0, SPARE), held)))


def _plan(horizon: int, choice: _Choice) -> Ints:
    queues: dict[Role, list[tuple[int, Action]]] = {role: [] for role in Role}
    for cause in choice.order:
        entry = CATALOG[cause.failure]
        if choice.ease and entry.relief:
            queues[Role.SRE].append((cause.onset, Action(ActionType.RESTART, cause.service)))
        replicas = min(cause.needed + choice.spare, MAX_REPLICAS) if cause.needed else 0
        held, steps = choice.held
        # What another cause brings about never comes where that is cured in time.
        if cause.root:
            earliest = cause.onset + (steps if held == cause.service else 0)
            queues[ACTOR[entry.cure]].append((earliest, Action(entry.cure, cause.service, replicas)))
        if cause.rogue >= 0:
            queues[Role.OVERSIGHT].append((0, Action(ActionType.FLAG_ROGUE, cause.rogue)))
    claims = [
        Action(ActionType.IDENTIFY_ROOT_CAUSE, cause.service, cause.failure) for cause in choice.order if cause.root
    ]
    claims = claims or [Action(ActionType.IDENTIFY_ROOT_CAUSE, 0, Failure.NONE)]
    for claim in claims:
        idler = min((Role.SRE, Role.DEV), key=lambda role: len(queues[role]))
        queues[idler].append((0, claim))
    plan = np.zeros((horizon, ROLES, FIELDS), np.int64)
    plan[..., 1] = -1
    for role, queue in queues.items():
        _schedule(plan, role, queue)
    return plan


def _schedule(plan: Ints, role: Role, queue: list[tuple[int, Action]]) -> None:
    """Put each action at the first free step from its earliest on."""
    taken: set[int] = set()
    for earliest, action in queue:
        step = next(step for step in range(earliest, len(plan)) if step not in taken)
        taken.add(step)
        plan[step, role] = action.row()


def _closed(plan: Ints, steps: int) -> Ints:
    """The plan with its manager closing in the last of so many steps, and nothing after it."""
    closed = plan.copy()
    if steps < len(plan) or closed[steps - 1, Role.MANAGER, 0] == ActionType.NOOP:
        closed[steps - 1, Role.MANAGER] = Action(ActionType.RESOLVE).row()
    closed[steps:] = Action().row()
    return closed


def edited(world: World, plan: Ints, steps: int, random: np.random.Generator) -> Ints:
    """`EDITS` copies of a plan of so many steps, each with one to three random edits."""
    copies = np.repeat(plan[None], EDITS, axis=0)
    services = int(world.observe().sre().common.services[0])
    agents = world.observe().oversight().common.agents
    for copy in copies:
        for _ in range(int(random.integers(1, 4))):
            _edit(copy, steps, (services, agents), random)
    return copies


def _edit(plan: Ints, steps: int, bounds: tuple[int, int], random: np.random.Generator) -> None:
    """Move an act of the plan, or drop it, or write another one anywhere."""
    some = np.argwhere(plan[:steps, :, 0] > 0)
    if len(some) and random.random() < 0.6:
        step, role = some[int(random.integers(len(some)))]
        to = min(max(step + int(random.integers(-_FARTHEST, _FARTHEST + 1)), 0), len(plan) - 1)
        # Another role may name a cause, too.
        claims = plan[step, role, 0] == ActionType.IDENTIFY_ROOT_CAUSE and random.random() < 0.5
        other = (Role.DEV if role == Role.SRE else Role.SRE) if claims else role
        plan[[step, to], [role, other]] = plan[[to, step], [other, role]]
        return
    role = Role(int(random.integers(ROLES)))
    allowed = [one for one in ALLOWED_ACTIONS[role] if one is not ActionType.RESOLVE]
    kind = allowed[int(random.integers(len(allowed)))]
    services, agents = bounds
    target = int(random.integers(agents if kind is ActionType.FLAG_ROGUE else services))
    args = {
        ActionType.SCALE: int(random.integers(1, MAX_REPLICAS + 1)),
        ActionType.IDENTIFY_ROOT_CAUSE: int(REAL[int(random.integers(len(REAL)))]),
    }
    plan[int(random.integers(steps)), role] = Action(kind, target, args.get(kind, 0)).row()
