"""Makes a bundle: everything is read, scanned and masked before the first byte is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from journeyman.bundles.archive import MOST_BYTES, MOST_FILES, write_archive
from journeyman.bundles.manifest import (
    MANIFEST,
    SIGNATURE,
    BundledFile,
    BundleManifest,
    LeftOutFile,
    Masking,
    RecordEnd,
    RecordForm,
    Redaction,
)
from journeyman.bundles.masking import masked
from journeyman.bundles.member_names import clashing, name_fault
from journeyman.bundles.secret_scan.scan import SecretFinding, redacted, secrets_in
from journeyman.bundles.sources import BundleSource
from journeyman.mission.report.model import Report
from journeyman.mission.values.canonical import canonical, digest, parsed
from journeyman.mission.values.errors import NotAllowed, Unavailable
from journeyman.stores.whole_files import replacing_file

RECORD: Final = "record"
_RESERVED: Final = frozenset({MANIFEST, SIGNATURE})
_DOCUMENTS: Final = (".json", ".jsonl")


class OtherScanner(Protocol):
    """A scanner beside our own, such as gitleaks."""

    def __call__(self, files: Sequence[tuple[str, bytes]]) -> list[SecretFinding]:
        """The secrets that it finds in these files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBundle:
    """A bundle that can be written, or that a secret keeps from it."""

    manifest: BundleManifest
    findings: tuple[SecretFinding, ...]
    """Secrets in what was given."""
    sources: tuple[BundleSource, ...] = field(repr=False)
    """In the order of the manifest's files."""

    @property
    def blocked(self) -> bool:
        """Whether it must not be written: secrets were found, and nothing hides them."""
        return self.manifest.masking is Masking.NONE and bool(self.findings)

    def write(self, output: Path, signature: bytes | None) -> None:
        """Write it whole or not at all, for its owner alone.

        Raises:
            NotAllowed: A secret keeps it from being written (`secrets_found`).
            Unavailable: A file changed since it was scanned, or the place cannot be written.
        """
        if self.blocked:
            raise NotAllowed("secrets were found: nothing is written", code="secrets_found")
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with replacing_file(output) as file:
                write_archive(file, self._contents(signature))
        except OSError as error:
            raise Unavailable(f"cannot write {output}: {error.strerror}; name another place with --output") from None

    def _contents(self, signature: bytes | None) -> Iterator[tuple[str, bytes]]:
        yield MANIFEST, self.manifest.encoded()
        if signature is not None:
            yield SIGNATURE, signature
        for source, row in zip(self.sources, self.manifest.files, strict=True):
            data = source.read()
            if digest(data) != row.sha256:
                raise Unavailable(f"{row.path} changed while it was bundled; bundle the session again")
            yield row.path, data


def prepare_bundle(
    report: Report,
    given: Iterable[BundleSource | LeftOutFile],
    masking: Masking,
    other_scanner: OtherScanner | None = None,
) -> PreparedBundle:
    """Read, scan and mask everything. Blocks.

    Args:
        report: Of the session, as its record tells it.
        given: What goes in; under `record/` the portable form of the record.
        masking: What is hidden.
        other_scanner: Looks at the files, too.

    Raises:
        NotFound: The extra for the scan is not installed (`extra_missing`).
        NotAllowed: It is more than a bundle can hold (`bundle_too_large`).
        Unavailable: A file cannot be read.
    """
    sources, left_out = _sorted_out(given)
    work = _Preparing(masking)
    for source in sources:
        work.take(source)
    if other_scanner is not None:
        work.take_findings(other_scanner([(source.path, source.read()) for source, _ in work.kept]))
    form = RecordForm.REDACTED if work.touched(RECORD) else RecordForm.WHOLE
    manifest = BundleManifest(
        tenant=report.tenant, session_id=report.session_id, name="" if masking is Masking.CONTENT else report.name,
        mission_digest=report.mission_digest, outcome=report.outcome.value if report.outcome is not None else None,
        reason=report.reason, created_at=report.created_at, ended_at=report.ended_at,
        record=RecordEnd(seq=report.events, hash=report.head_hash, form=form), masking=masking,
        files=[row for _, row in work.kept], withheld=work.withheld,
        redactions=[Redaction(path=one.path, line=one.line, kind=one.kind) for one in work.replaced],
        left_out=sorted(left_out, key=lambda row: row.path),
    )  # fmt: skip
    return PreparedBundle(
        manifest=manifest, findings=tuple(work.findings), sources=tuple(source for source, _ in work.kept)
    )


