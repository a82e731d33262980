"""`World`: N simulated incidents that are reset and stepped together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from journeyman.gym.actions import FIELDS, ROLES, Role
from journeyman.gym.arrays import Bools, Floats, Ints, Records, Vector, Words
from journeyman.gym.catalog import IS_REAL, Failure
from journeyman.gym.compiled import Kernels, can_compile, kernels
from journeyman.gym.incidents import BY_NAME
from journeyman.gym.names import Names, names_of
from journeyman.gym.observe.features import team_size
from journeyman.gym.observe.logs import LogLine, log_line
from journeyman.gym.observe.observation import Observations
from journeyman.gym.records import blank, clear
from journeyman.gym.records import names_of as fields_of
from journeyman.gym.rules.single_world import TERMINATED, TRUNCATED
from journeyman.gym.state import CALLERS, LOG_LINES, Plan, Scenario, Scratch, Visible, WorldState
from journeyman.gym.tasks import SIZES, SLOTS, Task, Tier, task_key, world_key
from journeyman.mission.values.errors import BugError, NotAllowed

Rewards = Literal["final", "potential"]
Row = Sequence[int]
"""One action: type, target, arg, to."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step gives back; fresh arrays, worlds first."""

    team: Floats
    """(N) the team's reward."""
    roles: Floats
    """(N, roles) each role's reward."""
    terminated: Bools
    """(N) the manager closed the incident, rightly or not, in this step."""
    truncated: Bools
    """(N) time ran out in this step."""


class SteppedSingle(NamedTuple):
    """What a step of a single world gives back."""

    rewards: tuple[float, ...]
    """The team's, then each role's."""
    terminated: bool
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """How the episodes of a batch ended; `(worlds,)` unless said otherwise."""

    score: Floats
    """The team's final score, 0 while an episode runs."""
    roles: Floats
    """(worlds, roles)"""
    succeeded: Bools
    steps: Ints
    availability: Floats
    """Share of the steps played within the objective."""
    failures: Ints
    """Root causes; 0 where nothing was wrong but a look-alike."""
    rogues: Ints
    """Different agents that are rogue."""
    caught: Ints
    false_flags: Ints
    wrong_acts: Ints
    """(worlds, roles) disruptive acts that met no failure, wrong claims and wrong flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that disturbs a world."""

    failure: Failure
    service: int
    onset: int
    """First step at which it acts."""
    real: bool
    """A failure; otherwise a benign event that passes by itself."""
    root: bool
    """A root cause; otherwise a consequence that comes only if the root is not cured in time."""
    needed: int
    """Replicas that a curing `scale` must reach; 0 where another action cures."""
    rogue: int
    """The fleet agent that causes it, or -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is really wrong in one world: for trainers and graders only."""

    causes: tuple[Cause, ...]
    """Every failure and every look-alike."""
    rogues: tuple[int, ...]
    """Fleet agents that are rogue."""
    succeeded: bool


