"""Models play many episodes at once, each kept as soon as it is over.

An episode in which the provider fails is left out, never scored: it says nothing about the model. So is one that the
ceiling cuts; where there is a ceiling, an episode begins only when it is expected to fit, so that little is wasted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import anyio

from journeyman.advisors.broker import Broker
from journeyman.advisors.providers.advisor import ProviderAdvisor
from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.evaluation.model_player import ModelPlayer, ProviderFailed, SpendLimitReached
from journeyman.evaluation.model_run_display import Watches
from journeyman.evaluation.model_trace import ModelTrace
from journeyman.evaluation.options import ANSWER_TOKENS, MEMORY, PREFIX, ModelOptions
from journeyman.evaluation.policies import TeamFor, team_for
from journeyman.evaluation.usage import EpisodeLedger, ModelUsage, SpendLimit
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import Read
from journeyman.gym.text.play import Played, Seating, Turn, play_text
from journeyman.gym.text.render import LEAST_CHARS, MAX_CHARS
from journeyman.gym.text.shift import NOBODY
from journeyman.gym.text.words import AgentRole
from journeyman.mission.values.errors import InvalidInput, Problem

_IN_A_ROW: Final = 3
"""Episodes left out one after another after which the rest would be too."""


@dataclass(slots=True)
class ModelRunReport:
    """What became of the models' part of a command."""

    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Policy as given to policy as kept and shown."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reasons why episodes were not played to their end."""
    stopped: dict[str, str] = field(default_factory=dict[str, str])
    """Policies, as given, that ended early, and why."""
    used: ModelUsage = field(default_factory=ModelUsage)
    """All of this run, episodes that were left out included."""


@dataclass(slots=True)
class ModelTable:
    """What all episodes of a command share."""

    broker: Broker
    options: ModelOptions
    others: TeamFor | None
    limit: SpendLimit
    labels: dict[str, str]
    watch: Watches
    told: set[str] = field(default_factory=set[str])

    def seating(self, one: Task) -> Seating:
        """Say who plays what in a task."""
        options = self.options
        return Seating(
            roles=roles_of(options),
            others=None if self.others is None else self.others([one], one.number),
            liar=None if options.liar is None else AgentRole(options.liar),
            view_chars=options.view_chars or MAX_CHARS,
            memory=options.memory,
        )

    def player(self, policy: str, one: Task, ledger: EpisodeLedger, trace: ModelTrace) -> ModelPlayer:
        """Make what lets a policy answer in one episode of a task, traced."""

        def waiting(reason: str, rest_s: float) -> None:
            if reason not in self.told:
                self.told.add(reason)
                self.watch.waiting(policy, reason, rest_s)

        name = policy.removeprefix(PREFIX)
        return ModelPlayer(
            broker=self.broker,
            advisor=name,
            ledger=ledger,
            episode=one.id,
            answer_tokens=self.options.answer_tokens,
            timeout_s=self.broker.advisors[name].limits.timeout_s,
            waiting=waiting,
            trace=trace,
        )

    async def play(self, policy: str, one: Task, ledger: EpisodeLedger, answered: Callable[[], None]) -> Played:
        """Play a task to its end; `answered` hears of each step.

        Raises:
            Unanswered: the provider failed.
            SpendLimitReached: a request would have gone beyond the spend limit.
        """
        trace = ModelTrace(self.labels[policy], one)
        player = self.player(policy, one, ledger, trace)

        async def answer(turns: Sequence[Turn]) -> Sequence[Read]:
            reads = await player(turns)
            answered()
            return reads

        played = await play_text(one, answer, self.seating(one))
        if self.options.traces is not None:
            trace.write(self.options.traces, played)
        return played

    def unpriced(self) -> list[str]:
        """Name the policies that cost money but whose price nobody knows, where dollars are limited."""
        broker, found = self.broker, list[str]()
        for policy in self.labels if self.options.max_usd is not None else ():
            name = policy.removeprefix(PREFIX)
            priced = broker.price is not None and broker.price(name, 1, 1) is not None
            if broker.advisors[name].readiness().costs and not priced:
                found.append(policy)
        return found


def model_table(broker: Broker, policies: Sequence[str], options: ModelOptions, watch: Watches) -> ModelTable:
    """Make the table of some policies; raise `InvalidInput` where one cannot be asked. The broker is set up for it."""
    _check(options)
    at_once = options.concurrency or broker.policy.concurrency
    # Episodes left out in a row end the run; a breaker before that would only hide why.
    broker.policy = replace(broker.policy, concurrency=at_once, breaker_failures=None)
    rows = broker.resolve([policy.removeprefix(PREFIX) for policy in policies])
    problems = [
        Problem(where=f"{PREFIX}{row.name}", message="cannot play", hint=row.why) for row in rows if not row.used
    ]
    if problems:
        raise InvalidInput("--policy", tuple(problems))
    return ModelTable(
        broker=broker,
        options=options,
        others=None if options.others == NOBODY else team_for(options.others, option="--others"),
        limit=SpendLimit(options.max_usd, options.max_tokens, broker.policy.assumed_usd_per_token),
        labels={policy: _label(policy, broker, options) for policy in policies},
        watch=watch,
    )


