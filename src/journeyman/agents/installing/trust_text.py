"""Codex' trust in hooks, as its `config.toml` has it: put in and taken out; every other byte stays. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from journeyman.agents.installing.json_text import JsonFault


def with_trust(text: str, hashes: Mapping[str, str]) -> str:
    """With each hook's key trusted in the form that has this hash. Raises `JsonFault` where that cannot be written so."""
    for key, value in hashes.items():
        known = _state(_parsed(text)).get(key)
        if isinstance(known, dict) and cast("dict[str, object]", known).get("trusted_hash") == value:
            continue
        if known is None:
            changed = text + _block(text, key, value)
        else:
            pattern = rf'({re.escape(_header(key))}[ \t]*(?:\r?\n[^\[\r\n][^\r\n]*|\r?\n)*?\r?\ntrusted_hash[ \t]*=[ \t]*)"[^"\r\n]*"'
            changed = re.sub(pattern, lambda found, new=value: f'{found[1]}"{new}"', text, count=1)
        text = _checked(text, changed, lambda state, key=key, new=value: _trusted(state, key, new))
    return text


def without_trust(text: str, keys: Sequence[str]) -> str:
    """Without what `with_trust` wrote for these keys; what was written otherwise stays."""
    for key in keys:
        known = _state(_parsed(text)).get(key)
        value = cast("dict[str, object]", known).get("trusted_hash") if isinstance(known, dict) else None
        if isinstance(value, str):
            changed = text.replace(_block(text, key, value), "", 1)
            if changed != text:
                text = _checked(text, changed, lambda state, key=key: state.pop(key))
    return text


def _header(key: str) -> str:
    name = json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")  # a basic string of TOML but for this one
    return f"[hooks.state.{name}]"


def _block(text: str, key: str, value: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline.join(["", _header(key), f'trusted_hash = "{value}"', ""])


def _parsed(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise JsonFault(f"{error}", int(line[1]) if line else 1) from None


def _state(value: dict[str, object]) -> dict[str, object]:
    hooks = value.get("hooks")
    state = cast("dict[str, object]", hooks).get("state") if isinstance(hooks, dict) else None
    return cast("dict[str, object]", state) if isinstance(state, dict) else {}


def _trusted(state: dict[str, object], key: str, value: str) -> None:
    known = state.get(key)
    state[key] = {**(cast("dict[str, object]", known) if isinstance(known, dict) else {}), "trusted_hash": value}


def _checked(before: str, after: str, change: Callable[[dict[str, object]], object]) -> str:
    """The text after it, where it says what it said before but for the change."""
    wanted = _parsed(before)
    hooks = wanted.setdefault("hooks", {})
    state = cast("dict[str, object]", hooks).setdefault("state", {}) if isinstance(hooks, dict) else None
    if isinstance(state, dict):
        change(cast("dict[str, object]", state))
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        found = {}
    hooks = found.setdefault("hooks", {})
    if isinstance(hooks, dict):
        cast("dict[str, object]", hooks).setdefault("state", {})
    if found != wanted or not isinstance(state, dict):
        raise JsonFault(
            "trust cannot be added to it without changing the rest; open /hooks in Codex and trust it there", 1
        )
    return after
