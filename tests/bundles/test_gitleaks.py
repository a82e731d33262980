"""Gitleaks beside our own scan: what it says is told as ours is, and where it does not work nothing is written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from journeyman.bundles.secret_scan.gitleaks import Gitleaks
from journeyman.mission.values.errors import Unavailable

PROGRAM = """\
#!{python}
import json, sys
words = sys.argv
place, source = words[words.index("--report-path") + 1], words[words.index("--source") + 1]
assert "--redact" in words and "--config" in words
rows = [{{"File": source + "/outputs/a.txt", "StartLine": 3, "RuleID": "jfrog-api-key", "Secret": "REDACTED"}}]
open(place, "w").write(json.dumps(rows))
sys.exit({code})
"""


def _program(folder: Path, text: str) -> str:
    file = folder / "gitleaks"
    file.write_text(text)
    file.chmod(0o755)
    return str(file)


def test_its_findings_are_told_by_file_line_and_rule(tmp_path: Path) -> None:
    """A stand-in that takes the words and writes the rows that its documentation has."""
    program = _program(tmp_path, PROGRAM.format(python=sys.executable, code=0))
    [one] = Gitleaks(program)([("outputs/a.txt", b"x\ny\nz")])
    assert (one.path, one.line, one.kind, one.span) == ("outputs/a.txt", 3, "gitleaks: jfrog-api-key", None)


@pytest.mark.parametrize("text", [PROGRAM.format(python=sys.executable, code=2), "#!/bin/sh\nexit 0\n", "no program"])
def test_where_it_does_not_work_it_is_not_passed_over(text: str, tmp_path: Path) -> None:
    """What was meant to be scanned and was not is no clean bundle."""
    with pytest.raises(Unavailable, match="--no-gitleaks"):
        Gitleaks(_program(tmp_path, text))([("a", b"")])