@dataclass(slots=True)
class ModelRun:
    """Episodes of one command: which may begin, which are under way, what they came to."""

    table: ModelTable
    log: EpisodeLog
    report: ModelRunReport
    _running: dict[str, EpisodeLedger] = field(default_factory=dict[str, EpisodeLedger])
    _dearest: tuple[float, int] | None = None
    """The most that an episode used, in dollars and in tokens."""
    _in_a_row: int = 0
    _hopeless: set[str] = field(default_factory=set[str])
    _ended: anyio.Event = field(default_factory=anyio.Event)

    async def fill(self, policy: str, some: Sequence[Task]) -> None:
        """Play those of some tasks of one tier that are not kept."""
        label = self.report.labels[policy]
        waiting = deque(one for one in some if (label, one.id) not in self.log.episodes)
        title = f"{label}, {some[0].tier.label}"
        self.table.watch.began(title, len(some), len(some) - len(waiting))
        self._dearest, self._in_a_row = self._dearest_kept(label, some), 0
        async with anyio.create_task_group() as group:

            async def episode(one: Task) -> None:
                await self._episode(policy, one, title)
                if policy in self._hopeless:
                    group.cancel_scope.cancel()

            while waiting and policy not in self.report.stopped:
                if self._may_begin():
                    one = waiting.popleft()
                    self._running[one.id] = EpisodeLedger(self.table.limit)
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
        past = [self.log.usage[label, one.id] for one in some if (label, one.id) in self.log.usage]
        tokens = [one.tokens for one in past]
        assumed = self.table.limit.assumed_usd_per_token
        pairs = zip(past, tokens, strict=True)
        usd = [one.priced_usd + count * assumed * bool(one.unpriced_calls) for one, count in pairs]
        return (max(usd), max(tokens)) if past else None

    def _may_begin(self) -> bool:
        limit = self.table.limit
        if len(self._running) >= self.table.broker.policy.concurrency:
            return False
        if not limit.limited:
            return True
        if self._dearest is None:
            return not self._running  # the first one alone, to learn what one costs
        # Several under way may all turn out dearer than any before, and then none would end: twice the room for them.
        some = 1 if not self._running else 2 * (1 + len(self._running))
        usd = limit.usd - sum(ledger.usd for ledger in self._running.values()) + self._dearest[0] * some
        tokens = limit.tokens - sum(ledger.used.tokens for ledger in self._running.values()) + self._dearest[1] * some
        return limit.covers(usd, tokens)

    async def _episode(self, policy: str, one: Task, title: str) -> None:
        ledger, watch = self._running[one.id], self.table.watch

        def answered() -> None:
            watch.used(title, sum((other.used for other in self._running.values()), self.report.used))

        try:
            played = await self.table.play(policy, one, ledger, answered)
        except SpendLimitReached:
            self.report.stopped[policy] = "the ceiling is reached"
            self.report.left_out["cut by the ceiling"] += 1
        except ProviderFailed as fault:
            self._in_a_row += 1
            self.report.left_out[fault.reason] += 1
            if fault.lasting or self._in_a_row >= _IN_A_ROW:
                self.report.stopped[policy] = f"the provider fails with {fault.reason}"
                self._hopeless.add(policy)
        else:
            self._in_a_row = 0
            usd, tokens = self._dearest or (0.0, 0)
            self._dearest = max(usd, ledger.usd), max(tokens, ledger.used.tokens)
            told = {"turns": played.turns, "unreadable": played.unreadable, "not_carried_out": played.not_carried_out}
            self.log.add(self.report.labels[policy], [played.episode], replace(ledger.used, **told))
            watch.ended_one()
        finally:
            self.report.used += ledger.used
        del self._running[one.id]
        self._ended.set()


def roles_of(options: ModelOptions) -> tuple[AgentRole, ...]:
    """The model's seats."""
    wanted = options.roles or tuple(role for role in AgentRole if role != options.liar)
    return tuple(role for role in AgentRole if role in wanted)


def _check(options: ModelOptions) -> None:
    if options.view_chars is not None and options.view_chars < LEAST_CHARS:
        problem = Problem(where="", message=f"{options.view_chars} cannot hold a view", hint=f"at least {LEAST_CHARS}")
        raise InvalidInput("--view-chars", (problem,))
    if options.liar is not None and options.liar in options.roles:
        problem = Problem(
            where="", message=f"{options.liar} is a seat of the model's", hint="another seat, or no --role"
        )
        raise InvalidInput("--liar", (problem,))
    if options.others == "oracle":
        hint = "heuristic, random, a cheater, trained:FILE or nobody"
        raise InvalidInput("--others", (Problem(where="", message="'oracle' cannot be a teammate", hint=hint),))


def _label(policy: str, broker: Broker, options: ModelOptions) -> str:
    """Name everything that changes how a model plays, so that no file mixes what differs."""
    advisor = broker.advisors[policy.removeprefix(PREFIX)]
    parts = [advisor.model] if isinstance(advisor, ProviderAdvisor) else []
    roles = roles_of(options)
    if options.liar is not None:
        parts.append(f"a lying {options.liar}")
    if len(roles) + (options.liar is not None) < len(AgentRole):
        parts.append(f"{' and '.join(roles)} beside {options.others}")
    if options.view_chars not in (None, MAX_CHARS):
        parts.append(f"views of {options.view_chars} characters")
    if options.answer_tokens != ANSWER_TOKENS:
        parts.append(f"answers of {options.answer_tokens} tokens")
    if options.memory != MEMORY:
        parts.append(f"memory {options.memory}")
    return f"{policy} ({', '.join(parts)})" if parts else policy
