"""Bedrock Converse and ConverseStream, the latter in the binary event-stream framing.

Framing: total length, header length, CRC-32 of these eight bytes, headers, payload, CRC-32 of all before it
(https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html).
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Final
from urllib.parse import unquote

from journeyman.testing.model_server.anthropic import parsed
from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, pieces, tokens_of

_FINISH: Final = {"stop": "end_turn", "tool": "tool_use", "length": "max_tokens", "refusal": "guardrail_intervened"}
_CODES: Final = {400: "ValidationException", 403: "AccessDeniedException", 429: "ThrottlingException"}
_STRING: Final = 7  # type of a header's value


class Bedrock:
    """Speaks as `POST /model/ID/converse` and `…/converse-stream`."""

    name = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"

    def asking(self, path: str, body: dict[str, Any]) -> ModelRequest:
        """What the request wants."""
        _, _, model, method = path.split("?", maxsplit=1)[0].split("/", 3)
        tools = body.get("toolConfig", {}).get("tools", [])
        return ModelRequest(
            model=unquote(model),
            streamed=method == "converse-stream",
            tools=tuple(str(tool["toolSpec"]["name"]) for tool in tools if "toolSpec" in tool),
            prompt_tokens=tokens_of(body.get("system"), body.get("messages")),
        )

    def whole(self, asking: ModelRequest, reply: ModelReply) -> bytes:
        """A Converse answer."""
        content: list[dict[str, Any]] = [{"text": reply.text}] if reply.text or not reply.tool else []
        if reply.tool:
            content.append(
                {"toolUse": {"toolUseId": f"tooluse_{reply.number}", "name": reply.tool, "input": parsed(reply.args)}}
            )
        answer = {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": _FINISH[reply.finish],
            "usage": _used(asking, reply),
            "metrics": {"latencyMs": 1},
        }
        return json.dumps(answer).encode()

    def frames(self, asking: ModelRequest, reply: ModelReply) -> list[bytes]:
        """The events of a stream."""
        frames = [frame("messageStart", {"role": "assistant"})]
        blocks: list[tuple[dict[str, Any] | None, list[dict[str, Any]]]] = []
        if reply.text or not reply.tool:
            blocks.append((None, [{"text": piece} for piece in pieces(reply.text)]))
        if reply.tool:
            start = {"toolUse": {"toolUseId": f"tooluse_{reply.number}", "name": reply.tool}}
            blocks.append((start, [{"toolUse": {"input": piece}} for piece in pieces(reply.args)]))
        for index, (begun, deltas) in enumerate(blocks):
            if begun is not None:
                frames.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": begun}))
            frames += [frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}) for delta in deltas]
            frames.append(frame("contentBlockStop", {"contentBlockIndex": index}))
        frames.append(frame("messageStop", {"stopReason": _FINISH[reply.finish]}))
        if reply.usage:
            frames.append(frame("metadata", {"usage": _used(asking, reply), "metrics": {"latencyMs": 1}}))
        return frames

    def trouble(self, status: int, message: str = "scripted fault") -> ErrorResponse:
        """An error whose type is in a header."""
        status = 403 if status == 401 else status
        code = _CODES.get(status, "InternalServerException")
        return ErrorResponse(status, json.dumps({"message": message}).encode(), (("x-amzn-ErrorType", code),))


def frame(event: str, payload: dict[str, Any]) -> bytes:
    """One frame of the event-stream framing."""
    body = json.dumps(payload).encode()
    given = ((":event-type", event), (":content-type", "application/json"), (":message-type", "event"))
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()
        for name, value in given
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    front = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return front + struct.pack("!I", zlib.crc32(front))


def _used(asking: ModelRequest, reply: ModelReply) -> dict[str, int]:
    sent, got = (asking.prompt_tokens, reply.output_tokens) if reply.usage else (0, 0)
    return {"inputTokens": sent, "outputTokens": got, "totalTokens": sent + got}
