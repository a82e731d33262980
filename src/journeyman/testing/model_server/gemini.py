"""Gemini's generateContent and streamGenerateContent: text and function calls."""

from __future__ import annotations

import json
from typing import Any, Final

from journeyman.testing.model_server.anthropic import parsed
from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, pieces, tokens_of

_FINISH: Final = {"stop": "STOP", "tool": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
_STATUSES: Final = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED",
}  # fmt: skip


class Gemini:
    """Speaks as `POST /v1beta/models/MODEL:generateContent` and `…:streamGenerateContent`."""

    name = "gemini"
    stream_type = "text/event-stream"

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants."""
        model, _, method = path.split("?", maxsplit=1)[0].rpartition("/")[2].partition(":")
        return ModelRequest(
            model=model,
            streamed=method == "streamGenerateContent",
            tools=tuple(
                str(declared["name"])
                for tool in body.get("tools") or ()
                for declared in tool.get("functionDeclarations") or ()
            ),
            prompt_tokens=tokens_of(body.get("systemInstruction"), body.get("contents")),
        )

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """An answer in one piece."""
        parts = [{"text": reply.text}] if reply.text or not reply.tool else []
        return json.dumps(_chunk(asking, reply, [*parts, *_calls(reply)], last=True)).encode()

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """Server-sent events; a call comes whole, the last one says why the answer ended and what it used."""
        rows = [_chunk(asking, reply, [{"text": piece}], last=False) for piece in pieces(reply.text)]
        rows += [_chunk(asking, reply, [call], last=False) for call in _calls(reply)]
        rows.append(_chunk(asking, reply, [{"text": ""}], last=True))
        return [f"data: {json.dumps(row)}\r\n\r\n".encode() for row in rows]

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error object."""
        error = {"code": status, "message": message, "status": _STATUSES.get(status, "INTERNAL")}
        return ErrorResponse(status, json.dumps({"error": error}).encode())


def _calls(reply: ModelReply) -> list[dict[str, Any]]:
    if not reply.tool:
        return []
    called = {"id": f"call_{reply.number}", "name": reply.tool, "args": parsed(reply.args)}
    return [{"functionCall": called}]


def _chunk(asking: ModelRequest, reply: ModelReply, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if last:
        candidate["finishReason"] = _FINISH[reply.finish]
    used = {"promptTokenCount": asking.prompt_tokens, "candidatesTokenCount": reply.output_tokens}
    total = {"totalTokenCount": asking.prompt_tokens + reply.output_tokens}
    return {
        "candidates": [candidate],
        **({"usageMetadata": {**used, **total}} if last and reply.usage else {}),
        "modelVersion": asking.model,
        "responseId": f"response_{reply.number}",
    }