class World:
    """N incidents of one tier; a world of a batch moves as it would alone, to the bit.

    Args:
        tier: the size of the worlds.
        worlds: how many run together.
        rewards: `final` pays the score once, in the step that ends the episode; `potential` pays its change in every
            step, which tells whether an act helped and is for trainers only.
        chat: whether messages are delivered.
        reveal: whether `truth` may be asked; off in agent mode.
        seeds: of the first incidents; 0, 1 and so on where none are given.
        salt: an evaluator's secret; with another salt the same seeds are other worlds.
        compiled: whether numba's machine code runs the rules; `None` does what can be done.
    """

    def __init__(
        self,
        tier: Tier,
        worlds: int = 1,
        *,
        rewards: Rewards = "final",
        chat: bool = True,
        reveal: bool = False,
        seeds: Sequence[int] | None = None,
        salt: bytes = b"",
        compiled: bool | None = None,
    ) -> None:
        self.tier = tier
        self.worlds = worlds
        self.horizon: Final = SIZES[tier].steps
        self._dense: Final = rewards == "potential"
        self._chat: Final = chat
        self._reveal: Final = reveal
        self._salt: Final = salt
        self._compiled: Final = can_compile() if compiled is None else compiled
        self._scenarios: Records = blank(Scenario, worlds)
        self._states: Records = blank(WorldState, worlds)
        self._scratch: Records = blank(Scratch, 1)
        self._room: Records = blank(Visible, 1)
        self._paid: Floats = np.zeros((worlds, 1 + ROLES))
        self._outcomes: Ints = np.zeros(worlds, np.int64)
        self._seen: Observations | None = None
        self.reset(range(worlds) if seeds is None else seeds)

    @property
    def _rules(self) -> Kernels:
        return kernels(compiled=self._compiled)

    def reset(self, seeds: Words | Sequence[int], *, rows: Ints | None = None) -> None:
        """Start new incidents from seeds, in all worlds or only in `rows`.

        Raises:
            ValueError: the number of seeds differs from the number of worlds to reset.
        """
        self._start([world_key(self.tier, int(seed), self._salt) for seed in seeds], rows)

    def play(self, tasks: Sequence[Task]) -> None:
        """Start the worlds of these tasks, one per world; a task without a salt takes the world's."""
        if any(task.tier != self.tier for task in tasks):
            raise ValueError(f"a world of tier {self.tier.label} cannot play a task of another tier")
        plans = np.concatenate([plan_of(task.incident) for task in tasks]) if tasks else blank(Plan, 0)
        self._start([task_key(task, self._salt) for task in tasks], None, plans)

    def _start(self, keys: list[bytes], rows: Ints | None, plans: Records | None = None) -> None:
        chosen: Ints = np.arange(self.worlds) if rows is None else np.asarray(rows, np.int64)
        if len(keys) != len(chosen):
            raise ValueError(f"{len(keys)} seeds for {len(chosen)} worlds")
        if not len(chosen):
            return
        clear(self._scenarios, chosen)
        clear(self._states, chosen)
        self._scenarios["key"][chosen] = np.frombuffer(b"".join(keys), "<u4").reshape(len(keys), -1)
        given = blank(Plan, len(chosen)) if plans is None else plans
        self._rules.draw_worlds(self._scenarios, self._states, self._scratch, SIZES[self.tier], given, chosen)
        self._seen = None

    def step(self, actions: Ints, seen: Vector | None = None) -> Stepped:
        """Apply every role's action in every world and move one step; ended worlds stay as they are.

        Args:
            actions: `(worlds, roles, 4)` integers: type, target, arg, to. What a role may not do is a no-op.
            seen: gets what `team_features` gives then; together they take less time than one after the other.
        """
        self._step(_checked(actions, self.worlds), seen)
        return Stepped(
            self._paid[:, 0].copy(),
            self._paid[:, 1:].copy(),
            self._outcomes == TERMINATED,
            self._outcomes == TRUNCATED,
        )

    def step_single(self, rows: Sequence[Row] | Ints) -> SteppedSingle:
        """Apply every role's action in a single world and move one step, in plain numbers; after the end nothing moves.

        Args:
            rows: type, target, arg and to of each role's action, in the order of `Role`.

        Raises:
            BugError: there are several worlds.
        """
        if self.worlds != 1:
            raise BugError(f"`step_single` moves one world, here are {self.worlds}: use `step`")
        self._step(np.array(rows, np.int64).reshape(1, ROLES * FIELDS))
        outcome = self._outcomes[0]
        paid: list[float] = self._paid[0].tolist()
        return SteppedSingle(tuple(paid), bool(outcome == TERMINATED), bool(outcome == TRUNCATED))

    def _step(self, acts: Ints, seen: Vector | None = None) -> None:
        moved = (self._scenarios, self._states, self._scratch, acts, int(self._chat), int(self._dense))
        if seen is None:
            self._rules.step_worlds(*moved, self._paid, self._outcomes)
        else:
            width = SIZES[self.tier].services[1]
            self._rules.step_and_see_worlds(*moved, self._paid, self._outcomes, self._room, width, seen)
        self._seen = None

    def observe(self) -> Observations:
        """What the roles observe now: a value, with no way back into the world."""
        if self._seen is None:
            visible = blank(Visible, self.worlds)
            self._rules.show_worlds(self._scenarios, self._states, visible)
            visible.flags.writeable = False
            self._seen = Observations(visible, SIZES[self.tier].services[1])
        return self._seen

    def team_features(self, out: Vector | None = None, *, rows: Ints | None = None) -> Vector:
        """All roles' observations as `(worlds, team size)` numbers, side by side; into `out`, or only its `rows`."""
        seen = np.empty((self.worlds, team_size(self.tier)), np.float32) if out is None else out
        width = SIZES[self.tier].services[1]
        own = (self._scenarios, self._states) if rows is None else (self._scenarios[rows], self._states[rows])
        some = seen if rows is None else np.empty((len(rows), seen.shape[1]), np.float32)
        self._rules.team_features_of(*own, self._room, width, some)
        if rows is not None:
            seen[rows] = some
        return seen

    def logs(self, role: Role, index: int = 0) -> tuple[LogLine, ...]:
        """The last log lines of the service that a role looks at in one world, oldest first."""
        packed: Ints = np.zeros(LOG_LINES, np.int64)
        own = slice(index, index + 1)
        self._rules.log_lines_of(self._scenarios[own], self._states[own], self._scratch, 0, int(role), packed)
        focus = int(self._states["focus"][index, role])
        return tuple(log_line(line, focus) for line in packed.tolist() if line >= 0)

    def names(self, index: int = 0) -> Names:
        """What the services and fleet agents of one world are called."""
        scenario = self._scenarios[index]
        jobs: list[int] = scenario["jobs"][: scenario["agents"]].tolist()
        return names_of(scenario["key"].astype("<u4").tobytes(), int(scenario["services"]), tuple(jobs))

    @property
    def ended(self) -> Bools:
        """Where the episode is over."""
        return self._states["ended"] > 0

    @property
    def finished(self) -> bool:
        """Whether every episode is over."""
        return bool(self._states["ended"].all())

    def fingerprint(self, index: int = 0) -> str:
        """SHA-256 of everything one world is, in a byte form that no machine, batch or width of a column changes."""
        digest = hashlib.sha256()
        for cls, rows in ((Scenario, self._scenarios), (WorldState, self._states)):
            for name in fields_of(cls):
                digest.update(np.ascontiguousarray(rows[name][index], "<f8").tobytes())
        return digest.hexdigest()

    def over(self) -> Bools:
        """Tell in which worlds closing the incident would be right.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        return self._judged()[0] > 0

    def rehearse(self, plans: Ints, index: int = 0) -> tuple[Floats, Ints]:
        """What plans for one world, `(plans, horizon, roles, 4)`, would score, and how many steps each takes.

        Each is closed at the first right moment at which its manager does nothing else; the world stays as it is.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        scores, lengths = np.zeros(len(plans)), np.zeros(len(plans), np.int64)
        self._rules.rehearse_plans(
            np.repeat(self._scenarios[index : index + 1], len(plans)),
            np.repeat(self._states[index : index + 1], len(plans)),
            blank(Scratch, 1),
            np.ascontiguousarray(plans, np.int64).reshape(len(plans), -1, ROLES * FIELDS),
            scores,
            lengths,
        )
        return scores, lengths

    def _judged(self) -> tuple[Ints, Ints]:
        resolved: Ints = np.zeros(self.worlds, np.int64)
        guilty: Ints = np.zeros(self.worlds, np.int64)
        self._rules.judge_worlds(self._scenarios, self._states, resolved, guilty)
        return resolved, guilty

    def results(self) -> Results:
        """How the episodes went.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        states = self._states.copy()
        return Results(
            score=states["score"][:, 0],
            roles=states["score"][:, 1:],
            succeeded=states["succeeded"] > 0,
            steps=states["step"],
            availability=states["good_steps"] / np.maximum(states["step"], 1),
            failures=self._scenarios["root"].sum(axis=1),
            rogues=self._judged()[1],
            caught=states["caught"],
            false_flags=states["false_flags"],
            wrong_acts=states["wrong_acts"],
        )

    def truth(self, index: int = 0) -> Truth:
        """What is really wrong in one world.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        scenario = self._scenarios[index]
        rogues: list[int] = scenario["rogue"].tolist()
        causes = tuple(
            Cause(
                failure=Failure(int(scenario["kind"][slot])),
                service=int(scenario["service"][slot]),
                onset=int(scenario["onset"][slot]),
                real=bool(scenario["real"][slot]),
                root=bool(scenario["root"][slot]),
                needed=int(scenario["needed"][slot]),
                rogue=rogues[slot],
            )
            for slot in np.flatnonzero(scenario["kind"]).tolist()
        )
        return Truth(
            causes=causes,
            rogues=tuple(sorted({agent for agent in rogues if agent >= 0})),
            succeeded=bool(self._states["succeeded"][index]),
        )

    def _revealed(self) -> None:
        if not self._reveal:
            raise NotAllowed("this world runs in agent mode; make it with reveal=True to grade or train")


