"""Codex' trust in the guard's hook: the change of its `config.toml` that gives it, and the one that takes it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from journeyman.agents.installing.file_changes import HostFileChange, read_bytes
from journeyman.agents.installing.installation import Installer, decoded, encoded, unfit
from journeyman.agents.installing.json_text import JsonFault
from journeyman.agents.installing.settings_text import guard_handlers
from journeyman.agents.installing.trust_text import with_trust, without_trust


def trust_change(at: Installer, hashes: Mapping[str, str]) -> HostFileChange:
    """The change that trusts hooks, by key and hash as Codex says them. Raises `InvalidInput`."""
    file = _config_file(at)
    before = read_bytes(file)
    text = decoded(file, before) or ""
    try:
        after = with_trust(text, hashes)
        is_first = without_trust(text, [*hashes]) == text
    except JsonFault as fault:
        raise unfit(file, fault) from None
    return HostFileChange(file, before, before if after == text else encoded(before, after), keep=is_first)


def untrust_changes(at: Installer) -> list[HostFileChange]:
    """The change that takes back what was trusted for the hook that is installed; none where nothing was."""
    file = _config_file(at)
    before, hooks = read_bytes(file), at.places.hooks
    if before is None or (written := read_bytes(hooks)) is None:
        return []
    try:
        handlers = guard_handlers(decoded(hooks, written) or "", at.host)
        keys = [_key(place, handler.path) for handler in handlers for place in {str(hooks), str(hooks.resolve())}]
        text = decoded(file, before) or ""
        after = without_trust(text, keys)
    except JsonFault as fault:
        raise unfit(file, fault) from None
    if after == text:
        return []
    is_ours = not after and at.backups.read(file) is None
    return [HostFileChange(file, before, None if is_ours else encoded(before, after))]


def _config_file(at: Installer) -> Path:
    return at.base.named("CODEX_HOME", ".codex") / "config.toml"


def _key(file: str, path: tuple[str | int, ...]) -> str:
    """How Codex names a hook: its file, its event, the numbers of its group and of itself."""
    event = re.sub(r"(?<!^)(?=[A-Z])", "_", str(path[1])).lower()
    return ":".join([file, event, str(path[2]), str(path[-1] if len(path) > 3 else 0)])
