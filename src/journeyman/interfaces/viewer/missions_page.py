"""Missions that the host offers: a list, a form for the values of one, and its start."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request

from journeyman.hosting.access import AccessScope
from journeyman.hosting.mission_sources import MissionSources, OfferedMission, WantedMission
from journeyman.interfaces.pages.elements import none
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.forms import button, form, form_of, hidden
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.parameters import MissionParameter
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import NotFound

_PLACE = "missions"
_VALUE = "value-"


def _sources(visit: Visit) -> MissionSources:
    visit.caller.require(AccessScope.RUN)
    if visit.missions is None:
        raise NotFound("no missions are offered here; start one with `journeyman run`")
    return visit.missions


async def missions_page(request: Request, visit: Visit) -> Page:
    """The files to choose from, or the form of the chosen one."""
    sources = _sources(visit)
    file = request.query_params.get("file", "")
    if file:
        offered = await anyio.to_thread.run_sync(sources.describe, file)
        head = heading(one_line(offered.name, 200), one_line(offered.directive, 2000), above="Start a mission")
        parts = [tag("section", _form(offered), id="start", aria_label="Start")]
        return Page(title=f"Start {offered.name}", header=head, parts=parts, here=address(_PLACE))
    files = await anyio.to_thread.run_sync(sources.files)
    rows = [tag("li", tag("a", text(name), href=address(_PLACE, file=name))) for name in files]
    listed = (
        tag("ul", *rows, class_="rows files")
        if rows
        else none(f"There are no mission files in {sources.folder}; `journeyman new` writes one.")
    )
    found = tag("section", listed, id="files", aria_label="Mission files")
    return Page(
        title="Start a mission",
        header=heading("Start a mission", "The mission files that this host offers.", above="Missions"),
        parts=[found],
        here=address(_PLACE),
    )


async def start(request: Request, visit: Visit) -> str:
    """Start what a form asks for; the address of the new session. Raises what is wrong with it."""
    sources = _sources(visit)
    given = await form_of(request)
    file = given.get("file", "")
    values: dict[str, Json] = {
        name.removeprefix(_VALUE): value for name, value in given.items() if name.startswith(_VALUE) and value != ""
    }
    wanted = WantedMission(file=file, parameters=values)
    mission, origin = await anyio.to_thread.run_sync(lambda: sources.read(wanted, visit.caller))
    return of_session(await visit.actions.start(mission, origin))


def _form(offered: OfferedMission) -> Html:
    fields = [_field(name, spec) for name, spec in offered.parameters.items()]
    told = tag("p", text("It asks for nothing."), class_="quiet") if not fields else NOTHING
    return form(
        address(_PLACE),
        hidden("file", offered.file),
        tag("p", tag("code", text(offered.file))),
        told,
        *fields,
        button("Start", kind="yes"),
        class_="form card",
        label=f"Start {offered.name}",
    )


def _field(name: str, spec: MissionParameter) -> Html:
    identity = f"{_VALUE}{name}"
    hint = ", ".join(part for part in (spec.description, _asks(spec)) if part)
    if spec.enum is not None or spec.type == "boolean":
        values = [True, False] if spec.enum is None else spec.enum
        shown = [_shown(value) for value in values]
        options = [
            tag("option", text(one), value=one, selected="" if one == _shown(spec.default) else None) for one in shown
        ]
        filled = tag("select", *options, id=identity, name=identity, aria_describedby=f"{identity}-hint")
    else:
        filled = tag(
            "input", id=identity, name=identity, value=_shown(spec.default), autocomplete="off",
            required="" if spec.default is None else None, aria_describedby=f"{identity}-hint",
            inputmode="decimal" if spec.type in ("integer", "number") else None,
        )  # fmt: skip
    return tag(
        "div",
        tag("label", text(name), for_=identity),
        filled,
        tag("small", text(hint), id=f"{identity}-hint", class_="quiet"),
        class_="field",
    )


def _shown(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _asks(spec: MissionParameter) -> str:
    low, high = spec.minimum, spec.maximum
    bounds = " ".join(
        part
        for part in (f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else "")
        if part
    )
    return " ".join(part for part in (spec.type, bounds) if part)
