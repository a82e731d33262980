"""`verify`, `replay`, `export` and `import`: records that anybody can check and carry away."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from journeyman.engine.records import summarized
from journeyman.engine.reporting import report_of, reported_head
from journeyman.engine.verification import check_record
from journeyman.interfaces.cli.bundles.exporting import ExportForm, export_as
from journeyman.interfaces.cli.guard.key_commands import attesting
from journeyman.interfaces.cli.options import JsonOption, SessionArgument
from journeyman.interfaces.cli.replay_process import replay_with_help
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, CommandGroup, find_session, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_journeyman, with_session
from journeyman.mission.chain import Head
from journeyman.mission.record.replay import ReplayResult
from journeyman.mission.report.model import Report, from_json, to_json
from journeyman.mission.values.canonical import JsonObject, digest_of
from journeyman.mission.values.errors import CallerError, InvalidInput, NotFound, Problem
from journeyman.mission.values.paths import first_difference
from journeyman.stores.files import export_record, import_record
from journeyman.stores.verify import VerifyResult
from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("verify")
def verify(
    ctx: typer.Context,
    session: Annotated[
        str,
        typer.Argument(
            metavar="[SESSION|FILE]", help="A session, or an attestation's file; every session when left out."
        ),
    ] = "",
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="SEQ:HASH", help="Where the record must end, from a report or an export kept elsewhere."
        ),
    ] = "",
    current: Annotated[
        Path | None,
        typer.Option("--current", metavar="FOLDER", help="Compare an attestation with this workspace as it is now."),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", metavar="FILE", help="Believe this public key in PEM, and none of the data folder's."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check the hash chain, every blob, and what is derived from the events; name the first event that does not hold.

    Of an attestation (`guard attest`) it says whether it is valid, stale or forged.
    """
    is_file = os.path.isfile(session)  # noqa: PTH113  # unlike pathlib's, it bears every text
    if current is not None or key or is_file:
        if not is_file:
            raise NotFound(f"there is no attestation {session!r}; name its file")
        attesting().verify_attestation(
            settings_of(ctx), Path(session), current=current, keys=key or [], as_json=as_json
        )
        return
    end = _head(head) if head else None

    async def work(journeyman: Journeyman) -> list[VerifyResult]:
        store = journeyman.store
        known = [row.session_id for row in await store.sessions()] if not session else []
        names = [await find_session(store, session)] if session else known
        return [await check_record(store, name, end) for name in names]

    found = with_journeyman(settings_of(ctx), work)
    if as_json:
        print_json([_verified_json(row) for row in found])
    for row in found:
        if as_json:
            continue
        good = f"{row.session_id}: {row.events} events and {row.blobs} blobs hold, head {row.head.seq}:{row.head.hash.hex()}"
        say(good if row.holds else f"{row.session_id}: BROKEN at event {row.bad_seq}: {row.problem}")
    if not all(row.holds for row in found):
        raise typer.Exit(NOT_ACHIEVED)


def _verified_json(row: VerifyResult) -> JsonObject:
    return {
        "session_id": row.session_id, "holds": row.holds, "events": row.events, "blobs": row.blobs, "bad_seq": row.bad_seq,
        "problem": row.problem, "head_seq": row.head.seq, "head_hash": row.head.hash.hex(),
    }  # fmt: skip


def _head(text: str) -> Head:
    seq, _, name = text.partition(":")
    try:
        found = Head(int(seq), bytes.fromhex(name))
    except ValueError:
        found = Head(-1, b"")
    if found.seq < 0 or len(found.hash) != 32:
        raise InvalidInput(
            "--head",
            (Problem(where=text, message="is not of the form SEQ:HASH", hint="as `journeyman verify` prints it"),),
        )
    return found


@app.command("replay")
def replay(
    ctx: typer.Context,
    session: SessionArgument,
    report: Annotated[
        Path | None, typer.Option("--report", help="A report.json to compare with the one derived again.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Derive every evaluation, verdict, budget and the report again, with no clock, tool or model; name the first difference."""

    async def work(journeyman: Journeyman, name: str) -> tuple[str, ReplayResult, Report | None]:
        found = await replay_with_help(journeyman, name)
        return name, found, await report_of(journeyman.store, name) if found.difference is None else None

    name, found, derived = with_session(settings_of(ctx), session, work)
    again = None if derived is None else to_json(derived)
    differs = None if report is None else first_difference(to_json(_read_report(report)), again)
    same = differs is None
    digest = None if again is None else digest_of(again)
    result: JsonObject = {
        "session_id": name,
        "same": found.difference is None and same,
        "events": found.events,
        "derived_again": found.derived,
        "report_sha256": digest,
        "report_same": same if report is not None else None,
        "report_differs_at": differs,
    }
    if found.difference is not None:
        at = found.difference
        result["difference"] = {"seq": at.seq, "kind": at.kind, "recorded": at.recorded, "derived": at.derived}
    if as_json:
        print_json(result)
    elif found.difference is not None:
        at = found.difference
        say(f"event {at.seq} ({at.kind}) differs\n  recorded: …{at.recorded}\n  derived:  …{at.derived}")
    elif not same:
        where = f": `{differs}` differs first" if differs else ""
        say(f"every event follows, but {report} is not the report of this record{where}")
    else:
        say(f"{name}: {found.derived} of {found.events} events derived again, all the same; report {digest}")
    if not result["same"]:
        raise typer.Exit(NOT_ACHIEVED)


def _read_report(path: Path) -> Report:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NotFound(f"cannot read the report {str(path)!r}: {error}") from None
    try:
        return from_json(read)
    except CallerError as error:
        raise CallerError(f"{str(path)!r}: {error}", code=error.code) from None


@app.command("export")
def export(
    ctx: typer.Context,
    session: SessionArgument,
    destination: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DEST]", help="Folder to make, or the file of another form; texts are printed without it."
        ),
    ] = None,
    form: Annotated[
        ExportForm,
        typer.Option(
            "--format",
            help="record: a portable folder. atif: a trajectory (ATIF v1.8). inspect: a log of Inspect (.eval). chat, preference, "
            "reward: rows to train from, as JSON lines.",
        ),
    ] = ExportForm.record,
    as_json: JsonOption = False,
) -> None:
    """Write a session as a portable folder (record.jsonl, blobs, report.json, manifest.json), or in the form of another tool.

    Nothing is hidden in any of these: `journeyman bundle` scans for secrets.
    """
    if form is not ExportForm.record:
        export_as(settings_of(ctx), session, form, destination)
        return
    if destination is None:
        raise CallerError(
            "a record is a folder: name it, such as `journeyman export last record`", code="output_missing"
        )

    async def work(journeyman: Journeyman, name: str) -> Head:
        store = journeyman.store
        report = await report_of(store, name)
        return await export_record(
            destination, store=store, session_id=name, head=reported_head(report), report=to_json(report)
        )

    _say_head("wrote", destination, with_session(settings_of(ctx), session, work), as_json=as_json)


def _say_head(did: str, directory: Path, head: Head, *, as_json: bool) -> None:
    if as_json:
        print_json({"directory": str(directory), "head_seq": head.seq, "head_hash": head.hash.hex()})
    else:
        say(f"{did} {directory}: {head.seq} events, head {head.seq}:{head.hash.hex()}")


@app.command("import")
def import_(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `journeyman export` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Take in an exported session after checking its whole chain and every blob."""
    head = with_journeyman(settings_of(ctx), lambda journeyman: import_record(directory, journeyman.store, summarized))
    _say_head("took in", directory, head, as_json=as_json)
