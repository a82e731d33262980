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

from journeyman.mission.criteria import COMPARE, Artifact, CommandCheck, CsvCheck, JsonCheck, walk
from journeyman.mission.fold.measures import at_path
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked

MAX_READ_BYTES: Final = 64 << 20
"""Larger files are not read; existence, hash and commands still work on them."""
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")


async def look(mission: Mission, base_dir: Path) -> JsonObject:
    """Give the facts about every artifact criterion: id to `{met, evidence}`; `met` is null when it could not be told."""
    facts: JsonObject = {}
    for criterion in walk(mission.criteria):
        if isinstance(criterion, Artifact):
            facts[criterion.id] = await anyio.to_thread.run_sync(_fact, criterion, base_dir)
    return facts


def _fact(criterion: Artifact, base_dir: Path) -> JsonObject:
    try:
        met, evidence = _examine(criterion, base_dir)
    except (OSError, ValueError, re.error, RecursionError, subprocess.SubprocessError, shutil.Error) as error:
        return {"evidence": f"could not be checked: {type(error).__name__}: {str(error)[:200]}", "met": None}
    try:
        return {"evidence": checked(evidence), "met": met}
    except NotJson:
        return {"evidence": "not JSON", "met": met}


def _examine(criterion: Artifact, base_dir: Path) -> tuple[bool, Json]:
    path = base_dir / criterion.path
    if not path.exists():
        return False, f"{criterion.path} does not exist"
    with tempfile.TemporaryDirectory(prefix="journeyman-artifact-") as folder:
        copy = Path(folder) / (path.name or "copy")
        if path.is_dir():
            shutil.copytree(path, copy, symlinks=True)
        else:
            shutil.copy2(path, copy)
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
    for check, run in ((criterion.json_value, _json), (criterion.csv, _csv), (criterion.command, _command)):
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
    try:
        return bool(COMPARE[check.op](value, cast("Any", check.target))), value
    except TypeError:
        return False, f"{check.path} is {value!r}, which cannot be compared with {check.target!r}"


def _csv(check: CsvCheck, copy: Path) -> tuple[bool, Json]:
    rows = list(csv.reader(_text(copy).splitlines()))
    header = rows[0] if rows else []
    missing = [name for name in check.header if name not in header]
    count = max(0, len(rows) - 1)
    return not missing and count >= check.min_rows, {"missing": cast("Json", missing), "rows": count}


def _command(check: CommandCheck, copy: Path) -> tuple[bool, Json]:
    argv = [word.replace("{copy}", str(copy)) for word in check.argv]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    folder = copy if copy.is_dir() else copy.parent
    try:
        ended = subprocess.run(  # noqa: S603  # the operator's own argument list, no shell
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=float(check.timeout_s),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"took longer than {check.timeout_s} s"
    tail = ended.stdout[-200:].decode(errors="replace") + ended.stderr[-200:].decode(errors="replace")
    return ended.returncode == check.exit_code, {"exit_code": ended.returncode, "output_tail": tail}
