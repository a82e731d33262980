"""What can be read of a session besides its events: reports, effects, values, checks of its record."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from journeyman.engine.comparing import comparison_of
from journeyman.engine.control import unsettled
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import prompt_of
from journeyman.engine.replaying import replay_of
from journeyman.engine.reporting import report_of
from journeyman.engine.standing import row_of
from journeyman.engine.verification import check_record
from journeyman.interfaces.http.admission import Reader
from journeyman.interfaces.http.conditions import IfNoneMatch, is_same, tag_of
from journeyman.interfaces.http.server_state import API
from journeyman.interfaces.pages.report_files import Form, rendered, rendered_comparison, report_and_standing
from journeyman.mission.report.model import to_json

router = APIRouter(prefix=API, tags=["records"])
ReportForm = Literal["json", "markdown", "html", "junit"]
_MEDIA: Final = {
    Form.json: "application/json",
    Form.markdown: "text/markdown; charset=utf-8",
    Form.html: "text/html; charset=utf-8",
    Form.junit: "application/xml",
}
_PAGE_POLICY: Final = "sandbox allow-scripts; frame-ancestors 'none'"
"""Beside the policy inside of the page: it runs as a page of nobody, without this server's cookie."""
_FORMS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media.partition(";")[0]: {} for media in _MEDIA.values()}}
}


class EffectList(BaseModel):
    """Effects, unknown ones first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[dict[str, JsonValue]]
    """As the report has them, each with its `state`."""


class RecordCheck(BaseModel):
    """What a check of a record found."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    session_id: str
    holds: bool
    events: int
    blobs: int
    bad_seq: int | None
    """The first event that does not hold."""
    problem: str
    head_seq: int
    head_hash: str


class ReplayCheck(BaseModel):
    """What deriving everything again found."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    session_id: str
    same: bool
    events: int
    derived_again: int
    difference_seq: int | None
    """The first event that would be another."""


class NextPrompt(BaseModel):
    """What a model would be asked next."""

    system: str
    user: str
    bytes: int


@router.get("/sessions/{session_id}/report", summary="Report", response_class=Response, responses={**_FORMS, 304: {}})
async def report(
    reader: Reader,
    session_id: str,
    form: Annotated[ReportForm, Query(alias="format")] = "json",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """What was done, what it cost and how it ended; the page is one file that works offline."""
    store = reader.host.journeyman.store
    row = await row_of(store, session_id)
    tag = tag_of(await store.head(session_id), reader.host.standing(row))
    if if_none_match and is_same(if_none_match, tag):
        return Response(status_code=304, headers={"etag": tag})
    found, stands = await report_and_standing(store, session_id)
    return _formed(rendered(found, Form(form), stands), Form(form), {"etag": tag})


@router.get("/sessions/{session_id}/compare/{other}", summary="Compare", response_class=Response, responses=_FORMS)
async def compare(
    reader: Reader,
    session_id: str,
    other: str,
    form: Annotated[Literal["json", "markdown", "html"], Query(alias="format")] = "json",
) -> Response:
    """Two sessions beside each other, from the first event at which they differ."""
    found = await comparison_of(reader.host.journeyman.store, session_id, other)
    return _formed(rendered_comparison(found, Form(form)), Form(form), {})


def _formed(text: str, form: Form, headers: dict[str, str]) -> Response:
    policy = {"content-security-policy": _PAGE_POLICY} if form is Form.html else {}
    return Response(text, headers={**headers, **policy, "content-type": _MEDIA[form]})


@router.get("/sessions/{session_id}/effects", summary="List effects")
async def list_effects(reader: Reader, session_id: str) -> EffectList:
    """Each call from its intent to what became of it, unknown ones first."""
    store = reader.host.journeyman.store
    rows = [to_json(row) for row in (await report_of(store, session_id)).effects]
    unknown = {effect.intended.effect for effect in unsettled(await state_of(store, session_id))}
    told = [{**row, "state": "unknown"} if row["effect"] in unknown else row for row in rows]
    told.sort(key=lambda row: row["state"] != "unknown")
    return EffectList(items=cast("list[dict[str, JsonValue]]", told))


@router.get("/sessions/{session_id}/verify", summary="Verify the record")
async def verify(reader: Reader, session_id: str) -> RecordCheck:
    """Whether the hash chain, every blob and what is derived from the events hold."""
    await row_of(reader.host.journeyman.store, session_id)
    found = await check_record(reader.host.journeyman.store, session_id)
    return RecordCheck(
        session_id=session_id,
        holds=found.holds,
        events=found.events,
        blobs=found.blobs,
        bad_seq=found.bad_seq,
        problem=found.problem,
        head_seq=found.head.seq,
        head_hash=found.head.hash.hex(),
    )


@router.get("/sessions/{session_id}/replay", summary="Replay the record")
async def replay(reader: Reader, session_id: str) -> ReplayCheck:
    """Derive every verdict and budget again, with no clock, tool or model."""
    journeyman = reader.host.journeyman
    found = await replay_of(journeyman.store, session_id, journeyman.predicates)
    return ReplayCheck(
        session_id=session_id,
        same=found.difference is None,
        events=found.events,
        derived_again=found.derived,
        difference_seq=None if found.difference is None else found.difference.seq,
    )


@router.get("/sessions/{session_id}/prompt", summary="Show the next prompt")
async def prompt(reader: Reader, session_id: str) -> NextPrompt:
    """What a model would be asked next, byte for byte; it leaves nowhere."""
    found = await prompt_of(reader.host.journeyman.store, session_id)
    return NextPrompt(system=found.system, user=found.user, bytes=found.size_bytes)


@router.get(
    "/blobs/{digest}",
    summary="Read a large value",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/octet-stream": {}}}},
)
async def blob(
    reader: Reader, digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256, as under `$blob`.")]
) -> Response:
    """A value that events name by its hash, as it was written."""
    data = await reader.host.journeyman.store.blob(digest)
    headers = {"cache-control": "private, max-age=31536000, immutable", "content-disposition": "attachment"}
    return Response(data, headers=headers, media_type="application/octet-stream")
