"""A guarded folder with its data folder, put back to what it was before each try, and the commands that judge it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import journeyman.attestations

GUARD: Final = f"""\
criteria:
  - {{id: tests, kind: command, run: [{sys.executable}, -I, tests/check.py], paths: [src/**, tests/**], timeout_s: 60}}
protect: [tests/**, "**/conftest.py"]
"""
CHECK: Final = (
    "assert 'done' in open('src/main.txt').read(), 'main is not done'\nassert open('tests/data.txt').read() == 'data'\n"
)
_FILES: Final = {
    "guard.yaml": GUARD, "tests/check.py": CHECK, "tests/data.txt": "data", "src/main.txt": "begun\n", "src/other.txt": "other\n",
    "README.md": "A task.\n", ".gitignore": "build/\n",
}  # fmt: skip
_WHO: Final = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
_SCRIPT: Final = Path(journeyman.attestations.__file__).with_name("verify.mjs")
_LIMIT_S: Final = 120


@dataclass(slots=True)
class Site:
    """One place; `undone` and `done` put it back to work that does not hold, and to attested work that does."""

    place: Path

    @property
    def folder(self) -> Path:
        """The guarded folder."""
        return self.place / "work"

    @property
    def data(self) -> Path:
        """The data folder of the tenant."""
        return self.place / "data" / "default"

    @property
    def own(self) -> Path:
        """What the guard keeps of the folder."""
        return next((self.data / "guard").rglob("contract.json")).parent

    @property
    def attestation(self) -> Path:
        """What was signed of the finished work."""
        return self.place / "work.json"

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.place / "data" / "keys"

    def build(self) -> None:
        """Make the folder, confirm its contract, finish the work and have it attested; keep both states."""
        self.folder.mkdir(parents=True)
        for path, text in _FILES.items():
            self.write(path, text)
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git(*_WHO, "commit", "-qm", "begun")
        self.git("checkout", "-q", "-b", "work")
        assert self.journeyman("guard", "pin", "--yes").returncode == 0
        assert self.journeyman("guard", "key", "new").returncode == 0
        self._keep("undone")
        self.write("src/main.txt", "done\n")
        self.commit()
        assert self.check(), "the finished work must hold"
        assert self.attest(), "the finished work must be signed"
        assert self.verifies(), "its attestation must be valid"
        self._keep("done")

    def undone(self) -> None:
        """Put back what was before the work."""
        self._restore("undone")

    def done(self) -> None:
        """Put back the finished work, with its record and its attestation."""
        self._restore("done")

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file of the folder."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)

    def git(self, *words: str) -> None:
        """Run git as a user does."""
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self) -> None:
        """Commit all that lies there."""
        self.git("add", "-A")
        self.git(*_WHO, "commit", "-qm", "work")

    def journeyman(
        self, *words: str, environment: dict[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder; one that hangs is a fault."""
        known = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "journeyman", *words], cwd=self.folder, check=False, capture_output=True, text=True,
            timeout=_LIMIT_S, input=given,
            env={**known, "HOME": str(self.place), "JOURNEYMAN_DATA_DIR": str(self.place / "data"), **(environment or {})},
        )  # fmt: skip

    def check(self, **environment: str) -> bool:
        """Tell whether `guard check` accepts."""
        return self._accepts("guard", "check", "--quiet", environment=environment)

    def run(self, *agent: str, **environment: str) -> bool:
        """Tell whether `guard run` accepts after one round of an agent."""
        words = agent or ("true",)
        return self._accepts("guard", "run", "--quiet", "--max-rounds", "1", "--", *words, environment=environment)

    def attest(self, *options: str, **environment: str) -> bool:
        """Tell whether `guard attest` signs."""
        return self._accepts(
            "guard", "attest", "--quiet", "-o", str(self.attestation), *options, environment=environment
        )

    def ci(self, base: str = "main", **environment: str) -> bool:
        """Tell whether `guard ci` accepts."""
        return self._accepts("guard", "ci", "--quiet", "--base", base, environment=environment)

    def verifies(self, *options: str, **environment: str) -> bool:
        """Tell whether `verify` takes the attestation for a valid one of the folder as it is."""
        return self._accepts("verify", str(self.attestation), "--current", ".", *options, environment=environment)

    def second_verifier(self, *options: str) -> bool:
        """Tell whether `verify.mjs` takes the attestation, with the believed key."""
        words = [
            "node",
            str(_SCRIPT),
            str(self.attestation),
            *(options or ("--key", str(self.keys / "signing.pub.pem"))),
        ]
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_LIMIT_S)
        assert done.returncode in {0, 1, 2}, done.stderr
        return done.returncode == 0

    def record_holds(self, *options: str) -> bool:
        """Tell whether `verify` finds nothing wrong with the session that was attested."""
        return self._accepts("verify", self.statement()["predicate"]["session"], *options)

    def statement(self) -> dict[str, dict[str, str]]:
        """What is attested, unverified."""
        return json.loads(base64.b64decode(json.loads(self.attestation.read_bytes())["payload"]))

    def hook_lets_go(self, folder: Path) -> bool:
        """Tell whether the stop hook lets an agent go that stands in a folder."""
        asked = {"session_id": "scripted", "cwd": str(folder), "hook_event_name": "Stop", "stop_hook_active": False}
        done = self.journeyman("guard", "hook", "claude-code", given=json.dumps(asked))
        return not (done.stdout and json.loads(done.stdout).get("decision") == "block")

    def _accepts(self, *words: str, environment: dict[str, str] | None = None) -> bool:
        done = self.journeyman(*words, environment=environment)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in {0, 1, 2, 3, 4}, (words, done.returncode, done.stderr)
        return done.returncode == 0

    def _keep(self, name: str) -> None:
        kept = self.place / "kept" / name
        for part in self._parts():
            if (self.place / part).exists():
                _copy(self.place / part, kept / part)

    def _restore(self, name: str) -> None:
        kept = self.place / "kept" / name
        for part in self._parts():
            _remove(self.place / part)
            if (kept / part).exists():
                _copy(kept / part, self.place / part)

    @staticmethod
    def _parts() -> Sequence[str]:
        return ("work", "data", "work.json")


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True)
    else:
        shutil.copy2(source, place)


def _remove(place: Path) -> None:
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)
