"""The command line ends when its work is done, whatever a tool left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LEFT = {
    "a pool": "from concurrent.futures import ThreadPoolExecutor\n    ThreadPoolExecutor(1).submit(time.sleep, 1000)",
    "an exit handler": "import atexit\n    atexit.register(lambda: time.sleep(1000))",
    "a thread": "import threading\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
}
MISSION = """
directive: Leave.
functions: ["t:leave"]
tools: [leave]
effects: {leave: pure}
criteria: [{id: there, kind: metric_threshold, metric: there, op: ">=", target: 1}]
budget: {iterations: 3}
plan: [{calls: [{tool: leave}]}]
"""


@pytest.mark.parametrize("left", LEFT)
def test_the_process_leaves_what_a_tool_left_behind(left: str, tmp_path: Path) -> None:
    """The interpreter's own end waited for it, long after the verdict."""
    lines = f'import time\n\ndef leave() -> dict:\n    """Leave {left}."""\n    {LEFT[left]}\n'
    (tmp_path / "t.py").write_text(f"{lines}    return {{'metrics': {{'there': 1}}}}\n", "utf-8")
    (tmp_path / "m.yaml").write_text(MISSION, "utf-8")
    command = [sys.executable, "-m", "journeyman", "--data-dir", "data", "run", "--no-input", "m.yaml"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "achieved" in ended.stdout + ended.stderr
