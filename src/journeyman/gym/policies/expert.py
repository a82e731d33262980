"""The expert team: about the best that a script does which sees only what the roles see.

All look at the same suspect, several times, since one reading proves nothing; each says which of its probes is high
there, and whoever hears both readings knows the cause. It is named before its cure takes effect, the fleet's trace and the
callers settle what two readings leave open, and while all is calm what has not been looked at yet is scanned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final

from journeyman.gym.actions import NOOP, Action, ActionType, Role, Topic
from journeyman.gym.catalog import ACTOR, PROBES_PER_ROLE, Failure, FailureSpec, Probe
from journeyman.gym.observe.observation import (
    DevObservation,
    ManagerObservation,
    OversightObservation,
    SreObservation,
)
from journeyman.gym.policies.casework import (
    BY_HAND,
    LATELY,
    LEFT,
    OF_CHANGES,
    Looks,
    Notes,
    Tuning,
    claim,
    say,
    unlikely,
)
from journeyman.gym.policies.heuristic import Tuning as Suspicion
from journeyman.gym.policies.heuristic import suspicion
from journeyman.gym.policies.role_team import RoleFactories
from journeyman.gym.rules.fleet import VERBS_PER_JOB

_A, _T = ActionType, Topic


class ExpertSre:
    """Chooses the suspect, looks, restarts and scales, names what others cure, and tells when all is clear."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._weights = Suspicion(errors=tuning.errors, slowness=tuning.slowness, memory=tuning.memory)
        self._notes = Notes()
        self._todo: deque[Action] = deque()
        self._settled: dict[int, int] = {}
        self._looks: Looks | None = None
        self._spread: tuple[int, list[Looks]] | None = None
        self._doubt: tuple[int, Sequence[FailureSpec], int, int] | None = None
        self._seen: set[int] = set()
        self._worry: list[float] = []
        self._deadlocked: set[int] = set()
        self._any = False
        self._clear = 0

    def act(self, seen: SreObservation) -> Action:
        """The next action."""
        for service, rows in self._notes.hear(seen.step, seen.messages):
            self._decide(seen, service, rows)
        if self._looks is not None:
            self._looks.take(seen)
        if self._todo:
            return self._todo.popleft()
        if self._doubt is not None:
            return self._wait_for_oversight(seen.step, *self._doubt)
        if self._spread is not None:
            return self._look_at_callers(seen, *self._spread)
        worry = suspicion(seen, self._weights)
        before, self._worry = self._worry or worry, worry
        looks = self._looks
        if looks is not None and worry[looks.service] >= min(self._tuning.suspicious, self._tuning.unseen):
            return self._look(seen, looks)
        self._looks = None
        suspect = self._suspect(seen.step, before)
        if suspect < 0:
            return self._all_clear(seen, max(worry))
        self._looks = Looks(self._tuning, suspect)
        self._seen.add(suspect)
        self._settled[suspect] = seen.step + int(self._tuning.patience_steps)
        return say(_T.SYMPTOM, suspect)

    def _suspect(self, step: int, before: Sequence[float]) -> int:
        """The most suspicious service that is neither settled nor getting better by itself; -1 without any."""
        worry, tuning = self._worry, self._tuning
        for service in sorted(range(len(worry)), key=worry.__getitem__, reverse=True):
            least = tuning.suspicious if service in self._seen else tuning.unseen
            due = self._settled.get(service, -1) <= step and worry[service] >= before[service] - tuning.easing
            if due and worry[service] >= least:
                return service
        return -1

    def _look(self, seen: SreObservation, looks: Looks) -> Action:
        doubted = unlikely(seen, looks.service), self._tuning.misfit
        if not looks.enough(*doubted):
            return Action(_A.NOOP, looks.service)
        self._looks = None
        return looks.report(0, *doubted)

    def _decide(self, seen: SreObservation, service: int, rows: Sequence[FailureSpec]) -> None:
        self._settled[service] = seen.step + int(self._tuning.patience_steps if rows else self._tuning.doubt_steps)
        if not rows or rows[0].benign:
            return
        self._any = True
        row = rows[0]
        if row.failure in LEFT and self._deadlocked.isdisjoint(seen.calls[service]):
            self._todo.append(claim(row.failure, service))
        if len(rows) > 1 and rows[1].rogue is not None:
            self._doubt = service, rows, seen.step + 1, len(self._notes.suspects)
        elif any(one.leaves for one in rows):
            callers = [number for number, called in enumerate(seen.calls) if service in called and number]
            self._spread = service, [Looks(self._tuning, caller) for caller in callers]
        elif row.cure is _A.SCALE:
            self._todo.append(Action(_A.SCALE, service, int(seen.replicas[service]) + 1))
        elif row.cure is _A.RESTART:
            self._todo.append(Action(_A.RESTART, service))
        else:
            self._todo.append(claim(row.failure, service))

    def _wait_for_oversight(
        self, step: int, service: int, rows: Sequence[FailureSpec], due: int, before: int
    ) -> Action:
        """Whether a rogue did it or nobody: oversight says so, if it does, while the developer rolls back."""
        if step < due:
            return NOOP
        self._doubt = None
        return claim(rows[len(self._notes.suspects) > before].failure, service)

    def _look_at_callers(self, seen: SreObservation, service: int, callers: Sequence[Looks]) -> Action:
        """Whether it is about to spread: only its callers show that, and only until it is cured."""
        for looks in callers:
            looks.take(seen)
        for looks in callers:
            if looks.count < int(self._tuning.spread_looks):
                return Action(_A.NOOP, looks.service)
        self._spread = None
        self._deadlocked.add(service)
        spreads = any(looks.mean(Probe.RETRY_RATIO) >= self._tuning.spread for looks in callers)
        self._todo.append(Action(_A.RESTART, service))
        return claim(Failure.CASCADE if spreads else Failure.DB_DEADLOCK, service)

    def _all_clear(self, seen: SreObservation, worst: float) -> Action:
        calm = worst < self._tuning.suspicious and max(seen.health) <= 1
        self._clear = (self._clear + 1) * calm
        early = not self._any and seen.step < self._tuning.none_steps
        if early or self._clear < self._tuning.clear_steps:
            return NOOP
        if self._any:
            return say(_T.ALL_CLEAR, -1)
        self._any = True
        return claim(Failure.NONE, 0)


