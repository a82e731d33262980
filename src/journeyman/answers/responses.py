"""Read a provider's response: the tool call first, then the text. SDK objects and plain dicts alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from journeyman.answers.extraction import Extraction, Reason, stopped_by
from journeyman.answers.fitting import fit_for
from journeyman.answers.scanner import extract
from journeyman.answers.vendors import VENDORS, Vendor, tool_name


@dataclass(frozen=True, slots=True)
class Said:
    """What a response holds, whoever sent it."""

    calls: tuple[tuple[str, Any], ...] = ()
    """Name and arguments of each tool call; arguments parsed or as text."""
    text: str = ""
    finish_reason: str = ""
    refused: bool = False


def read_response(response: Any, model: Any, vendor: Vendor) -> Extraction[Any]:
    """Give the answer in a response; never raises for anything a provider sends.

    Raises:
        ValueError: There is no such vendor.
    """
    if vendor not in VENDORS:
        raise ValueError(f"no vendor {vendor!r}: give one of {', '.join(VENDORS)}")
    if isinstance(response, str | bytes):
        return extract(response, model)
    said = _READERS[vendor](response)
    stopped = stopped_by(said.finish_reason)
    if stopped is not None:
        return Extraction(None, stopped)
    called = _from_calls(said, model)
    if called is not None and called.ok:
        return called
    spoken = extract(said.text, model)
    if spoken.ok or called is None:
        return Extraction(None, Reason.REFUSED) if said.refused and not spoken.ok else spoken
    return called


def _from_calls(said: Said, model: Any) -> Extraction[Any] | None:
    """Give the last call that fits, calls of the asked tool first; else why the last one does not."""
    own = tool_name(model) if model is not None else ""
    last: Extraction[Any] | None = None
    latest_first = said.calls[::-1]
    for _, arguments in sorted(latest_first, key=lambda call: call[0] != own):
        found = _from_arguments(arguments, model)
        if found.ok:
            return found
        last = last or found
    return last


def _from_arguments(arguments: Any, model: Any) -> Extraction[Any]:
    if isinstance(arguments, str | bytes):
        return extract(arguments, model)
    try:
        fitted = fit_for(model).of(_plain(arguments, _MAX_DEPTH))
    except (TypeError, ValueError, RecursionError):  # not JSON, or not finite
        return Extraction(None, Reason.MALFORMED)
    if fitted.fits:
        return Extraction(fitted.value, Reason.OK, ("unwrapped",) if fitted.unwrapped else ())
    return Extraction(None, Reason.INVALID, (), None, fitted.problems)


_MAX_DEPTH: Final = 200


def _plain(value: Any, depth: int) -> Any:
    """Give JSON values for what an SDK parsed; TypeError for anything else."""
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
    if isinstance(step, int):
        return holder[step]
    return cast("Mapping[str, Any]", holder)[step] if isinstance(holder, Mapping) else getattr(holder, step, None)


def _items(holder: Any) -> Iterator[Any]:
    """Give the items of a list, or the one thing that stands in its place."""
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
        elif kind in {None, "text", "output_text"}:
            parts.append(_text(_get(block, "text")))
    return "\n".join(part for part in parts if part)


def _openai(response: Any) -> Said:
    if _get(response, "choices") is None and _get(response, "output") is not None:
        return _openai_items(response)
    message = _get(response, "choices", 0, "message")
    calls = [
        (_text(_get(call, "function", "name")), _get(call, "function", "arguments"))
        for call in _items(_get(message, "tool_calls"))
        if _get(call, "function") is not None
    ]
    if _get(message, "function_call") is not None:
        calls.append((_text(_get(message, "function_call", "name")), _get(message, "function_call", "arguments")))
    text = _blocks(_get(message, "content"))
    # Some servers route the answer of a reasoning model here and leave the content empty.
    text = text or _text(_get(message, "reasoning_content")) or _text(_get(message, "reasoning"))
    finish = _text(_get(response, "choices", 0, "finish_reason"))
    return Said(tuple(calls), text, finish, refused=bool(_get(message, "refusal")))


def _openai_items(response: Any) -> Said:
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
    return Said(tuple(calls), "\n".join(texts), finish, refused)


def _typed_blocks(content: Any, finish: Any) -> Said:
    """Read blocks that say their type: Anthropic's messages, and MCP's sampling results."""
    calls = [
        (_text(_get(block, "name")), _get(block, "input"))
        for block in _items(content)
        if _get(block, "type") == "tool_use"
    ]
    return Said(tuple(calls), _blocks(content), _text(finish))


def _anthropic(response: Any) -> Said:
    return _typed_blocks(_get(response, "content"), _get(response, "stop_reason"))


def _mcp(response: Any) -> Said:
    return _typed_blocks(_get(response, "content"), _get(response, "stopReason") or _get(response, "stop_reason"))


def _bedrock(response: Any) -> Said:
    content = _get(response, "output", "message", "content")
    calls = [
        (_text(_get(block, "toolUse", "name")), _get(block, "toolUse", "input"))
        for block in _items(content)
        if _get(block, "toolUse") is not None
    ]
    return Said(tuple(calls), _blocks(content), _text(_get(response, "stopReason")))


_READERS: Final[dict[str, Callable[[Any], Said]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "mcp": _mcp,
}
