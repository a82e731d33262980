"""`report`: what was done, what it cost and how it ended."""

from __future__ import annotations

import json
import os
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from journeyman.engine.reporting import report_of
from journeyman.interfaces.cli.options import SessionArgument
from journeyman.interfaces.cli.rendering import console, report_page
from journeyman.interfaces.cli.shared import CommandGroup, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.interfaces.pages.html import html_report
from journeyman.mission.report.markdown import markdown_report
from journeyman.mission.report.model import Report, to_json
from journeyman.mission.values.errors import Unavailable

app = CommandGroup()


class Form(StrEnum):
    """How a report is written."""

    terminal = "terminal"
    markdown = "markdown"
    json = "json"
    html = "html"


_BY_SUFFIX = {".md": Form.markdown, ".json": Form.json, ".html": Form.html, ".htm": Form.html}


@app.command("report")
def report(
    ctx: typer.Context,
    session: SessionArgument,
    form: Annotated[
        Form | None,
        typer.Option("--format", "-f", help="terminal, markdown, json or html; by the file's name when left out."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
    ] = None,
    opens: Annotated[bool, typer.Option("--open", help="Open it in a browser, as a page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print or write a session's report; the HTML page is one file that works offline."""
    settings = settings_of(ctx)
    found = with_session(settings, session, lambda journeyman, name: report_of(journeyman.store, name))
    if opens and output is None:
        output = settings.data_dir / settings.tenant / "reports" / f"{found.session_id}.html"
        output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    by_name = _BY_SUFFIX.get(output.suffix.lower(), Form.markdown) if output is not None else Form.terminal
    wanted = Form.json if as_json else form or by_name
    if wanted is Form.terminal and output is None:
        console().print(report_page(found))
        return
    text = rendered(found, wanted)
    if output is None:
        say(text, nl=False, exact=True)
        return
    try:
        with open(output, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
    except OSError as error:
        raise Unavailable(
            f"cannot write {str(output)!r}: {error.strerror}; choose another place with --output"
        ) from None
    say(f"wrote {output}", err=True)
    if opens and not webbrowser.open(output.resolve().as_uri()):
        say("no browser could be started; open that file in one", err=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def rendered(found: Report, form: Form) -> str:
    """A report as text of a form."""
    match form:
        case Form.json:
            return json.dumps(to_json(found), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        case Form.html:
            return html_report(found)
        case Form.markdown | Form.terminal:
            return markdown_report(found)