class ExpertDev:
    """Looks where the SRE does, rolls back, and names what the SRE cures."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._notes = Notes()
        self._todo: deque[Action] = deque()
        self._looks: Looks | None = None

    def act(self, seen: DevObservation) -> Action:
        """The next action."""
        for service, rows in self._notes.hear(seen.step, seen.messages):
            if not rows or rows[0].benign or any(one.leaves for one in rows):
                continue
            if rows[0].cure is _A.ROLLBACK:
                self._todo.append(Action(_A.ROLLBACK, service))
            elif ACTOR[rows[0].cure] is Role.SRE and rows[0].failure not in LEFT:
                self._todo.append(claim(rows[0].failure, service))
        if self._looks is not None:
            self._looks.take(seen)
        if self._todo:
            return self._todo.popleft()
        if self._looks is None and self._notes.asked:
            self._looks = Looks(self._tuning, self._notes.asked.popleft())
        looks = self._looks
        if looks is None:
            return NOOP
        doubted = OF_CHANGES if seen.change_age[looks.service] > LATELY else (), self._tuning.unchanged
        if not looks.enough(*doubted):
            return Action(_A.NOOP, looks.service)
        self._looks = None
        return looks.report(PROBES_PER_ROLE, *doubted)


class ExpertManager:
    """Escalates what only others can mend, and closes on an all-clear."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._notes = Notes()
        self._todo: deque[int] = deque()
        self._calm = 0

    def act(self, seen: ManagerObservation) -> Action:
        """The next action."""
        for service, rows in self._notes.hear(seen.step, seen.messages):
            if rows and rows[0].cure is _A.ESCALATE:
                self._todo.append(service)
        self._calm = self._calm + 1 if seen.within_objective and not any(seen.alerts) else 0
        if self._todo:
            return Action(_A.ESCALATE, self._todo.popleft())
        cleared = seen.step - self._notes.cleared_at <= 1
        return Action(_A.RESOLVE) if cleared and self._calm >= self._tuning.clear_steps else NOOP


class ExpertOversight:
    """Remembers who did where what rogues do, and stops whoever did it at the service of a rogue's failure."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._notes = Notes()
        self._strikes: dict[tuple[int, int], float] = {}
        self._wanted: dict[int, tuple[int, float]] = {}
        self._told: set[int] = set()

    def act(self, seen: OversightObservation) -> Action:
        """The next action."""
        for age, agent, verb, target, ticket in seen.fleet_actions:
            if verb % VERBS_PER_JOB == 0 and (age == 1 or seen.step == 0):
                worth = self._tuning.ticketed if ticket else 1.0
                self._strikes[agent, target] = self._strikes.get((agent, target), 0.0) + worth
        for service, rows in self._notes.hear(seen.step, seen.messages):
            jobs = [int(row.rogue) for row in rows if row.rogue is not None]
            if jobs:
                self._wanted[service] = jobs[0], self._tuning.flag_at if len(rows) > 1 else self._tuning.ticketed
        for service, (job, enough) in self._wanted.items():
            scores = [
                self._strikes.get((agent, service), 0.0) if own == job and not seen.blocked[agent] else 0.0
                for agent, own in enumerate(seen.jobs)
            ]
            best = scores.index(max(scores))
            if scores[best] < enough:
                continue
            if enough > self._tuning.ticketed and best not in self._told:
                self._told.add(best)
                return say(_T.SUSPECT, best)
            del self._wanted[service]
            return Action(_A.FLAG_ROGUE, best)
        return NOOP


def expert_factories(tuning: Tuning = BY_HAND) -> RoleFactories:
    """The team that plays by these numbers."""
    return RoleFactories(
        sre=partial(ExpertSre, tuning),
        dev=partial(ExpertDev, tuning),
        manager=partial(ExpertManager, tuning),
        oversight=partial(ExpertOversight, tuning),
    )


EXPERT: Final = expert_factories()
