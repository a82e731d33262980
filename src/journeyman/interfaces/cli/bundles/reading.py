"""`bundle check`, `inspect`, `import` and `share`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import typer

from journeyman.attestations.keys import VerifyingKey, read_public
from journeyman.bundles.archive import BundleArchive
from journeyman.bundles.manifest import BundleManifest, RecordForm
from journeyman.bundles.manifest import as_json as manifest_json
from journeyman.bundles.reading import ImportedBundle, check_bundle, import_bundle, manifest_of
from journeyman.bundles.secret_scan.scan import secrets_in
from journeyman.bundles.sharing import share_bundle
from journeyman.bundles.signing import BundleSignature, SignatureState
from journeyman.config import Settings
from journeyman.engine.records import summarized
from journeyman.interfaces.cli.bundles.session_files import session_files
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.guard.attesting import signing_keys
from journeyman.interfaces.cli.rendering import print_table, table
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_journeyman
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotAllowed
from journeyman.wiring import Journeyman

_SIGNED: Final = {
    SignatureState.VALID: "signed by {key}, which is believed here",
    SignatureState.UNSIGNED: "not signed: it holds in itself, and nobody says that it is his",
    SignatureState.UNKNOWN: "signed by nobody who is believed here: name the signer's public key with --key",
    SignatureState.OTHER: "its signature by {key} is of something else",
}


def check_file(settings: Settings, file: Path, *, keys: list[Path], as_json: bool) -> None:
    """Check a bundle; exits with 1 where it does not hold."""
    believed = _believed(settings, keys)
    found = run_async(partial(check_bundle, file, believed))
    if as_json:
        print_json(
            {"holds": found.holds, "faults": [*found.faults], "events": found.events, "signature": found.signature.state.value,
             "key": found.signature.key or None, "address": found.manifest.address}
        )  # fmt: skip
    else:
        say(f"{file}: {'does NOT hold' if found.faults else 'holds'}, address {found.manifest.address}")
        for fault in found.faults:
            say(f"  {fault}")
        chain = f"all {found.events} events of its record follow each other"
        if found.manifest.record.form is not RecordForm.WHOLE:
            chain = "its record was redacted: its chain cannot be checked"
        if not found.faults:
            say(f"  {len(found.manifest.files)} files as the manifest says; {chain}")
        say(f"  {_signed(found.signature)}")
    if not found.holds:
        raise typer.Exit(NOT_ACHIEVED)


def inspect_file(file: Path, *, as_json: bool) -> None:
    """Say what is in a bundle."""
    manifest = manifest_of(file)
    if as_json:
        print_json(manifest_json(manifest))
        return
    said = f"{manifest.outcome or 'not ended'}{f' ({manifest.reason})' if manifest.reason else ''}"
    say(f"session {manifest.session_id} of {manifest.name or 'a mission whose name is hidden'}: {said}")
    say(
        f"  from {manifest.created_at} to {manifest.ended_at or 'now'}, {manifest.record.seq} events, address {manifest.address}"
    )
    say(f"  masking {manifest.masking.value}; the record is {manifest.record.form.value}")
    made = table("file", "bytes", "sha256")
    for row in manifest.files:
        made.add_row(row.path, f"{row.size_bytes:,}", row.sha256[:16])
    for row in manifest.withheld:
        made.add_row(f"{row.path} (withheld)", f"{row.size_bytes:,}", row.sha256[:16])
    print_table(made)
    for row in manifest.redactions:
        say(f"replaced {row.path}:{row.line}: {row.kind}")
    for row in manifest.left_out:
        say(f"left out {row.path}: {row.why}")


def import_file(settings: Settings, file: Path, *, keys: list[Path], as_json: bool) -> None:
    """Take in the session of a bundle."""
    believed = _believed(settings, keys)
    session = manifest_of(file).session_id

    async def work(journeyman: Journeyman) -> ImportedBundle:
        return await import_bundle(file, believed, journeyman.store, summarized, session_files(settings, session))

    found = with_journeyman(settings, work)
    if as_json:
        told: JsonObject = {
            "session_id": found.manifest.session_id, "head_seq": found.head.seq, "head_hash": found.head.hash.hex(),
            "files": found.files, "signature": found.signature.state.value, "key": found.signature.key or None,
        }  # fmt: skip
        print_json(told)
        return
    say(f"took in {found.manifest.session_id}: {found.head.seq} events, {found.files} files beside them")
    say(f"  {_signed(found.signature)}", err=True)
    say(f"  look at it with `journeyman show {found.manifest.session_id}`", err=True)


def share_file(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Put a bundle that holds, and in which no secret is found, into the place of the settings."""
    found = run_async(partial(check_bundle, file, _believed(settings, [])))
    if found.faults:
        raise NotAllowed(f"{file} does not hold: {found.faults[0]}; bundle the session again", code="bundle_broken")
    secrets = _secrets_in(file, found.manifest)
    if secrets:
        raise NotAllowed(
            f"{file} has possible secrets in it, the first at {secrets}; bundle the session again with --redact",
            code="secrets_found",
        )
    place = share_bundle(file, found.manifest.address, settings.bundles.share)
    if as_json:
        print_json({"shared": place, "address": found.manifest.address})
    else:
        say(f"shared {file}: {place}")


def _secrets_in(file: Path, manifest: BundleManifest) -> str:
    with BundleArchive(file) as archive:
        for row in manifest.files:
            for one in secrets_in(row.path, archive.read(row.path)):
                return str(one)
    return ""


def _believed(settings: Settings, keys: list[Path]) -> list[VerifyingKey]:
    return [*map(read_public, keys)] if keys else [*signing_keys(settings).trusted()]


def _signed(signature: BundleSignature) -> str:
    return _SIGNED[signature.state].format(key=signature.key[:16])
