"""Asks gitleaks, where it is installed, what it finds beside our own scan."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from journeyman.bundles.secret_scan.scan import SecretFinding
from journeyman.mission.values.errors import Unavailable

_TIMEOUT_S: Final = 300.0


def gitleaks_path() -> str | None:
    """Where gitleaks is; `None` where it is not on the PATH."""
    return shutil.which("gitleaks")


class Gitleaks:
    """A scanner that is a program beside ours. It is shown copies that only we can read, and told to name no secret."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __call__(self, files: Sequence[tuple[str, bytes]]) -> list[SecretFinding]:
        """The secrets that it finds in these files; raises `Unavailable` where it does not work."""
        with tempfile.TemporaryDirectory(prefix="journeyman-gitleaks-") as name:
            folder, report = Path(name) / "files", Path(name) / "report.json"
            for path, data in files:
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            folder.mkdir(exist_ok=True)
            words = [
                self._program, "detect", "--no-git", "--no-banner", "--redact", "--exit-code", "0",
                "--report-format", "json", "--report-path", str(report), "--source", str(folder),
            ]  # fmt: skip
            try:
                # What lies in the folder must not set it up: `.gitleaks.toml` and `.gitleaksignore` come from the agent.
                words += [
                    "--config",
                    str(_empty_config(Path(name))),
                    "--gitleaks-ignore-path",
                    str(Path(name) / "none"),
                ]
                ended = subprocess.run(  # noqa: S603  # found on the PATH by its name
                    words, capture_output=True, timeout=_TIMEOUT_S, check=False, cwd=name, stdin=subprocess.DEVNULL,
                    env={"PATH": os.environ.get("PATH", ""), "HOME": name},
                )  # fmt: skip
                rows: Any = json.loads(report.read_bytes() or b"[]")
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                raise Unavailable(
                    f"{self._program} did not work ({type(error).__name__}); repair it, or leave it away with --no-gitleaks"
                ) from None
            if ended.returncode != 0 or not isinstance(rows, list):
                raise Unavailable(
                    f"{self._program} ended with {ended.returncode}; repair it, or leave it away with --no-gitleaks"
                )
            return [_finding(folder, cast("dict[str, Any]", row)) for row in cast("list[Any]", rows)]


def _empty_config(folder: Path) -> Path:
    file = folder / "config.toml"
    file.write_text("[extend]\nuseDefault = true\n", "utf-8")
    return file


def _finding(folder: Path, row: dict[str, Any]) -> SecretFinding:
    path = os.path.relpath(os.path.join(folder, str(row.get("File", ""))), folder)  # noqa: PTH118  # absolute or not
    return SecretFinding(
        path=Path(path).as_posix(), line=int(row.get("StartLine", 1)), kind=f"gitleaks: {row.get('RuleID')}"
    )
