"""Advisors of the settings file as policies of the gym: opened, let play, and shown on a bar."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from rich.progress import Progress, TaskID

from journeyman.config import Settings, settings_file
from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.evaluation.model_player import ProviderFailed, SpendLimitReached
from journeyman.evaluation.model_run import ModelRun, ModelRunReport, ModelTable, model_table
from journeyman.evaluation.options import PREFIX, ModelOptions
from journeyman.evaluation.usage import EpisodeLedger, ModelUsage
from journeyman.gym.arrays import Ints
from journeyman.gym.tasks import Task
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.gym.progress_bar import bar
from journeyman.interfaces.cli.gym.summaries import dollars
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.wiring import broker_of


class _Bar:
    """Shows on a progress bar how far models are, and says above it what a person should know."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._shown = TaskID(0)

    def began(self, title: str, total: int, done: int) -> None:
        self._shown = self._progress.add_task(title, total=total, completed=done)

    def used(self, title: str, usage: ModelUsage) -> None:
        description = f"{title}: {usage.calls:,} calls, {dollars(usage)}"
        self._progress.update(self._shown, description=description)

    def ended_one(self) -> None:
        self._progress.advance(self._shown)

    def waiting(self, policy: str, reason: str, rest_s: float) -> None:
        self.say(f"the provider of {policy} fails with {reason}; asking again every {rest_s:g} s for a while")

    def say(self, text: str) -> None:
        """Print a line on standard error, above the bar."""
        self._progress.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def play_models(
    settings: Settings, options: ModelOptions, wanted: Sequence[tuple[str, Sequence[Task]]], log: EpisodeLog
) -> ModelRunReport:
    """Play what is not kept yet.

    Args:
        settings: where the advisors are configured.
        options: how they are let play.
        wanted: policies, `advisor:NAME`, with tasks of one tier.
        log: takes each episode in when it is over.

    Raises:
        InvalidInput: an advisor cannot be asked; said before anything is.
    """

    async def work() -> ModelRunReport:
        names = list(dict.fromkeys(name for name, _ in wanted))
        with bar() as progress:
            shown = _Bar(progress)
            async with _opened(settings, names, options, shown) as table:
                log.check()
                run = ModelRun(table, log, ModelRunReport(table.labels))
                _say_assumed(table, shown)
                for name, some in wanted:
                    await run.fill(name, some)
                return run.report

    try:
        return run_async(work)
    except ExceptionGroup as several:  # an episode could not be kept: one reason is as good as many
        raise several.exceptions[0] from None


def play_once(settings: Settings, options: ModelOptions, policy: str, one: Task) -> Ints:
    """Let a model play a task and return what it did, `(steps, roles, 4)`.

    Raises:
        InvalidInput: the advisor cannot be asked.
        Unavailable: the provider failed, or the ceiling was reached.
    """

    async def work() -> Ints:
        with bar() as progress:
            shown = _Bar(progress)
            async with _opened(settings, [policy], options, shown) as table:
                steps = progress.add_task(f"{table.labels[policy]} plays {one.id}, steps", total=None)
                ledger = EpisodeLedger(table.limit)
                return (await table.play(policy, one, ledger, lambda: progress.advance(steps))).acts

    try:
        return run_async(work)
    except (ProviderFailed, SpendLimitReached) as fault:
        told = isinstance(fault, ProviderFailed) and f"the provider failed with {fault}"
        raise Unavailable(f"{policy} could not play to the end: {told or 'the ceiling was reached'}") from None


@asynccontextmanager
async def _opened(
    settings: Settings, policies: Sequence[str], options: ModelOptions, shown: _Bar
) -> AsyncGenerator[ModelTable]:
    unknown = [policy for policy in policies if policy.removeprefix(PREFIX) not in settings.advisors]
    if unknown:
        known = ", ".join(f"{PREFIX}{name}" for name in settings.advisors) or "none"
        hint = f"configured: {known}; add [advisors.NAME] to {settings_file()}"
        problems = (Problem(where="", message=f"{policy!r} is no advisor", hint=hint) for policy in unknown)
        raise InvalidInput("--policy", tuple(problems))
    broker = broker_of(settings, os.environ)
    try:
        yield model_table(broker, policies, options, shown)
    finally:
        await broker.aclose()


def _say_assumed(table: ModelTable, shown: _Bar) -> None:
    """Say how a ceiling in dollars counts what has no known price."""
    assumed = table.limit.assumed_usd_per_token * 1_000_000
    for policy in table.unpriced():
        shown.say(
            f"{policy}: nobody knows its price, so --max-usd counts ${assumed:g} per million tokens; "
            f"input_usd_per_mtok and output_usd_per_mtok in [advisors.{policy.removeprefix(PREFIX)}] tell it"
        )
