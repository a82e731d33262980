"""Attempts of a coding agent: a row each on the session's page, and a page with prompt, trace and diff."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interfaces.viewer.served import served
from tests.interfaces.viewer.test_pages import words

CONFIG = """
[agents.mender]
driver = "command"
command = ["python3", "-c", '''
import pathlib, sys
prompt = pathlib.Path(sys.argv[1]).read_text()
if "two and three are five" in prompt:
    pathlib.Path("calc.py").write_text("def add(a, b):\\n    return a + b  # <script>canary(1)</script>\\n")
else:
    pathlib.Path("tests/test_calc.py").write_text("print('passed')\\n")
print("All tests pass. <img src=x onerror=canary(1)>")
''', "{prompt_file}"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose data holds a task that took two attempts."""
    repository = tmp_path / "repo"
    (repository / "tests").mkdir(parents=True)
    (repository / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (repository / "tests" / "test_calc.py").write_text(
        'import sys\n\nsys.path.insert(0, ".")\nfrom calc import add\n\nassert add(2, 3) == 5, "two and three are five"\n'
    )
    (tmp_path / "config.toml").write_text(CONFIG)
    subprocess.run(["git", "init", "-q", "."], cwd=repository, check=True)
    command = [sys.executable, "-m", "journeyman", "task", "Make the failing tests pass.", "--agent", "mender", "--id", "calc",
               "--check", "python3 -B tests/test_calc.py"]  # fmt: skip
    environment = {
        **os.environ,
        "JOURNEYMAN_DATA_DIR": str(tmp_path / "data"),
        "JOURNEYMAN_CONFIG": str(tmp_path / "config.toml"),
    }
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_attempts_are_told_with_their_traces_and_diffs(folder: Path) -> None:
    """What the agent says stays its claim, what it wrote stays text."""
    with served(folder) as viewer:
        page = viewer.get("/sessions/calc")
        told = words(page)
        for part in (
            "Attempts",
            "1 by mender",
            "2 by mender",
            "1 protected put back",
            "All tests pass. <img",
            "a claim",
        ):
            assert part in told, part
        assert "<img" not in page.text
        second = viewer.get("/sessions/calc/attempts/2")
        shown = words(second)
        for part in (
            "Attempt 2",
            "finished",
            "+ return a + b # <script>canary(1)</script>",
            "two and three are five",
            "Trace",
            "calc.py",
        ):
            assert part in shown, part
        assert "<script>canary" not in second.text
        assert 'class="added"' in second.text
        assert viewer.get("/sessions/calc/attempts/3").status_code == 404
        assert viewer.get("/sessions/none/attempts/1").status_code == 404
