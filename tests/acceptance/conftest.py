"""A command line in its own process, with its own data folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Shell:
    """Runs `journeyman` as a user does."""

    folder: Path
    environment: dict[str, str]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and give its process."""
        argv = [sys.executable, "-m", "journeyman", *words]
        return subprocess.Popen(
            argv,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and check its exit code."""
        process = self.start(*words)
        out, err = process.communicate(timeout=110)
        assert process.returncode == code, (words, process.returncode, out, err)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def json(self, *words: str, code: int = 0) -> Any:
        """What a command prints, read as JSON."""
        return json.loads(self.run(*words, "--json", code=code).stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], Shell]:
    """A shell in a copy of an example's folder, or in an empty one."""

    def make(example: str = "") -> Shell:
        folder = tmp_path / "work"
        if example:
            shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("repo", "backups", "__pycache__"))
        else:
            folder.mkdir()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        known = {
            "PATH": path,
            "HOME": str(tmp_path),
            "JOURNEYMAN_DATA_DIR": str(tmp_path / "data"),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return Shell(folder, known)

    return make
