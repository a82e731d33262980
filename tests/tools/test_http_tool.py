"""HTTP requests as tools, against a real server on the loopback: what is sent, what is read, and what counts as done."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.declared_tool import long_form
from journeyman.mission.model.http_requests import HttpTool
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.catalog import open_catalog
from journeyman.tools.declared.definition import ArgumentRefused
from journeyman.tools.declared.http import filled_url, is_same_server, percentile


class _Site(http.server.BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[dict[str, Any]]

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Say nothing."""

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        row = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": self.rfile.read(size)}
        self.asked.append(row)
        path = urlsplit(self.path).path
        status = int(path.rpartition("/")[2]) if path.startswith("/status/") else 200
        body = b'{"version": "1.2", "load": {"p": 0.5}, "items": [3, 4]}'
        if path == "/text":
            body = b"queue: 17 waiting"
        if path == "/big":
            body = b"x" * 100_000
        if path in {"/moved", "/elsewhere"} or path.startswith("/port/"):
            status = 302
        self.send_response(status)
        if path == "/moved":
            self.send_header("location", "/text")
        if path.startswith("/port/"):
            self.send_header("location", f"http://127.0.0.1:{path.rpartition('/')[2]}/text")
        if path == "/elsewhere":
            self.send_header("location", "http://other.invalid/text")
        self.send_header("content-type", "text/plain" if body[:1] != b"{" else "application/json")
        self.send_header("set-cookie", "session=1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if path == "/cut":
            self.wfile.write(body[:5])
            self.close_connection = True
            return
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # the base class's names


@contextlib.contextmanager
def _serving(context: ssl.SSLContext | None = None) -> Generator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Site", (_Site,), {"asked": asked}))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site() -> Generator[tuple[str, list[dict[str, Any]]]]:
    """A server's address, and what it was asked."""
    with _serving() as served:
        yield served


def request(value: object) -> HttpTool:
    """A request as a mission file has it."""
    return HttpTool.model_validate(long_form("url", value))


def result_of(value: object, **args: Json) -> Result:
    """What one call gives."""

    async def scene() -> Result:
        async with open_catalog(declared={"it": request(value)}) as catalog:
            return await catalog.call("it", args, key="key-1")

    return asyncio.run(scene())


def own_metrics(found: Result) -> dict[str, Any]:
    """The metrics under the tool's name."""
    own = found.metrics["it"]
    assert isinstance(own, dict)
    return own


def test_status_latency_and_json_are_the_result(site: tuple[str, list[dict[str, Any]]]) -> None:
    """The short form is an address."""
    found = result_of(f"{site[0]}/health")
    assert isinstance(found.value, dict)
    assert (found.status, found.value["status"]) == (CallStatus.DONE, 200)
    assert found.value["body"] == {"version": "1.2", "load": {"p": 0.5}, "items": [3, 4]}
    own = own_metrics(found)
    assert own["status"] == 200
    assert 0 < own["p50_ms"] <= own["p95_ms"]
    assert "certificate_days" not in own
    assert "set-cookie" not in str(found.value["headers"])


def test_numbers_are_found_by_path_and_by_regex(site: tuple[str, list[dict[str, Any]]]) -> None:
    """In an answer's JSON, and in its text."""
    spec: JsonObject = {"url": f"{site[0]}/x", "metrics": {"load": {"path": "load.p"}, "first": {"path": "items.0"}}}
    assert result_of(spec).metrics.items() >= {"load": 0.5, "first": 3}.items()
    text: JsonObject = {"url": f"{site[0]}/text", "metrics": {"waiting": {"regex": r"(\d+) waiting"}}}
    assert result_of(text).metrics["waiting"] == 17


@pytest.mark.parametrize(
    ("path", "more", "done"),
    [
        ("/status/500", {}, True),
        ("/status/500", {"statuses": [200]}, False),
        ("/status/500", {"method": "POST"}, False),
        ("/status/201", {"method": "POST"}, True),
        ("/status/409", {"method": "POST", "statuses": [200, 409]}, True),
    ],
)
def test_a_status_is_a_result_of_what_only_looks_and_a_failure_of_what_acts(
    path: str, more: JsonObject, *, done: bool, site: tuple[str, list[dict[str, Any]]]
) -> None:
    """That a service answers 500 is what a look may be for."""
    found = result_of({"url": site[0] + path, **more})
    assert (found.status is CallStatus.DONE) == done
    if not done:
        assert found.error is not None
        assert path.rpartition("/")[2] in found.error


def test_a_default_counts_only_in_an_answer_that_says_that_all_is_well(site: tuple[str, list[dict[str, Any]]]) -> None:
    """An error page has no errors listed in it either."""
    metrics: JsonObject = {"errors": {"path": "errors.count", "default": 0}}
    assert result_of({"url": f"{site[0]}/x", "metrics": metrics}).metrics["errors"] == 0
    assert "errors" not in result_of({"url": f"{site[0]}/status/503", "metrics": metrics}).metrics


def test_samples_are_sent_one_after_another_and_give_percentiles(site: tuple[str, list[dict[str, Any]]]) -> None:
    """One call, n requests."""
    found = result_of({"url": f"{site[0]}/x", "samples": 9})
    assert len(site[1]) == 9
    assert own_metrics(found)["p50_ms"] <= own_metrics(found)["p95_ms"]


def test_parameters_fill_path_query_headers_and_json(
    site: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each where it stands and nowhere else; secrets come from the environment."""
    monkeypatch.setenv("API_TOKEN", "s3cret")
    spec: JsonObject = {
        "url": f"{site[0]}/zones/{{zone}}?q={{word}}&limit={{limit}}",
        "method": "put",
        "headers": {"Authorization": "Bearer ${API_TOKEN}"},
        "json": {"replicas": "{count}", "note": "for {zone}"},
        "parameters": {
            "zone": "string", "word": "string", "count": "integer",
            "limit": {"type": ["integer", "null"], "default": None},
        },
        "effect": "keyed",
    }  # fmt: skip
    found = result_of(spec, zone="a/b?c", word="x&y=z", count=3)
    assert found.status is CallStatus.DONE
    row = site[1][0]
    address = urlsplit(row["path"])
    assert (row["method"], address.path) == ("PUT", "/zones/a%2Fb%3Fc")
    assert parse_qs(address.query) == {"q": ["x&y=z"]}
    assert json.loads(row["body"]) == {"replicas": 3, "note": "for a/b?c"}
    headers = {name.lower(): value for name, value in row["headers"].items()}
    assert (headers["authorization"], headers["idempotency-key"]) == ("Bearer s3cret", "key-1")
    assert "s3cret" not in str(found)


def test_neither_values_nor_variables_hold_what_is_filled_in(
    site: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a model could read the environment through an argument, and a password with braces would be changed."""
    monkeypatch.setenv("API_TOKEN", "a{word}b")
    monkeypatch.setenv("token", "small")
    spec: JsonObject = {
        "url": f"{site[0]}/text?q={{word}}&t=${{API_TOKEN}}",
        "headers": {"X-Token": "${API_TOKEN} ${token} {word}"},
        "parameters": {"word": "string"},
    }
    assert result_of(spec, word="${API_TOKEN}").status is CallStatus.DONE
    row = site[1][0]
    headers = {name.lower(): value for name, value in row["headers"].items()}
    assert headers["x-token"] == "a{word}b small ${API_TOKEN}"
    assert parse_qs(urlsplit(row["path"]).query) == {"q": ["${API_TOKEN}"], "t": ["a{word}b"]}


@given(st.text(max_size=20))
def test_a_value_is_one_segment_and_one_query_value_or_refused(text: str) -> None:
    """It leads to no other path, host or parameter."""
    spec = request({"url": "https://h.example/a/{x}/b?k={x}", "parameters": {"x": "string"}})
    try:
        address = urlsplit(filled_url(spec, {"x": text}))
    except (ArgumentRefused, UnicodeEncodeError):
        assert text in {"", ".", ".."} or any("\ud800" <= letter <= "\udfff" for letter in text)
        return
    assert address.netloc == "h.example"
    assert address.path.count("/") == 3
    assert parse_qs(address.query, keep_blank_values=True) == {"k": [text]}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("http://h/a", "http://h/b", True),
        ("http://h/a", "http://h:80/b", True),
        ("http://h/a", "https://h/b", True),
        ("https://h/a", "http://h/b", False),
        ("https://h:443/a", "https://h/b", True),
        ("https://h/a", "https://h:8443/b", False),
        ("http://h:8080/a", "https://h/b", False),
        ("http://h/a", "http://g/b", False),
    ],
)
def test_one_server_is_one_origin_or_its_https(first: str, second: str, *, same: bool) -> None:
    """A port of the same host may be anybody's, and what was asked for under TLS is never sent without."""
    assert is_same_server(httpx2.URL(first), httpx2.URL(second)) == same


