"""`export --format`: a session in the forms of others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import msgspec

from journeyman.bundles.exports.atif import atif_trajectory
from journeyman.bundles.exports.inspect_log import inspect_log
from journeyman.bundles.exports.training_rows import chat_rows, preference_rows, reward_rows
from journeyman.bundles.exports.trajectory import AttemptTrace, SessionTrajectory, references_in, trajectory_of
from journeyman.config import Settings
from journeyman.engine.records import read_record
from journeyman.interfaces.cli.bundles.session_files import session_files
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.interfaces.pages.private_files import write_private_bytes
from journeyman.mission.model.events import SnapshotTaken, encode
from journeyman.mission.values.canonical import Json, JsonObject, parsed
from journeyman.mission.values.errors import BugError, CallerError, Unavailable
from journeyman.wiring import Journeyman


class ExportForm(StrEnum):
    """What `journeyman export` writes."""

    record = "record"
    atif = "atif"
    inspect = "inspect"
    chat = "chat"
    preference = "preference"
    reward = "reward"


def export_as(settings: Settings, session: str, form: ExportForm, output: Path | None) -> None:
    """Write a session in a form to a file, or print it."""

    async def work(journeyman: Journeyman, name: str) -> SessionTrajectory:
        record = await read_record(journeyman.store, name)
        wanted = {
            digest
            for happened in record.events
            if not isinstance(happened.event, SnapshotTaken)
            for digest in references_in(encode(happened.event))
        }
        values: dict[str, Json] = {digest: _value(await journeyman.store.blob(digest)) for digest in sorted(wanted)}
        return trajectory_of(record.events, values, _attempts(session_files(settings, name)))

    data, count = _encoded(with_session(settings, session, work), form)
    if output is None:
        if form is ExportForm.inspect:
            raise CallerError("an Inspect log is no text: name the file, such as session.eval", code="output_missing")
        say(data.decode(), nl=False, exact=True)
        return
    try:
        write_private_bytes(output, data)
    except OSError as error:
        raise Unavailable(f"cannot write {output}: {error.strerror}") from None
    say(f"wrote {output}: {count}")


def _encoded(session: SessionTrajectory, form: ExportForm) -> tuple[bytes, str]:
    told = version("journeyman")
    match form:
        case ExportForm.atif:
            found = atif_trajectory(session, told)
            return json.dumps(found, indent=2, ensure_ascii=False).encode() + b"\n", f"{len(session.turns)} iterations"
        case ExportForm.inspect:
            return inspect_log(session, told), f"{len(session.turns)} iterations"
        case ExportForm.chat:
            return _lines(chat_rows(session))
        case ExportForm.preference:
            return _lines(preference_rows(session))
        case ExportForm.reward:
            return _lines(reward_rows(session))
        case ExportForm.record:
            raise BugError("a record is no file")


def _lines(rows: Iterable[JsonObject]) -> tuple[bytes, str]:
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode(), f"{len(lines)} rows"


def _value(data: bytes) -> Json:
    try:
        return parsed(data)
    except (ValueError, RecursionError):  # a script's snapshot, which is for nobody to read
        return f"({len(data)} bytes)"


def _attempts(files: Path) -> Sequence[AttemptTrace]:
    traces = sorted((files / "attempts").glob("*/trace.jsonl"))
    return [AttemptTrace(name=trace.parent.name, steps=_steps(trace)) for trace in traces]


def _steps(trace: Path) -> list[JsonObject]:
    decoder = msgspec.json.Decoder(dict)
    try:
        rows = [decoder.decode(line) for line in trace.read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(f"cannot read {trace}: {error}; it is what an attempt left behind") from None
    return [row for row in rows if "type" in row]
