"""Texts of the code as cells and paragraphs of Markdown, in which nothing of them becomes markup by accident."""

from __future__ import annotations

import re
from collections.abc import Sequence


def cell(text: str) -> str:
    """A text as one cell of a table; what stands in backticks there stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    shown = "".join(part if part.startswith("`") else _plain(part) for part in parts)
    return shown.replace("|", "\\|")


def code(text: str) -> str:
    """A text as code in a cell."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"([\\*_<>\[\]{}#])", r"\\\1", text)
