"""The first file of a bundle: what is in it, what is not and why, each file by its hash."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from journeyman.mission.values.canonical import Json, NotJson, canonical, checked, digest
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.stores.validation import check_session_id, check_tenant

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.dsse.json"
MOST_MANIFEST_BYTES: Final = 64 << 20
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Masking(StrEnum):
    """What a bundle hides."""

    NONE = "none"
    """Nothing: a secret that is found keeps the bundle from being written."""
    SECRETS = "secrets"
    """A mark stands in place of each secret; a file out of which one cannot be cut is left out."""
    CONTENT = "content"
    """Every prompt, argument, result, trace and file: what stays are kinds, states, verdicts, numbers, sizes and hashes."""


class RecordForm(StrEnum):
    """What became of the record in a bundle."""

    WHOLE = "whole"
    """Byte for byte: its chain can be checked and it can be imported."""
    REDACTED = "redacted"
    """Something in it was replaced, so that nothing can be derived from it again."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BundledFile(_Row):
    """A file by its hash."""

    path: str
    sha256: _Hash
    size_bytes: Annotated[int, Field(ge=0)]


class Redaction(_Row):
    """Where a secret was replaced."""

    path: str
    line: int
    kind: str


class LeftOutFile(_Row):
    """A file that is not in the bundle."""

    path: str
    why: str


class RecordEnd(_Row):
    """Where the record ends, and what became of it."""

    seq: Annotated[int, Field(ge=1)]
    hash: _Hash
    form: Annotated[RecordForm, Field(strict=False)]


class BundleManifest(_Row):
    """What a bundle holds. Its SHA-256 is the bundle's address: equal sessions, bundled alike, have equal ones."""

    format: Literal["journeyman-bundle"] = "journeyman-bundle"
    version: Literal[1] = 1
    tenant: str
    session_id: str
    name: str
    mission_digest: _Hash
    outcome: str | None
    """`None` while the session goes on."""
    reason: str
    created_at: str
    ended_at: str | None
    record: RecordEnd
    masking: Annotated[Masking, Field(strict=False)]
    files: list[BundledFile]
    withheld: list[BundledFile]
    """Files that masking took out, by what they were."""
    redactions: list[Redaction]
    left_out: list[LeftOutFile]
    """What lay in the session's folders and cannot stand in a bundle."""

    def encoded(self) -> bytes:
        """Its bytes: canonical JSON and a line feed."""
        return canonical(checked(self.model_dump(mode="json"))) + b"\n"

    @property
    def address(self) -> str:
        """The SHA-256 of its bytes."""
        return digest(self.encoded())


def read_manifest(data: bytes) -> BundleManifest:
    """The manifest in these bytes.

    Raises:
        InvalidInput: They are none, or not in the form in which one is written (`bundle_refused`).
    """
    try:
        manifest = BundleManifest.model_validate_json(data)
        check_tenant(manifest.tenant)
        check_session_id(manifest.session_id)
        if manifest.encoded() != data:
            raise refused(MANIFEST, "is not in the form in which manifests are written")
    except ValidationError as error:
        row = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join([MANIFEST, *map(str, row["loc"])])
        raise refused(where, row["msg"], "this Journeyman reads bundles of version 1") from None
    except InvalidInput as error:
        if error.code == "bundle_refused":
            raise
        raise refused(MANIFEST, f"is of a {error.what} that is not allowed: {error.problems[0].message}") from None
    except (NotJson, ValueError) as error:
        raise refused(MANIFEST, f"cannot be kept as JSON ({type(error).__name__})") from None
    return manifest


def refused(where: str, message: str, hint: str = "") -> InvalidInput:
    """The error for a bundle that is not as bundles are."""
    return InvalidInput("the bundle", (Problem(where=where, message=message, hint=hint),), code="bundle_refused")


def as_json(manifest: BundleManifest) -> Json:
    """A manifest as JSON with its address."""
    return checked({"address": manifest.address, **manifest.model_dump(mode="json")})
