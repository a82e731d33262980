"""Files that would be loaded in place of Python's own modules are found, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from journeyman.workspaces.python_shadows import shadowing


@pytest.mark.parametrize(
    "path",
    [
        "unittest.py", "json.py", "pytest.py", "_pytest/__init__.py", "src/json/__init__.py", "sitecustomize.py", "os.pyc",
        "random.cpython-311-x86_64-linux-gnu.so", "usercustomize/__init__.pyc",
    ],
)  # fmt: skip
def test_what_stands_before_a_module_is_found(path: str) -> None:
    """Unless it was there, or is what the work is about."""
    assert shadowing([path, "calc.py"], ["calc.py"], "Fix calc.") == [path]
    assert shadowing([path], [path], "") == []
    name = path.removeprefix("src/").split("/")[0].split(".")[0]
    assert shadowing([path], [], f"Write {name}.py.") == []


@pytest.mark.parametrize(
    "path",
    ["json.md", "package/json.py", "jsonlib.py", "test/__init__.py", "tests/unittest.py", "code/main.c", "email"],
)
def test_what_cannot_be_taken_for_a_module_is_not(path: str) -> None:
    """A namespace without `__init__` comes behind modules of that name; packages have their own."""
    assert shadowing([path], [], "") == []


def test_it_is_what_python_does(tmp_path: Path) -> None:
    """The cheat works where nobody looks for it."""
    (tmp_path / "unittest.py").write_text("print('all fine')")
    (tmp_path / "test_it.py").write_text("import unittest\nassert False\n")
    ran = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=tmp_path, capture_output=True, text=True, check=False
    )  # ourselves
    assert ran.returncode == 0
    assert shadowing(["test_it.py", "unittest.py"], ["test_it.py"], "") == ["unittest.py"]
