"""`report`: what was done, what it cost and how it ended."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from journeyman.interfaces.cli.options import SessionArgument
from journeyman.interfaces.cli.rendering import console, report_page
from journeyman.interfaces.cli.report_files import Form, form_by_name, rendered, report_and_standing, write_text
from journeyman.interfaces.cli.shared import CommandGroup, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.mission.report.github import github_annotations
from journeyman.mission.report.model import Report
from journeyman.mission.values.errors import Unavailable

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
    opens: Annotated[bool, typer.Option("--open", help="Open it in a browser, as a page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print or write a session's report; the HTML page is one file that works offline.

    `--format junit` is JUnit XML with a case for each criterion. `--format github` is a step summary: in GitHub Actions
    it is appended to the step's summary, and what failed becomes annotations; elsewhere it is printed.
    """
    settings = settings_of(ctx)
    found, stands = with_session(
        settings, session, lambda journeyman, name: report_and_standing(journeyman.store, name)
    )
    if opens and output is None:
        output = settings.data_dir / settings.tenant / "reports" / f"{found.session_id}.html"
    by_name = form_by_name(output) if output is not None else Form.terminal
    wanted = Form.json if as_json else form or by_name
    if output is not None:
        write_text(output, rendered(found, wanted, stands))
        say(f"wrote {output}", err=True)
    elif wanted is Form.terminal:
        console().print(report_page(found, stands))
    elif wanted is Form.github and os.environ.get("GITHUB_STEP_SUMMARY"):
        _to_github(found, stands, Path(os.environ["GITHUB_STEP_SUMMARY"]))
    else:
        say(rendered(found, wanted, stands), nl=False, exact=True)
    if opens and output is not None and not webbrowser.open(output.resolve().as_uri()):
        say("no browser could be started; open that file in one", err=True)


def _to_github(found: Report, stands: str, summary: Path) -> None:
    """Append to the summary of a step of GitHub Actions, which other tools may have begun, and annotate the run."""
    try:
        with summary.open("a", encoding="utf-8") as file:
            file.write(rendered(found, Form.github, stands))
    except OSError as error:
        raise Unavailable(f"cannot append to GITHUB_STEP_SUMMARY, {str(summary)!r}: {error.strerror}") from None
    say(github_annotations(found), nl=False, exact=True)
