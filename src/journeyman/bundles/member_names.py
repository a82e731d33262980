"""Which names files in a bundle may have: those that mean one file, inside, on every system. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

MOST_NAME_BYTES: Final = 1_000
MOST_PART_BYTES: Final = 255


def name_fault(name: str) -> str:
    """What is wrong with a name; empty where nothing is."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    parts = name.split("/")
    if not name or size > MOST_NAME_BYTES or any(len(part.encode()) > MOST_PART_BYTES for part in parts):
        return f"its name is empty, or longer than {MOST_NAME_BYTES} bytes or {MOST_PART_BYTES} a part"
    if name.startswith("/") or "\\" in name or (len(name) > 1 and name[1] == ":"):
        return "its name is absolute, or has a backslash"
    if any(part in {"", ".", ".."} for part in parts):
        return "its name leads out of the bundle, or has an empty part"
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in name):
        return "its name has characters that cannot be seen"
    if unicodedata.normalize("NFC", name) != name:
        return "its name is not in Unicode's normal form NFC"
    return ""


def clashing(names: Iterable[str]) -> dict[str, str]:
    """Names that some systems cannot tell from another one, each with that one: by case, or a file where a folder is."""
    known: dict[str, str] = {}
    folders: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in names:
        key = _key(name)
        parts = key.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts))]
        spelled = ["/".join(name.split("/")[:count]) for count in range(1, len(parts))]
        other = known.get(key) or folders.get(key) or next((known[one] for one in above if one in known), None)
        if other is None:
            other = next(
                (folders[one] for one, shown in zip(above, spelled, strict=True) if folders.get(one, shown) != shown),
                None,
            )
        if other is not None:
            found[name] = other
            continue
        known[key] = name
        for one, shown in zip(above, spelled, strict=True):
            folders.setdefault(one, shown)
    return found


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())
