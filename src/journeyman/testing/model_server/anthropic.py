"""Anthropic messages: plain, streamed, tools."""

from __future__ import annotations

import json
from typing import Any, Final

from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, pieces, request_of

_FINISH: Final = {"stop": "end_turn", "tool": "tool_use", "length": "max_tokens", "refusal": "refusal"}
_KINDS: Final = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}


class Anthropic:
    """Speaks as `POST /v1/messages`."""

    name = "anthropic"
    stream_type = "text/event-stream"

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants."""
        del path
        names = (tool["name"] for tool in body.get("tools") or ())
        return request_of(body, names, body.get("system"), body.get("messages"))

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """A message."""
        content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
        if reply.tool:
            content.append({**_tool_use(reply), "input": parsed(reply.args)})
        message = {
            **_head(asking, reply), "content": content, "stop_reason": _FINISH[reply.finish], "stop_sequence": None,
            "usage": _used(asking, reply),
        }  # fmt: skip
        return json.dumps(message, ensure_ascii=False).encode(errors="replace")

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """Server-sent events."""
        begun: dict[str, Any] = {**_head(asking, reply), "content": [], "stop_reason": None, "stop_sequence": None}
        rows: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**begun, "usage": {**_used(asking, reply), "output_tokens": 1}}}
        ]
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if reply.text or not reply.tool:
            said = [{"type": "text_delta", "text": piece} for piece in pieces(reply.text)]
            blocks.append(({"type": "text", "text": ""}, said))
        if reply.tool:
            written = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(reply.args)]
            blocks.append(({**_tool_use(reply), "input": {}}, written))
        for index, (block, deltas) in enumerate(blocks):
            rows.append({"type": "content_block_start", "index": index, "content_block": block})
            rows += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            rows.append({"type": "content_block_stop", "index": index})
        end = {"stop_reason": _FINISH[reply.finish], "stop_sequence": None}
        used = {"output_tokens": reply.output_tokens if reply.usage else 0}
        rows += [{"type": "message_delta", "delta": end, "usage": used}, {"type": "message_stop"}]
        return [f"event: {row['type']}\ndata: {json.dumps(row)}\n\n".encode() for row in rows]

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error object."""
        error = {"type": _KINDS.get(status, "api_error"), "message": message}
        return ErrorResponse(status, json.dumps({"type": "error", "error": error}).encode())


def _head(asking: ModelRequest, reply: ModelReply) -> dict[str, Any]:
    return {"id": f"msg_{reply.number}", "type": "message", "role": "assistant", "model": asking.model}


def _tool_use(reply: ModelReply) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{reply.number}", "name": reply.tool}


def _used(asking: ModelRequest, reply: ModelReply) -> dict[str, int]:
    if not reply.usage:
        return {"input_tokens": 0, "output_tokens": 0}
    return {"input_tokens": asking.prompt_tokens, "output_tokens": reply.output_tokens}


def parsed(args: str) -> Any:
    """The arguments as an object; cut ones as the provider would: with what was whole, here nothing."""
    try:
        return json.loads(args)
    except ValueError:
        return {}
