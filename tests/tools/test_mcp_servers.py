"""MCP servers that hang, die and lie: each is a fault of its effect, never of the engine."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, Unavailable
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.calling import ToolCatalog
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.results import ResultCaps
from journeyman.tools.servers.definition import catalog_names
from journeyman.tools.servers.supervisor import ServerPolicy
from tests.tools.dying_http import dying_http

SERVERS = Path(__file__).parent / "servers"
QUICK = ServerPolicy(start_s=8, backoff_s=0.01)


def program(name: str, *args: str | Path) -> JsonObject:
    """The configuration of one of our test servers."""
    return {"command": sys.executable, "args": [str(SERVERS / f"{name}.py"), *map(str, args)]}


@asynccontextmanager
async def lying(
    how: str, *args: Path, limits: CallLimits | None = None, deadline: Deadline | None = None
) -> AsyncGenerator[ToolCatalog]:
    """Open a catalog with a server that misbehaves as told."""
    bounds = limits or CallLimits(timeout_s=5, servers=QUICK, caps=ResultCaps(value_bytes=2**16))
    async with open_catalog(servers={"liar": program("liar", how, *args)}, limits=bounds, deadline=deadline) as catalog:
        yield catalog


def echo(how: str, *args: Path, limits: CallLimits | None = None) -> Result:
    """Open, call once and close."""

    async def scene() -> Result:
        async with lying(how, *args, limits=limits) as catalog:
            return await catalog.call("liar.echo", {"n": 5}, key="k")

    return asyncio.run(scene())


@pytest.mark.parametrize("how", ["none", "garbage_around", "other_id", "meta_changes", "will_not_leave"])
def test_a_server_of_the_older_era_answers_also_amid_garbage(how: str) -> None:
    """What is not JSON-RPC on the output is stepped over; `_meta` is not part of the definition."""
    result = echo(how)
    assert (result.status, result.value) == (CallStatus.DONE, {"n": 5}), result


@pytest.mark.parametrize(
    ("how", "status", "error_class", "said"),
    [
        ("nan", CallStatus.FAILED, "not_json", "nan is not a finite number"),
        ("nan_text", CallStatus.FAILED, "not_json", "$.metrics.loss: nan"),
        ("deep", CallStatus.FAILED, "not_json", "nested"),
        ("too_deep", CallStatus.UNKNOWN, "protocol", "cannot be parsed"),
        ("no_content", CallStatus.UNKNOWN, "protocol", "breaks the protocol"),
        ("output_schema", CallStatus.UNKNOWN, "protocol", "output schema"),
        ("error", CallStatus.FAILED, "protocol", "inner trouble"),
        ("die_always", CallStatus.UNKNOWN, "server_died", "it ended with code 3"),
        ("broken_schema", CallStatus.FAILED, "protocol", "input schema of liar.echo is broken"),
        ("foreign_reference", CallStatus.FAILED, "protocol", "input schema of liar.echo is broken"),
    ],
)
def test_a_lie_is_a_failed_effect(how: str, status: CallStatus, error_class: str, said: str) -> None:
    """The engine gets a result with a class and one line, whatever the server does."""
    result = echo(how)
    assert (result.status, result.error_class) == (status, error_class), result
    assert said in (result.error or "")


@pytest.mark.parametrize("how", ["hang", "garbage_answer"])
def test_a_hung_call_is_unknown_after_its_timeout(how: str) -> None:
    """It was sent and may have happened."""
    result = echo(how, limits=CallLimits(timeout_s=0.3, servers=QUICK))
    assert (result.status, result.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert "it may still have happened" in (result.error or "")


def test_a_giant_answer_is_cut_and_a_far_too_giant_one_refused() -> None:
    """Three levels: kept, previewed, and a server that is stopped."""
    cut = echo("giant")
    assert cut.truncated
    assert isinstance(cut.value, dict)
    assert cut.value["_original_bytes"] == 3 * 2**20 + 2
    refused = echo("giant", limits=CallLimits(timeout_s=5, servers=QUICK, caps=ResultCaps(hard_bytes=2**20)))
    assert (refused.status, refused.error_class) == (CallStatus.FAILED, "too_large")
    stopped = echo("giant", limits=CallLimits(timeout_s=5, tries=1, servers=ServerPolicy(message_bytes=2**20)))
    assert (stopped.status, stopped.error_class) == (CallStatus.UNKNOWN, "server_died")
    assert "more than 1,048,576 bytes" in (stopped.error or "")


def test_what_is_no_text_is_kept_as_an_object() -> None:
    """Images and links are values too."""
    assert echo("image").value == [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("dies_at_start", "its last words: no config found"),
        ("endless_list", "no end"),
        ("bad_list", "malformed"),
        ("control_name", r"a tool whose name nobody can write: 'ec\x1b[2Jho'"),
        ("deaf", "no answer"),
    ],
)
def test_a_server_that_cannot_start_says_why(how: str, said: str) -> None:
    """Opening fails with the server's own last words and its command."""

    async def scene() -> None:
        policy = ServerPolicy(start_s=1.5 if how == "deaf" else 8)
        with pytest.raises(Unavailable, match="server 'liar' cannot be started") as caught:
            async with lying(how, limits=CallLimits(servers=policy)):
                pass
        assert said in str(caught.value)
        assert "check its command" in str(caught.value)

    asyncio.run(scene())


