"""Evaluate predicates: one expression over observations, in the sandbox, with limits that hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import pydantic_monty as monty

from journeyman.mission.values.canonical import Json, NotJson, checked
from journeyman.mission.values.errors import Problem
from journeyman.tools.results import one_line
from journeyman.tools.sandbox import Sandbox, SandboxFault, WorkerCheckout, fault_of, limits
from journeyman.tools.script_check import expression_problems

# The expression stands on lines of its own, so that a comment in it ends there and its columns stay true.
_HEAD: Final = "import json as _json\nobs = _json.loads(_obs)\n_json.dumps((\n"
_TAIL: Final = "\n), allow_nan=False)\n"
_HEAD_LINES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateLimits:
    """How far one evaluation may go."""

    time_s: float = 1.0
    memory_bytes: int = 64 * 2**20
    source_bytes: int = 16 * 2**10
    obs_bytes: int = 16 * 2**20
    """Size of the observations as JSON."""
    value_bytes: int = 64 * 2**10
    """Size of the value as JSON."""


@dataclass(frozen=True, slots=True)
class PredicateResult:
    """What an expression gave: a finite JSON `value`, or an `error_class` and an `error` for people."""

    value: Json = None
    error_class: str | None = None
    """`None` when there is a value; else `syntax`, `exception`, `time_limit`, `memory_limit`, `suspension_limit`,
    `crashed`, `too_large` or `not_json`."""
    error: str | None = None


class Predicates:
    """Evaluates expressions over `obs`, each in a session of its own; the same input always gives the same result.

    `Unavailable` is raised when no worker can be started. All else that goes wrong is in the result.
    """

    def __init__(self, sandbox: Sandbox, limits: PredicateLimits | None = None) -> None:
        self._sandbox = sandbox
        self._limits = limits or PredicateLimits()

    async def evaluate(self, expression: str, obs: Json) -> PredicateResult:
        """The value of `expression`, off the event loop; `obs` is what `canonical.checked` gives."""
        return await self._sandbox.run(lambda turn: self._evaluate(turn, expression, obs))

    async def check(self, expression: str) -> tuple[Problem, ...]:
        """Everything that is wrong with `expression` without running it; empty when it can run."""
        return expression_problems(expression, self._limits.source_bytes) or await self._sandbox.run(
            lambda turn: self._compiled(turn, expression)
        )

    def _compiled(self, turn: WorkerCheckout, expression: str) -> tuple[Problem, ...]:
        allowed = limits(self._limits.time_s, self._limits.memory_bytes)
        try:
            with turn.checkout(allowed) as session:
                session.feed_run(f"lambda: (\n{expression}\n)")
        except monty.MontyError as error:
            fault = fault_of(error, 1)
            return (Problem(where="expression", message=fault.error, line=fault.line),)
        return ()

    def _evaluate(self, turn: WorkerCheckout, expression: str, obs: Json) -> PredicateResult:
        problems = expression_problems(expression, self._limits.source_bytes)
        if problems:
            return PredicateResult(error_class="syntax", error=str(problems[0]))
        text = json.dumps(obs, ensure_ascii=False, check_circular=False)
        if len(text) > self._limits.obs_bytes:
            return _too_large("the observations have", len(text), self._limits.obs_bytes)
        try:
            allowed = limits(self._limits.time_s, self._limits.memory_bytes)
            with turn.checkout(allowed) as session:
                value: object = session.feed_run(
                    _HEAD + expression + _TAIL, inputs={"_obs": text}, print_callback=_discard
                )
        except monty.MontyError as error:
            return _failed(fault_of(error, _HEAD_LINES))
        return self._sorted(value)

    def _sorted(self, value: object) -> PredicateResult:
        if not isinstance(value, str):
            return PredicateResult(error_class="not_json", error="the expression replaced the sandbox's own names")
        if len(value) > self._limits.value_bytes:
            return _too_large("the value has", len(value), self._limits.value_bytes)
        try:
            return PredicateResult(checked(json.loads(value)))
        except (NotJson, ValueError, RecursionError) as error:
            return PredicateResult(error_class="not_json", error=one_line(str(error)))


def _discard(_stream: str, _text: str) -> None:
    """Drop what a predicate prints: it has nobody to speak to."""


def _too_large(what: str, size: int, allowed: int) -> PredicateResult:
    return PredicateResult(
        error_class="too_large", error=f"{what} {size:,} characters of JSON; {allowed:,} are allowed"
    )


def _failed(fault: SandboxFault) -> PredicateResult:
    strict = "is not JSON serializable" in fault.error or "not JSON compliant" in fault.error
    error_class = "not_json" if strict and fault.line is None else fault.error_class
    hint = "; make it a list, dict, text, number, boolean or None" if error_class == "not_json" else ""
    return PredicateResult(error_class=error_class, error=fault.error + hint)
