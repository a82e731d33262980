"""A model's text as an answer: checked against the asked type, with the reason when it does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journeyman.advisors.base import Answer, Failure, Request, Usage
from journeyman.answers import Reason, extract

CHARACTERS_PER_TOKEN: Final = 4
"""The usual estimate for English; marked as estimated wherever it is used."""
_FAILURES: Final[Mapping[Reason, Failure]] = {
    Reason.NOTHING: Failure.MALFORMED,
    Reason.MALFORMED: Failure.MALFORMED,
    Reason.TOO_LARGE: Failure.MALFORMED,
    Reason.INVALID: Failure.SCHEMA_MISMATCH,
    Reason.TRUNCATED: Failure.TRUNCATED,
    Reason.REFUSED: Failure.REFUSED,
}


def answer_of(request: Request, text: str, *, model: str, usage: Usage, stopped: Failure | None = None) -> Answer:
    """Give the checked answer to a request from the model's text.

    Args:
        request: What was asked.
        text: What came back.
        model: As the provider names it.
        usage: What the try used.
        stopped: `TRUNCATED` or `REFUSED` when the provider says so, whatever the text looks like.
    """
    if stopped is not None:
        return Answer(failure=stopped, reason=stopped.value, text=text, model=model, usage=usage)
    if request.answer is None:
        failure = None if text else Failure.MALFORMED
        return Answer(
            value=text or None, failure=failure, reason="" if text else "empty", text=text, model=model, usage=usage
        )
    found = extract(text, request.answer)
    if found.ok:
        return Answer(value=found.value, text=text, model=model, usage=usage)
    return Answer(failure=_FAILURES[found.reason], reason=found.reason.value, text=text, model=model, usage=usage)


def estimated(request: Request, text: str = "") -> Usage:
    """Give the estimate of what a try used, where nobody reports it."""
    sent = sum(len(message.text) for message in request.messages)
    return Usage(
        input_tokens=-(-sent // CHARACTERS_PER_TOKEN),
        output_tokens=-(-len(text) // CHARACTERS_PER_TOKEN),
        source="estimated",
    )
