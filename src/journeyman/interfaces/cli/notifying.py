"""Tells a person who looks elsewhere that a run needs them, or has ended: on the desktop, or by a command of theirs."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import Final

from journeyman.engine.standing import Standing
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State

DESKTOP: Final = "desktop"


def notifying_problem(how: str) -> str:
    """Why nobody could be told like this, known before anything runs; empty where it can be."""
    if not how:
        return ""
    if how == DESKTOP:
        found = sys.platform == "darwin" or shutil.which("notify-send")
        return "" if found else "this machine has neither notify-send nor osascript; give a command instead"
    try:
        words = shlex.split(how)
    except ValueError as error:
        return f"{how!r} is no command ({error})"
    if not words:
        return f"{how!r} is no command"
    found = shutil.which(words[0])
    return "" if found else f"{words[0]!r} cannot be run: there is no such program; install it, or write its path"


def notify(how: str, state: State) -> str:
    """Send what there is to tell, and wait for nobody; says why where it cannot be sent, and nothing where it was.

    Args:
        how: `desktop`, or a command, split as a shell would split it, that gets the text as its last argument and the
            session as JOURNEYMAN_SESSION and JOURNEYMAN_STATUS. Empty tells nobody.
        state: Where the session stands.
    """
    if not how:
        return ""
    waiting = state.status is SessionStatus.WAITING
    text = f"{state.mission.name}: {Standing.WAITING.words if waiting else state.outcome or Standing.STOPPED.words}"
    try:
        argv = _on_desktop(text) if how == DESKTOP else [*shlex.split(how), text]
    except ValueError as error:
        return f"nobody was notified: {how!r} is no command ({error})"
    if not argv:
        return "nobody was notified: this machine has neither notify-send nor osascript; give a command instead"
    status = Standing.WAITING.value if waiting else state.status.value
    environment = {**os.environ, "JOURNEYMAN_SESSION": state.session_id, "JOURNEYMAN_STATUS": status}
    try:
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=environment, start_new_session=True)  # noqa: S603  # the operator's own
    except OSError as error:
        return f"nobody was notified: {argv[0]!r} cannot be run: {error.strerror}"
    return ""


def _on_desktop(text: str) -> list[str]:
    """The system's own way; a mission's name has no quotes in it."""
    if sys.platform == "darwin":
        return ["osascript", "-e", f'display notification "{text}" with title "Journeyman"']
    program = shutil.which("notify-send")
    return [] if program is None else [program, "--app-name=Journeyman", "Journeyman", text]
