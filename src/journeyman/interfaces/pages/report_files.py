"""Reports as text of each form, and as files: those that a person asks for, and those that missions ask for at their end."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

from journeyman.engine.record_reading import state_of
from journeyman.engine.reporting import report_of
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.interfaces.pages.html import html_document, html_report
from journeyman.interfaces.pages.private_files import write_private
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.report_file import SESSION, form_of
from journeyman.mission.report.comparison import Comparison
from journeyman.mission.report.comparison_document import comparison_document
from journeyman.mission.report.github import github_summary
from journeyman.mission.report.junit import junit_report
from journeyman.mission.report.markdown import markdown_document, markdown_report
from journeyman.mission.report.model import Report, to_json
from journeyman.mission.values.errors import CallerError, InvalidInput, JourneymanError, Problem, Unavailable
from journeyman.stores.base import Store
from journeyman.wiring import Journeyman


class Form(StrEnum):
    """How a report is written."""

    terminal = "terminal"
    markdown = "markdown"
    json = "json"
    html = "html"
    junit = "junit"
    github = "github"


def form_by_name(path: Path) -> Form:
    """The form that a file's name asks for; Markdown where it says none."""
    return Form(form_of(path.name) or Form.markdown)


def report_option(path: Path) -> Path:
    """A file that a mission's report shall be written to, from here; raises `InvalidInput` where its name says no form."""
    if form_of(path.name) is None:
        hint = "end it in .html, .md, .json or .xml"
        problem = Problem(where="--report", message=f"{str(path)!r} says no form by its name", hint=hint)
        raise InvalidInput("the command line", (problem,))
    return path.absolute()


def rendered(found: Report, form: Form, stands: str = "") -> str:
    """A report as text of a form; `stands` says where a session stands that has not ended."""
    match form:
        case Form.json:
            return json.dumps(to_json(found), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        case Form.html:
            return html_report(found, stands)
        case Form.junit:
            return junit_report(found)
        case Form.github:
            return github_summary(found, stands)
        case Form.markdown | Form.terminal:
            return markdown_report(found, stands)


def rendered_comparison(found: Comparison, form: Form) -> str:
    """A comparison as text of a form; raises `CallerError` for those that tell of one session alone."""
    match form:
        case Form.json:
            return json.dumps(to_json(found), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        case Form.html:
            return html_document(comparison_document(found))
        case Form.markdown | Form.terminal:
            return markdown_document(comparison_document(found))
        case Form.junit | Form.github:
            hint = "choose terminal, markdown, json or html"
            raise CallerError(f"two sessions have no form {form.value!r}; {hint}", code="invalid_input")


async def report_and_standing(store: Store, session_id: str) -> tuple[Report, str]:
    """The report of a session, and where it stands in words; empty once it has ended, which the report itself tells."""
    standing = standing_of(await row_of(store, session_id))
    ended = standing in (Standing.ENDED, Standing.COULD_NOT_START)
    return await report_of(store, session_id), "" if ended else standing.words


def write_text(path: Path, text: str) -> None:
    """Write a report's file; raises `Unavailable`."""
    try:
        write_private(path, text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Unavailable(f"cannot write {str(path)!r}: {why}; choose another place with --output") from None


async def write_at_ending(journeyman: Journeyman, session_id: str, wanted: Path | None = None) -> str:
    """Write the report of a session that has ended to the file that its mission, or `wanted`, names; say so, or why not.

    Empty where it has not ended, or nobody asked for a file. Nothing is lost where it cannot be written: the record is
    what counts, and `journeyman report` writes it again.
    """
    try:
        state = await state_of(journeyman.store, session_id)
        path = wanted or (state.mission.report and Path(state.identity.origin, state.mission.report))
        if not path or state.status is not SessionStatus.ENDED:
            return ""
        path = Path(str(path).replace(SESSION, session_id))
        write_text(path, rendered(await report_of(journeyman.store, session_id), form_by_name(path)))
    except JourneymanError as error:
        return f"no report was written: {error} (journeyman report {session_id} -o FILE writes it again)"
    return f"report: {path}"
