"""OpenAI chat completions: plain, streamed, tools, `response_format`. The newer form is in `responses`."""

from __future__ import annotations

import json
from typing import Any, Final

from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, pieces, request_of

_FINISH: Final = {"stop": "stop", "tool": "tool_calls", "length": "length", "refusal": "content_filter"}
_KINDS: Final = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}


class ChatCompletions:
    """Speaks as `POST /v1/chat/completions`."""

    name = "openai"
    stream_type = "text/event-stream"

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants."""
        del path
        return request_of(
            body, (tool["function"]["name"] for tool in body.get("tools") or ()), body.get("messages", [])
        )

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """The body of an answer in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
        if reply.finish == "refusal":
            message |= {"content": None, "refusal": reply.text or "I cannot help with that."}
        if reply.tool:
            call = {"name": reply.tool, "arguments": reply.args}
            message["tool_calls"] = [{"id": f"call_{reply.number}", "type": "function", "function": call}]
        choice = {"index": 0, "message": message, "finish_reason": _FINISH[reply.finish], "logprobs": None}
        return json.dumps(
            {**_head(asking, reply, "chat.completion"), "choices": [choice], **_usage(asking, reply)},
            ensure_ascii=False,
        ).encode(errors="replace")

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """Server-sent events, `[DONE]` at the end."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        if reply.finish == "refusal":
            deltas.append({"refusal": reply.text or "I cannot help with that."})
        else:
            deltas += [{"content": piece} for piece in pieces(reply.text)]
        if reply.tool:
            called = {"name": reply.tool, "arguments": ""}
            first = {"index": 0, "id": f"call_{reply.number}", "type": "function", "function": called}
            deltas.append({"tool_calls": [first]})
            deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces(reply.args)]
        head = _head(asking, reply, "chat.completion.chunk")
        rows = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        rows.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _FINISH[reply.finish]}]})
        if reply.usage:
            rows.append({**head, "choices": [], **_usage(asking, reply)})
        return [f"data: {json.dumps(row)}\n\n".encode() for row in rows] + [b"data: [DONE]\n\n"]

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error object."""
        kind = _KINDS.get(status, "server_error")
        error = {"message": message, "type": kind, "param": None, "code": None}
        return ErrorResponse(status, json.dumps({"error": error}).encode())


def _head(asking: ModelRequest, reply: ModelReply, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{reply.number}", "object": kind, "created": 1_700_000_000, "model": asking.model}


def _usage(asking: ModelRequest, reply: ModelReply) -> dict[str, Any]:
    if not reply.usage:
        return {}
    used = {"prompt_tokens": asking.prompt_tokens, "completion_tokens": reply.output_tokens}
    return {"usage": {**used, "total_tokens": asking.prompt_tokens + reply.output_tokens}}
