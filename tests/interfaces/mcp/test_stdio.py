"""`journeyman mcp`: the program as clients start it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.interfaces.mcp.served import ERAS, Era, called

_FILE = """
name: quick
directive: Make a file.
commands: {make: {run: [sh, -c, "echo noise; cat; touch made.txt"], effect: keyed}}
tools: [make]
criteria: [{id: made, kind: artifact, path: made.txt}]
plan: [{calls: [{tool: make, args: {}}]}]
budget: {iterations: 3}
"""
_OPENING = {
    "jsonrpc": "2.0", "id": 0, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}  # fmt: skip


def _words(folder: Path, *more: str) -> list[str]:
    return ["-m", "journeyman", "--data-dir", str(folder / "data"), "mcp", "--missions", str(folder), *more]


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_a_mission_runs_over_standard_streams_whatever_its_tools_print_and_read(tmp_path: Path, era: Era) -> None:
    """The streams are the protocol's alone."""
    (tmp_path / "quick.yaml").write_text(_FILE)
    command = StdioServerParameters(command=sys.executable, args=_words(tmp_path))
    async with Client(stdio_client(command), mode="legacy" if era == "legacy" else "auto") as client:
        started = await called(client, "mission_start", file="quick.yaml")
        ended = await called(client, "mission_status", session_id=started["session_id"], wait_s=60)
        assert ended["outcome"] == "achieved"


@pytest.fixture
def server(tmp_path: Path) -> Generator[subprocess.Popen[bytes]]:
    """The program, with a client that has opened the connection."""
    made = subprocess.Popen(
        [sys.executable, *_words(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert _asked(made, _OPENING)["result"]["serverInfo"]["name"] == "journeyman"
        yield made
    finally:
        made.kill()
        made.wait()
        for stream in (made.stdin, made.stdout, made.stderr):
            if stream is not None:
                stream.close()


def _asked(server: subprocess.Popen[bytes], message: object) -> dict[str, Any]:
    assert server.stdin is not None
    assert server.stdout is not None
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    server.stdin.write(raw + b"\n")
    server.stdin.flush()
    return json.loads(server.stdout.readline())


def test_it_ends_at_once_when_it_is_told_to_though_the_client_keeps_its_end_open(
    server: subprocess.Popen[bytes],
) -> None:
    """A thread that waits for the client's next word must not hold it."""
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 130


def test_it_ends_well_when_the_client_goes_away(server: subprocess.Popen[bytes]) -> None:
    """The end of its input is the end of its work."""
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait(10) == 0


@pytest.mark.anyio
@pytest.mark.parametrize("killed", [True, False])
async def test_the_next_server_goes_on_with_what_one_drove_that_was_left_or_killed(
    tmp_path: Path,
    killed: bool,  # noqa: FBT001
) -> None:
    """Nothing is made twice that was done."""
    gate = tmp_path / "gate"
    waits = f"echo x >> ran.txt; until [ -e {gate} ]; do sleep 0.05; done; touch made.txt"
    (tmp_path / "slow.yaml").write_text(_FILE.replace("echo noise; cat; touch made.txt", waits))
    first = subprocess.Popen([sys.executable, *_words(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: ASYNC220 - nothing else runs here
    try:
        _asked(first, _OPENING)
        start = {"name": "mission_start", "arguments": {"file": "slow.yaml", "session_id": "one"}}
        _asked(first, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": start})
        with anyio.fail_after(30):
            while not (tmp_path / "ran.txt").exists():  # noqa: ASYNC110 - a file of another process
                await anyio.sleep(0.02)
        if killed:
            first.kill()
        else:
            assert first.stdin is not None
            first.stdin.close()
        first.wait(20)
    finally:
        first.kill()
        first.wait()
        for stream in (first.stdin, first.stdout):
            if stream is not None:
                stream.close()
    gate.touch()
    async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=_words(tmp_path)))) as client:
        ended = await called(client, "mission_status", session_id="one", wait_s=90)
        assert ended["outcome"] == "achieved"


def test_a_line_of_any_length_harms_nobody(server: subprocess.Popen[bytes]) -> None:
    """What is too long is passed by, and the next message is answered."""
    assert server.stdin is not None
    server.stdin.write(b"x" * (20 << 20) + b"\n")
    ping = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
    while (found := _asked(server, ping)).get("id") != 7:
        assert "error" in found


def test_a_missing_folder_and_a_missing_sdk_are_told_in_one_message(tmp_path: Path) -> None:
    """With what to do next."""
    folder = subprocess.run(
        [sys.executable, *_words(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (folder.returncode, "--missions" in folder.stderr) == (2, True)
    without = "import sys; sys.modules['mcp'] = None; from journeyman.__main__ import main; sys.argv[1:] = sys.argv[2:]; main()"
    missing = subprocess.run(
        [sys.executable, "-c", without, *_words(tmp_path)[1:]],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert missing.returncode == 2
    assert "pip install 'journeyman[mcp]'" in missing.stderr
    assert "Traceback" not in missing.stderr


@pytest.mark.parametrize(
    ("line", "name", "code"),
    [
        (b'{"jsonrpc":"2.0","id":80,"method":"tools/call","params":[1]}', 80, -32600),
        (b'{"jsonrpc":"1.0","id":"x","method":"ping"}', "x", -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"x":"\\ud800"}}', 5, -32600),
        (b"garbage", None, -32700),
        (b"[]", None, -32600),
    ],
)
def test_what_is_no_message_is_answered(server: subprocess.Popen[bytes], line: bytes, name: object, code: int) -> None:
    """Nobody waits for ever for an answer that does not come; the next message is answered as ever."""
    told = _asked(server, line)
    assert (told["id"], told["error"]["code"]) == (name, code)
    assert _asked(server, {"jsonrpc": "2.0", "id": 9, "method": "ping"})["result"] == {}
