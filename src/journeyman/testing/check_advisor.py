"""Prove an advisor: every clause of `journeyman.advisors.base.Advisor`.

A third party writes one function that gives the advisor over a source that will behave as the check says, and runs all
checks with pytest (and anyio, which brings the plugin):

```python
import pytest
from contextlib import asynccontextmanager
from journeyman.testing.check_advisor import ADVISOR_CHECKS, Behaviour, Check

@asynccontextmanager
async def make_advisor(behaviour: Behaviour):
    async with my_fake_source(behaviour) as source:
        yield MyAdvisor(source)

@pytest.mark.anyio
@pytest.mark.parametrize("check", ADVISOR_CHECKS, ids=lambda check: check.__name__)
async def test_my_advisor(check: Check) -> None:
    await check(make_advisor)
```

`journeyman.testing.model_server` is such a source for whatever speaks as OpenAI, Anthropic or Bedrock do.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Final

import anyio
from pydantic import BaseModel

from journeyman.advisors.base import Advisor, Answer, AskPurpose, FailureClass, Message, Request

__all__ = [
    "ADVISOR_CHECKS",
    "CANARY",
    "GOOD",
    "AdvisorContractBroken",
    "Behaviour",
    "Check",
    "MakeAdvisor",
    "SampleAnswer",
    "check_advisor",
]

CANARY: Final = "CANARY-c0ffee"
"""Stands in prompts and answers; must never be shown."""
GOOD: Final = {"title": CANARY, "count": 3}
"""What a source that answers well says."""


class SampleAnswer(BaseModel):
    """The form of the answer."""

    title: str
    count: int


class Behaviour(StrEnum):
    """What the source under the advisor does with each question."""

    ANSWERS = "answers"
    """Gives `GOOD`."""
    MISFITS = "misfits"
    """Gives a JSON object that does not fit `SampleAnswer`."""
    CHATTERS = "chatters"
    """Gives text without an object in it."""
    BREAKS = "breaks"
    """The connection breaks, or the source fails in its own way."""
    HANGS = "hangs"
    """Never answers."""


class AdvisorContractBroken(AssertionError):
    """A clause that the advisor does not keep."""


MakeAdvisor = Callable[[Behaviour], AbstractAsyncContextManager[Advisor]]
Check = Callable[[MakeAdvisor], Awaitable[None]]


def _must(holds: bool, what: str) -> None:  # noqa: FBT001  reads as a sentence where it is called
    if not holds:
        raise AdvisorContractBroken(what)


def _question(*, structured: bool = True) -> Request:
    return Request(
        request_id="check",
        purpose=AskPurpose.STRATEGY,
        messages=(Message("system", f"Be brief. {CANARY}"), Message("user", f"How many? {CANARY}")),
        answer=SampleAnswer if structured else None,
        timeout_s=10.0,
    )


def _bounded(answer: Answer) -> None:
    """Fail unless what goes into the audit is short, plain and consistent."""
    for what, text in (("reason", answer.reason), ("model", answer.model)):
        plain = len(text) <= 100 and all(letter.isalnum() or letter in "-_.:/@" for letter in text)
        _must(plain, f"{what} must be a short identifier")
    _must((answer.value is None) == (answer.failure is not None), "an answer has a value or a failure, not both")
    _must(answer.failure is None or bool(answer.reason), "a failure has a reason")
    _must(answer.usage.input_tokens >= 0 and answer.usage.output_tokens >= 0, "usage is not negative")
    _must(CANARY not in repr(answer), "repr shows no text of prompt or answer")


async def a_good_answer_is_an_instance(make: MakeAdvisor) -> None:
    """The value has the asked type, the raw text is kept for sizes, usage is told."""
    async with make(Behaviour.ANSWERS) as advisor:
        _must(advisor.readiness().ready or bool(advisor.readiness().why), "readiness says why")
        answer = await advisor.ask(_question())
        _bounded(answer)
        _must(
            answer.value == SampleAnswer(title=CANARY, count=3), f"the value is wrong: {answer.failure} {answer.reason}"
        )
        _must(answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0, "usage of an answer is never zero")
        _must(bool(answer.text), "the raw text is kept")


async def a_plain_question_gets_text(make: MakeAdvisor) -> None:
    """Without a type the value is the text."""
    async with make(Behaviour.CHATTERS) as advisor:
        answer = await advisor.ask(_question(structured=False))
        _bounded(answer)
        _must(isinstance(answer.value, str) and bool(answer.value), "the value is the text")


async def a_misfit_is_a_schema_mismatch(make: MakeAdvisor) -> None:
    """What does not fit is no value."""
    async with make(Behaviour.MISFITS) as advisor:
        answer = await advisor.ask(_question())
        _bounded(answer)
        _must(answer.failure is FailureClass.SCHEMA_MISMATCH, f"the failure is {answer.failure}")


async def chatter_is_malformed(make: MakeAdvisor) -> None:
    """Text without an object is no value."""
    async with make(Behaviour.CHATTERS) as advisor:
        answer = await advisor.ask(_question())
        _bounded(answer)
        _must(
            answer.failure in (FailureClass.MALFORMED, FailureClass.SCHEMA_MISMATCH), f"the failure is {answer.failure}"
        )


async def a_broken_source_is_a_failure_and_no_exception(make: MakeAdvisor) -> None:
    """Whatever the source does, `ask` does not raise."""
    async with make(Behaviour.BREAKS) as advisor:
        _bounded(await advisor.ask(_question()))


async def cancelling_ends_the_wait(make: MakeAdvisor) -> None:
    """A caller that gives up is let go at once."""
    async with make(Behaviour.HANGS) as advisor:
        with anyio.fail_after(5.0), anyio.move_on_after(0.05) as scope:
            await advisor.ask(_question())
        _must(scope.cancelled_caught, "the cancelled question ended by itself")


async def nothing_is_logged(make: MakeAdvisor) -> None:
    """No log record, at any level, holds a text of prompt or answer."""
    seen: list[str] = []

    class Keep(logging.Handler):
        """Keeps what is logged."""

        def emit(self, record: logging.LogRecord) -> None:
            """Keep it."""
            seen.append(f"{record.getMessage()} {record.exc_info}")

    root, handler = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for behaviour in (Behaviour.ANSWERS, Behaviour.MISFITS, Behaviour.BREAKS):
            async with make(behaviour) as advisor:
                await advisor.ask(_question())
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    _must(not any(CANARY in text for text in seen), "a log holds a text of a prompt or an answer")


ADVISOR_CHECKS: tuple[Check, ...] = (
    a_good_answer_is_an_instance,
    a_plain_question_gets_text,
    a_misfit_is_a_schema_mismatch,
    chatter_is_malformed,
    a_broken_source_is_a_failure_and_no_exception,
    cancelling_ends_the_wait,
    nothing_is_logged,
)
"""What every advisor must keep."""


async def check_advisor(make: MakeAdvisor) -> None:
    """Run every check; raise `AdvisorContractBroken` with all clauses that the advisor does not keep."""
    broken: list[str] = []
    for check in ADVISOR_CHECKS:
        try:
            await check(make)
        except Exception as error:  # noqa: BLE001  whatever an advisor raises is a finding
            broken.append(f"{getattr(check, '__name__', check)}: {error}")
    if broken:
        raise AdvisorContractBroken("\n".join(broken))
