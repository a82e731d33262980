"""How many tests a repository has for certain, as its files show without running them: a bound that holds, or 1.

A test that may be skipped, left out or expected to fail by what can be seen is not counted: whoever works honestly must
never be refused because of a number that nobody measured.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, cast

_LEFT_OUT: Final = re.compile(r"(?:^|\s)(?:-k|-m|--ignore|--ignore-glob|--deselect|--co|--collect-only|--lf|--ff)\b")
_SELECTING: Final = ("python_files", "python_classes", "python_functions", "norecursedirs", "collect_imported_tests")
_CONFTEST_WORDS: Final = (
    "skip",
    "xfail",
    "deselect",
    "collect_ignore",
    "ignore_collect",
    "modifyitems",
    "pytest_collect",
)
_NOT_ENTERED: Final = frozenset({"build", "dist", "venv", "node_modules", "CVS", "_darcs", "{arch}"})
"""Folders that pytest passes by, beside those with a dot or `.egg`."""
_UNSURE: Final = re.compile(
    r"skip|xfail|fixture|\bmark\.(?!parametrize\b|usefixtures\b|asyncio\b|anyio\b)", re.IGNORECASE
)
_NODE_TEST: Final = re.compile(r"^\s*(?:await\s+)?(?:test|it)\(\s*[\"'`]", re.MULTILINE)
_NODE_UNSURE: Final = re.compile(r"\bskip|\btodo|\bonly\b", re.IGNORECASE)
_MOST_BYTES: Final = 1 << 20


def is_python_test(path: str) -> bool:
    """Tell whether pytest looks for tests in it, unless it is told otherwise."""
    name = path.rpartition("/")[2]
    return fnmatchcase(name, "test_*.py") or fnmatchcase(name, "*_test.py")


def is_node_test(path: str) -> bool:
    """Tell whether JavaScript's test programs look for tests in it."""
    return re.search(r"\.(?:test|spec)\.[cm]?[jt]sx?$", path) is not None


def count_python_tests(root: Path, paths: Iterable[str], settings: Mapping[str, object]) -> int:
    """Tests that pytest certainly runs; `settings` are its own, as far as they are set. At least 1."""
    if any(key in settings for key in _SELECTING) or _LEFT_OUT.search(" ".join(words_of(settings.get("addopts")))):
        return 1
    below = words_of(settings.get("testpaths"))
    files = [path for path in paths if path.endswith(".py") and _is_entered(path)]
    for path in files:
        if path.rpartition("/")[2] == "conftest.py" and any(word in _text(root / path) for word in _CONFTEST_WORDS):
            return 1
    tests = [path for path in files if is_python_test(path) and _is_below(path, below)]
    return max(1, sum(_python_tests(_text(root / path)) for path in tests))


def count_node_tests(root: Path, paths: Iterable[str]) -> int:
    """Tests that a JavaScript test program certainly runs. At least 1."""
    texts = (_text(root / path) for path in paths if is_node_test(path))
    return max(1, sum(len(_NODE_TEST.findall(text)) for text in texts if not _NODE_UNSURE.search(text)))


def words_of(setting: object) -> list[str]:
    """The words of a setting of pytest's, which is a list or a text."""
    return (
        [str(word) for word in cast("list[object]", setting)]
        if isinstance(setting, list)
        else str(setting or "").split()
    )


def _is_entered(path: str) -> bool:
    folders = path.split("/")[:-1]
    return not any(name.startswith(".") or name.endswith(".egg") or name in _NOT_ENTERED for name in folders)


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return not folders or any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in folders)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8") if file.stat().st_size <= _MOST_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _python_tests(text: str) -> int:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    around = [
        node for node in module.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    if any(_is_unsure(node) or "pytestmark" in ast.dump(node) or "__test__" in ast.dump(node) for node in around):
        return 0
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef) and _is_collected(node)}
    return len(set(_functions(module.body))) + sum(len(set(_functions(node.body))) for node in classes.values())


def _functions(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names of tests among the statements of a module or class."""
    for node in body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test")
            and not _is_unsure(node)
        ):
            yield node.name


def _is_collected(node: ast.ClassDef) -> bool:
    names = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
    others = [inner for inner in node.body if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)]
    bases = [ast.unparse(base) for base in node.bases]
    is_test = node.name.startswith("Test") or any(base.endswith("TestCase") for base in bases)
    sure = not any(_UNSURE.search(ast.unparse(one)) for one in (*node.decorator_list, *others))
    return is_test and sure and "__init__" not in names and "__test__" not in ast.dump(node)


def _is_unsure(node: ast.stmt) -> bool:
    """Tell whether it names what may keep a test from passing: marks, skips, expected failures."""
    return _UNSURE.search(ast.unparse(node)) is not None