def _sorted_out(given: Iterable[BundleSource | LeftOutFile]) -> tuple[list[BundleSource], list[LeftOutFile]]:
    sources, left_out = list[BundleSource](), list[LeftOutFile]()
    for one in given:
        if isinstance(one, LeftOutFile):
            left_out.append(one)
        elif fault := name_fault(one.path):
            left_out.append(LeftOutFile(path=repr(one.path)[1:-1], why=fault))
        else:
            sources.append(one)
    sources.sort(key=lambda source: source.path.encode())
    clashes = clashing([*_RESERVED, *(source.path for source in sources)])
    left_out += [LeftOutFile(path=path, why=f"its name clashes with {other}") for path, other in clashes.items()]
    return [source for source in sources if source.path not in clashes], left_out


class _Preparing:
    """Takes in file by file: what is kept, what is replaced in it, what is taken out."""

    def __init__(self, masking: Masking) -> None:
        self.kept: list[tuple[BundleSource, BundledFile]] = []
        self.withheld: list[BundledFile] = []
        self.findings: list[SecretFinding] = []
        self.replaced: list[SecretFinding] = []
        self._masking = masking
        self._changed: set[str] = set()
        self._bytes = 0

    def take(self, source: BundleSource) -> None:
        """Take in a file."""
        data = source.read()
        self._bytes += len(data)
        if self._bytes > MOST_BYTES // 2 or len(self.kept) >= MOST_FILES - 2:
            raise NotAllowed(
                f"the session has more than a bundle can hold ({MOST_BYTES >> 20} MiB, {MOST_FILES:,} files) at {source.path}; "
                "move large outputs elsewhere",
                code="bundle_too_large",
            )
        if self._masking is Masking.CONTENT:
            structure = _structure(source.path, data)
            if structure is None:
                self.withheld.append(_row(source.path, data))
                return
            self._changed.add(source.path)
            source, data = BundleSource(source.path, structure), structure
        self._scan(source, data, secrets_in(source.path, data))

    def take_findings(self, found: Sequence[SecretFinding]) -> None:
        """Take in what another scanner found: where that cannot be cut out, its file goes."""
        by_path: dict[str, list[SecretFinding]] = {}
        for one in found:
            by_path.setdefault(one.path, []).append(one)
        kept, self.kept = self.kept, []
        for source, _ in kept:
            self._scan(source, source.read(), by_path.get(source.path, []))

    def _scan(self, source: BundleSource, data: bytes, found: Sequence[SecretFinding]) -> None:
        self.findings += found
        if not found or self._masking is Masking.NONE:
            self._keep(source, data)
            return
        self._changed.add(source.path)
        clean = redacted(data, found)
        if clean is None or secrets_in(source.path, clean):
            self.withheld.append(_row(source.path, data))
            return
        self.replaced += found
        self._keep(BundleSource(source.path, clean), clean)

    def _keep(self, source: BundleSource, data: bytes) -> None:
        self.kept.append((source, _row(source.path, data)))

    def touched(self, folder: str) -> bool:
        """Whether a file of a folder was changed or taken out."""
        changed = [*self._changed, *(row.path for row in self.withheld)]
        return any(path.startswith(f"{folder}/") for path in changed)


def _row(path: str, data: bytes) -> BundledFile:
    return BundledFile(path=path, sha256=digest(data), size_bytes=len(data))


def _structure(path: str, data: bytes) -> bytes | None:
    """A document without what was said and done; `None` for what is nothing else."""
    if not path.endswith(_DOCUMENTS) or path.count("/") > 1:
        return None
    try:
        lines = data.splitlines() if path.endswith(".jsonl") else [data]
        return b"".join(canonical(masked(parsed(line))) + b"\n" for line in lines)
    except (ValueError, RecursionError):
        return None
