"""`report`: what was done, what it cost and how it ended."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from journeyman.engine.comparing import comparison_of
from journeyman.interfaces.cli.options import SessionArgument
from journeyman.interfaces.cli.rendering import console, document_page, report_page
from journeyman.interfaces.cli.shared import CommandGroup, find_session, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.interfaces.pages.report_files import (
    Form,
    form_by_name,
    rendered,
    rendered_comparison,
    report_and_standing,
    write_text,
)
from journeyman.mission.report.comparison import Comparison
from journeyman.mission.report.comparison_document import comparison_document
from journeyman.mission.report.github import github_annotations
from journeyman.mission.report.model import Report
from journeyman.mission.values.errors import Unavailable
from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("report")
def report(
    ctx: typer.Context,
    session: SessionArgument,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            "-f",
            help="terminal, markdown, json, html, junit or github; by the file's name (.md, .json, .html, .xml) when left out.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="SESSION", help="Lay another session beside it, from the first difference on."
        ),
    ] = "",
    opens: Annotated[bool, typer.Option("--open", help="Open it in a browser, as a page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print or write a session's report; the HTML page is one file that works offline.

    `--format junit` is JUnit XML with a case for each criterion. `--format github` is a step summary: in GitHub Actions
    it is appended to the step's summary, and what failed becomes annotations; elsewhere it is printed.

    `--against OTHER` names the first event at which the two records differ, times and ids aside, and lays criteria, what
    was used, and calls with their values beside each other from there.
    """
    settings = settings_of(ctx)

    async def work(journeyman: Journeyman, name: str) -> _Shown:
        store = journeyman.store
        if against:
            return _compared(await comparison_of(store, name, await find_session(store, against)))
        return _reported(*await report_and_standing(store, name))

    found = with_session(settings, session, work)
    if opens and output is None:
        output = settings.data_dir / settings.tenant / "reports" / f"{found.name}.html"
    by_name = form_by_name(output) if output is not None else Form.terminal
    wanted = Form.json if as_json else form or by_name
    if output is not None:
        write_text(output, found.text(wanted))
        say(f"wrote {output}", err=True)
    elif wanted is Form.terminal:
        console().print(found.page)
    elif wanted is Form.github and found.report is not None and os.environ.get("GITHUB_STEP_SUMMARY"):
        _to_github(found.report, found.text(wanted), Path(os.environ["GITHUB_STEP_SUMMARY"]))
    else:
        say(found.text(wanted), nl=False, exact=True)
    if opens and output is not None and not webbrowser.open(output.resolve().as_uri()):
        say("no browser could be started; open that file in one", err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the command shows: one session's report, or two beside each other."""

    name: str
    text: Callable[[Form], str]
    page: RenderableType
    report: Report | None = None


def _reported(report: Report, stands: str) -> _Shown:
    def text(form: Form) -> str:
        return rendered(report, form, stands)

    return _Shown(name=report.session_id, text=text, page=report_page(report, stands), report=report)


def _compared(found: Comparison) -> _Shown:
    return _Shown(
        name=f"{found.left.session_id}-against-{found.right.session_id}",
        text=partial(rendered_comparison, found),
        page=document_page(comparison_document(found)),
    )


def _to_github(found: Report, text: str, summary: Path) -> None:
    """Append to the summary of a step of GitHub Actions, which other tools may have begun, and annotate the run."""
    try:
        with summary.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Unavailable(f"cannot append to GITHUB_STEP_SUMMARY, {str(summary)!r}: {error.strerror}") from None
    say(github_annotations(found), nl=False, exact=True)
