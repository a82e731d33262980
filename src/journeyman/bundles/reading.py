"""Reads bundles that somebody else may have made: what they are, whether they hold, and the session in them."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import anyio.to_thread

from journeyman.attestations.keys import VerifyingKey
from journeyman.bundles.archive import BundleArchive
from journeyman.bundles.making import RECORD
from journeyman.bundles.manifest import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    SIGNATURE,
    BundleManifest,
    RecordForm,
    read_manifest,
    refused,
)
from journeyman.bundles.signing import BundleSignature, SignatureState, signature_of
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.chain import Entry, Head
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import JourneymanError, NotAllowed, Unavailable
from journeyman.stores.base import Store, Summary
from journeyman.stores.files import import_record, read_export, sync_folder
from journeyman.stores.whole_files import write_new_file

MOST_RECORD_BYTES: Final = 2 << 30
"""Of all blobs of a record together, unpacked."""
_CHUNK: Final = 1 << 20
_GZIP: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleCheck:
    """What a check of a bundle found."""

    manifest: BundleManifest
    signature: BundleSignature
    faults: tuple[str, ...]
    """What does not hold; empty where all does."""
    events: int
    """Of the record, whose chain was checked; 0 where it was redacted and has none."""

    @property
    def holds(self) -> bool:
        """Whether everything in it is as it was put there, and nobody else's signature stands on it."""
        return not self.faults and self.signature.state in {SignatureState.VALID, SignatureState.UNSIGNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedBundle:
    """What an import brought."""

    manifest: BundleManifest
    signature: BundleSignature
    head: Head
    files: int
    """Beside the record: traces, outputs and the like."""


async def check_bundle(path: Path, keys: Sequence[VerifyingKey]) -> BundleCheck:
    """Check a bundle as a whole: every hash, the signature, and the chain of its record.

    Raises:
        InvalidInput: It is no bundle, or one of a form that none has (`bundle_refused`).
        NotFound: There is no such file.
    """
    with tempfile.TemporaryDirectory(prefix="journeyman-bundle-") as name:
        return await _checked(path, keys, Path(name))


async def import_bundle(
    path: Path, keys: Sequence[VerifyingKey], store: Store, summarize: Callable[[Sequence[Entry]], Summary], files: Path
) -> ImportedBundle:
    """Bring the session of a bundle into a store, and what came with it into a folder. All of it is checked before.

    Args:
        path: The bundle.
        keys: Public keys that are believed.
        store: Must be of the same tenant.
        summarize: See `import_record`.
        files: The folder for what came with the record; one that is there already stays as it is.

    Raises:
        InvalidInput: The bundle is none, or does not hold (`bundle_refused`).
        NotAllowed: Its record was redacted (`record_redacted`), is of another tenant, or is there with other events.
        NotFound: There is no such file.
        Unavailable: The store or the folder cannot be written.
    """
    folder = files.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".import.", dir=folder))
    except OSError as error:
        raise Unavailable(f"cannot write {folder}: {error.strerror}; check its owner and free space") from None
    try:
        check = await _checked(path, keys, draft)
        if check.faults:
            raise refused(path.name, "; ".join(check.faults[:5]), "ask for it anew")
        if check.manifest.record.form is not RecordForm.WHOLE:
            raise NotAllowed(
                f"the record in {path.name} was redacted, so nothing can be derived from it again; "
                "`journeyman bundle inspect` shows what it has, and whoever made it has the whole",
                code="record_redacted",
            )
        head = await import_record(draft / RECORD, store, summarize)
        count = await anyio.to_thread.run_sync(_put_files, path, check.manifest, draft / "files", files)
    finally:
        remove_folder(draft)
    return ImportedBundle(manifest=check.manifest, signature=check.signature, head=head, files=count)


