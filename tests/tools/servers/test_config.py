"""The list of servers as a mission file has it: what is wrong is said at once, and nothing but what is named is handed on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.servers.config import read_servers


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, keys with the nearest known one, values, variables that are not set."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    servers: dict[str, object] = {
        "bad name": {"command": "x"},
        "typo": {"comand": "x"},
        "other": {"command": "x", "zzz": 1},
        "unset": {"command": "x", "env": {"KEY": "${NOT_THERE}"}},
        "both": {"command": "x", "url": "http://localhost/"},
    }
    with pytest.raises(InvalidInput) as caught:
        read_servers(servers)
    told = {problem.where: f"{problem.message} {problem.hint}" for problem in caught.value.problems}
    assert "is no server name" in told["bad name"]
    assert "nearest: command" in told["typo.comand"]
    assert "known: " in told["other.zzz"]
    assert any(where.startswith("unset.env") for where in told)
    assert any(where.startswith("both") for where in told)


def test_a_program_and_its_folder_are_found_from_the_missions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder counts from the mission file's; variables come from us, by name alone."""
    monkeypatch.setenv("THERE", "value")
    spec: dict[str, object] = {"command": sys.executable, "cwd": "below", "env": {"KEY": "${THERE}"}}
    (found,) = read_servers({"one": spec}, tmp_path)
    assert found.folder == tmp_path / "below"
    assert found.spec.env == {"KEY": "value"}
    (bare,) = read_servers({"one": {"command": sys.executable, "cwd": "below"}})
    assert bare.folder == Path("below")
    (remote,) = read_servers({"two": {"url": "http://localhost:1/mcp"}})
    assert remote.folder is None
