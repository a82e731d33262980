"""`journeyman serve` as a process: it answers, stops in order, comes back, and bears load."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from benchmarks import http_load, restart
from benchmarks.serving.api_fuzz import fuzzed
from benchmarks.serving.process import ServedClient, ServerPlace


@pytest.mark.slow
def test_requests_out_of_its_own_document_find_no_fault(tmp_path: Path) -> None:
    """Good and bad ones, alone and in sequence, by all checks of schemathesis."""
    found = fuzzed(tmp_path, 3)
    assert (found.failures, found.server_errors) == ([], 0)
    assert found.operations >= 25


@pytest.mark.slow
def test_what_ends_under_load_goes_on_where_it_was(tmp_path: Path) -> None:
    """One orderly stop and one kill: no session, request or event is lost or doubled."""
    tally = restart.restarted(tmp_path, 2, 4)
    rows = restart.rows(tally, 2, 4)
    assert [row for row in rows if not row.holds and not row.what.startswith("streams")] == []


@pytest.mark.slow
def test_many_clients_at_once_see_every_event(tmp_path: Path) -> None:
    """A few seconds of what the benchmark does for minutes."""
    place = ServerPlace(tmp_path)
    place.prepare()
    secret = place.secret("load", "read", "run")
    server = place.start(more=["--rate", "100000"])
    try:
        load = http_load.loaded(server, secret, 10, 3.0, processes=1)
    finally:
        assert server.stop() == 0
    assert [row for row in http_load.rows(load, 10) if not row.holds] == []
    assert load.memory_mib


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_streams_and_puts_sessions_down(tmp_path: Path, how: signal.Signals, code: int) -> None:
    """Followers are told to come back; the next start goes on without waiting for any lease."""
    place = ServerPlace(tmp_path)
    place.prepare()
    (tmp_path / "missions" / "long.yaml").write_text(
        (tmp_path / "missions" / "quick.yaml").read_text().replace('echo, "number 1"', 'sleep, "600"')
    )
    client = ServedClient("", place.secret("ada", "read", "run", "person"))
    server = place.start()
    client = ServedClient(server.url, client.secret)
    made = client.post("/api/v1/sessions", {"file": "long.yaml", "session_id": "long"})
    assert made.status_code == 201
    address = "/api/v1/sessions/long/events"
    while not any(row["kind"] == "Intended" for row in client.get(address).json()["items"]):
        pass
    with client.stream(f"{address}/stream") as response:
        lines = response.iter_lines()
        while "Intended" not in next(lines):
            pass
        server.process.send_signal(how)
        assert "event: stop" in list(lines)
    assert server.ended() == code
    again = place.start()
    try:
        client = ServedClient(again.url, client.secret)
        assert client.get("/api/v1/sessions/long").json()["status"] == "running"
        assert client.post("/api/v1/sessions/long/abort").status_code == 200
    finally:
        assert again.stop() == 0
    assert client.secret not in place.log()


@pytest.mark.slow
def test_what_keeps_it_from_serving_is_one_clear_error(tmp_path: Path) -> None:
    """A port that is taken; an address beyond this machine without tokens."""
    place = ServerPlace(tmp_path)
    place.prepare()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AssertionError, match="address_unavailable"):
        place.start(taken.getsockname()[1])
    with pytest.raises(AssertionError, match="tokens_needed"):
        place.start(more=["--host", "0.0.0.0"])  # noqa: S104  # it must not
    place.secret("ada", "read")
    open_to_all = place.start(more=["--host", "0.0.0.0"])  # noqa: S104  # with tokens it may
    assert open_to_all.stop() == 0
