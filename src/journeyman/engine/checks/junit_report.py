"""What a test program's report says: which tests passed, and which did not. JUnit's XML form, as test programs write it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.parsers import expat

from journeyman.engine.checks.file_check import MAX_PARSE_BYTES
from journeyman.mission.values.canonical import JsonObject

_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BROKEN: Final = frozenset({"failure", "error"})


class NoReport(ValueError):
    """There is no report that can be read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCounts:
    """How the tests of a report ended."""

    __test__ = False  # no test class, whatever its name begins with
    passed: int
    broken: int
    """Failed tests and errors, those outside of any test included."""
    skipped: int

    def plain(self) -> JsonObject:
        """As evidence."""
        return {"passed": self.passed, "broken": self.broken, "skipped": self.skipped}

    def words(self) -> str:
        """As somebody reads it."""
        return f"{self.passed} passed, {self.broken} failed, {self.skipped} skipped"


def read_junit(file: Path) -> TestCounts:
    """The counts of a report on the disk; raises `NoReport`. Blocks, and never waits for a pipe."""
    try:
        opened = os.open(file, _READ)
    except FileNotFoundError:
        raise NoReport("it wrote no test report") from None
    except OSError as error:
        raise NoReport(f"its test report cannot be read ({error.strerror})") from None
    with os.fdopen(opened, "rb") as report:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_PARSE_BYTES:
            raise NoReport("its test report is no file of at most 64 MiB")
        return count_junit(report.read())


def count_junit(data: bytes) -> TestCounts:
    """The counts of a report; raises `NoReport`.

    Attributes with totals are not believed: tests are counted. A document type is refused, and with it what entities can do.
    """
    parser = expat.ParserCreate()
    count = _Counter()
    parser.StartElementHandler = count.begin
    parser.EndElementHandler = count.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)  # takes no keyword
    except expat.ExpatError as error:
        raise NoReport(f"its test report is no XML ({error})") from None
    if not count.is_junit:
        raise NoReport("its test report is not in JUnit's form")
    return TestCounts(passed=count.passed, broken=count.broken, skipped=count.skipped)


class _Counter:
    """Counts tests as their elements end."""

    def __init__(self) -> None:
        self.is_junit = False
        self.passed = self.broken = self.skipped = 0
        self._ended_well = False
        self._was_skipped = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        if name in {"testsuites", "testsuite"}:
            self.is_junit = True
        elif name == "testcase":
            self._ended_well, self._was_skipped = True, False
        elif name in _BROKEN:
            self.broken += 1
            self._ended_well = False
        elif name == "skipped":
            self._was_skipped = True

    def end(self, name: str) -> None:
        if name == "testcase":
            self.skipped += self._was_skipped
            self.passed += self._ended_well and not self._was_skipped


def _refuse(*about: object) -> None:
    del about
    raise NoReport("its test report has a document type, which no test program writes")
