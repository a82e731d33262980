"""What a task's own words ask for that a machine can check: files that they name, tests that are to pass. Nothing is invented."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_TEXTS: Final = (
    "csv",
    "htm",
    "html",
    "ipynb",
    "json",
    "jsonl",
    "md",
    "py",
    "rst",
    "sql",
    "svg",
    "toml",
    "tsv",
    "txt",
    "xml",
    "yaml",
    "yml",
)
_OTHERS: Final = ("docx", "gif", "jpeg", "jpg", "parquet", "pdf", "png", "pptx", "xls", "xlsx", "zip")
_FILE: Final = re.compile(
    rf"(?<![\w./@-])((?:[\w-]+/){{0,8}}[\w][\w.-]{{0,80}}\.(?:{'|'.join((*_TEXTS, *_OTHERS))}))(?![\w/-])",
    re.IGNORECASE,
)
_TESTS: Final = re.compile(r"\btests?\b", re.IGNORECASE)
_NEW_TESTS: Final = re.compile(
    r"\b(?:add|write|create|extend|improve|update|more|new)\b[^.\n]{0,40}\btests?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Intake:
    """What a task asks for."""

    files: tuple[str, ...]
    """That are to be there afterwards, as the text writes them."""
    tests: bool
    """Whether it speaks of tests."""
    new_tests: bool
    """Whether tests are part of the work: nobody can hold them as they were."""

    @staticmethod
    def is_text(path: str) -> bool:
        """Tell by its name whether a file is text."""
        return path.rsplit(".", 1)[-1].lower() in _TEXTS


def read_task(text: str, known: Collection[str]) -> Intake:
    """What a task's text asks for.

    Args:
        text: The task.
        known: Paths and names that are there before the work: what names one of these asks for no new file.
    """
    named = dict.fromkeys(match.group(1) for match in _FILE.finditer(text))
    there = {path.rsplit("/", 1)[-1] for path in known} | set(known)
    return Intake(
        files=tuple(path for path in named if path not in there and ".." not in path.split("/")),
        tests=_TESTS.search(text) is not None,
        new_tests=_NEW_TESTS.search(text) is not None,
    )
