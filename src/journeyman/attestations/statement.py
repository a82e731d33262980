"""What an attestation states: which workspace, which mission, which criteria held, and where its record ended.

Form: in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from journeyman.mission.report.model import Report

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:journeyman:attestation:verdict:1"
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An attested verdict, as far as somebody asks of it; the whole is in `plain`."""

    workspace: str
    """SHA-256 of the workspace's digest, 64 hexadecimal digits."""
    outcome: str
    mission: str
    """SHA-256 of the mission."""
    head: str
    """Hash of the last event of the record."""
    also: tuple[str, ...]
    """Patterns of files in the workspace that count though git ignores them."""
    plain: Mapping[str, Any]


class NotAStatement(ValueError):
    """The payload is no statement of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedWorkspace:
    """What was judged."""

    name: str
    """What it is called, such as its folder's name."""
    digest: str
    """SHA-256 of its files, 64 hexadecimal digits."""
    also: Sequence[str] = ()
    """Patterns of files that count though git ignores them: whoever compares must read them, too."""
    contract: str = ""
    """SHA-256 of the guard's contract."""
    touched: Sequence[str] = ()
    """Protected files that differ from what was pinned, which was judged in their place."""


def statement_of(report: Report, judged: JudgedWorkspace) -> dict[str, Any]:
    """The statement about a session as its report tells it."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": judged.name, "digest": {"sha256": judged.digest}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "outcome": "" if report.outcome is None else report.outcome.value,
            "reason": report.reason,
            "session": report.session_id,
            "mission": {"name": report.name, "digest": {"sha256": report.mission_digest}},
            "contract": {"digest": {"sha256": judged.contract}},
            "workspace": {"also": [*judged.also], "touched": [*judged.touched]},
            "record": {"head": report.head_hash, "events": report.events},
            "criteria": [
                {"id": row.id, "met": row.status == "met", "required": row.required, "status": row.status}
                for row in report.criteria
            ],
            "ended_at": report.ended_at,
        },
    }


def read_statement(payload: bytes) -> Statement:
    """A statement of ours.

    Raises:
        NotAStatement: It is none; the text says which part is missing.
    """
    plain = parse(payload)
    if plain.get("_type") != STATEMENT_TYPE:
        raise NotAStatement(f"`_type` is not {STATEMENT_TYPE}")
    if plain.get("predicateType") != PREDICATE_TYPE:
        raise NotAStatement(f"`predicateType` is not {PREDICATE_TYPE}")
    subjects = plain.get("subject")
    if not isinstance(subjects, list) or len(cast("list[Any]", subjects)) != 1:
        raise NotAStatement("`subject` is no list of one")
    predicate = _object(plain, "predicate")
    return Statement(
        workspace=_sha256(_object(cast("list[Any]", subjects)[0], "digest"), "sha256"),
        outcome=_text(predicate, "outcome"),
        mission=_sha256(_object(_object(predicate, "mission"), "digest"), "sha256"),
        head=_sha256(_object(predicate, "record"), "head"),
        also=_texts(_object(predicate, "workspace"), "also"),
        plain=plain,
    )


MAX_DEPTH: Final = 64


def parse(raw: bytes) -> dict[str, Any]:
    """A JSON object out of bytes: UTF-8 without a mark, no NaN, at most `MAX_DEPTH` values within values.

    Not `answers.strict_json`, which refuses names that come twice and lone surrogates: the second verifier has
    JavaScript's own parser, which cannot tell them, and both must give the same answers.

    Raises:
        NotAStatement: It is none.
    """
    try:
        value: Any = json.loads(raw.decode("utf-8"), parse_constant=_refuse, parse_int=float)
    except (ValueError, RecursionError):
        raise NotAStatement("no JSON") from None
    if not isinstance(value, dict):
        raise NotAStatement("no JSON object")
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict | list):
            if depth > MAX_DEPTH:
                raise NotAStatement("no JSON")
            inner = cast("list[Any]", item.values() if isinstance(item, dict) else item)
            waiting += [(one, depth + 1) for one in inner]
    return cast("dict[str, Any]", value)


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _object(holder: Any, key: str) -> dict[str, Any]:
    found = cast("dict[str, Any]", holder).get(key) if isinstance(holder, dict) else None
    if not isinstance(found, dict):
        raise NotAStatement(f"`{key}` is no object")
    return cast("dict[str, Any]", found)


def _text(holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    if not isinstance(found, str):
        raise NotAStatement(f"`{key}` is no text")
    return found


def _texts(holder: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = holder.get(key)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in cast("list[Any]", found)):
        raise NotAStatement(f"`{key}` is no list of texts")
    return tuple(cast("list[str]", found))


def _sha256(holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    if not isinstance(found, str) or not _SHA256.fullmatch(found):
        raise NotAStatement(f"`{key}` is no SHA-256")
    return found
