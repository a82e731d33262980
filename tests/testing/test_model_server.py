"""The scripted model server speaks as the providers do, and breaks as they do."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from journeyman.mission.values.errors import InvalidInput, NotFound
from journeyman.testing.model_server import Script, ScriptedFault, ScriptLine, load_script, serving

pytestmark = pytest.mark.anyio  # async tests only
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "SECRET"}]}),
    "anthropic": ("/v1/messages", {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "SECRET"}]}),
    "bedrock": ("/model/m/converse", {"messages": [{"role": "user", "content": [{"text": "SECRET"}]}]}),
    "responses": ("/v1/responses", {"model": "m", "input": "SECRET"}),
    "gemini": (
        "/v1beta/models/m:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "SECRET"}]}]},
    ),
}
CALL = ScriptLine(text="I look.", tool="look", args={"at": "door"})
"""A reply that says something and calls a tool, as coding agents' models do."""


@pytest.mark.parametrize("wire", ASKED)
async def test_answers_come_in_order_and_end_with_an_error(wire: str) -> None:
    """A script that is over is a server error, unless it repeats."""
    path, body = ASKED[wire]
    async with (
        serving([ScriptLine(text="one"), ScriptLine(text="two")]) as server,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        said = [await client.post(server.url + path, json=body) for _ in range(3)]
        assert [row.status_code for row in said] == [200, 200, 500]
        assert ["one" in said[0].text, "two" in said[1].text] == [True, True]
        server.say(Script(answers=(ScriptLine(text="again"),), repeat=True))
        for _ in range(2):
            assert "again" in (await client.post(server.url + path, json=body)).text


async def test_no_log_shows_a_text() -> None:
    """What is printed of calls and lines holds neither prompt nor answer."""
    async with serving([ScriptLine(text="ANSWER")]) as server, httpx2.AsyncClient(trust_env=False) as client:
        path, body = ASKED["openai"]
        await client.post(server.url + path, json=body, headers={"authorization": "Bearer KEY"})
        shown = repr(server.calls) + repr(server)
        assert server.calls[0].body == body
        assert not any(word in shown for word in ("SECRET", "ANSWER", "KEY"))


@pytest.mark.parametrize("retry_after_s", [None, 1.5])
@pytest.mark.parametrize("wire", ASKED)
async def test_a_rate_limit_says_when_to_come_back_if_so_scripted(wire: str, retry_after_s: float | None) -> None:
    """429 in each provider's form, with and without the header."""
    path, body = ASKED[wire]
    line = ScriptLine(fault=ScriptedFault.RATE_LIMITED, retry_after_s=retry_after_s)
    async with serving([line]) as server, httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.post(server.url + path, json=body)
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, retry_after_s and "1.5")
        assert "error" in answer.text or answer.headers["x-amzn-errortype"] == "ThrottlingException"


async def test_a_bedrock_stream_is_framed_with_both_checksums() -> None:
    """Each frame carries its lengths and two CRC-32."""
    _, body = ASKED["bedrock"]
    async with serving([ScriptLine(text="hello")]) as server, httpx2.AsyncClient(trust_env=False) as client:
        raw = (await client.post(f"{server.url}/model/m/converse-stream", json=body)).content
    names: list[bytes] = []
    while raw:
        total, headers = struct.unpack("!II", raw[:8])
        assert struct.unpack("!I", raw[8:12])[0] == zlib.crc32(raw[:8])
        assert struct.unpack("!I", raw[total - 4 : total])[0] == zlib.crc32(raw[: total - 4])
        names.append(raw[12 : 12 + headers])
        raw = raw[total:]
    assert b"messageStart" in names[0]
    assert b"metadata" in names[-1]


