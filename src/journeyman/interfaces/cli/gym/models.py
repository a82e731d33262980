"""Advisors of the settings file as policies of the gym: checked before anything is asked, then let play."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from rich.progress import Progress

from journeyman.advisors.broker import Broker
from journeyman.advisors.providers import ProviderAdvisor
from journeyman.config import Settings, settings_file
from journeyman.gym.arrays import Ints
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import Read
from journeyman.gym.text.play import Played, Turn, play_text
from journeyman.gym.text.render import LEAST_TOKENS, MAX_TOKENS
from journeyman.gym.text.shift import NOBODY
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.cli.gym.asking import Bill, CeilingReached, Purse, Unanswered
from journeyman.interfaces.cli.gym.keeping import Kept
from journeyman.interfaces.cli.gym.options import ANSWER_TOKENS, MEMORY, PREFIX, ModelOptions
from journeyman.interfaces.cli.gym.running import Report, Run, Table, roles_of, say
from journeyman.interfaces.cli.gym.teams import bar, team_for
from journeyman.interfaces.cli.shared import bridge
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.wiring import broker_of


def play_models(
    settings: Settings, options: ModelOptions, wanted: Sequence[tuple[str, Sequence[Task]]], kept: Kept
) -> Report:
    """Play what is not kept yet.

    Args:
        settings: where the advisors are configured.
        options: how they are let play.
        wanted: policies, `advisor:NAME`, with tasks of one tier.
        kept: takes each episode in when it is over.

    Raises:
        InvalidInput: an advisor cannot be asked; said before anything is.
    """

    async def work() -> Report:
        names = list(dict.fromkeys(name for name, _ in wanted))
        async with _opened(settings, names, options) as table:
            kept.check()
            run = Run(table, kept, Report(table.labels))
            with bar() as progress:
                _say_assumed(table, names, progress)
                for name, some in wanted:
                    await run.fill(name, some, progress)
            return run.report

    try:
        return bridge(work)
    except ExceptionGroup as several:  # an episode could not be kept: one reason is as good as many
        raise several.exceptions[0] from None


def play_once(settings: Settings, options: ModelOptions, policy: str, one: Task) -> Ints:
    """Give what a model does in a task, `(steps, roles, 4)`.

    Raises:
        InvalidInput: the advisor cannot be asked.
        Unavailable: the provider failed, or the ceiling was reached.
    """

    async def work() -> Played:
        async with _opened(settings, [policy], options) as table:
            with bar() as progress:
                shown = progress.add_task(f"{table.labels[policy]} plays {one.id}, steps", total=None)
                asker = table.asker(policy, one, Bill(table.purse), progress)

                async def answer(turns: Sequence[Turn]) -> Sequence[Read]:
                    reads = await asker(turns)
                    progress.advance(shown)
                    return reads

                return await play_text(one, answer, table.seating(one))

    try:
        return bridge(work).acts
    except (Unanswered, CeilingReached) as fault:
        raise Unavailable(f"{policy} could not play to the end: {_why(fault)}") from None


def _why(fault: Exception) -> str:
    return "the ceiling was reached" if isinstance(fault, CeilingReached) else f"the provider failed with {fault}"


@asynccontextmanager
async def _opened(settings: Settings, policies: Sequence[str], options: ModelOptions) -> AsyncGenerator[Table]:
    _check_names(settings, policies)
    _check(options)
    broker = broker_of(settings, os.environ)
    at_once = options.concurrency or broker.policy.concurrency
    # Episodes left out in a row end the run; a breaker before that would only hide why.
    broker.policy = replace(broker.policy, concurrency=at_once, breaker_failures=sys.maxsize)
    try:
        rows = broker.resolve([policy.removeprefix(PREFIX) for policy in policies])
        problems = [Problem(where=f"{PREFIX}{row.name}", message="cannot play", hint=row.why) for row in rows]
        if any(not row.used for row in rows):
            unused = [one for one, row in zip(problems, rows, strict=True) if not row.used]
            raise InvalidInput("--policy", tuple(unused))
        yield Table(
            broker=broker,
            settings=settings,
            options=options,
            others=None if options.others == NOBODY else team_for(options.others, option="--others"),
            purse=Purse(options.max_usd, options.max_tokens, broker.policy.assumed_usd_per_token),
            labels={policy: _label(policy, broker, options) for policy in policies},
        )
    finally:
        await broker.aclose()


def _say_assumed(table: Table, policies: Sequence[str], progress: Progress) -> None:
    """Say how a ceiling in dollars counts what has no known price."""
    broker, assumed = table.broker, table.broker.policy.assumed_usd_per_token * 1_000_000
    for policy in policies if table.options.max_usd is not None else ():
        name = policy.removeprefix(PREFIX)
        priced = broker.price is not None and broker.price(name, 1, 1) is not None
        if broker.advisors[name].readiness().costs and not priced:
            say(
                progress,
                f"{policy}: nobody knows its price, so --max-usd counts ${assumed:g} per million tokens; "
                f"input_usd_per_mtok and output_usd_per_mtok in [advisors.{name}] tell it",
            )


def _check_names(settings: Settings, policies: Sequence[str]) -> None:
    unknown = [policy for policy in policies if policy.removeprefix(PREFIX) not in settings.advisors]
    if unknown:
        known = ", ".join(f"{PREFIX}{name}" for name in settings.advisors) or "none"
        hint = f"configured: {known}; add [advisors.NAME] to {settings_file()}"
        problems = (Problem(where="", message=f"{policy!r} is no advisor", hint=hint) for policy in unknown)
        raise InvalidInput("--policy", tuple(problems))


def _check(options: ModelOptions) -> None:
    if options.view_tokens is not None and options.view_tokens < LEAST_TOKENS:
        problem = Problem(
            where="", message=f"{options.view_tokens} cannot hold a view", hint=f"at least {LEAST_TOKENS}"
        )
        raise InvalidInput("--view-tokens", (problem,))
    if options.others == "oracle":
        hint = "heuristic, random, a cheater, trained:FILE or nobody"
        raise InvalidInput("--others", (Problem(where="", message="'oracle' cannot be a teammate", hint=hint),))


def _label(policy: str, broker: Broker, options: ModelOptions) -> str:
    """Name everything that changes how a model plays, so that no file mixes what differs."""
    advisor = broker.advisors[policy.removeprefix(PREFIX)]
    parts = [advisor.model] if isinstance(advisor, ProviderAdvisor) else []
    roles = roles_of(options)
    if len(roles) < len(AgentRole):
        parts.append(f"{' and '.join(roles)} beside {options.others}")
    if options.view_tokens not in (None, MAX_TOKENS):
        parts.append(f"views of {options.view_tokens} tokens")
    if options.answer_tokens != ANSWER_TOKENS:
        parts.append(f"answers of {options.answer_tokens} tokens")
    if options.memory != MEMORY:
        parts.append(f"memory {options.memory}")
    return f"{policy} ({', '.join(parts)})" if parts else policy
