"""`bundle make`: gathers what belongs to a session, and tells what became of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer

from journeyman.attestations.keys import SigningKey, key_id, read_private
from journeyman.bundles.making import RECORD, PreparedBundle, prepare_bundle
from journeyman.bundles.manifest import LeftOutFile, Masking
from journeyman.bundles.manifest import as_json as manifest_json
from journeyman.bundles.secret_scan.gitleaks import Gitleaks, gitleaks_path
from journeyman.bundles.signing import signed
from journeyman.bundles.sources import BundleSource, folder_sources
from journeyman.config import Settings
from journeyman.engine.reporting import report_of, reported_head
from journeyman.interfaces.cli.bundles.session_files import session_files
from journeyman.interfaces.cli.guard.attesting import signing_keys
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.interfaces.pages.html import html_report
from journeyman.mission.report.model import Report, to_json
from journeyman.mission.values.canonical import canonical
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.stores.files import export_record
from journeyman.wiring import Journeyman

_SHOWN = 20


def make_bundle(
    settings: Settings,
    session: str,
    *,
    output: Path | None,
    masking: Masking,
    key: Path | None,
    unsigned: bool,
    gitleaks: bool,
    as_json: bool,
) -> None:
    """Make a bundle of a session; exits with 1 where secrets keep it from being written."""
    if unsigned and key is not None:
        problem = Problem(where="--unsigned", message="and --key exclude each other", hint="leave one of them away")
        raise InvalidInput("the command line", (problem,))
    signing = None if unsigned else _signing_key(settings, key)
    program = gitleaks_path() if gitleaks else None

    async def work(journeyman: Journeyman, name: str) -> PreparedBundle:
        store = journeyman.store
        report = await report_of(store, name)
        with tempfile.TemporaryDirectory(prefix="journeyman-bundle-") as folder:
            await export_record(
                Path(folder) / RECORD, store=store, session_id=name, head=reported_head(report), report=to_json(report)
            )
            given = [*_sources(report, Path(folder), session_files(settings, name))]
            prepared = prepare_bundle(report, given, masking, Gitleaks(program) if program else None)
            if not prepared.blocked:
                _write(prepared, output, signing, as_json=as_json)
            return prepared

    prepared = with_session(settings, session, work)
    if prepared.blocked:
        _tell_blocked(prepared, as_json=as_json)
        raise typer.Exit(NOT_ACHIEVED)


def _signing_key(settings: Settings, key: Path | None) -> SigningKey | None:
    if key is not None:
        return read_private(key)
    keys = signing_keys(settings)
    return keys.current() if keys.private_path.exists() else None


def _sources(report: Report, folder: Path, files: Path) -> Iterator[BundleSource | LeftOutFile]:
    yield BundleSource("mission.json", canonical(report.mission) + b"\n")
    yield BundleSource("report.html", html_report(report).encode())
    yield from folder_sources(RECORD, folder / RECORD)
    yield from folder_sources("outputs", files / "outputs")
    attempts = files / "attempts"
    for attempt in sorted(attempts.iterdir()) if attempts.is_dir() else ():
        # The working copy and what it was before lie in folders of the attempt: what came of them is its diff and the outputs.
        yield from folder_sources(f"attempts/{attempt.name}", attempt, deep=False)


def _write(prepared: PreparedBundle, output: Path | None, signing: SigningKey | None, *, as_json: bool) -> None:
    manifest = prepared.manifest
    file = output if output is not None else Path(f"{manifest.session_id}-{manifest.address[:12]}.zip")
    prepared.write(file, signed(manifest, signing) if signing is not None else None)
    signer = key_id(signing.public_key()) if signing is not None else ""
    if as_json:
        print_json(
            {"written": True, "file": str(file), "signed_by": signer or None, "manifest": manifest_json(manifest)}
        )
        return
    size = sum(row.size_bytes for row in manifest.files)
    say(f"wrote {file}: {len(manifest.files)} files, {size:,} bytes, address {manifest.address}")
    say(
        f"signed by {signer[:16]}" if signer else "not signed; `journeyman guard key new` draws a key that signs",
        err=True,
    )
    if manifest.redactions or manifest.withheld:
        say(f"{len(manifest.redactions)} secrets replaced, {len(manifest.withheld)} files withheld", err=True)
    for row in manifest.left_out[:_SHOWN]:
        say(f"left out {row.path}: {row.why}", err=True)


def _tell_blocked(prepared: PreparedBundle, *, as_json: bool) -> None:
    found = prepared.findings
    if as_json:
        print_json(
            {"written": False, "findings": [{"path": one.path, "line": one.line, "kind": one.kind} for one in found]}
        )
        return
    for one in found[:_SHOWN]:
        say(str(one), err=True)
    more = f" (and {len(found) - _SHOWN} more: --json lists all)" if len(found) > _SHOWN else ""
    say(
        f"{len(found)} possible secrets{more}: nothing was written. Make those that are real invalid where they came from; "
        "--redact writes the bundle with a mark in place of each",
        err=True,
    )
