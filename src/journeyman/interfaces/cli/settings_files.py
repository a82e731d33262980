"""Writes the settings file: a commented one to begin with, and single values into one that is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from journeyman.config import Settings, explained
from journeyman.interfaces.pages.private_files import write_private
from journeyman.mission.values.errors import NotAllowed, Unavailable

_HEAD: Final = "# Settings of Journeyman. Command line and JOURNEYMAN_* variables win over this file.\n"
_ADVISORS: Final = """
# Models that missions may name as their advisor; the key itself is never a setting.
# [advisors.claude]
# kind = "anthropic"
# model = "claude-sonnet-4-6"
# api_key_env = "ANTHROPIC_API_KEY"
# consent = true
"""
_TABLE: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


def write_commented(path: Path) -> None:
    """Write a settings file in which every setting stands, explained and commented out."""
    if path.exists():
        raise NotAllowed(f"{path} exists already; `journeyman config set NAME VALUE` changes it")
    defaults = Settings()
    rows = [f"\n# {about}\n# {name} = {_toml(getattr(defaults, name))}\n" for name, about in explained().items()]
    _write(path, "".join([_HEAD, *rows, _ADVISORS]))


def write_value(path: Path, name: str, value: object) -> None:
    """Put a value into the settings file, in place of the line that sets it, commented out or not; all else stays."""
    try:
        text = path.read_text("utf-8") if path.exists() else _HEAD
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"cannot read {path}: {error}; repair or remove it") from None
    line = f"{name} = {_toml(value)}\n"
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table is not None else (text, "")
    for form in (rf"^{name}[ \t]*=.*\n?", rf"^#[ \t]*{name}[ \t]*=.*\n?"):
        found = re.search(form, top, re.MULTILINE)
        if found is not None:
            _write(path, top[: found.start()] + line + top[found.end() :] + rest)
            return
    gap = "" if not top or top.endswith("\n") else "\n"
    _write(path, f"{top}{gap}{line}{rest}")


def _toml(value: object) -> str:
    return str(value) if isinstance(value, (int, float)) else json.dumps(str(value), ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    try:
        write_private(path, text)
    except OSError as error:
        raise Unavailable(f"cannot write {path}: {error.strerror}; name another file with JOURNEYMAN_CONFIG") from None
