"""The page of commands, made from their own help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

from typer.main import get_command

from journeyman.interfaces.cli.main import app
from journeyman.interfaces.cli.registry import COMMANDS
from website.markdown_text import cell, code, table

_BEGINNING: Final = """# Commands

Made from the help of each command: `journeyman COMMAND --help` says the same. Exit codes: 0 achieved, 1 not achieved, 2 bad
input, 3 a person must act, 4 could not start, 130 interrupted.
"""


def commands_page() -> str:
    """The page's Markdown: every command that the list shows, sub-commands behind their group."""
    root: Any = get_command(app)
    context: Any = root.make_context("journeyman", [], resilient_parsing=True)
    parts = [_BEGINNING, "## For every command\n", _parameters(root, context)]
    section = ""
    for name in root.list_commands(context):
        if COMMANDS[name].section != section:
            section = COMMANDS[name].section
            parts.append(f"## {section}\n")
        parts += _command(f"journeyman {name}", root.get_command(context, name), context)
    return "\n".join(parts)


def _command(name: str, command: Any, parent: Any) -> Iterator[str]:
    context: Any = command.make_context(name.rpartition(" ")[2], [], parent=parent, resilient_parsing=True)
    yield f"### {name}\n"
    yield _paragraphs(command.help or "")
    inner: dict[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield f"```text\n{' '.join(command.get_usage(context).removeprefix('Usage: ').split())}\n```\n"
        yield _parameters(command, context)
    for word, one in inner.items():
        yield from _command(f"{name} {word}", one, context)


def _paragraphs(text: str) -> str:
    """Help as it was written, each paragraph one; what ends an example's line stays a line."""
    rows = re.split(r"\n\s*\n", inspect.cleandoc(text.replace("\b", "")))
    return "\n\n".join(cell(row).replace("\\|", "|") for row in rows) + "\n"


def _parameters(command: Any, context: Any) -> str:
    rows: list[tuple[str, str]] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in record[0]:
            rows.append((code(record[0]), cell(record[1])))
    return table(("argument or option", "meaning"), rows) if rows else ""
