"""`journeyman token` and what `journeyman serve` says where it cannot serve."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_WITHOUT = "import sys; sys.modules[{module!r}] = None; from journeyman.interfaces.cli.main import main; sys.argv[1:] = {words!r}; main()"


def _typed(folder: Path, *words: str, without: str = "") -> subprocess.CompletedProcess[str]:
    program = ["-c", _WITHOUT.format(module=without, words=list(words))] if without else ["-m", "journeyman", *words]
    environment = {**os.environ, "JOURNEYMAN_DATA_DIR": str(folder / "data"), "COLUMNS": "160"}
    return subprocess.run(
        [sys.executable, *program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_token_is_shown_once_listed_and_revoked(tmp_path: Path) -> None:
    """The token itself stands nowhere but in the answer that made it."""
    made = _typed(tmp_path, "token", "new", "ada", "--scope", "read", "--scope", "person", "--expires", "30d", "--json")
    told = json.loads(made.stdout)
    assert (told["name"], told["scopes"], told["tenant"], told["status"]) == (
        "ada",
        ["person", "read"],
        "default",
        "active",
    )
    listed = _typed(tmp_path, "token", "list")
    assert told["id"] in listed.stdout
    assert told["token"] not in listed.stdout + (tmp_path / "data" / "tokens.json").read_text()
    assert _typed(tmp_path, "token", "revoke", told["id"]).stdout == f"revoked {told['id']}\n"
    (row,) = json.loads(_typed(tmp_path, "token", "list", "--json").stdout)
    assert row["status"] == "revoked"
    again = _typed(tmp_path, "token", "revoke", "nobody")
    assert (again.returncode, "[not_found]" in again.stderr) == (2, True)


def test_what_is_missing_is_named_with_what_brings_it(tmp_path: Path) -> None:
    """One clear error, no traceback."""
    for module, words, extra in (
        ("fastapi", ["serve"], "journeyman[serve]"),
        ("opentelemetry.sdk", ["serve", "--port", "0", "--otel"], "journeyman[otel]"),
    ):
        ended = _typed(tmp_path, *words, without=module)
        assert ended.returncode == 2, ended.stderr
        assert extra in ended.stderr
        assert "Traceback" not in ended.stderr
