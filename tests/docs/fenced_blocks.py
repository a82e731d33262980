"""Fenced blocks of Markdown pages, with what the page says of each.

An HTML comment on the line above a block is a word to the tests: `<!-- not run: REASON -->` leaves it out, `<!-- exit 3 -->`
says with which code its last command ends. `title="NAME"` behind the language names the file that the block shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FENCE: Final = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*) *(?P<rest>.*)$")
_COMMENT: Final = re.compile(r"^\s*<!-- (?P<word>not run|exit):? (?P<value>.+) -->$")
_TITLE: Final = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Block:
    """One block, where it stands, and how it is to be taken."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    not_run: str = ""
    """Why it cannot be run here."""
    exit_code: int = 0

    @property
    def place(self) -> str:
        """Where it begins, as editors open it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page that a user may read."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page in order."""
    return list(_blocks(page, page.read_text("utf-8").splitlines()))


def _blocks(page: Path, lines: list[str]) -> Iterator[Block]:
    index = 0
    while index < len(lines):
        opened = _FENCE.match(lines[index])
        if opened is None:
            index += 1
            continue
        start, indent = index, len(opened["indent"])
        index += 1
        while index < len(lines) and lines[index].strip() != "```":
            index += 1
        assert index < len(lines), f"{page}:{start + 1}: a block that does not end"
        told = dict(_COMMENT.findall(lines[start - 1])) if start else {}
        title = _TITLE.search(opened["rest"])
        yield Block(
            page=page,
            line=start + 1,
            language=opened["language"],
            title=title[1] if title else "",
            text="".join(f"{line[indent:]}\n" for line in lines[start + 1 : index]),
            not_run=told.get("not run", ""),
            exit_code=int(told.get("exit", 0)),
        )
        index += 1


@dataclass(frozen=True, slots=True)
class Command:
    """A command as the reader types it, and what the page shows of its output; `None` where it shows nothing."""

    line: str
    expected: str | None = None


def commands_of(block: Block) -> list[Command]:
    """The commands of a `sh` block, one a line, or of a `console` block, behind `$ ` and before what they print."""
    if block.language == "sh":
        joined = block.text.replace("\\\n", " ")
        return [Command(line) for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    found: list[Command] = []
    for line in block.text.replace("\\\n> ", " ").splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        else:
            assert found, f"{block.place}: output before any command"
            last = found.pop()
            found.append(Command(last.line, f"{last.expected}{line}\n"))
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether output is what a page shows: spaces aside, with `…` for anything within a line, or for any lines."""
    wanted = [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    got = [" ".join(line.split()) for line in printed.splitlines() if line.strip()]
    pattern = "".join("(?:.*\n)*?" if line == "…" else _line_pattern(line) for line in wanted)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in got)) is not None


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…")) + "\n"
