"""Read a provider's response: the tool call first, then the text. SDK objects, plain dicts and mere text alike.

This is the only reader of responses: adapters over other libraries put what came into a `ResponseContent`. What a model thought,
in blocks or fields of their own, is never the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from journeyman.answers.decoding import decode_text
from journeyman.answers.extraction import Extraction, ExtractionReason, MultipleObjects, reason_for_finish
from journeyman.answers.provider_formats import VENDORS, Vendor, tool_name
from journeyman.answers.scanner import extract
from journeyman.answers.validation import is_call_of, validator_for

ANY_TOOL: Final = "*"
"""As the asked tool's name: whatever tool is called, its arguments may be the answer."""


@dataclass(frozen=True, slots=True)
class ResponseContent:
    """What a response holds, whoever sent it."""

    calls: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    """Name and arguments of each tool call; arguments parsed or as text."""
    text: str = field(default="", repr=False)
    finish_reason: str = ""
    refused: bool = False


def read_response(
    response: Any,
    model: Any,
    vendor: Vendor,
    *,
    tool: str | None = None,
    several: MultipleObjects = MultipleObjects.LAST,
) -> Extraction[Any]:
    """The answer in a response; never raises for anything a provider sends.

    Args:
        response: What the provider sent, parsed or as an SDK's object.
        model: The asked type.
        vendor: Whose form it has.
        tool: Name of the tool that was asked for, or `ANY_TOOL`; `None` takes the one that `tool_spec` makes from the
            type, or any where there is no type.
        several: Which of several different answers counts.

    Raises:
        ValueError: There is no such vendor.
    """
    return extract_from_content(response_content(response, vendor), model, tool=tool, several=several)


def response_content(response: Any, vendor: Vendor) -> ResponseContent:
    """What a response holds; never raises for anything a provider sends.

    Raises:
        ValueError: There is no such vendor.
    """
    if vendor not in VENDORS:
        raise ValueError(f"no vendor {vendor!r}: give one of {', '.join(VENDORS)}")
    if isinstance(response, str | bytes):
        return ResponseContent(text=response if isinstance(response, str) else decode_text(response))
    return _READERS[vendor](response)


def extract_from_content(
    said: ResponseContent, model: Any, *, tool: str | None = None, several: MultipleObjects = MultipleObjects.LAST
) -> Extraction[Any]:
    """The answer in what was said: the arguments of a call of the asked tool, else the text; see `read_response`."""
    stopped = reason_for_finish(said.finish_reason)
    if stopped is not None:
        return Extraction(None, stopped)
    named = None if tool == ANY_TOOL else tool
    asked = tool_name(model) if tool is None and model is not None else named
    called = _from_calls(said, model, asked, several)
    if called is not None and (called.ok or called.reason is ExtractionReason.AMBIGUOUS):
        return called
    spoken = extract(said.text, model, several=several, tool=named)
    if spoken.ok or called is None:
        return Extraction(None, ExtractionReason.REFUSED) if said.refused and not spoken.ok else spoken
    return called


def _from_calls(
    said: ResponseContent, model: Any, asked: str | None, several: MultipleObjects
) -> Extraction[Any] | None:
    """The last call of the asked tool that fits; else why the last one does not; `None` where it was not called."""
    fits: list[Extraction[Any]] = []
    last: Extraction[Any] | None = None
    for name, arguments in reversed(said.calls):
        if asked is not None and not is_call_of(name, asked):
            continue
        found = _from_arguments(arguments, model, several)
        if found.ok:
            fits.append(found)
        last = last or found
    if several is MultipleObjects.AMBIGUOUS and any(found.value != fits[0].value for found in fits):
        return Extraction(None, ExtractionReason.AMBIGUOUS)
    return fits[0] if fits else last


def _from_arguments(arguments: Any, model: Any, several: MultipleObjects) -> Extraction[Any]:
    if isinstance(arguments, str | bytes):
        return extract(arguments, model, several=several)
    try:
        items = several is MultipleObjects.LAST_OF_ALL
        fitted = validator_for(model, items=items).validate(_plain(arguments, _MAX_DEPTH))
    except (TypeError, ValueError, RecursionError):  # not JSON, or not finite
        return Extraction(None, ExtractionReason.MALFORMED)
    if fitted.fits:
        inside = any(repair != "unwrapped" for repair in fitted.repairs)
        return Extraction(fitted.value, ExtractionReason.REPAIRED if inside else ExtractionReason.OK, fitted.repairs)
    return Extraction(None, ExtractionReason.INVALID, (), None, fitted.problems)


