"""Files and functions stay small; the lists of exceptions may only shrink."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 500
MOST_TEST_LINES = 700
MOST_FUNCTION_LINES = 60

LONG_FILES: dict[str, int] = {}
"""File to the lines it may have; none is allowed more than today."""
LONG_FUNCTIONS: dict[str, int] = {}
"""`file::function` to the lines it may have."""


def sources() -> list[Path]:
    """Every Python file of the project."""
    folders = ("src", "tests", "benchmarks", "website")
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_is_longer_than_allowed() -> None:
    """A file that outgrows its reader is two files."""
    long_ones: dict[str, int] = {}
    for file in sources():
        lines = len(file.read_text("utf-8").splitlines())
        name = file.relative_to(ROOT).as_posix()
        most = LONG_FILES.get(name, MOST_TEST_LINES if name.startswith("tests/") else MOST_LINES)
        if lines > most:
            long_ones[name] = lines
    assert long_ones == {}


def test_no_function_is_longer_than_allowed() -> None:
    """A function fits on a screen."""
    long_ones: dict[str, int] = {}
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                name = f"{file.relative_to(ROOT).as_posix()}::{node.name}"
                lines = node.end_lineno - node.lineno + 1
                if lines > LONG_FUNCTIONS.get(name, MOST_FUNCTION_LINES):
                    long_ones[name] = lines
    assert long_ones == {}


def test_exceptions_are_still_needed() -> None:
    """An exception that nothing needs any more is removed."""
    for name in LONG_FILES:
        assert len((ROOT / name).read_text("utf-8").splitlines()) > MOST_LINES, name


def test_protocols_have_at_most_eight_methods() -> None:
    """A plug point that asks for more is two plug points."""
    fat: dict[str, int] = {}
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases
            ):
                is_property = [
                    any(isinstance(mark, ast.Name) and mark.id == "property" for mark in item.decorator_list)
                    for item in node.body
                    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
                ]
                methods = is_property.count(False)
                if methods > 8:
                    fat[node.name] = methods
    assert fat == {}