def test_an_unknown_program_says_so() -> None:
    """A typing error in the command is told as such."""

    async def scene() -> None:
        with pytest.raises(Unavailable, match="No such file"):
            async with open_catalog(servers={"x": {"command": "no-such-program-here"}}):
                pass

    asyncio.run(scene())


def test_a_dead_server_is_restarted_for_the_next_call(tmp_path: Path) -> None:
    """The call it died in is unknown; the next one works."""

    async def scene() -> tuple[Result, Result]:
        async with lying("die", tmp_path / "mark") as catalog:
            return await catalog.call("liar.echo", {"n": 1}, key="a"), await catalog.call(
                "liar.echo", {"n": 2}, key="b"
            )

    died, lived = asyncio.run(scene())
    assert (died.status, died.error_class, died.tries) == (CallStatus.UNKNOWN, "server_died", 1)
    assert (lived.status, lived.value) == (CallStatus.DONE, {"n": 2})


def test_a_repeatable_call_is_tried_again_after_a_death(tmp_path: Path) -> None:
    """Pure and keyed effects may happen twice, so the death costs nothing but a try."""

    async def scene() -> Result:
        async with lying("die", tmp_path / "mark") as catalog:
            return await catalog.call("liar.echo", {"n": 1}, key="a", repeatable=True)

    result = asyncio.run(scene())
    assert (result.status, result.value, result.tries) == (CallStatus.DONE, {"n": 1}, 2)


def test_tries_are_bounded_and_told() -> None:
    """A server that dies every time ends as unknown with the number of tries."""

    async def scene() -> Result:
        async with lying("die_always") as catalog:
            return await catalog.call("liar.echo", {"n": 1}, key="a", repeatable=True)

    result = asyncio.run(scene())
    assert (result.status, result.error_class, result.tries) == (CallStatus.UNKNOWN, "server_died", 3)
    assert (result.error or "").endswith("(3 tries)")


def test_a_tool_that_changed_over_a_restart_is_refused(tmp_path: Path) -> None:
    """A server cannot come back with another meaning under the same name."""

    async def scene() -> Result:
        async with lying("changes_on_restart", tmp_path / "mark") as catalog:
            await catalog.call("liar.echo", {"n": 1}, key="a")
            return await catalog.call("liar.echo", {"n": 2}, key="b")

    result = asyncio.run(scene())
    assert (result.status, result.error_class) == (CallStatus.FAILED, "tool_changed")


def test_a_call_that_left_during_a_restart_leaves_nothing_unchecked(tmp_path: Path) -> None:
    """A timeout in the middle of a restart must not let a changed tool through afterwards."""

    async def scene() -> tuple[Result, Result]:
        limits = CallLimits(timeout_s=8, servers=ServerPolicy(backoff_s=0))
        async with lying("changes_on_restart", tmp_path / "mark", limits=limits) as catalog:
            await catalog.call("liar.echo", {"n": 1}, key="a")
            left = await catalog.call("liar.echo", {"n": 2}, key="b", timeout_s=0.002)
            return left, await catalog.call("liar.echo", {"n": 3}, key="c")

    left, after = asyncio.run(scene())
    assert (left.status, left.error_class) == (CallStatus.FAILED, "timeout")
    assert "nothing was sent" in (left.error or "")
    assert after.error_class == "tool_changed"


