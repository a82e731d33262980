"""Answers from a list, for tests, demos and rehearsals: no model, no key, the same every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
from pydantic import ValidationError

from journeyman.advisors.answer_building import CHARACTERS_PER_TOKEN
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request, TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """One scripted answer: a value, a text, or a failure, perhaps late."""

    value: Any = field(default=None, repr=False)
    """An object: it must fit the request's answer type."""
    text: str | None = field(default=None, repr=False)
    """A raw text instead, for requests without an answer type."""
    failure: FailureClass | None = None
    delay_s: float = 0.0
    cost_usd: float | None = 0.0


@dataclass(slots=True)
class ScriptedAdvisor:
    """Answers with its lines in order, the last one again and again when `repeat`; then it refuses."""

    lines: Sequence[ScriptedAnswer]
    name: str = "scripted"
    repeat: bool = False
    costs: bool = False
    requests: list[Request] = field(default_factory=list[Request], repr=False)
    """What was asked, for tests."""

    limits: AskLimits = field(default_factory=AskLimits)

    def readiness(self) -> Readiness:
        """Tell how many lines are left."""
        left = max(0, len(self.lines) - len(self.requests))
        ready = left > 0 or (self.repeat and bool(self.lines))
        return Readiness(
            ready=ready,
            why=f"{left} scripted answers are left" if ready else "no scripted answer is left",
            costs=self.costs,
        )

    async def ask(self, request: Request) -> Answer:
        """The next line's answer."""
        index = len(self.requests)
        self.requests.append(request)
        if index >= len(self.lines) and not (self.repeat and self.lines):
            return Answer(failure=FailureClass.REFUSED, reason="script_ended")
        line = self.lines[min(index, len(self.lines) - 1)]
        if line.delay_s:
            await anyio.sleep(line.delay_s)
        if line.failure is not None:
            return Answer(failure=line.failure, reason=line.failure.value, usage=TokenUsage(cost_usd=0.0))
        return _answered(request, line)


def _answered(request: Request, line: ScriptedAnswer) -> Answer:
    text = line.text if line.text is not None else json.dumps(line.value)
    sent = sum(len(message.text) for message in request.messages)
    usage = TokenUsage(
        input_tokens=sent // CHARACTERS_PER_TOKEN,
        output_tokens=len(text) // CHARACTERS_PER_TOKEN,
        cost_usd=line.cost_usd,
    )
    if request.answer is None:
        return Answer(value=text, text=text, model="scripted", usage=usage)
    try:
        value = request.answer.model_validate(line.value)
    except ValidationError:
        return Answer(
            failure=FailureClass.SCHEMA_MISMATCH,
            reason=FailureClass.SCHEMA_MISMATCH.value,
            text=text,
            model="scripted",
            usage=usage,
        )
    return Answer(value=value, text=text, model="scripted", usage=usage)
