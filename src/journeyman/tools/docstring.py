"""Read what a Google docstring says of each argument."""

from __future__ import annotations

import inspect
import re
from typing import Final

_ARGS: Final = re.compile(r"^(?:Args|Arguments|Parameters):\s*$")
_SECTION: Final = re.compile(r"^(Args|Arguments|Parameters|Returns|Raises|Yields|Examples?|Notes?|Attributes):\s*$")
_ENTRY: Final = re.compile(r"^(?P<name>\w+)\s*(?:\([^)]*\))?:\s*(?P<text>.*)$")


def argument_texts(doc: str) -> dict[str, str]:
    """The description of each argument in a Google docstring."""
    found: dict[str, str] = {}
    inside, indent, current = False, 0, ""
    for line in inspect.cleandoc(doc).splitlines():
        if _ARGS.match(line):
            inside, indent, current = True, 0, ""
            continue
        depth = len(line) - len(line.lstrip())
        if not inside or not line.strip():
            continue
        if depth == 0:
            inside = False
            continue
        indent = indent or depth
        entry = _ENTRY.match(line.strip()) if depth == indent else None
        if entry:
            current = entry["name"]
            found[current] = entry["text"].strip()
        elif current:
            found[current] = f"{found[current]} {line.strip()}".strip()
    return found


def without_arguments(doc: str) -> str:
    """The docstring without its `Args` section, whose words stand in the schema."""
    kept: list[str] = []
    skipping = False
    for line in doc.splitlines():
        if _SECTION.match(line):
            skipping = bool(_ARGS.match(line))
        elif line and not line[0].isspace():
            skipping = False
        if not skipping:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
