"""The oracle: knows the truth and searches the plans that could be best, so that its score is a certified maximum.

Candidates are all orders of curing the causes, each with and without easing restarts and with generous or exact
scaling; every cure is asked for as early as its role can, or one of them later (a sick service upstream can shield an
overloaded one). All candidates run at once in forks of the world. Then the
best one is attacked with random changes (moved, dropped, added and altered actions); a change that helps replaces it
and the attack begins anew. `Certificate` says how many plans were tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product, starmap
from typing import Final

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, FIELDS, MAX_REPLICAS, ROLES, Action, ActionType, Role
from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.catalog import ACTOR, CATALOG, Failure
from journeyman.gym.observe.observation import Observations
from journeyman.gym.tasks import Task
from journeyman.gym.world import Cause, Truth, World

_MUTANTS: Final = 128
_HELD_STEPS: Final = (5, 10, 15, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The best plan found for a task and how hard it was to beat."""

    actions: Ints
    """(steps, roles, 4): the plan; no-ops after its end."""
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
    generous: bool
    held: tuple[int, int]
    """Service whose cure waits, and for how many steps; -1 is none."""


class Oracle:
    """A team that plays the certified plan of each of its tasks; knows the truth, so for grading and data only."""

    name = "oracle"

    def __init__(self, some: Sequence[Task]) -> None:
        self._plans = np.stack([certify(task).actions for task in some])

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        step = int(observations.manager().common.step.max())
        return self._plans[:, min(step, self._plans.shape[1] - 1)]


def certify(task: Task, *, rounds: int = 1) -> Certificate:
    """Give the best plan for a task, found by search with the truth at hand.

    Args:
        task: the world to search.
        rounds: attacks with random changes that the plan must survive in a row.
    """
    world = World(task.tier, 1, reveal=True)
    world.play([task])
    truth = world.truth()
    plans = np.stack([_plan(world.horizon, choice) for choice in _choices(truth)])
    best, score = _best(world, plans)
    tried, survived, attack = len(plans), 0, 0
    while survived < rounds:
        mutants = _mutants(best, world, seed=task.seed * 1000 + attack)
        attack += 1
        rival, rival_score = _best(world, mutants)
        tried += len(mutants)
        survived += 1
        if rival_score > score:
            best, score, survived = rival, rival_score, 0
    return Certificate(actions=best, score=score, steps=_last(best), tried=tried)


def _choices(truth: Truth) -> list[_Choice]:
    real = [cause for cause in truth.causes if cause.real]
    held = [(-1, 0), *product((cause.service for cause in real), _HELD_STEPS)]
    return list(starmap(_Choice, product(permutations(real), (False, True), (False, True), held)))


def _plan(horizon: int, choice: _Choice) -> Ints:
    queues: dict[Role, list[tuple[int, Action]]] = {role: [] for role in Role}
    for cause in choice.order:
        entry = CATALOG[cause.failure]
        if choice.ease and entry.relief:
            queues[Role.SRE].append((cause.onset, Action(ActionType.RESTART, cause.service)))
        replicas = MAX_REPLICAS if choice.generous and cause.needed else cause.needed
        held, steps = choice.held
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


def _best(world: World, plans: Ints) -> tuple[Ints, float]:
    """Give the plan with the highest score, the manager closing as soon as that is right, and that score."""
    scores, closed = evaluate(world, plans)
    winner = int(np.argmax(scores))
    return closed[winner], float(scores[winner])


def evaluate(world: World, plans: Ints) -> tuple[Floats, Ints]:
    """Run plans in forks and give their scores and the plans as played, closed at the first right moment."""
    when = _closings(world, plans)
    closed = plans.copy()
    some = np.flatnonzero(when < plans.shape[1])
    closed[some, when[some], Role.MANAGER] = Action(ActionType.RESOLVE).row()
    for row in range(len(closed)):
        closed[row, when[row] + 1 :] = Action().row()
    fork = world.fork(len(plans))
    scores = np.zeros(len(plans))
    for step in range(plans.shape[1]):
        scores += fork.step(closed[:, step]).team
    return scores, closed


def _closings(world: World, plans: Ints) -> Ints:
    fork = world.fork(len(plans))
    when = np.full(len(plans), plans.shape[1])
    waiting: Bools = np.ones(len(plans), np.bool_)
    for step in range(plans.shape[1] - 1):
        acts = plans[:, step].copy()
        acts[:, Role.MANAGER, 0] = np.where(acts[:, Role.MANAGER, 0] == ActionType.RESOLVE, 0, acts[:, Role.MANAGER, 0])
        fork.step(acts)
        now = fork.over() & waiting
        when[now] = step
        waiting &= ~now
        if not waiting.any():
            break
    return when


def _mutants(plan: Ints, world: World, seed: int) -> Ints:
    """Give changed copies of a plan: actions moved, dropped, added or altered."""
    random = np.random.Generator(np.random.Philox(seed))
    mutants = np.repeat(plan[None], _MUTANTS, axis=0)
    mutants[:, :, Role.MANAGER][mutants[:, :, Role.MANAGER, 0] == ActionType.RESOLVE] = Action().row()
    last = min(_last(plan) + 1, len(plan))
    services = int(world.observe().sre().common.services[0])
    for mutant in mutants:
        for _ in range(int(random.integers(1, 4))):
            role = int(random.integers(ROLES))
            first, second = (int(step) for step in random.integers(0, last, 2))
            if random.random() < 0.5:
                mutant[[first, second], role] = mutant[[second, first], role]
                continue
            allowed = [one for one in ALLOWED_ACTIONS[Role(role)] if one is not ActionType.RESOLVE]
            kind = int(allowed[int(random.integers(len(allowed)))])
            mutant[first, role] = (kind, int(random.integers(services)), int(random.integers(1, MAX_REPLICAS + 1)), 0)
    return mutants


def _last(plan: Ints) -> int:
    acting = (plan[..., 0] > 0).any(axis=1)
    return int(np.flatnonzero(acting)[-1]) + 1 if acting.any() else 0
