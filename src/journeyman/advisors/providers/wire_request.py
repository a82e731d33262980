"""One request in the wire library's words."""

from __future__ import annotations

from typing import Any, cast

from journeyman.advisors.answer_building import TOOL
from journeyman.advisors.base import Request
from journeyman.advisors.kinds import AnswerMode
from journeyman.advisors.providers.responses import read_until_answered
from journeyman.advisors.settings import AdvisorSettings


async def send(model: Any, request: Request, mode: AnswerMode | None, settings: AdvisorSettings) -> tuple[Any, bool]:
    """Send one request; give the wire library's response, and whether its stream was cut after the answer."""
    from pydantic_ai import direct, messages  # noqa: PLC0415  extra `models`

    parts: list[Any] = []
    history: list[Any] = []
    for message in request.messages:
        if message.role == "assistant":
            history += [messages.ModelRequest(parts=parts), messages.ModelResponse([messages.TextPart(message.text)])]
            parts = []
        else:
            part = messages.SystemPromptPart if message.role == "system" else messages.UserPromptPart
            parts.append(part(message.text))
    history.append(messages.ModelRequest(parts=parts))
    told: dict[str, Any] = {"max_tokens": request.most_output_tokens}
    if request.temperature is not None and settings.temperature:
        told["temperature"] = request.temperature
    asked: Any = {"model_settings": told, "model_request_parameters": _parameters(request, mode), "instrument": False}
    if not settings.stream:
        return await direct.model_request(model, history, **asked), False
    async with direct.model_request_stream(model, history, **asked) as events:
        if settings.stop_early and request.answer is not None:
            cut = await read_until_answered(events, request.answer, called=mode is AnswerMode.TOOL)
            return events.get(), cut
        async for _ in events:
            pass
        return events.get(), False


def _parameters(request: Request, mode: AnswerMode | None) -> Any:
    from pydantic_ai.models import ModelRequestParameters  # noqa: PLC0415  extra `models`
    from pydantic_ai.output import OutputObjectDefinition  # noqa: PLC0415  extra `models`
    from pydantic_ai.tools import ToolDefinition  # noqa: PLC0415  extra `models`

    if request.answer is None or mode is None:
        return ModelRequestParameters(output_mode="text")
    schema = request.answer.model_json_schema()
    if mode is AnswerMode.TOOL:
        tool = ToolDefinition(
            name=TOOL, description="Give the answer.", parameters_json_schema=schema, kind="output", strict=False
        )
        return ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)
    form = OutputObjectDefinition(json_schema=schema, name=request.answer.__name__)
    if mode is AnswerMode.NATIVE:
        return ModelRequestParameters(output_mode="native", output_object=form)
    return ModelRequestParameters(output_mode="prompted", output_object=form)


def is_open(schema: Any) -> bool:
    """Tell whether a schema has objects of any keys or values of any type."""
    if isinstance(schema, list):
        return any(is_open(item) for item in cast("list[Any]", schema))
    if not isinstance(schema, dict):
        return False
    known = cast("dict[str, Any]", schema)
    if known.get("additionalProperties") or (known.get("type") == "object" and "properties" not in known):
        return True
    return any(is_open(value) for key, value in known.items() if key not in {"default", "examples", "enum", "const"})
