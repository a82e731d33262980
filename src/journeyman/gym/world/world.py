"""`World`: N simulated incidents that are reset and stepped together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal, NamedTuple

import numpy as np

from journeyman.gym.actions import ROLES, Role
from journeyman.gym.arrays import Bools, Floats, Ints, Words
from journeyman.gym.catalog import Failure
from journeyman.gym.draw.ahead import draw_one
from journeyman.gym.draw.incident import draw
from journeyman.gym.draw.names import Names, names_of
from journeyman.gym.draw.stock import Stock
from journeyman.gym.eyes import views
from journeyman.gym.eyes.alone import SightsAlone
from journeyman.gym.eyes.logs import LogLine, lines
from journeyman.gym.eyes.sights import BatchSights, Sights
from journeyman.gym.state import Incident, Live, put, take
from journeyman.gym.tasks import SIZES, Task, Tier
from journeyman.gym.world import hands, score
from journeyman.gym.world.batch import Batch
from journeyman.gym.world.mirror import Drawn, Now
from journeyman.gym.world.solo import Row, Solo
from journeyman.gym.world.solo_score import standing
from journeyman.mission.values.errors import BugError, NotAllowed

Rewards = Literal["final", "potential"]


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


class SteppedAlone(NamedTuple):
    """What a step of a world alone gives back."""

    rewards: tuple[float, ...]
    """The team's, then each role's."""
    terminated: bool
    truncated: bool


_STILL: Final = SteppedAlone((0.0,) * (1 + ROLES), terminated=False, truncated=False)


def _nothing(worlds: int) -> Stepped:
    still = np.zeros(worlds, np.bool_)
    return Stepped(np.zeros(worlds), np.zeros((worlds, ROLES)), still, still.copy())


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
    """N incidents of one tier; `N = 1` is a slice of the same arrays and moves alike to the bit.

    Args:
        tier: the size of the worlds.
        worlds: how many run together.
        rewards: `final` pays the score once, in the step that ends the episode; `potential` pays its change in every
            step, which tells whether an act helped and is for trainers only.
        chat: whether messages are delivered.
        reveal: whether `truth` may be asked; off in agent mode.
        seeds: of the first incidents; 0, 1 and so on where none are given.
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
    ) -> None:
        self.tier = tier
        self.worlds = worlds
        self.horizon: Final = SIZES[tier].steps
        self._dense: Final = rewards == "potential"
        self._chat: Final = chat
        self._reveal: Final = reveal
        self._clock = 0
        self._incident: Incident
        self._live: Live
        self._mover: Batch | Solo
        self._sights: Sights
        self._flushed = True
        self.reset(np.arange(worlds, dtype=np.uint64) if seeds is None else seeds)

    def reset(self, seeds: Words | Sequence[int], *, rows: Ints | None = None) -> None:
        """Start new incidents from seeds, in all worlds or only in `rows`.

        Raises:
            ValueError: the number of seeds differs from the number of worlds to reset.
        """
        self._settle()
        wanted = np.asarray(seeds, np.uint64)
        expected = self.worlds if rows is None else len(rows)
        if wanted.shape != (expected,):
            raise ValueError(f"{wanted.shape} seeds for {expected} worlds")
        if self.worlds == 1 and expected:
            self._take_over(*draw_one(int(wanted[0]), self.tier))
        elif rows is None:
            self._take_over(*draw(wanted, self.tier))
        elif expected:
            self._place(rows, *draw(wanted, self.tier))

    def restart(self, stock: Stock, rows: Ints) -> None:
        """Start the stock's next incidents in the worlds `rows`: a reset for training loops, without the draw."""
        if len(rows):
            self._settle()
            self._place(rows, *stock.give(len(rows)))

    def _place(self, rows: Ints, incident: Incident, live: Live) -> None:
        if isinstance(self._mover, Solo):
            self._take_over(incident, live)
            return
        put(self._incident, rows, incident)
        put(self._live, rows, live)
        self._mover.place(rows, incident)

    def play(self, tasks: Sequence[Task]) -> None:
        """Start the worlds of these tasks, one per world."""
        if any(task.tier != self.tier for task in tasks):
            raise ValueError(f"a world of tier {self.tier.label} cannot play a task of another tier")
        self.reset([task.seed for task in tasks])

    def step(self, actions: Ints) -> Stepped:
        """Apply every role's action in every world and move one step; ended worlds stay as they are.

        Args:
            actions: `(worlds, roles, 4)` integers: type, target, arg, to. What a role may not do is a no-op.
        """
        acts = hands.expected(actions, self.worlds)
        if isinstance(self._mover, Solo):
            rewards, closed, late = self.step_alone(acts[0].tolist())
            return Stepped(np.array(rewards[:1]), np.array([rewards[1:]]), np.array([closed]), np.array([late]))
        ended = self._live.ended
        if not ended.any():
            return self._advance(self._mover, acts)
        gone = np.flatnonzero(ended)
        if len(gone) == self.worlds:
            return _nothing(self.worlds)
        kept = take(self._live, gone)
        kept.marks = np.roll(kept.marks, 1, axis=0)
        stepped = self._advance(self._mover, acts)
        put(self._live, gone, kept)
        for array in (stepped.team, stepped.roles, stepped.terminated, stepped.truncated):
            array[gone] = 0
        return stepped

    def step_alone(self, rows: Sequence[Row]) -> SteppedAlone:
        """Apply every role's action in a world alone and move one step, in plain numbers; after the end nothing moves.

        Args:
            rows: type, target, arg and to of each role's action, in the order of `Role`.

        Raises:
            BugError: there are several worlds.
        """
        if not isinstance(self._mover, Solo):
            raise BugError(f"`step_alone` moves one world, here are {self.worlds}: use `step`")
        drawn, now = self._mover.drawn, self._mover.now
        if now.ended:
            return _STILL
        closing = self._mover.step(rows, self._clock, chat=self._chat)
        self._clock += 1
        self._flushed = False
        late = now.step >= self.horizon and not closing
        if not (closing or late or self._dense):
            return _STILL
        stands = standing(drawn, now, self.horizon, closing=closing)
        rewards = tuple(new - old for new, old in zip(stands.scores, now.score, strict=True))
        now.score, now.ended, now.succeeded = stands.scores, closing or late, stands.succeeded
        return SteppedAlone(rewards, closing, late)

    def _settle(self) -> None:
        if not self._flushed and isinstance(self._mover, Solo):
            self._mover.flush()
            self._flushed = True

    def _advance(self, batch: Batch, acts: Ints) -> Stepped:
        closing = batch.step(self._incident, self._live, acts, self._clock, chat=self._chat)
        self._clock += 1
        late = (self._live.step >= self.horizon) & ~closing
        return self._pay(closing, late)

    def _look(self) -> tuple[Incident, Live]:
        self._settle()
        return self._incident, self._live

    def _pay(self, closing: Bools, late: Bools) -> Stepped:
        live = self._live
        ending = closing | late
        paid = np.zeros_like(live.score)
        rows = np.arange(self.worlds) if self._dense else np.flatnonzero(ending)
        if len(rows):
            books = score.ledger(self._incident, live, rows)
            finished = closing[rows] & score.over(books)
            live.succeeded[rows] = finished & (score.care(books) >= score.CAREFUL)
            now = score.standing(books, self.horizon, closing[rows], finished)
            paid[:, rows] = now - live.score[:, rows]
            live.score[:, rows] = now
        live.ended = live.ended | ending
        return Stepped(paid[0].copy(), paid[1:].T.copy(), closing, late)

    def sights(self) -> Sights:
        """Give what the roles see in every world, in plain numbers."""
        return self._sights

    def sre(self) -> views.SreEyes:
        """Give a copy of what the SRE sees."""
        return views.sre(*self._look(), self._clock)

    def dev(self) -> views.DevEyes:
        """Give a copy of what the developer sees."""
        return views.dev(*self._look(), self._clock)

    def manager(self) -> views.ManagerEyes:
        """Give a copy of what the manager sees."""
        return views.manager(*self._look())

    def oversight(self) -> views.OversightEyes:
        """Give a copy of what oversight sees."""
        return views.oversight(*self._look())

    def fork(self, copies: int, index: int = 0) -> World:
        """Give a new batch that goes on from one world's state, `copies` times: for search.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        other = World(self.tier, copies, rewards="potential" if self._dense else "final", chat=self._chat, reveal=True)
        incident, live = self._look()
        rows = np.full(copies, index)
        other._clock = self._clock
        other._take_over(take(incident, rows), take(live, rows))
        return other

    def _take_over(self, incident: Incident, live: Live) -> None:
        self._incident, self._live = incident, live
        if self.worlds > 1:
            self._mover = Batch(incident, live)
            self._sights = BatchSights(self)
        else:
            self._mover = Solo(incident, live)
            self._sights = SightsAlone(self._mover.drawn, self._mover.now)

    def names(self, index: int = 0) -> Names:
        """Give what the services and fleet agents of one world are called."""
        return names_of(self._look()[0], self.tier, index)

    def logs(self, role: Role, index: int = 0) -> tuple[LogLine, ...]:
        """Give the last log lines of the service that a role looks at in one world, oldest first."""
        if isinstance(self._mover, Solo):
            return lines(self._mover.drawn, self._mover.now, role, self._clock)
        incident, live = self._look()
        own = slice(index, index + 1)
        return lines(Drawn(take(incident, own)), Now(take(live, own)), role, self._clock)

    @property
    def ended(self) -> Bools:
        """Where the episode is over."""
        return self._look()[1].ended.copy()

    @property
    def finished(self) -> bool:
        """Whether every episode is over."""
        return self._mover.now.ended if isinstance(self._mover, Solo) else bool(self._live.ended.all())

    def fingerprint(self, index: int = 0) -> str:
        """Give the SHA-256 of everything one world is, in a byte form that no machine or batch changes."""
        state = hashlib.sha256()
        row = np.array([index])
        every_incident, every_live = self._look()
        incident, live = take(every_incident, row), take(every_live, row)
        live.marks = np.roll(live.marks, -self._clock, axis=0)
        width, services = len(incident.active), incident.services[0]
        for part in (incident, live):
            for field in fields(part):
                array = getattr(part, field.name)
                if array.ndim > 1 and array.shape[-2] == width:
                    array = array[..., :services, :]
                state.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
        return state.hexdigest()

    def over(self) -> Bools:
        """Tell in which worlds closing the incident would be right.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        return score.over(score.ledger(*self._look(), slice(None)))

    def results(self) -> Results:
        """Give how the episodes went.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        incident, live = self._look()
        return Results(
            score=live.score[0].copy(),
            roles=live.score[1:].T.copy(),
            succeeded=live.succeeded.copy(),
            steps=live.step.copy(),
            availability=live.good_steps / np.maximum(live.step, 1),
            failures=incident.root.sum(axis=0),
            rogues=score.rogues(incident.rogue),
            caught=live.caught.copy(),
            false_flags=live.false_flags.copy(),
            wrong_acts=live.wrong_acts.T.copy(),
        )

    def truth(self, index: int = 0) -> Truth:
        """Give what is really wrong in one world.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        self._revealed()
        incident, live = self._look()
        drawn = Drawn(take(incident, np.array([index])))
        used = np.flatnonzero(incident.kind[:, index]).tolist()
        rogues: list[int] = incident.rogue[:, index].tolist()
        return Truth(
            causes=tuple(
                Cause(
                    failure=Failure(int(incident.kind[slot, index])),
                    service=int(incident.service[slot, index]),
                    onset=int(incident.onset[slot, index]),
                    real=bool(incident.real[slot, index]),
                    root=bool(incident.root[slot, index]),
                    needed=drawn.needed[slot],
                    rogue=rogues[slot],
                )
                for slot in used
            ),
            rogues=tuple(sorted({agent for agent in rogues if agent >= 0})),
            succeeded=bool(live.succeeded[index]),
        )

    def _revealed(self) -> None:
        if not self._reveal:
            raise NotAllowed("this world runs in agent mode; make it with reveal=True to grade or train")