@pytest.mark.parametrize("fault", [ScriptedFault.HALF, ScriptedFault.RESET])
async def test_a_broken_connection_is_one(fault: ScriptedFault) -> None:
    """The caller's own client sees it."""
    path, body = ASKED["openai"]
    async with (
        serving([ScriptLine(text="hello", fault=fault)]) as server,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        with pytest.raises(httpx2.TransportError):
            await client.post(server.url + path, json=body)


async def test_silence_lasts_until_the_caller_gives_up() -> None:
    """And the server can still be closed."""
    path, body = ASKED["openai"]
    async with (
        serving([ScriptLine(fault=ScriptedFault.SILENCE)]) as server,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            await client.post(server.url + path, json=body, timeout=0.05)
        assert [call.fault for call in server.calls] == [ScriptedFault.SILENCE]


async def test_a_value_takes_the_form_that_is_asked_for() -> None:
    """With a tool it is a call, without one it is text."""
    path, body = ASKED["openai"]
    tools = [{"type": "function", "function": {"name": "give", "parameters": {}}}]
    async with serving(Script(answers=(ScriptLine(value={"a": 1}),), repeat=True)) as server:
        async with httpx2.AsyncClient(trust_env=False) as client:
            plain = (await client.post(server.url + path, json=body)).json()["choices"][0]["message"]
            called = (await client.post(server.url + path, json={**body, "tools": tools})).json()["choices"][0]
        assert json.loads(plain["content"]) == {"a": 1}
        assert called["message"]["tool_calls"][0]["function"] == {"name": "give", "arguments": '{"a": 1}'}


async def test_openai_reads_responses_whole_and_streamed() -> None:
    """Text and a function call in one response, and what was used; a response that ended for length says so."""
    tools: Any = [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}]
    async with (
        serving([CALL, CALL, ScriptLine(text="half of it", fault=ScriptedFault.TRUNCATED)]) as server,
        openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="k", max_retries=0) as client,
    ):
        whole = await client.responses.create(model="m", input="hi", tools=tools)
        async with client.responses.stream(model="m", input="hi", tools=tools) as events:
            kinds = [event.type async for event in events]
            streamed = await events.get_final_response()
        cut = await client.responses.create(model="m", input="hi")
    for response, number in ((whole, 1), (streamed, 2)):
        assert response.output_text == "I look."
        called = response.output[1]
        assert called.type == "function_call"
        assert (called.name, json.loads(called.arguments), called.call_id) == ("look", CALL.args, f"call_{number}")
        assert response.usage is not None
        assert response.usage.output_tokens > 0
    assert {"response.output_text.delta", "response.function_call_arguments.done"} <= set(kinds)
    assert (cut.status, cut.output_text) == ("incomplete", "half ")


async def test_a_reply_may_say_something_and_call_a_tool_in_every_form() -> None:
    """Two blocks in Anthropic's stream, content and a call in OpenAI's, two parts in Gemini's; ids count the replies."""
    async with serving([CALL, CALL, CALL]) as server:
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key="k", max_retries=0) as client:
            asked: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
            async with client.messages.stream(**asked) as stream:
                message = await stream.get_final_message()
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="k", max_retries=0) as client:
            asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            chunks = [chunk async for chunk in await client.chat.completions.create(stream=True, **asked)]
        async with httpx2.AsyncClient(trust_env=False) as client:
            path = "/v1beta/models/m:streamGenerateContent?alt=sse"
            raw = (await client.post(server.url + path, json=ASKED["gemini"][1])).text
    text, call = message.content
    assert text.type == "text"
    assert call.type == "tool_use"
    assert (text.text, call.name, call.input, call.id) == ("I look.", "look", CALL.args, "toolu_1")
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "I look."
    assert {call.id for delta in deltas for call in delta.tool_calls or () if call.id} == {"call_2"}
    rows = [json.loads(row.removeprefix("data: ")) for row in raw.split("\r\n\r\n") if row]
    parts = [part for row in rows for part in row["candidates"][0]["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == "I look."
    assert [part["functionCall"]["args"] for part in parts if "functionCall" in part] == [CALL.args]
    assert rows[-1]["candidates"][0]["finishReason"] == "STOP"
    assert rows[-1]["usageMetadata"]["candidatesTokenCount"] > 0


async def test_requests_without_tools_are_answered_aside() -> None:
    """What an agent asks beside its work takes no line of the script."""
    script = Script(answers=(CALL,), aside=ScriptLine(text="a title"))
    path, body = ASKED["responses"]
    tools = [{"type": "function", "name": "look"}]
    async with serving(script) as server, httpx2.AsyncClient(trust_env=False) as client:
        said = [(await client.post(server.url + path, json={**body, "tools": row})).text for row in ([], tools, [])]
        head = await client.head(server.url)
    assert [("a title" in text, "function_call" in text) for text in said] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert (head.status_code, head.content) == (404, b"")


def test_a_script_says_all_that_is_wrong_with_it(tmp_path: Path) -> None:
    """Every unknown key and fault at once; a missing file by name."""
    file = tmp_path / "answers.yaml"
    file.write_text("- {text: a, colour: red}\n- {fault: gremlins}\n")
    with pytest.raises(InvalidInput) as raised:
        load_script(file)
    assert [problem.where for problem in raised.value.problems] == ["answers.0.colour", "answers.1.fault"]
    file.write_text("answers: [{json: {a: 1}, times: 2}]\nrepeat: true\n")
    assert [line.value for line in load_script(file).lines()] == [{"a": 1}, {"a": 1}]
    with pytest.raises(NotFound):
        load_script(tmp_path / "none.yaml")


def test_the_command_serves_a_script(tmp_path: Path) -> None:
    """`journeyman model serve` prints where it listens and each call without its text."""
    (tmp_path / "answers.yaml").write_text("- text: ANSWER\n")
    argv = [sys.executable, "-u", "-m", "journeyman", "model", "serve", "--script", "answers.yaml"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        try:
            with httpx2.Client(trust_env=False) as client:
                path, body = ASKED["openai"]
                assert "ANSWER" in client.post(url + path, json=body).text
            row = process.stdout.readline()
        finally:
            process.kill()
        assert row.startswith("openai m 200 ")
        assert "SECRET" not in row
