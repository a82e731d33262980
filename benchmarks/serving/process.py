"""`journeyman serve` as a process of its own, with tokens, over a folder that outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from benchmarks.serving.in_process import quick_mission


@dataclass(slots=True)
class ServerProcess:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str

    @property
    def memory_mib(self) -> float:
        """Memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 60) -> int:
        """End it; its exit code."""
        self.process.send_signal(how)
        return self.ended(timeout_s)

    def ended(self, timeout_s: float = 60) -> int:
        """Its exit code, once it has ended."""
        code = self.process.wait(timeout_s)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@dataclass(frozen=True, slots=True)
class ServedClient:
    """Calls a server with a token, one request after the other."""

    url: str
    secret: str

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """The answer to a GET."""
        return httpx2.get(f"{self.url}{path}", headers={**self._bearer, **(headers or {})}, timeout=60)

    def post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """The answer to a POST."""
        return httpx2.post(f"{self.url}{path}", json=body, headers={**self._bearer, **(headers or {})}, timeout=60)

    def stream(self, path: str) -> AbstractContextManager[httpx2.Response]:
        """An answer that is read as it comes."""
        return httpx2.stream("GET", f"{self.url}{path}", headers=self._bearer, timeout=60)

    def start(self, file: str, session_id: str) -> None:
        """Begin a session, and wait until it has ended or waits."""
        made = self.post("/api/v1/sessions", {"file": file, "session_id": session_id})
        assert made.status_code == 201, made.text
        while self.get(f"/api/v1/sessions/{session_id}").json()["status"] == "running":
            pass

    @property
    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """Where servers keep their records, one after the other."""

    folder: Path

    def prepare(self) -> None:
        """Write the missions that are offered."""
        missions = self.folder / "missions"
        missions.mkdir(parents=True, exist_ok=True)
        (missions / "quick.yaml").write_text(quick_mission("quick"))
        (missions / "asks.yaml").write_text(quick_mission("asks", "approve: always"))

    def secret(self, name: str, *scopes: str) -> str:
        """A new token, as a person makes it."""
        words = [word for scope in scopes for word in ("--scope", scope)]
        made = subprocess.run(
            [sys.executable, "-m", "journeyman", "token", "new", name, *words],
            env=self._environment(), check=True, capture_output=True, text=True,
        )  # fmt: skip
        return made.stdout.strip()

    def start(self, port: int = 0, more: Sequence[str] = ()) -> ServerProcess:
        """A server that answers by now."""
        command = [
            sys.executable,
            "-m",
            "journeyman",
            "serve",
            "--json",
            "--port",
            str(port),
            "--missions",
            "missions",
            *more,
        ]
        with (self.folder / "server.log").open("a") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, text=True,
            )  # fmt: skip
        server = ServerProcess(process, "")
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the server ended with {server.ended()}: {self.log()[-2_000:]}")
            lines.append(line)
        server.url = json.loads("".join(lines))["url"]
        return server

    def log(self) -> str:
        """What servers here have written."""
        return (self.folder / "server.log").read_text()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYMAN_")}
        return {
            **kept,
            "JOURNEYMAN_DATA_DIR": str(self.folder / "data"),
            "JOURNEYMAN_CONFIG": str(self.folder / "none.toml"),
            "JOURNEYMAN_LEASE_TTL_S": "2",
        }
