"""What a source said as an answer: checked against the asked type, with field and rule when it does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import anyio.to_thread
from pydantic import BaseModel

from journeyman.advisors.base import Answer, FailureClass, Request, TokenUsage, UsageSource
from journeyman.answers import (
    Extraction,
    ExtractionReason,
    MultipleObjects,
    ResponseContent,
    extract_from_content,
    problem_lines,
    reason_for_finish,
)

CHARACTERS_PER_TOKEN: Final = 4
"""The usual estimate for English; marked as estimated wherever it is used."""
TOOL: Final = "answer"
"""The tool through which a model answers where it is asked for a call."""
_THREAD_CHARS: Final = 16_384
"""A longer text is read in a thread: repair takes up to 2 ms per KB, and a megabyte of prose 5 ms."""
_FAILURES: Final[Mapping[ExtractionReason, FailureClass]] = {
    ExtractionReason.NOTHING: FailureClass.MALFORMED,
    ExtractionReason.MALFORMED: FailureClass.MALFORMED,
    ExtractionReason.TOO_LARGE: FailureClass.MALFORMED,
    ExtractionReason.AMBIGUOUS: FailureClass.MALFORMED,
    ExtractionReason.INVALID: FailureClass.SCHEMA_MISMATCH,
    ExtractionReason.TRUNCATED: FailureClass.TRUNCATED,
    ExtractionReason.REFUSED: FailureClass.REFUSED,
}
_SPARE_TOKENS: Final = 16_384
"""What a provider may add of its own: instructions for tools and schemas, thinking."""


async def build_answer(request: Request, said: ResponseContent | str, *, model: str, usage: TokenUsage) -> Answer:
    """The checked answer to a request.

    Args:
        request: What was asked.
        said: What came back; text, or calls and text.
        model: As the provider names it.
        usage: What the try used.
    """
    said = ResponseContent(text=said) if isinstance(said, str) else said
    text = _raw_text(said)
    blank = Answer(text=text, model=model, usage=usage)
    stopped = reason_for_finish(said.finish_reason)
    if stopped is not None:
        return replace(blank, failure=_FAILURES[stopped], reason=stopped.value)
    if request.answer is None:
        empty = not said.text
        return replace(
            blank, value=said.text or None, failure=FailureClass.MALFORMED if empty else None, reason="empty" * empty
        )
    read = partial(extract_from_content, said, request.answer, tool=TOOL, several=MultipleObjects.AMBIGUOUS)
    found: Extraction[object] = await anyio.to_thread.run_sync(read) if len(text) > _THREAD_CHARS else read()
    if found.ok:
        return replace(blank, value=found.value)
    problems = tuple(problem_lines(request.answer, found))
    return replace(blank, failure=_FAILURES[found.reason], reason=found.reason.value, problems=problems)


def schema_instruction(answer: type[BaseModel]) -> str:
    """What a model is told of the form of its answer where a request has no place for a schema."""
    schema = json.dumps(answer.model_json_schema(), sort_keys=True, ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must fit this schema: {schema}"


def _raw_text(said: ResponseContent) -> str:
    """What came as text, for sizes."""
    return "".join([*(str(arguments) for _, arguments in said.calls), said.text])


def estimate_usage(request: Request, text: str = "") -> TokenUsage:
    """The estimate of what a try used, where nobody reports it."""
    sent = sum(len(message.text) for message in request.messages)
    return TokenUsage(
        input_tokens=-(-sent // CHARACTERS_PER_TOKEN),
        output_tokens=-(-len(text) // CHARACTERS_PER_TOKEN),
        source="estimated",
    )


def clamp_usage(request: Request, answer: Answer) -> TokenUsage:
    """What a try can have used; the source says `clamped` where that is not what was reported.

    A prompt has no more tokens than bytes, and an answer hardly more than it was allowed, but for what a provider adds.
    """
    guess, told = estimate_usage(request, answer.text), answer.usage
    sent = sum(len(message.text.encode(errors="replace")) for message in request.messages)
    schema = 0 if request.answer is None else len(str(request.answer.model_json_schema()))
    most_in = sent + schema + _SPARE_TOKENS
    most_out = 2 * request.most_output_tokens + len(answer.text) + _SPARE_TOKENS
    input_tokens = _clamped_tokens(told.input_tokens, most_in, guess.input_tokens)
    output_tokens = _clamped_tokens(told.output_tokens, most_out, guess.output_tokens)
    true = (input_tokens, output_tokens) == (told.input_tokens, told.output_tokens) and _is_count(told)
    source: UsageSource = told.source if true else "clamped"
    cost_usd = told.cost_usd if _is_cost(told.cost_usd) else None
    return TokenUsage(input_tokens=input_tokens, output_tokens=output_tokens, source=source, cost_usd=cost_usd)


def _is_count(told: TokenUsage) -> bool:
    return type(told.input_tokens) is int and type(told.output_tokens) is int


def _clamped_tokens(told: object, most: int, guess: int) -> int:
    """A count of tokens: as told, at its bound, or the guess for what is no count at all."""
    if type(told) is not int or told < 0:
        return min(guess, most)
    return min(told, most)


_MOST_USD: Final = 1_000_000.0
"""More than any call costs, and far below where a float loses microdollars."""


def _is_cost(told: object) -> bool:
    return isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told <= _MOST_USD