def test_names_are_shortened_only_while_they_stay_unique() -> None:
    """`git.git_checkout` is `git.checkout`; a collision keeps both full names."""
    assert catalog_names("git", ["git_log", "git-diff", "status", "git_"]) == {
        "git_log": "git.log",
        "git-diff": "git.diff",
        "status": "git.status",
        "git_": "git.git_",
    }

    async def scene() -> list[str]:
        async with lying("collision") as catalog:
            return [tool.name for tool in await catalog.tools()]

    assert asyncio.run(scene()) == ["liar.echo", "liar.liar_echo", "liar.other"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_http(port: int) -> subprocess.Popen[bytes]:
    """Start the honest server on a port and wait until it listens."""
    process = subprocess.Popen([sys.executable, str(SERVERS / "honest.py"), str(port)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
    raise TimeoutError


@pytest.fixture(scope="module")
def http_port() -> Iterator[int]:
    """The port of an honest server over streamable HTTP."""
    port = free_port()
    process = start_http(port)
    yield port
    process.kill()
    process.wait()


@pytest.fixture(params=["stdio", "http"])
def honest(request: pytest.FixtureRequest) -> JsonObject:
    """The configuration of the honest server over each transport."""
    if request.param == "stdio":
        return {"honest": program("honest")}
    return {
        "honest": {"url": f"http://127.0.0.1:{request.getfixturevalue('http_port')}/mcp", "headers": {"x-test": "1"}}
    }


def test_an_honest_server_gives_every_shape_over_both_transports(honest: JsonObject, tmp_path: Path) -> None:
    """Values are unwrapped, metrics lifted, errors told, the key handed over, a cancel and a timeout reach the tool."""

    async def scene() -> None:
        async with open_catalog(servers=honest, limits=CallLimits(timeout_s=10)) as catalog:

            async def ask(tool: str, args: JsonObject) -> Result:
                return await catalog.call(f"honest.{tool}", args, key="effect-1")

            assert (await ask("add", {"a": 2})).value == 3
            assert (await ask("rows", {"count": 2})).value == ["row 0", "row 1"]
            text = await ask("text", {})
            assert (text.metrics, text.events) == ({}, ())
            measured = await ask("measure", {})
            assert measured.metrics == {"loss": 0.25}
            assert measured.events == ({"event_name": "done", "name": "done"},)
            assert (await ask("fail", {"text": "x"})).error_class == "tool_error"
            assert (await ask("refuse", {})).error == "disk full"
            assert (await ask("key_of", {})).value == "effect-1"
            wrong = await ask("add", {"a": "two"})
            assert (wrong.error_class, wrong.error) == ("invalid_arguments", 'a: "two" is not of type "integer"')
            for index, leave_s in enumerate((0.2, 5.0)):
                await cancelled_call(catalog, tmp_path / str(index), leave_s)
            assert (await ask("add", {"a": 2})).value == 3

    asyncio.run(scene())


async def cancelled_call(catalog: ToolCatalog, mark: Path, timeout_s: float) -> None:
    """Leave a sleeping call by timeout or by cancel, and wait for the mark that its tool leaves."""
    task = asyncio.create_task(
        catalog.call("honest.sleep", {"seconds": 30, "mark": str(mark)}, key="k", timeout_s=timeout_s)
    )
    await asyncio.sleep(0.4)
    if timeout_s > 1:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        assert (await task).error_class == "timeout"
    with anyio.fail_after(5):
        while not mark.exists():  # noqa: ASYNC110, ASYNC240 - the other process leaves a file, not an event
            await asyncio.sleep(0.01)


def test_a_changed_tool_is_refused_and_the_others_go_on() -> None:
    """The server announces a change; only the changed tool is stopped."""

    async def scene() -> None:
        async with open_catalog(servers={"honest": program("honest")}) as catalog:
            assert (await catalog.call("honest.mutate", {}, key="k")).value == "changed"
            with anyio.fail_after(5):
                while (changed := await catalog.call("honest.add", {"a": 1}, key="k")).status is CallStatus.DONE:
                    pass
            assert changed.error_class == "tool_changed"
            assert (await catalog.call("honest.rows", {"count": 1}, key="k")).status is CallStatus.DONE

    asyncio.run(scene())


def test_a_change_nobody_announced_is_found_when_the_list_is_old() -> None:
    """Servers that keep silent are asked again from time to time."""

    async def scene() -> Result:
        limits = CallLimits(servers=ServerPolicy(recheck_s=0))
        async with open_catalog(servers={"honest": program("honest")}, limits=limits) as catalog:
            await catalog.call("honest.mutate", {}, key="k")
            return await catalog.call("honest.add", {"a": 1}, key="k")

    assert asyncio.run(scene()).error_class == "tool_changed"


def test_secrets_of_ours_do_not_reach_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what programs need to run, and what the operator configured, is passed on."""
    monkeypatch.setenv("OUR_API_KEY", "secret")
    spec: JsonObject = {**program("honest"), "env": {"GIVEN": "${OUR_API_KEY}-1", "PLAIN": "2"}, "cwd": str(tmp_path)}

    async def scene() -> tuple[Result, Result]:
        async with open_catalog(servers={"honest": spec}) as catalog:
            return await catalog.call("honest.environment", {}, key="k"), await catalog.call(
                "honest.where", {}, key="k"
            )

    seen, where = asyncio.run(scene())
    assert isinstance(seen.value, dict)
    assert "OUR_API_KEY" not in seen.value
    assert (seen.value["GIVEN"], seen.value["PLAIN"]) == ("secret-1", "2")
    assert where.value == str(tmp_path)


def test_an_http_server_that_went_away_is_unreachable_and_comes_back() -> None:
    """Nothing was sent, so it is safe to try again, and the next call finds the restarted server."""
    port = free_port()
    first = start_http(port)

    async def scene() -> tuple[Result, Result]:
        limits = CallLimits(timeout_s=10, tries=2, servers=QUICK)
        async with open_catalog(servers={"honest": {"url": f"http://127.0.0.1:{port}/mcp"}}, limits=limits) as catalog:
            assert (await catalog.call("honest.add", {"a": 1}, key="k")).status is CallStatus.DONE
            first.kill()
            first.wait()
            gone = await catalog.call("honest.add", {"a": 1}, key="k")
            second = await asyncio.to_thread(start_http, port)
            try:
                return gone, await catalog.call("honest.add", {"a": 2}, key="k")
            finally:
                second.kill()
                second.wait()

    gone, back = asyncio.run(scene())
    assert (gone.status, gone.error_class, gone.tries) == (CallStatus.FAILED, "server_unreachable", 2), gone
    assert (back.status, back.value) == (CallStatus.DONE, 3)


def test_what_a_server_says_reaches_no_log_as_it_stands(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK logs names and texts of servers; a terminal would obey what is in them."""

    async def scene() -> Result:
        async with dying_http(["during"], "event") as (_, url), open_catalog(servers={"x": {"url": url}}) as catalog:
            return await catalog.call("x.act", {}, key="k")

    with caplog.at_level(logging.DEBUG):
        result = asyncio.run(scene())
    assert result.status is CallStatus.UNKNOWN
    assert "cleared" in caplog.text
    assert "\x1b" not in caplog.text + str(result.error)


def test_public_servers_work_unchanged(tmp_path: Path) -> None:
    """mcp-server-git and mcp-server-time, as users configure them."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    servers: JsonObject = {
        "git": {"command": "mcp-server-git", "args": ["--repository", "."]},
        "time": {"command": "mcp-server-time"},
    }

    async def scene() -> None:
        async with open_catalog(
            servers=servers, allow=["git.*", "time.get_current_time"], base_dir=tmp_path
        ) as catalog:
            names = [tool.name for tool in await catalog.tools()]
            assert "git.checkout" in names
            assert [name for name in names if name.startswith("time.")] == ["time.get_current_time"]
            status = await catalog.call("git.status", {"repo_path": str(tmp_path)}, key="k")
            assert "No commits yet" in str(status.value), status
            now = await catalog.call("time.get_current_time", {"timezone": "UTC"}, key="k")
            assert isinstance(now.value, dict)
            assert now.value["timezone"] == "UTC"
            bad = await catalog.call("git.log", {"repo_path": "/nowhere"}, key="k")
            assert (bad.status, bad.error_class) == (CallStatus.FAILED, "tool_error")

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "needs either a command or a url"),
        ({"command": "x", "url": "http://y"}, "needs either a command or a url"),
        ({"comand": "x"}, "nearest: command"),
        ({"command": 5}, "x.command: Input should be a valid string"),
        ({"url": "ftp://y"}, "is not an http or https address"),
        ({"url": "http://y", "args": ["z"]}, "mean nothing"),
        ({"command": "x", "type": "sse"}, "'sse' is not spoken here"),
        ({"command": "x", "env": {"A": "${NO_SUCH_VARIABLE_HERE}"}}, "the environment has no NO_SUCH_VARIABLE_HERE"),
        ("text", "valid dictionary"),
    ],
)
def test_a_wrong_server_entry_is_refused_with_its_place(spec: object, said: str) -> None:
    """Nothing is started before the whole list is right."""

    async def scene() -> None:
        with pytest.raises(InvalidInput) as caught:
            async with open_catalog(servers={"x": spec}):
                pass
        assert said in str(caught.value)

    asyncio.run(scene())
