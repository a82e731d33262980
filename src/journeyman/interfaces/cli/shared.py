"""What every command needs: settings, the bridge to async code, session names, output and errors."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import typer
from typer.models import CommandFunctionType

from journeyman.config import Settings, load_settings
from journeyman.interfaces.cli.terminal import discard_output, is_output_lost, print_error, say
from journeyman.mission.model.reasons import SessionStatus, VerdictReason
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import (
    CallerError,
    CouldNotStart,
    InvalidInput,
    JourneymanError,
    NotFound,
    Problem,
)
from journeyman.stores.base import Store, Summary
from journeyman.stores.validation import check_session_id

T = TypeVar("T")

ACHIEVED: Final = 0
NOT_ACHIEVED: Final = 1
BAD_INPUT: Final = 2
WAITING: Final = 3
COULD_NOT_START: Final = 4
INTERRUPTED: Final = 130


def settings_of(ctx: typer.Context) -> Settings:
    """The settings of this call."""
    return load_settings(ctx.obj if isinstance(ctx.obj, dict) else {})  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # set by the callback


def person(settings: Settings, given: str) -> str:
    """The name under which this person's words are recorded."""
    if given or settings.person:
        return given or settings.person
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


class CommandGroup(typer.Typer):
    """Commands none of which forgets to tell an error in one clear message."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(rich_markup_mode=None, add_completion=False, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register a function as a command."""
        register = super().command(name, **settings)
        return lambda function: register(_handle_errors(function))

    def callback(self, **settings: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register what a group does itself, where it is called without a command."""
        register = super().callback(**settings)
        return lambda function: register(_handle_errors(function))


def _handle_errors(command: CommandFunctionType) -> CommandFunctionType:
    """Turn our errors into one clear message and the right exit code; never a traceback for what a user can cause."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except JourneymanError as error:
            print_error(f"{error}", error.code)
            raise typer.Exit(_code_of(error)) from None
        except BrokenPipeError:
            discard_output()
            raise typer.Exit(NOT_ACHIEVED) from None
        except typer.Abort:  # the input ended where a person was asked
            print_error("nobody answered, so nothing was done; give --yes where you mean it", "not_confirmed")
            raise typer.Exit(NOT_ACHIEVED) from None
        except KeyboardInterrupt:
            print_error("interrupted", "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if is_output_lost(error):
                raise typer.Exit(NOT_ACHIEVED) from None
            if isinstance(error, typer.Exit) or os.environ.get("JOURNEYMAN_DEBUG"):
                raise
            what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            print_error(
                f"this is a fault of Journeyman, please report it: {what}; JOURNEYMAN_DEBUG=1 shows where", "bug"
            )
            raise typer.Exit(NOT_ACHIEVED) from None

    return cast("CommandFunctionType", wrapped)


def _code_of(error: JourneymanError) -> int:
    """The exit code of an error: what the record says of a session counts more than who must act."""
    if error.ended_session or isinstance(error, CouldNotStart):
        return COULD_NOT_START
    return BAD_INPUT if isinstance(error, CallerError) else NOT_ACHIEVED


def print_json(value: Json) -> None:
    """Print a value as JSON for programs and people."""
    say(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True), exact=True)


async def find_session(store: Store, name: str) -> str:
    """The full id of the session that `name` means: an id, a unique beginning, or `last`: the newest of this folder."""
    rows = await store.sessions()
    ids = [row.session_id for row in rows]
    if name in ids:
        return name
    if name == "last" and rows:
        return _last(rows)
    fitting = [known for known in ids if known.startswith(name)] if name else []
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NotFound(f"{name!r} means several sessions: {', '.join(fitting[:5])}; give more of the id")
    raise NotFound(f"no session {name!r}; `journeyman list` shows the sessions there are")


def _last(rows: Sequence[Summary]) -> str:
    here = Path.cwd()
    for row in rows:
        if is_of_folder(row, here):
            return row.session_id
    newest = rows[0]
    raise NotFound(
        f"no session of a mission in {here} or below it, which is what `last` means; the newest of all is "
        f"{newest.session_id} of {newest.name!r} in {newest.origin}"
    )


def given_id(given: str | None) -> str:
    """The id that a person chose for a new session; empty where none was given. Raises `InvalidInput`."""
    if given is None:
        return ""
    if given == "last":
        problem = Problem(where="--id", message="'last' always means the newest session", hint="take another name")
        raise InvalidInput("the command line", (problem,))
    return check_session_id(given)


def is_of_folder(row: Summary, folder: Path) -> bool:
    """Tell whether a session's mission file lies in a folder or below it."""
    return bool(row.origin) and Path(row.origin).is_relative_to(folder)


def exit_code(state: State) -> int:
    """The exit code that says how a session stands."""
    if state.status is SessionStatus.ENDED:
        if state.reason is VerdictReason.COULD_NOT_START:
            return COULD_NOT_START
        return ACHIEVED if state.outcome == "achieved" else NOT_ACHIEVED
    return WAITING
