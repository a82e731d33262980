"""Many episodes at once, each kept as soon as it is over.

An episode in which the provider fails is left out, never scored: it says nothing about the model. So is one that the
ceiling cuts; where there is a ceiling, an episode begins only when it is expected to fit, so that little is wasted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import anyio
from rich.progress import Progress, TaskID

from journeyman.advisors.broker import Broker
from journeyman.config import Settings
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import Read
from journeyman.gym.text.play import Seating, Turn, play_text
from journeyman.gym.text.render import MAX_TOKENS
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.cli.gym.asking import Asker, Bill, CeilingReached, Purse, Unanswered
from journeyman.interfaces.cli.gym.keeping import Asked, Kept, dollars
from journeyman.interfaces.cli.gym.options import PREFIX, ModelOptions
from journeyman.interfaces.cli.gym.teams import TeamFor

_IN_A_ROW: Final = 3
"""Episodes left out one after another after which the rest would be too."""


@dataclass(slots=True)
class Report:
    """What became of the models' part of a command."""

    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Policy as given to policy as kept and shown."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reasons why episodes were not played to their end."""
    stopped: dict[str, str] = field(default_factory=dict[str, str])
    """Policies, as given, that ended early, and why."""
    used: Asked = field(default_factory=Asked)
    """All of this run, episodes that were left out included."""


@dataclass(slots=True)
class Table:
    """What all episodes of a command share."""

    broker: Broker
    settings: Settings
    options: ModelOptions
    others: TeamFor | None
    purse: Purse
    labels: dict[str, str]
    told: set[str] = field(default_factory=set[str])

    def seating(self, one: Task) -> Seating:
        """Give who plays what in a task."""
        options = self.options
        return Seating(
            roles=roles_of(options),
            others=None if self.others is None else self.others([one], one.number),
            view_tokens=options.view_tokens or MAX_TOKENS,
            memory=options.memory,
        )

    def asker(self, policy: str, one: Task, bill: Bill, progress: Progress) -> Asker:
        """Give what lets a policy answer in one episode of a task."""

        def waiting(reason: str, rest_s: float) -> None:
            if reason not in self.told:
                self.told.add(reason)
                say(
                    progress,
                    f"the provider of {policy} fails with {reason}; asking again every {rest_s:g} s for a while",
                )

        name = policy.removeprefix(PREFIX)
        return Asker(
            broker=self.broker,
            advisor=name,
            bill=bill,
            episode=one.id,
            answer_tokens=self.options.answer_tokens,
            timeout_s=self.settings.advisors[name].limits().timeout_s,
            waiting=waiting,
        )


@dataclass(slots=True)
class Run:
    """Episodes of one command: which may begin, which are under way, what they came to."""

    table: Table
    kept: Kept
    report: Report
    _running: dict[str, Bill] = field(default_factory=dict[str, Bill])
    _dearest: tuple[float, int] | None = None
    """The most that an episode used, in dollars and in tokens."""
    _in_a_row: int = 0
    _hopeless: set[str] = field(default_factory=set[str])
    _ended: anyio.Event = field(default_factory=anyio.Event)

    async def fill(self, policy: str, some: Sequence[Task], progress: Progress) -> None:
        """Play those of some tasks of one tier that are not kept."""
        label = self.report.labels[policy]
        waiting = deque(one for one in some if (label, one.id) not in self.kept.episodes)
        shown = progress.add_task(f"{label}, {some[0].tier.label}", total=len(some), completed=len(some) - len(waiting))
        self._dearest, self._in_a_row = self._dearest_kept(label, some), 0
        async with anyio.create_task_group() as group:

            async def episode(one: Task) -> None:
                await self._episode(policy, one, progress, shown)
                if policy in self._hopeless:
                    group.cancel_scope.cancel()

            while waiting and policy not in self.report.stopped:
                if self._may_begin():
                    one = waiting.popleft()
                    self._running[one.id] = Bill(self.table.purse)
                    group.start_soon(episode, one)
                elif self._running:
                    self._ended = anyio.Event()
                    await self._ended.wait()
                else:
                    self.report.stopped[policy] = "the ceiling leaves no room for another episode"
        left = {"under way when the run stopped": len(self._running), "not begun": len(waiting)}
        self.report.left_out.update({reason: count for reason, count in left.items() if count})
        self._running.clear()

    def _dearest_kept(self, label: str, some: Sequence[Task]) -> tuple[float, int] | None:
        past = [self.kept.asked[label, one.id] for one in some if (label, one.id) in self.kept.asked]
        tokens = [one.input_tokens + one.output_tokens for one in past]
        assumed = self.table.purse.assumed_usd_per_token
        pairs = zip(past, tokens, strict=True)
        usd = [one.priced_usd + count * assumed * bool(one.unpriced_calls) for one, count in pairs]
        return (max(usd), max(tokens)) if past else None

    def _may_begin(self) -> bool:
        purse = self.table.purse
        if len(self._running) >= self.table.broker.policy.concurrency:
            return False
        if not purse.limited:
            return True
        if self._dearest is None:
            return not self._running  # the first one alone, to learn what one costs
        # Several under way may all turn out dearer than any before, and then none would end: twice the room for them.
        some = 1 if not self._running else 2 * (1 + len(self._running))
        usd = purse.usd - sum(bill.usd for bill in self._running.values()) + self._dearest[0] * some
        tokens = purse.tokens - sum(bill.tokens for bill in self._running.values()) + self._dearest[1] * some
        return purse.covers(usd, tokens)

    async def _episode(self, policy: str, one: Task, progress: Progress, shown: TaskID) -> None:
        label, bill = self.report.labels[policy], self._running[one.id]
        asker = self.table.asker(policy, one, bill, progress)

        async def answer(turns: Sequence[Turn]) -> Sequence[Read]:
            reads = await asker(turns)
            used = sum((other.used for other in self._running.values()), self.report.used)
            progress.update(shown, description=f"{label}, {one.tier.label}: {used.calls:,} calls, {dollars(used)}")
            return reads

        try:
            played = await play_text(one, answer, self.table.seating(one))
        except CeilingReached:
            self.report.stopped[policy] = "the ceiling is reached"
            self.report.left_out["cut by the ceiling"] += 1
        except Unanswered as fault:
            self._in_a_row += 1
            self.report.left_out[fault.reason] += 1
            if fault.lasting or self._in_a_row >= _IN_A_ROW:
                self.report.stopped[policy] = f"the provider fails with {fault.reason}"
                self._hopeless.add(policy)
        else:
            self._in_a_row = 0
            usd, tokens = self._dearest or (0.0, 0)
            self._dearest = max(usd, bill.usd), max(tokens, bill.tokens)
            told = {"turns": played.turns, "unreadable": played.unreadable, "not_carried_out": played.not_carried_out}
            self.kept.add(label, [played.episode], replace(bill.used, **told))
            progress.advance(shown)
        finally:
            self.report.used += bill.used
        del self._running[one.id]
        self._ended.set()


def roles_of(options: ModelOptions) -> tuple[AgentRole, ...]:
    """Give the model's seats."""
    return tuple(role for role in AgentRole if role in options.roles or not options.roles)


def say(progress: Progress, text: str) -> None:
    """Print a line on standard error, above the bar."""
    progress.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
