"""Where a mission's report is written when it ends, and in which form: the file's name says it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StrictStr

FORM_BY_SUFFIX: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".xml": "junit"}
SESSION: Final = "{session}"
"""Stands in the name for the session's id, so that each run writes a file of its own."""


def form_of(name: str) -> str | None:
    """The form that a file's name asks for; `None` where it says none."""
    return next((form for suffix, form in FORM_BY_SUFFIX.items() if name.lower().endswith(suffix)), None)


def _with_form(name: str) -> str:
    if form_of(name) is None:
        raise ValueError(f"{name!r} says no form: end the name in {', '.join(FORM_BY_SUFFIX)}")
    return name


ReportFile = Annotated[StrictStr, Field(max_length=1000), AfterValidator(_with_form)]
