"""Requests out of the server's own OpenAPI document, by schemathesis, against `journeyman serve`: good, bad and in sequence."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.serving.process import ServedClient, ServerPlace

_STREAM: Final = "/events/stream$"
"""A stream of a session that goes on does not end: its parameters are tried below, on one that has ended."""
_CONFIG: Final = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
"""
"""All checks as they are, but that 422 may answer what fits the document: whether a mission holds together, whether a key was
used for something else, no schema can say. Faults (5xx) have a check of their own."""
_KNOWN: Final = """
[parameters]
session_id = "waiting"
other = "ended"
"""
"""In a second run: ids of sessions that are there, so that requests come past the question whether they are."""
_STREAM_VALUES: Final = ("0", "1", "9", "10", "-1", "x", "", "1e3", "9" * 20, "%D9%A1", "1;2", "%00", "%FF")


@dataclass(slots=True)
class FuzzResult:
    """What came of it."""

    operations: int = 0
    cases: int = 0
    failures: list[str] = field(default_factory=list[str])
    server_errors: int = 0


def fuzzed(folder: Path, examples: int) -> FuzzResult:
    """Start a server in a folder and try each operation with so many requests, and more in sequences; twice."""
    place = ServerPlace(folder)
    place.prepare()
    secret = place.secret("fuzz", "read", "run", "author", "person")
    server = place.start(more=["--rate", "100000"])
    client = ServedClient(server.url, secret)
    result = FuzzResult()
    try:
        _by_schemathesis(client, folder, examples, "", _STREAM, result)
        for name, file in (("ended", "quick.yaml"), ("waiting", "asks.yaml")):
            client.start(file, name)
        _by_schemathesis(client, folder, examples, _KNOWN, f"{_STREAM}|/sessions$", result)
        _streams(client, result)
    finally:
        server.stop()
    result.server_errors += sum(" 500 " in line or "Traceback" in line for line in place.log().splitlines())
    return result


def _by_schemathesis(
    client: ServedClient, folder: Path, examples: int, values: str, excluded: str, result: FuzzResult
) -> None:
    (folder / "schemathesis.toml").write_text(f"{_CONFIG}{values}")
    report = folder / "fuzz.json"
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{client.url}/api/v1/openapi.json",
        "-H", f"Authorization: Bearer {client.secret}", "--checks", "all", "--max-examples", str(examples), "--seed", "1",
        "--exclude-path-regex", excluded, "--request-timeout", "60", "--continue-on-failure", "--no-color",
        "--report", "json", "--report-json-path", str(report), *(["--exclude-method", "DELETE"] if values else []),
    ]  # fmt: skip
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if not report.exists():
        raise AssertionError(f"schemathesis did not begin: {ended.stdout}{ended.stderr}")
    told = json.loads(report.read_text())
    result.operations = max(result.operations, told["operations"]["tested"])
    result.cases += told["test_cases"]["generated"]
    result.failures += [f"{row['title']}: {name}" for row in told["failures"] for name in row["operations"]]
    result.failures += [f"error: {row}" for row in told["errors"]]


def _streams(client: ServedClient, result: FuzzResult) -> None:
    """Streams of a session that has ended, begun anywhere: each ends, or is refused."""
    for after in _STREAM_VALUES:
        for last in _STREAM_VALUES:
            found = client.get(f"/api/v1/sessions/ended/events/stream?after={after}", {"last-event-id": last})
            result.cases += 1
            if found.status_code not in (200, 422) or (found.status_code == 200 and "event: end" not in found.text):
                result.failures.append(f"stream after {after!r}, last {last!r}: {found.status_code}")