async def _checked(path: Path, keys: Sequence[VerifyingKey], folder: Path) -> BundleCheck:
    check = await anyio.to_thread.run_sync(_check_files, path, keys, folder)
    manifest = check.manifest
    if check.faults or manifest.record.form is not RecordForm.WHOLE:
        return check
    try:
        found = await read_export(folder / RECORD)
    except JourneymanError as error:
        return replace(check, faults=(f"its record does not hold: {error}",))
    faults: list[str] = []
    if (found.tenant, found.session_id) != (manifest.tenant, manifest.session_id):
        faults.append(f"its record is of another session: {found.session_id!r}")
    if (found.head.seq, found.head.hash.hex()) != (manifest.record.seq, manifest.record.hash):
        faults.append(f"its record ends at event {found.head.seq}, and the manifest says otherwise")
    return replace(check, faults=tuple(faults), events=found.head.seq)


def _check_files(path: Path, keys: Sequence[VerifyingKey], folder: Path) -> BundleCheck:
    """Check form, hashes and signature, and put the record into a folder, its blobs bounded."""
    with BundleArchive(path) as archive:
        manifest, raw = _manifest(archive)
        signature = signature_of(archive.read(SIGNATURE) if SIGNATURE in archive.sizes else None, raw, keys)
        faults = _file_faults(archive, manifest)
        if not faults and manifest.record.form is RecordForm.WHOLE:
            names = [row.path for row in manifest.files if row.path.startswith(f"{RECORD}/")]
            _extract(archive, names, folder)
            left = MOST_RECORD_BYTES
            for blob in sorted((folder / RECORD / "blobs").glob("*")):
                left -= _unpacked_bytes(blob, left)
    return BundleCheck(manifest=manifest, signature=signature, faults=faults, events=0)


def _put_files(path: Path, manifest: BundleManifest, draft: Path, place: Path) -> int:
    """Put what is not of the record into its place, as a whole; how many files that are."""
    names = [row.path for row in manifest.files if "/" in row.path and not row.path.startswith(f"{RECORD}/")]
    if not names or place.exists():
        return 0
    with BundleArchive(path) as archive:
        _extract(archive, names, draft)
    draft.rename(place)
    sync_folder(place.parent)
    return len(names)


def _extract(archive: BundleArchive, names: Sequence[str], folder: Path) -> None:
    """Write files of an archive whose names were checked into an empty folder, for its owner alone."""
    for name in names:
        write_new_file(folder / name, archive.read(name))


def manifest_of(path: Path) -> BundleManifest:
    """The manifest of a bundle; raises as `check_bundle` does."""
    with BundleArchive(path) as archive:
        return _manifest(archive)[0]


def _manifest(archive: BundleArchive) -> tuple[BundleManifest, bytes]:
    if next(iter(archive.sizes), "") != MANIFEST or archive.sizes[MANIFEST] > MOST_MANIFEST_BYTES:
        raise refused("", f"its first file is not {MANIFEST}", "name a file that `journeyman bundle` wrote")
    raw = archive.read(MANIFEST)
    return read_manifest(raw), raw


def _file_faults(archive: BundleArchive, manifest: BundleManifest) -> tuple[str, ...]:
    wanted = [MANIFEST, *([SIGNATURE] if SIGNATURE in archive.sizes else []), *(row.path for row in manifest.files)]
    if [*archive.sizes] != wanted:
        extra, missing = sorted({*archive.sizes} - {*wanted}), sorted({*wanted} - {*archive.sizes})
        told = [f"{name} is not in the manifest" for name in extra[:5]] + [f"{name} is missing" for name in missing[:5]]
        return tuple(told) or ("its files stand in another order than the manifest's",)
    return tuple(
        f"{row.path} is not what the manifest says"
        for row in manifest.files
        if archive.sizes[row.path] != row.size_bytes or digest(archive.read(row.path)) != row.sha256
    )


def _unpacked_bytes(file: Path, most: int) -> int:
    """What a blob unpacks to; raises `InvalidInput` before more than `most` bytes are unpacked."""
    unpacker = zlib.decompressobj(_GZIP)
    total, waiting = 0, file.read_bytes()
    try:
        while waiting and not unpacker.eof:
            total += len(unpacker.decompress(waiting, _CHUNK))
            waiting = unpacker.unconsumed_tail
            if total > most:
                raise refused(f"{RECORD}/blobs/{file.name}", f"unpacks to more than {MOST_RECORD_BYTES >> 30} GiB")
    except zlib.error:
        return total  # whoever reads the record says what is wrong with it
    return total
