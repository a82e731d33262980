"""What every provider's form has in common: what was asked, what is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Finish = Literal["stop", "tool", "length", "refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What a request wants, whatever its provider."""

    model: str
    streamed: bool
    tools: tuple[str, ...] = ()
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What the model says, whatever its provider."""

    text: str = field(default="", repr=False)
    tool: str = ""
    args: str = field(default="", repr=False)
    """JSON of the arguments, perhaps cut."""
    finish: Finish = "stop"
    number: int = 1
    """Counts the server's replies; calls and messages are named after it, so that those of a long exchange differ."""
    output_tokens: int = 0
    usage: bool = True


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An error in the provider's form."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def tokens_of(*parts: object) -> int:
    """How many tokens a prompt has, as these servers count: four characters of its JSON are one."""
    return len(json.dumps(parts)) // 4


def request_of(body: dict[str, Any], tools: Iterable[object], *prompt: object) -> ModelRequest:
    """What a body wants that names its model and its streaming itself, with the names of the tools that it offers."""
    return ModelRequest(
        model=str(body.get("model", "")),
        streamed=bool(body.get("stream")),
        tools=tuple(map(str, tools)),
        prompt_tokens=tokens_of(*prompt),
    )


class ProviderWire(Protocol):
    """One provider's wire format."""

    name: str
    stream_type: str
    """Content type of a stream."""

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants."""
        ...

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """The body of an answer in one piece."""
        ...

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """The frames of a streamed answer."""
        ...

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error in this provider's form."""
        ...


def pieces(text: str, count: int = 8) -> list[str]:
    """A text in about `count` pieces."""
    step = max(1, -(-len(text) // count))
    return [text[start : start + step] for start in range(0, len(text), step)]