def plan_of(incident: str) -> Records:
    """What is given of the world after a post-mortem; nothing for no name."""
    plan = blank(Plan, 1)
    if incident:
        given = BY_NAME[incident]
        plan["services"] = len(given.calls)
        plan["callers"] = -1
        for caller, called in enumerate(given.calls):
            for number in called:
                place = number * CALLERS
                plan["callers"][0, place + int(plan["callers"][0, place] >= 0)] = caller
        causes = [cause for cause in given.causes if IS_REAL[cause.failure]]
        benign = [cause for cause in given.causes if not IS_REAL[cause.failure]]
        slots = [*enumerate(causes), *((SLOTS - 1, cause) for cause in benign)]
        for slot, cause in slots:
            plan["kind"][0, slot] = cause.failure
            plan["service"][0, slot] = cause.service
            plan["onset"][0, slot] = cause.onset
    return plan


def _checked(actions: Ints, worlds: int) -> Ints:
    """The actions as integers of shape `(worlds, roles * 4)`.

    Raises:
        ValueError: the shape is another, or they are no integers.
    """
    array = np.asarray(actions)
    if array.dtype.kind not in "iu":
        raise ValueError(f"actions are {array.dtype}; integers are wanted")
    if array.shape != (worlds, ROLES, FIELDS):
        raise ValueError(f"actions have shape {array.shape}; this batch takes {(worlds, ROLES, FIELDS)}")
    return np.ascontiguousarray(array, np.int64).reshape(worlds, ROLES * FIELDS)
