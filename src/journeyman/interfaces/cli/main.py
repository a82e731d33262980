"""`journeyman`: the command line. Commands are loaded when they are called, so that `--help` is quick."""

from __future__ import annotations

import importlib
from typing import Any, Final, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from journeyman.interfaces.cli.process_exit import exit_process
from journeyman.interfaces.cli.registry import COMMANDS
from journeyman.interfaces.cli.terminal import is_output_lost, say

_FOLDER: Final = "journeyman.interfaces.cli"


class _Commands(TyperGroup):
    """Finds a command's module by the table in `registry.py`."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return [name for name, words in COMMANDS.items() if words.section]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        words = COMMANDS.get(cmd_name)
        if words is None:
            return None
        module = importlib.import_module(f"{_FOLDER}.{words.module}")
        command: Any = get_command(cast("typer.Typer", module.app))
        return command.commands[cmd_name] if hasattr(command, "commands") else command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table without loading any command."""
        del ctx
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, words in COMMANDS.items():
            if not words.section:
                continue  # for processes of ours, not for people
            sections.setdefault(words.section, []).append((name, words.help))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


app = typer.Typer(
    cls=_Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  # read only when asked for

        say(f"journeyman {version('journeyman')}")
        raise typer.Exit


@app.callback()
def journeyman(
    ctx: typer.Context,
    data_dir: str = typer.Option("", "--data-dir", metavar="DIR", help="Where records are kept (JOURNEYMAN_DATA_DIR)."),
    tenant: str = typer.Option("", "--tenant", metavar="NAME", help="Whose records these are (JOURNEYMAN_TENANT)."),
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
    ),
) -> None:
    """Agents that finish the job and can prove it.

    Start with `journeyman new`, which writes a mission file, then `journeyman run` it.
    """
    del version  # was answered before a command is asked for
    ctx.obj = {"data_dir": data_dir, "tenant": tenant}


def main() -> None:
    """Run the command line and exit with its code."""
    command: Any = get_command(app)
    code = 0
    try:
        command(prog_name="journeyman", standalone_mode=True)
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        code = ended.code
    except OSError as error:
        if not is_output_lost(error):
            raise
        code = 1
    exit_process(code)
