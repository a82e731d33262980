"""Reports of test programs: what is counted, and what is no report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.engine.checks.check_runner import run_checks
from journeyman.engine.checks.junit_report import NoReport, count_junit, read_junit
from journeyman.mission.criteria.engine_check import CommandCheck

ENDINGS = {"passed": "", "broken": "<failure/>", "error": "<error>text</error>", "skipped": "<skipped/>"}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(ENDINGS)), st.text(max_size=20)), max_size=30),
    st.sampled_from(["", "testsuites"]),
)
def test_each_test_counts_as_it_ended(rows: list[tuple[str, str]], around: str) -> None:
    """Whatever its name is, and whatever the totals say."""
    cases = "".join(
        f"<testcase name={quoteattr(''.join(filter(str.isalnum, name)))}>{ENDINGS[kind]}</testcase>"
        for kind, name in rows
    )
    suite = f'<testsuite tests="900" failures="0">{cases}</testsuite>'
    counts = count_junit((f"<{around}>{suite}</{around}>" if around else suite).encode())
    kinds = [kind for kind, _ in rows]
    assert counts.passed == kinds.count("passed")
    assert counts.broken == kinds.count("broken") + kinds.count("error")
    assert counts.skipped == kinds.count("skipped")


def test_an_error_outside_of_tests_counts_and_a_test_that_failed_twice_does_not_pass() -> None:
    """A suite that could not be begun is broken; so is a test whose teardown failed."""
    text = "<testsuite><error/><testcase><failure/><error/></testcase><testcase><system-out>x</system-out></testcase></testsuite>"
    counts = count_junit(text.encode())
    assert (counts.passed, counts.broken, counts.skipped) == (1, 3, 0)


@pytest.mark.parametrize(
    "data",
    [b"", b"ok", b"<html/>", b"<testsuite>", b"\xff\xfe", b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite>&a;</testsuite>'],
)
def test_what_is_no_report_says_why(data: bytes) -> None:
    """Document types are refused, and with them entities that grow."""
    with pytest.raises(NoReport, match="report"):
        count_junit(data)


def test_a_pipe_or_link_is_no_report(tmp_path: Path) -> None:
    """Nobody waits for it."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link", "none"):
        with pytest.raises(NoReport):
            read_junit(tmp_path / name)


PASSING = "<testsuite><testcase/><testcase/></testsuite>"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("code", "met", "said"),
    [
        ("open(sys.argv[1], 'w').write(PASSING)", True, "'passed': 2"),
        ("open(sys.argv[1], 'w').write(PASSING); sys.exit(1)", False, "'exit_code': 1"),
        ("", False, "wrote no test report"),
        ("open(sys.argv[1], 'w').write('<testsuite><testcase/></testsuite>')", False, "1 passed, 0 failed"),
        ("open(sys.argv[1], 'w').write(PASSING.replace('<testcase/>', '<testcase><failure/></testcase>', 1))", False, "1 failed"),
        ("open(sys.argv[1] + '.tmp', 'w'); os.symlink(sys.argv[1] + '.tmp', sys.argv[1])", False, "cannot be read"),
    ],
)  # fmt: skip
async def test_a_command_that_must_report_is_met_by_its_tests(
    tmp_path: Path, code: str, met: object, said: str
) -> None:
    """An exit code of 0 without tests is none; a report that lies in the copy beforehand is not seen."""
    (tmp_path / "report.xml").write_text(PASSING)
    program = f"import os, sys; PASSING = {PASSING!r}; {code}"
    check = CommandCheck(argv=[sys.executable, "-c", program, "{report}"], passed_at_least=2)
    found = (await run_checks({"one": check}, tmp_path))["one"]
    assert found.met is met
    assert said in str(found.evidence)
