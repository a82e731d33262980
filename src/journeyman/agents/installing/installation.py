"""What installing and uninstalling the guard changes, and what is installed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from journeyman.agents.installing.file_changes import Backups, HostFileChange, read_bytes
from journeyman.agents.installing.hook_command import hook_words, is_guard, quoted
from journeyman.agents.installing.host_files import FILES, Base, HostFiles, Places, Scope
from journeyman.agents.installing.json_text import JsonFault, read_json_text, value_at
from journeyman.agents.installing.settings_text import guard_handlers, unread, with_guard, without_guard
from journeyman.agents.installing.skill_text import MARK, skill_text
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem

_BOM: Final = b"\xef\xbb\xbf"
_WORDS: Final = re.compile(r"^const \[program, \.\.\.words\] = (\[.*\])$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """A hook that stands in a host's file."""

    scope: Scope
    file: Path
    command: str
    off: str
    """Why the host runs none of that file's hooks, in words; empty where it does."""
    has_skill: bool
    cap: str = ""
    """The host's cap as the file sets it; empty where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """One host's files at one place."""

    host: str
    scope: Scope
    base: Base
    backups: Backups

    @property
    def files(self) -> HostFiles:
        """What the host wants."""
        return FILES[self.host]

    @property
    def places(self) -> Places:
        """Where."""
        return self.files.places(self.base, self.scope)

    def install(self, program: Sequence[str], *, raise_cap: bool = False) -> list[HostFileChange]:
        """The changes that put hook and skill in place. Raises `InvalidInput` where a file is not what the host reads."""
        words, places = hook_words(program, self.host), self.places
        return [self._skill(skill_text(quoted(program))), self._hook(places.hooks, words, raise_cap=raise_cap)]

    def uninstall(self) -> list[HostFileChange]:
        """The changes that take out what was put in, and nothing else."""
        return [self._no_hook(self.places.hooks), self._skill(None)]

    def installed(self) -> Installed | None:
        """The hook, where one stands there. Raises `InvalidInput`."""
        file = self.places.hooks
        text = decoded(file, read_bytes(file))
        if text is None:
            return None
        command, off = self._command_in(file, text)
        off = off or self._unread_mark(read_bytes(file))
        skill = read_bytes(self.places.skill) is not None
        return Installed(self.scope, file, command, off, skill, self._cap_in(text)) if command else None

    def _cap_in(self, text: str) -> str:
        try:
            found = value_at(read_json_text(text).value, self.files.cap_path) if self.files.cap_path else None
        except JsonFault:
            return ""
        return found if isinstance(found, str) else ""

    def _unread_mark(self, data: bytes | None) -> str:
        """That the host does not read a file that begins so, in words."""
        is_unread = data is not None and data.startswith(_BOM) and not self.files.reads_mark
        return (
            "it begins with a byte order mark, with which the host does not read it: take it out" if is_unread else ""
        )

    def _command_in(self, file: Path, text: str) -> tuple[str, str]:
        if self.files.plugin is not None:
            words = _plugin_words(text)
            return (quoted(words) if is_guard(quoted(words), self.host) else ""), ""
        try:
            handlers = guard_handlers(text, self.host)
            found = read_json_text(text)
            fault = unread(self.files, found)
            switch = self.files.off_switch
            is_off = bool(switch) and value_at(found.value, switch) is True
        except JsonFault as fault:
            raise unfit(file, fault) from None
        off = f"line {fault.line}: {fault}" if fault is not None else f"{'.'.join(switch)} is true" if is_off else ""
        return (handlers[0].command if handlers else ""), off

    def _hook(self, file: Path, words: Sequence[str], *, raise_cap: bool) -> HostFileChange:
        before = read_bytes(file)
        text = decoded(file, before)
        if self.files.plugin is not None:
            if text is not None and not _plugin_words(text):
                raise NotAllowed(f"{file} is no plugin of ours; rename it, then install again; nothing was changed")
            return HostFileChange(file, before, self.files.plugin(words).encode(), keep=text is None)
        if mark := self._unread_mark(before):
            raise unfit(file, JsonFault(mark, 1))
        try:
            is_first = text is None or not guard_handlers(text, self.host)
            after = with_guard(self.files, self.host, text, quoted(words), raise_cap=raise_cap)
        except JsonFault as fault:
            raise unfit(file, fault) from None
        return HostFileChange(file, before, encoded(before, after), keep=is_first)

    def _no_hook(self, file: Path) -> HostFileChange:
        before = read_bytes(file)
        text = decoded(file, before)
        if text is None or not self._command_in(file, text)[0]:
            return HostFileChange(file, before, before)
        if self.files.plugin is not None:
            return HostFileChange(file, before, None)
        kept = self.backups.read(file)
        original = None if kept is None else decoded(self.backups.place(file), kept)
        try:
            after = without_guard(self.files, self.host, text, original)
        except JsonFault as fault:
            raise unfit(file, fault) from None
        return HostFileChange(file, before, None if after is None else encoded(before, after))

    def _skill(self, text: str | None) -> HostFileChange:
        """The change of the skill; one of somebody else's stays, and is an error where ours should come."""
        file = self.places.skill
        before = read_bytes(file)
        is_ours = before is None or MARK.encode() in before
        if not is_ours and text is not None:
            raise NotAllowed(f"{file} is no skill of ours; rename it, then install again; nothing was changed")
        after = before if not is_ours else None if text is None else text.encode()
        return HostFileChange(file, before, after, keep=before is None)


def _plugin_words(text: str) -> list[str]:
    found = _WORDS.search(text)
    try:
        words: object = json.loads(found[1]) if found else []
    except ValueError:
        words = []
    return [str(word) for word in cast("list[object]", words)]


def decoded(file: Path, data: bytes | None) -> str | None:
    """The text of a file, without the mark of its encoding. Raises `InvalidInput`."""
    if data is None:
        return None
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise unfit(file, JsonFault("it is not UTF-8", line)) from None


def encoded(before: bytes | None, text: str) -> bytes:
    """A text as the bytes of a file, which keeps the mark of its encoding."""
    return (_BOM if before is not None and before.startswith(_BOM) else b"") + text.encode()


def unfit(file: Path, fault: JsonFault) -> InvalidInput:
    """The error that names file and line."""
    hint = "mend it there, or move the file away; nothing was changed"
    return InvalidInput(str(file), (Problem(where="", message=str(fault), hint=hint, line=fault.line),))
