"""OpenAI responses: plain, streamed, function calls. The older form is in `openai`."""

from __future__ import annotations

import json
from typing import Any, Final

from journeyman.testing.model_server.openai import ChatCompletions
from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, pieces, request_of

_REFUSED: Final = "I cannot help with that."


class Responses:
    """Speaks as `POST /v1/responses`."""

    name = "responses"
    stream_type = "text/event-stream"

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants; tools without a name are the provider's own and are called by their type."""
        del path
        names = (tool.get("name") or tool.get("type") for tool in body.get("tools") or ())
        return request_of(body, names, body.get("instructions"), body.get("input"))

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """A response."""
        return json.dumps(_response(asking, reply, _items(reply)), ensure_ascii=False).encode(errors="replace")

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """Server-sent events, numbered."""
        begun = _response(asking, reply, [], "in_progress")
        rows: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
        items = _items(reply)
        for index, item in enumerate(items):
            at = {"output_index": index, "item_id": item["id"]}
            rows += _message(item, at) if item["type"] == "message" else _call(item, at)
        whole = _response(asking, reply, items)
        rows.append({"type": f"response.{whole['status']}", "response": whole})
        return [
            f"event: {row['type']}\ndata: {json.dumps({**row, 'sequence_number': number})}\n\n".encode()
            for number, row in enumerate(rows)
        ]

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error object, as the older form has it."""
        return ChatCompletions().trouble(status, message)


def _items(reply: ModelReply) -> list[dict[str, Any]]:
    status = "incomplete" if reply.finish == "length" else "completed"
    items: list[dict[str, Any]] = []
    if reply.text or not reply.tool:
        part: dict[str, Any] = {"type": "output_text", "text": reply.text, "annotations": []}
        if reply.finish == "refusal":
            part = {"type": "refusal", "refusal": reply.text or _REFUSED}
        name = f"msg_{reply.number}"
        items.append({"id": name, "type": "message", "role": "assistant", "status": status, "content": [part]})
    if reply.tool:
        space, _, name = reply.tool.rpartition(
            "/"
        )  # tools of a namespace, such as those of an MCP server, have two names
        called = {"call_id": f"call_{reply.number}", "name": name, "arguments": reply.args}
        called |= {"namespace": space} if space else {}
        items.append({"id": f"fc_{reply.number}", "type": "function_call", "status": status, **called})
    return items


def _message(item: dict[str, Any], at: dict[str, Any]) -> list[dict[str, Any]]:
    (part,) = item["content"]
    kind, key = ("output_text", "text") if "text" in part else ("refusal", "refusal")
    part_at = {**at, "content_index": 0}
    return [
        _added({**item, "status": "in_progress", "content": []}, at),
        {"type": "response.content_part.added", **part_at, "part": {**part, key: ""}},
        *({"type": f"response.{kind}.delta", **part_at, "delta": piece} for piece in pieces(part[key])),
        {"type": f"response.{kind}.done", **part_at, key: part[key]},
        {"type": "response.content_part.done", **part_at, "part": part},
        _done(item, at),
    ]


def _call(item: dict[str, Any], at: dict[str, Any]) -> list[dict[str, Any]]:
    kind = "response.function_call_arguments"
    return [
        _added({**item, "status": "in_progress", "arguments": ""}, at),
        *({"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces(item["arguments"])),
        {"type": f"{kind}.done", **at, "name": item["name"], "arguments": item["arguments"]},
        _done(item, at),
    ]


def _added(item: dict[str, Any], at: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": at["output_index"], "item": item}


def _done(item: dict[str, Any], at: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": at["output_index"], "item": item}


def _response(
    asking: ModelRequest, reply: ModelReply, output: list[dict[str, Any]], status: str = ""
) -> dict[str, Any]:
    cut = reply.finish == "length"
    status = status or ("incomplete" if cut else "completed")
    usage = {
        "input_tokens": asking.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": reply.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asking.prompt_tokens + reply.output_tokens,
    }
    return {
        "id": f"resp_{reply.number}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "model": asking.model,
        "output": output,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut and status == "incomplete" else None,
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if reply.usage and status != "in_progress" else None,
    }
