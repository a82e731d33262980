"""The mission's own tool: run the tests of one commit, away from the working tree."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).parent / "repo"


def run_tests(commit: str) -> dict[str, object]:
    """Run the tests of a commit on a clean copy of it.

    Args:
        commit: The commit's full hash.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", str(REPO), "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        ended = subprocess.run(
            [sys.executable, "-B", "-m", "unittest", "-q"], cwd=folder, check=False, capture_output=True
        )
    return {
        "commit": commit,
        "exit_code": ended.returncode,
        "output_tail": ended.stderr[-200:].decode(errors="replace"),
    }
