"""The process that watches a run shares its terminal, and outlives what is typed there."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from journeyman.config import Settings
from journeyman.interfaces.cli.watchdog import Watchdog


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_interrupt_cannot_reach_it_from_its_first_instruction_on(tmp_path: Path) -> None:
    """Ctrl-C goes to every process of a terminal: one that has not begun to ignore it yet would die with a traceback."""
    watchdog = Watchdog(Settings(data_dir=tmp_path), as_json=False)
    watchdog._say("session", "60")
    process = watchdog._process
    assert process is not None
    try:
        rows = dict(row.split(":\t", 1) for row in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        assert int(rows["SigBlk"], 16) >> (signal.SIGINT - 1) & 1
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
