"""What the wire library gives back, whole or as a stream, as an answer."""

from __future__ import annotations

from typing import Any

from journeyman.advisors.answer_building import build_answer, estimate_usage
from journeyman.advisors.base import Answer, Request, TokenUsage
from journeyman.answers import AnswerStream, ResponseContent


async def read_until_answered(events: Any, answer: Any, *, called: bool) -> bool:
    """Read a stream up to the chunk that closes the answer, and cut it there; tell whether it was cut.

    Args:
        events: A stream of the wire library.
        answer: Form of the answer.
        called: Whether the answer is the argument of a tool call; a text beside it is none then.
    """
    stream = AnswerStream(answer)
    async for event in events:
        if stream.feed(_text_of_event(event, called=called)):
            await events.cancel()
            return True
    return False


def _text_of_event(event: Any, *, called: bool) -> str:
    """What an event adds to the answer."""
    names = ("args", "args_delta") if called else ("content", "content_delta")
    kinds = {"tool-call", "tool_call"} if called else {"text"}
    part: Any = getattr(event, "part", None) if event.event_kind == "part_start" else getattr(event, "delta", None)
    if getattr(part, "part_kind", getattr(part, "part_delta_kind", "")) not in kinds:
        return ""
    return "".join(piece for name in names if isinstance(piece := getattr(part, name, None), str))


async def parse_response(
    request: Request, response: Any, model: str, *, streamed: bool = False, cut: bool = False
) -> Answer:
    """The checked answer in a response: a tool call first, then text. Thoughts are never the answer.

    Args:
        request: What was asked.
        response: The wire library's response.
        model: Which model was asked, if the response names none.
        streamed: Whether it came as a stream, which must say how it ended …
        cut: … unless it was cut when the answer was closed: what was used is then not all told.
    """
    calls = [(part.tool_name, part.args_as_json_str()) for part in response.parts if part.part_kind == "tool-call"]
    text = "".join(part.content for part in response.parts if part.part_kind == "text")
    finish = response.finish_reason or ("length" if streamed and not cut else "")
    said = ResponseContent(tuple(calls), text, finish)
    usage = _usage(request, response.usage, "".join([*(args for _, args in calls), text]), cut=cut)
    return await build_answer(request, said, model=response.model_name or model, usage=usage)


def _usage(request: Request, used: Any, text: str, *, cut: bool) -> TokenUsage:
    guess = estimate_usage(request, text)
    if not used.input_tokens and not used.output_tokens:
        return guess
    if cut or (text and not used.output_tokens):
        output_tokens = max(used.output_tokens, guess.output_tokens)
        return TokenUsage(input_tokens=used.input_tokens, output_tokens=output_tokens, source="partial")
    return TokenUsage(input_tokens=used.input_tokens, output_tokens=used.output_tokens, source="reported")