_MAX_DEPTH: Final = 200


def _plain(value: Any, depth: int) -> Any:
    """JSON values for what an SDK parsed; TypeError for anything else."""
    if depth <= 0:
        raise ValueError("too deep")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(key): _plain(inner, depth - 1) for key, inner in items}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth - 1) for inner in cast("list[Any]", value)]
    raise TypeError("no JSON")


def _get(holder: Any, *path: str | int) -> Any:
    """Walk keys, attributes and places; `None` where there is nothing."""
    try:
        for step in path:
            holder = _step(holder, step)
    except Exception:  # noqa: BLE001 — foreign objects may raise anything when looked at
        return None
    return holder


def _step(holder: Any, step: str | int) -> Any:
    if type(holder) is dict:  # nearly always, and a tenth of what it costs to ask whether it is a mapping
        return cast("dict[Any, Any]", holder).get(step)
    if isinstance(step, int):
        return holder[step]
    return cast("Mapping[str, Any]", holder)[step] if isinstance(holder, Mapping) else getattr(holder, step, None)


def _items(holder: Any) -> Iterator[Any]:
    """The items of a list, or the one thing that stands in its place."""
    if isinstance(holder, list | tuple):
        yield from cast("list[Any]", holder)
    elif holder is not None:
        yield holder


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _blocks(content: Any) -> str:
    """Join the text of content blocks; thinking and reasoning blocks are left out."""
    parts: list[str] = []
    for block in _items(content):
        kind = _get(block, "type")
        if isinstance(block, str):
            parts.append(block)
        elif kind in (
            None,
            "text",
            "output_text",
        ):  # a tuple: what a foreign response says of itself may not be hashable
            parts.append(_text(_get(block, "text")))
    return "".join(parts)  # providers split a text anywhere, as around citations


def _openai(response: Any) -> ResponseContent:
    if _get(response, "choices") is None and _get(response, "output") is not None:
        return _openai_items(response)
    choice = _get(response, "choices", 0)
    message = _get(choice, "message") or choice  # some servers leave the envelope out
    calls = [
        (_text(_get(call, "function", "name")), _get(call, "function", "arguments"))
        for call in _items(_get(message, "tool_calls"))
        if _get(call, "function") is not None
    ]
    if _get(message, "function_call") is not None:
        calls.append((_text(_get(message, "function_call", "name")), _get(message, "function_call", "arguments")))
    text = _blocks(_get(message, "content")) or _text(_get(choice, "text"))
    finish = _text(_get(choice, "finish_reason"))
    return ResponseContent(tuple(calls), text, finish, refused=bool(_get(message, "refusal")))


def _openai_items(response: Any) -> ResponseContent:
    """Read the form of the Responses API."""
    calls: list[tuple[str, Any]] = []
    texts: list[str] = []
    refused = False
    for item in _items(_get(response, "output")):
        if _get(item, "type") == "function_call":
            calls.append((_text(_get(item, "name")), _get(item, "arguments")))
        elif _get(item, "type") == "message":
            texts.append(_blocks(_get(item, "content")))
            refused |= any(_get(block, "type") == "refusal" for block in _items(_get(item, "content")))
    finish = _text(_get(response, "incomplete_details", "reason")) or _text(_get(response, "status"))
    return ResponseContent(tuple(calls), "\n".join(texts), finish, refused)


def _typed_blocks(content: Any, finish: Any) -> ResponseContent:
    """Read blocks that say their type: Anthropic's messages, and MCP's sampling results."""
    calls = [
        (_text(_get(block, "name")), _get(block, "input"))
        for block in _items(content)
        if _get(block, "type") == "tool_use"
    ]
    return ResponseContent(tuple(calls), _blocks(content), _text(finish))


def _anthropic(response: Any) -> ResponseContent:
    return _typed_blocks(_get(response, "content"), _get(response, "stop_reason"))


def _mcp(response: Any) -> ResponseContent:
    return _typed_blocks(_get(response, "content"), _get(response, "stopReason") or _get(response, "stop_reason"))


def _bedrock(response: Any) -> ResponseContent:
    content = _get(response, "output", "message", "content")
    calls = [
        (_text(_get(block, "toolUse", "name")), _get(block, "toolUse", "input"))
        for block in _items(content)
        if _get(block, "toolUse") is not None
    ]
    return ResponseContent(tuple(calls), _blocks(content), _text(_get(response, "stopReason")))


_READERS: Final[dict[str, Callable[[Any], ResponseContent]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "mcp": _mcp,
}
