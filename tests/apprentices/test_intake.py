"""What a task's words ask for."""

from __future__ import annotations

import pytest

from journeyman.apprentices.intake import read_task


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("Write three facts about cats and save it as cats.md.", ("cats.md",)),
        ("Make report.csv and charts/sales.png from data.csv", ("report.csv", "charts/sales.png")),
        ("Fix calc.py so that it adds", ()),
        ("Look at https://example.org/page.html and at me@example.md", ()),
        ("Write ../outside.md and /etc/x.json", ()),
        ("Version 1.2.3 of e.g. the tool, i.e. this one", ()),
        ("Save `cats.md`, then cats.md again, and CATS.MD", ("cats.md", "CATS.MD")),
    ],
)
def test_files_that_a_task_names_are_asked_for(text: str, files: tuple[str, ...]) -> None:
    """Those that are not there yet, and lie in the folder."""
    assert read_task(text, ["calc.py", "inputs/data.csv"]).files == files


@pytest.mark.parametrize(
    ("text", "tests", "new_tests"),
    [
        ("Make the failing tests pass", True, False),
        ("Add more tests for the parser", True, True),
        ("This is the latest", False, False),
        ("Write the parser. Then run the tests", True, False),
    ],
)
def test_tests_are_heard(text: str, *, tests: bool, new_tests: bool) -> None:
    """To be passed, or to be written."""
    found = read_task(text, [])
    assert (found.tests, found.new_tests) == (tests, new_tests)
