"""The report as one HTML file: works offline, on a phone, in print and without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from string import Template
from typing import Final

from journeyman.interfaces.pages.embedded_report import embedded, script_data
from journeyman.interfaces.pages.markup import joined, tag, text
from journeyman.interfaces.pages.resources import as_script, resource
from journeyman.interfaces.pages.sections import (
    advice,
    budget,
    criteria,
    document_header,
    header,
    mission,
    people,
    plain_section,
    record,
    words,
)
from journeyman.mission.report.document import Document, document
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import claim_check
from journeyman.mission.report.plain_text import one_line

_SCRIPTS: Final = ("charts.js", "links.js", "lists.js", "overview.js", "timeline.js", "page.js")

_OWN_FORM: Final = frozenset(
    {"criteria", "budget", "context", "iterations", "advice", "effects", "people", "lessons", "followups", "record"}
)
"""Sections that the page shows in a form of its own; every other one stands there as its table and sentences."""


def html_report(report: Report, stands: str = "") -> str:
    """A report as one self-contained page; the same report gives the same bytes. `stands` is as `document` takes it.

    The page asks for nothing from any network and runs only its own script, which its Content-Security-Policy names by
    hash. What tools wrote is embedded as data and shown as text.
    """
    how = claim_check(report, stands)
    found = document(report, stands)
    more = [section for section in found.sections if section.name not in _OWN_FORM]
    script = _script()
    return Template(resource("page.html")).substitute(
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        title=text(f"{one_line(report.name, 100)}: {how.title}"),
        style=resource("page.css"),
        header=header(report, how),
        criteria=criteria(report),
        budget=budget(report),
        words=words(report),
        people=people(report),
        advice=advice(report),
        more=joined(plain_section(section) for section in more),
        more_links=joined(tag("li", tag("a", text(row.title), href=f"#{row.name}")) for row in more),
        mission=mission(report),
        record=record(report),
        data=script_data(embedded(report)),
        script=script,
    )


def html_document(found: Document) -> str:
    """A document as one self-contained page without a script: its facts, and each section as it is."""
    return Template(resource("document.html")).substitute(
        title=text(f"{found.name}: {found.outcome.text}"),
        style=resource("page.css"),
        header=document_header(found),
        sections=joined(plain_section(section) for section in found.sections),
    )


@cache
def _script() -> str:
    return as_script(*map(resource, _SCRIPTS))
