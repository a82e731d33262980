"""Looks at artifacts: files and folders, on a pristine copy outside the agent's reach."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final, cast

import anyio

from journeyman.mission.criteria import Artifact, Command, CsvCheck, JsonCheck
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import CheckFact
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.compare import compare
from journeyman.mission.values.paths import at_path

MAX_READ_BYTES: Final = 64 << 20
"""Larger files are not read; existence, hash and commands still work on them."""
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")


async def run_checks(mission: Mission, base_dir: Path, left_s: float | None) -> list[CheckFact]:
    """Give the facts about every criterion that the engine checks itself."""
    facts: list[CheckFact] = []
    for criterion in walk(mission.criteria):
        if isinstance(criterion, (Artifact, Command)):
            facts.append(await anyio.to_thread.run_sync(_fact, criterion, base_dir, left_s))
    return facts


def _fact(criterion: Artifact | Command, base_dir: Path, left_s: float | None) -> CheckFact:
    try:
        met, evidence = _examine(criterion, base_dir, left_s)
    except (OSError, ValueError, re.error, RecursionError, subprocess.SubprocessError, shutil.Error) as error:
        told = f"could not be checked: {type(error).__name__}: {str(error)[:200]}"
        return CheckFact(id=criterion.id, met=None, evidence=told)
    try:
        return CheckFact(id=criterion.id, met=met, evidence=checked(evidence))
    except NotJson:
        return CheckFact(id=criterion.id, met=met, evidence="not JSON")


def _examine(criterion: Artifact | Command, base_dir: Path, left_s: float | None) -> tuple[bool, Json]:
    path = base_dir / criterion.path
    if not path.exists():
        return False, f"{criterion.path} does not exist"
    with tempfile.TemporaryDirectory(prefix="journeyman-artifact-") as folder:
        copy = Path(folder) / (path.name or "copy")
        if path.is_dir():
            shutil.copytree(path, copy, symlinks=True)
        else:
            shutil.copy2(path, copy)
        if isinstance(criterion, Command):
            return _command(criterion, copy, left_s)
        return _checks(criterion, copy)


def _checks(criterion: Artifact, copy: Path) -> tuple[bool, Json]:
    evidence: JsonObject = {"path": criterion.path}
    if criterion.sha256 is not None:
        actual = hashlib.sha256(copy.read_bytes()).hexdigest()
        evidence["sha256"] = actual
        if actual != criterion.sha256:
            return False, evidence
    if criterion.regex is not None:
        found = re.search(criterion.regex, _text(copy))
        evidence["match"] = found.group(0)[:200] if found else None
        if found is None:
            return False, evidence
    for check, run in ((criterion.json_value, _json), (criterion.csv, _csv)):
        if check is not None:
            met, detail = run(cast("Any", check), copy)
            evidence[type(check).__name__.removesuffix("Check").lower()] = detail
            if not met:
                return False, evidence
    return True, evidence


def _text(path: Path) -> str:
    size = path.stat().st_size
    if size > MAX_READ_BYTES:
        raise ValueError(f"{size} bytes are more than the {MAX_READ_BYTES} that are read")
    return path.read_text(encoding="utf-8", errors="replace")


def _json(check: JsonCheck, copy: Path) -> tuple[bool, Json]:
    document = checked(json.loads(_text(copy)))
    try:
        value: Any = at_path(document, check.path)
    except KeyError as gap:
        return False, f"{check.path}: {gap.args[0]!r} is missing"
    answer = compare(check.op, value, check.target)
    if answer is None:
        return False, f"{check.path} is {value!r}, which cannot be compared with {check.target!r}"
    return answer, value


def _csv(check: CsvCheck, copy: Path) -> tuple[bool, Json]:
    rows = list(csv.reader(_text(copy).splitlines()))
    header = rows[0] if rows else []
    missing = [name for name in check.header if name not in header]
    count = max(0, len(rows) - 1)
    return not missing and count >= check.min_rows, {"missing": cast("Json", missing), "rows": count}


def _command(check: Command, copy: Path, left_s: float | None) -> tuple[bool, Json]:
    argv = [word.replace("{copy}", str(copy)) for word in check.run]
    seconds = float(check.timeout_s) if left_s is None else max(0.01, min(float(check.timeout_s), left_s))
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    folder = copy if copy.is_dir() else copy.parent
    try:
        ended = subprocess.run(  # noqa: S603  # the operator's own argument list, no shell
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"took longer than {seconds} s"
    tail = ended.stdout[-200:].decode(errors="replace") + ended.stderr[-200:].decode(errors="replace")
    return ended.returncode == check.exit_code, {"exit_code": ended.returncode, "output_tail": tail}
