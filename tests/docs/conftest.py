"""The wheel as a release would have it, and an environment with nothing else in it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSED_ON = ("PIP_", "UV_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Beginnings of variables by which a package client finds its index on this machine."""


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A home folder, a path with the system's programs and one Python, and a package index that has our wheel."""

    folder: Path
    wheel: Path

    def environment(self) -> dict[str, str]:
        """What a new user's terminal holds."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        constraints = self.folder / "constraints.txt"
        constraints.write_text(f"journeyman=={self.wheel.name.split('-')[1]}\n", "utf-8")
        caches = {
            "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
            "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"),
        }
        clients = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        return {
            **caches,
            **clients,
            "PATH": f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "COLUMNS": "160",
            "PIP_CONSTRAINT": str(constraints),
            "PIP_FIND_LINKS": f"{self.wheel.parent} {os.environ.get('PIP_FIND_LINKS', '')}".strip(),
            "PIP_QUIET": "1",
            "UV_PYTHON": str(Path(sys.base_prefix) / "bin" / "python3"),
            "UV_PYTHON_DOWNLOADS": "never",
        }


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working tree, built as `make dist` builds it."""
    return built(tmp_path_factory.mktemp("dist"))


def built(folder: Path) -> Path:
    """Build a wheel into a folder."""
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder)]
    ended = subprocess.run(
        build,
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture
def machine(tmp_path: Path, wheel: Path) -> BareMachine:
    """A machine on which nothing was ever installed."""
    return BareMachine(tmp_path, wheel)