def test_only_what_looks_follows_redirects_and_only_to_its_own_server(site: tuple[str, list[dict[str, Any]]]) -> None:
    """Headers with secrets go nowhere else."""
    moved = result_of(f"{site[0]}/moved")
    assert isinstance(moved.value, dict)
    assert moved.value["body"] == "queue: 17 waiting"
    away = result_of({"url": f"{site[0]}/elsewhere"})
    assert isinstance(away.value, dict)
    assert away.value["status"] == 302
    with _serving() as (other, asked):
        port = result_of({"url": f"{site[0]}/port/{urlsplit(other).port}"})
        assert isinstance(port.value, dict)
        assert (port.value["status"], asked) == (302, [])
    acted = result_of({"url": f"{site[0]}/moved", "method": "POST", "effect": "keyed"})
    assert (acted.status, acted.error_class) == (CallStatus.FAILED, "http_status")


def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    """So the call failed, and may be made again; one that ends in the middle of its answer may have done it."""
    nobody = result_of({"url": "http://127.0.0.1:9/x", "method": "POST"})
    assert (nobody.status, nobody.error_class) == (CallStatus.FAILED, "server_unreachable")
    with _serving() as (address, _):
        cut = result_of({"url": f"{address}/cut", "method": "POST"})
    assert (cut.status, cut.error_class) == (CallStatus.UNKNOWN, "server_died")


