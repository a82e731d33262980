"""Check files: each is read once, all questions are answered from the same bytes, and a change meanwhile is noticed."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from journeyman.engine.checks.check_result import CheckResult, undetermined
from journeyman.engine.checks.path_opening import OpenedPath, PathRefused, open_below
from journeyman.mission.criteria.engine_check import FileCheck
from journeyman.mission.values.canonical import Json, JsonObject, canonical, checked
from journeyman.mission.values.compare import compare
from journeyman.mission.values.documents import document
from journeyman.mission.values.paths import at_path
from journeyman.mission.values.patterns import compile_pattern
from journeyman.workspaces.copying import signature_of, stable_stat

MAX_PARSE_BYTES: Final = 64 << 20
"""Larger files are not parsed; existence and hash still work on them."""
HERE_BYTES: Final = 2 << 20
"""Larger ones are parsed in a process of their own (`apart`)."""
_CHUNK_BYTES: Final = 1 << 20
_SHOWN_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class _Found:
    """What one question found."""

    met: bool | None
    evidence: Json


@dataclass(frozen=True, slots=True)
class _Content:
    """A file as it was read."""

    size: int
    sha256: str | None
    data: bytes | None
    """`None` where nothing needed it, or it is too large to parse."""


def check_file(check: FileCheck, base_dir: Path, stopped: Callable[[], bool], *, here_bytes: int) -> CheckResult | None:
    """Check a file or folder; `None` where more than `here_bytes` would be parsed. Blocks.

    `stopped` is asked between pieces of work.
    """
    with ExitStack() as holding:
        try:
            place = open_below(base_dir, check.path, holding)
        except PathRefused as refusal:
            return undetermined(str(refusal))
        if place is None:
            return CheckResult(met=False, evidence=f"{check.path} does not exist")
        asks = any(one is not None for one in (check.json, check.csv, check.regex, check.sha256))
        if not asks:
            return CheckResult(met=True, evidence={"path": check.path})
        if place.is_folder:
            return undetermined(f"{check.path} is a folder; name a file in it")
        place = replace(place, found=stable_stat(place.opened))
        if _parses(check, place) and place.found.st_size > here_bytes:
            return None
        content = _read(place, check, stopped)
        if content is None:
            return undetermined("the check was stopped")
        if signature_of(os.fstat(place.opened)) != signature_of(place.found) or content.size != place.found.st_size:
            return undetermined(f"{check.path} changed while it was read; it is looked at again", content.size)
    return _answered(check, content)


def _parses(check: FileCheck, place: OpenedPath) -> bool:
    return place.found.st_size <= MAX_PARSE_BYTES and (check.json or check.csv or check.regex) is not None


def _read(place: OpenedPath, check: FileCheck, stopped: Callable[[], bool]) -> _Content | None:
    parses = _parses(check, place)
    hashing = hashlib.sha256() if check.sha256 is not None else None
    if not parses and hashing is None:
        return _Content(place.found.st_size, None, None)
    chunks: list[bytes] = []
    size = 0
    while chunk := os.read(place.opened, _CHUNK_BYTES):
        if stopped():
            return None
        size += len(chunk)
        if hashing is not None:
            hashing.update(chunk)
        if parses and size <= MAX_PARSE_BYTES:
            chunks.append(chunk)
    return _Content(size, None if hashing is None else hashing.hexdigest(), b"".join(chunks) if parses else None)


def _answered(check: FileCheck, content: _Content) -> CheckResult:
    found: dict[str, _Found] = {}
    if check.sha256 is not None:
        found["sha256"] = _Found(content.sha256 == check.sha256, content.sha256)
    for name, asked, answer in (("regex", check.regex, _regex), ("json", check.json, _json), ("csv", check.csv, _csv)):
        if asked is not None:
            found[name] = _Found(None, _too_large(content)) if content.data is None else answer(check, content.data)
    evidence: JsonObject = {name: one.evidence for name, one in found.items()}
    answers = [one.met for one in found.values()]
    met = False if False in answers else None if None in answers else True
    return CheckResult(met=met, evidence={"path": check.path, **evidence}, taken_bytes=content.size)


def _too_large(content: _Content) -> str:
    return f"could not be told: {content.size:,} bytes are more than the {MAX_PARSE_BYTES:,} that are parsed"


def _regex(check: FileCheck, data: bytes) -> _Found:
    try:
        match = compile_pattern(check.regex or "").search(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        return _Found(None, f"could not be told: {error}")
    return _Found(match is not None, None if match is None else match.text[:200])


def _json(check: FileCheck, data: bytes) -> _Found:
    assert check.json is not None  # noqa: S101 - asked only then
    path, op, target = check.json
    try:
        text = data.decode("utf-8-sig")
        whole = checked(document(text))
    except (ValueError, RecursionError) as error:
        return _Found(None, f"could not be told: it is not the JSON that was expected: {_short(str(error))}")
    try:
        value = at_path(whole, path)
    except KeyError as gap:
        return _Found(met=False, evidence=f"{path}: {gap.args[0]!r} is missing")
    holds = compare(op, value, target)
    if holds is None:
        return _Found(None, f"could not be told: {path} cannot be compared with {_shown(target)} by {op}")
    return _Found(holds, value if len(canonical(value)) <= _SHOWN_BYTES else _shown(value))


def _csv(check: FileCheck, data: bytes) -> _Found:
    assert check.csv is not None  # noqa: S101 - asked only then
    header, min_rows = check.csv
    text = io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
    reader = csv.reader(text, strict=True)
    try:
        columns = next(reader, list[str]())
        rows = sum(1 for row in reader if row)
    except csv.Error as error:
        return _Found(None, f"could not be told: line {reader.line_num} is not CSV: {error}")
    missing: list[Json] = [name for name in header if name not in columns]
    return _Found(not missing and rows >= min_rows, {"missing": missing, "rows": rows})


def _shown(value: Json) -> str:
    return _short(canonical(value).decode())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"
