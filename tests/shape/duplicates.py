"""Lists blocks of code that stand twice: 40 tokens or more in a row, imports, signatures and docstrings aside.

Run as `python -m tests.shape.duplicates` by `make check`. Tools that do this count lines, or ask for Node.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

TOKENS: Final = 40
SOURCES: Final = Path(__file__).parents[2] / "src"
_LAYOUT: Final = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


class Place(NamedTuple):
    """Where a token stands."""

    path: Path
    line: int
    at: int
    """Among the tokens of its file that count."""


def _aside(tree: ast.AST) -> Iterator[range]:
    """Lines that do not count."""
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                yield range(node.lineno, (node.end_lineno or node.lineno) + 1)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield range(node.lineno, node.body[0].lineno)
            case _:
                pass


def _tokens(path: Path) -> list[tuple[str, Place]]:
    text = path.read_text("utf-8")
    aside = {line for lines in _aside(ast.parse(text)) for line in lines}
    found = [
        (token.string, token.start[0])
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in _LAYOUT and token.start[0] not in aside
    ]
    return [(word, Place(path, line, index)) for index, (word, line) in enumerate(found)]


def duplicates(folder: Path = SOURCES) -> list[tuple[Place, Place]]:
    """Both places of each block that stands twice, one row for each run of such blocks."""
    first: dict[tuple[str, ...], Place] = {}
    found: list[tuple[Place, Place]] = []
    for path in sorted(folder.rglob("*.py")):
        tokens = _tokens(path)
        last = -2
        for index in range(len(tokens) - TOKENS + 1):
            place = tokens[index][1]
            other = first.setdefault(tuple(word for word, _ in tokens[index : index + TOKENS]), place)
            if other == place or (other.path == path and index - other.at < TOKENS):
                continue
            if index != last + 1:
                found.append((other, place))
            last = index
    return found


def main() -> int:
    """Print what stands twice; the exit code is how many times."""
    found = duplicates()
    for one, other in found:
        told = [f"{place.path.relative_to(SOURCES)}:{place.line}" for place in (one, other)]
        sys.stdout.write(f"the same code stands in {told[0]} and {told[1]}\n")
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
