"""`guard run`: an agent's command, a check, and the command again with the reasons, while rounds and budget last."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from journeyman.agents import HOSTS
from journeyman.engine import control
from journeyman.engine.clock import Clock
from journeyman.engine.engine import Engine
from journeyman.guard.checking import CheckOrder, CheckOutcome, OnceFree, begin_session, check_folder, open_session
from journeyman.guard.hook_silence import watch_hook
from journeyman.guard.reasons import keys_of, open_criteria, reasons
from journeyman.guard.stop_hook import WHO
from journeyman.mission.model.reasons import SessionStatus, VerdictReason
from journeyman.mission.values.errors import NotFound
from journeyman.stores.base import Store
from journeyman.tools.processes.command_runner import CommandResult, run_command

MARK: Final = "{reasons}"
_COST: Final = re.compile(rb'"total_cost_usd"\s*:\s*([0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)')
_TAIL_BYTES: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsOrder:
    """An agent's command, and how often and how dearly it may run."""

    command: Sequence[str]
    check: CheckOrder
    rounds: int
    budget_usd: float | None = None
    timeout_s: float | None = None
    """Seconds of one run of the command; then it is ended with all that it started."""
    tell: Callable[[str], None]
    """Told what happens, in words."""
    echo: Callable[[bytes], None]
    """Told what the command prints."""


@dataclass(frozen=True, slots=True)
class RoundResult:
    """How one run of the command ended."""

    ended: CommandResult
    cost_usd: float | None


def command_with(command: Sequence[str], words: str) -> list[str]:
    """The command of a round: the reasons stand where `{reasons}` does, or behind the prompt of an agent that is known."""
    if any(MARK in word for word in command):
        return [word.replace(MARK, words) for word in command]
    name = Path(command[0]).name.removesuffix(".exe")
    host = next((host for host in HOSTS.values() if name in host.programs), None)
    if host is None or not words:
        return list(command)
    place = next((index + 1 for index, word in enumerate(command[:-1]) if word in host.prompt_flags), len(command) - 1)
    if place == 0 or command[place].startswith("-"):
        return [*command, words]
    return [*command[:place], f"{command[place]}\n\n{words}", *command[place + 1 :]]


def cost_of(output: bytes) -> float | None:
    """What a run cost, where the agent says so as Claude Code's JSON forms do; of several the last."""
    found = _COST.findall(output)
    return float(found[-1]) if found else None


async def run_rounds(
    engine: Engine, store: Store, clock: Clock, order: RoundsOrder, once_free: OnceFree
) -> CheckOutcome:
    """How the last check ended. Raises `NotFound` where the command cannot be started; cancelling ends it at once."""
    words, spent, told = "", 0.0, dict[str, str]()
    silent: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="journeyman-reasons-") as place:
        for number in range(1, order.rounds + 1):
            order.tell(f"round {number} of {order.rounds}: {' '.join(order.command)[:200]}")
            watch = watch_hook(order.command, order.check.place, os.environ)
            made = await _one_round(order, words, number, Path(place))
            spent += made.cost_usd or 0.0
            if watch is not None and (silence := watch.silence(made.ended)):
                silent = (*silent, f"round {number}: {silence}")
                order.tell(silent[-1])
                await _note_before(engine, store, clock, order.check, silent[-1])
            order.tell(f"the command {_how_ended(made)}; checking {order.check.place.root}")
            outcome = replace(await check_folder(engine, store, order.check, once_free), silent=silent)
            state = outcome.state
            if state.status is not SessionStatus.OPEN:
                return outcome
            await control.note(store, clock, state.session_id, WHO, f"round {number}: the command {_how_ended(made)}")
            if over := _over_budget(order, made, spent):
                order.tell(over)
                ended = await engine.conclude(state.session_id, VerdictReason.MAX_COST, over)
                return replace(outcome, state=ended)
            found = open_criteria(state)
            words, told = reasons(found, {}), keys_of(found)
            order.tell(f"not finished: {', '.join(told)}")
    raise AssertionError("the last round ends the session")  # pragma: no cover


async def _note_before(engine: Engine, store: Store, clock: Clock, check: CheckOrder, text: str) -> None:
    """Note it in the session of the rounds, before the check that may end it."""
    session = await open_session(store, check.place, check.asker, check.contract) or await begin_session(engine, check)
    await control.note(store, clock, session, WHO, text)


def _over_budget(order: RoundsOrder, made: RoundResult, spent: float) -> str:
    if order.budget_usd is None:
        return ""
    if made.cost_usd is None:
        return (
            "the command does not say what it cost, so --budget-usd cannot hold: no further round "
            "(claude does with --output-format json)"
        )
    return f"{spent:.4f} USD of {order.budget_usd:g} are spent" if spent >= order.budget_usd else ""


def _how_ended(made: RoundResult) -> str:
    ended = made.ended
    how = "was ended after its time" if ended.timed_out else f"exited with {ended.exit_code}"
    return how + (f" and cost {made.cost_usd:.4f} USD" if made.cost_usd is not None else "")


async def _one_round(order: RoundsOrder, words: str, number: int, place: Path) -> RoundResult:
    file = place / "reasons.txt"
    file.write_text(words, "utf-8")
    environment: Mapping[str, str] = {
        **os.environ,
        "JOURNEYMAN_ROUND": str(number),
        "JOURNEYMAN_REASONS": words,
        "JOURNEYMAN_REASONS_FILE": str(file),
    }
    ended = await run_command(
        command_with(order.command, words),
        folder=Path(order.check.place.root),
        environment=environment,
        timeout_s=order.timeout_s,
        tail_bytes=_TAIL_BYTES,
        apart=True,
        on_output=order.echo,
    )
    if ended.error:
        raise NotFound(f"the agent's command cannot be run: {ended.error}")
    return RoundResult(ended, cost_of(ended.stdout))