def test_a_long_answer_is_read_to_its_bound_and_is_text(site: tuple[str, list[dict[str, Any]]]) -> None:
    """Half an object is no object."""
    found = result_of({"url": f"{site[0]}/big", "body_bytes": 1000})
    assert isinstance(found.value, dict)
    assert found.value["body"] == "x" * 1000


def test_the_days_that_a_certificate_holds_yet_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a verified connection; one that is not trusted is not made."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)  # noqa: TID251  # by which connections are verified
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = tmp_path / "c.pem", tmp_path / "k.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    with _serving(context) as (address, _):
        refused = result_of(f"{address}/x")
        assert (refused.status, refused.error_class) == (CallStatus.FAILED, "server_unreachable")
        assert "certificate" in (refused.error or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert 9.9 < own_metrics(result_of(f"{address}/x"))["certificate_days"] < 10.1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("ftp://h/x", "is not an http or https address"),
        ({"url": "https://{zone}.example/x", "parameters": {"zone": "string"}}, "lets a parameter choose the host"),
        ("https://me:pw@h.example/", "put it into `headers`"),
        ({"url": "https://h.example/", "json": {"a": 1}}, "GET sends nothing"),
        ({"url": "https://h.example/", "method": "POST", "samples": 3}, "several times"),
        ({"url": "https://h.example/", "parameters": {"x": "string"}}, "parameter 'x' is not used"),
    ],
)
def test_a_wrong_request_is_told_with_what_to_write(spec: object, words: str) -> None:
    """One clear error each."""
    with pytest.raises(ValidationError) as caught:
        request(spec)
    assert words in str(caught.value)


def test_a_variable_that_is_not_set_is_told_before_anything_is_sent() -> None:
    """With its place."""
    with pytest.raises(InvalidInput, match=r"http\.it\.headers\.Authorization.*NOT_SET_HERE"):
        result_of({"url": "http://127.0.0.1:9/", "headers": {"Authorization": "${NOT_SET_HERE}"}})


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_the_least_value_that_covers_its_share(values: list[float], share: float) -> None:
    """By counting, for each value that there is."""
    covering = [value for value in values if sum(other <= value for other in values) >= share * len(values) - 1e-9]
    assert percentile(values, share) == min(covering)


def test_requests_and_commands_share_no_name() -> None:
    """Nobody could tell which is called."""
    base: JsonObject = {
        "directive": "d", "budget": {"iterations": 1},
        "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0}],
        "http": {"health": "http://h.example/"},
    }  # fmt: skip
    assert validate_mission(base).tools == ["health"]
    with pytest.raises(InvalidInput, match="'health' stands under `commands` and under `http`"):
        validate_mission({**base, "commands": {"health": "true"}})
