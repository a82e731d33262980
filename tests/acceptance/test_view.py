"""`journeyman view` as a person types it: a link that lets one browser in, to look, or to act under a name, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

MISSION = r"""name: asks
directive: Say a number.
commands: {number: {run: "echo 7", effect: pure, metrics: {n: {regex: '(\d+)'}}}}
criteria: [{id: seven, kind: metric_threshold, metric: n, op: "==", target: 7}]
plan: [{calls: [{tool: number}]}]
approve: always
budget: {iterations: 3}
"""


def _journeyman(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "journeyman", *words], cwd=folder, env=_environment(folder), capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "JOURNEYMAN_DATA_DIR": str(folder / "data"), "JOURNEYMAN_CONFIG": str(folder / "none.toml")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a session that waits for a person."""
    (tmp_path / "mission.yaml").write_text(MISSION)
    done = _journeyman(tmp_path, "run", "mission.yaml", "--no-input", "--id", "asks")
    assert done.returncode == 3, done.stderr
    return tmp_path


@contextmanager
def _viewing(folder: Path, *words: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "journeyman", "view", "asks", "--no-open", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=_environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_link_shows_the_session_and_nobody_else_sees_it(folder: Path) -> None:
    """Without the cookie that the link sets, under another name, or with another key there is nothing to see."""
    with _viewing(folder) as (link, process):
        own = link.partition("/open")[0]
        assert own.startswith("http://127.0.0.1:")
        with httpx2.Client(follow_redirects=True) as client:
            page = client.get(link)
            assert page.status_code == 200
            assert "A person is asked" in page.text
            assert "Answering needs the scope" in page.text
            assert "Act on this session" not in page.text
            form = {"act": "answer", "approval": "iteration-0", "granted": "yes"}
            assert client.post(own + "/sessions/asks/act", data=form, headers={"Origin": own}).status_code == 403
            assert client.get(own + "/sessions/asks", headers={"Host": "evil.example"}).status_code == 400
        assert httpx2.get(own + "/sessions/asks").status_code == 403
        assert "open the link" in httpx2.get(own + "/").text
        assert httpx2.get(own + "/open?key=guess").status_code == 403
        cookie = httpx2.get(link).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_person_answers_there_and_the_session_goes_on(folder: Path) -> None:
    """Under the name that was given, driven by the viewer itself."""
    with _viewing(folder, "--as", "ada") as (link, process):
        own = link.partition("/open")[0]
        with httpx2.Client(follow_redirects=True, timeout=30) as client:
            assert "Approve" in client.get(link).text
            form = {"act": "answer", "approval": "iteration-0", "granted": "yes", "note": "looks right"}
            assert client.post(own + "/sessions/asks/act", data=form, headers={"Origin": own}).status_code == 200
            with client.stream("GET", own + "/sessions/asks/stream") as stream:
                assert any(line == "event: ended" for line in stream.iter_lines())
            assert "Achieved" in client.get(own + "/sessions/asks").text
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    report = _journeyman(folder, "report", "asks", "--format", "markdown").stdout
    assert "person:ada" in report
    assert "looks right" in report


def test_what_cannot_be_shown_is_told(folder: Path) -> None:
    """An unknown session, and a port that somebody has."""
    unknown = _journeyman(folder, "view", "nobody", "--no-open")
    assert unknown.returncode == 2
    assert "no session 'nobody'" in unknown.stderr
    with _viewing(folder) as (link, _):
        port = link.partition("/open")[0].rpartition(":")[2]
        taken = _journeyman(folder, "view", "asks", "--no-open", "--port", port)
    assert taken.returncode != 0
    assert "take another with --port" in taken.stderr


def test_a_missing_extra_is_one_clear_error(folder: Path) -> None:
    """With what to install, and nothing is loaded that only serving needs before it is wanted."""
    (folder / "starlette.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'starlette'\", name='starlette')\n"
    )
    missing = _journeyman(folder, "view", "asks", "--no-open")
    assert missing.returncode == 2
    assert "pip install 'journeyman[serve]'" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert _journeyman(folder, "list").returncode == 0
