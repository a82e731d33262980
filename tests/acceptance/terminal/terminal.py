"""A program on a pseudo-terminal of its own, with a screen that shows what a person would see."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.terminal.screen import Screen

PATIENCE_S = 60.0
"""For what takes a moment on an idle machine: a hang is seen, a busy machine is borne."""


class Terminal:
    """Runs one command of ours in a session of its own, so that keys reach it as signals and text."""

    def __init__(
        self, folder: Path, environment: dict[str, str], words: tuple[str, ...], columns: int, *, piped: bool = False
    ) -> None:
        self.screen = Screen(columns)
        self.raw = ""
        self.columns = columns
        self._master, slave = pty.openpty()
        self._size(columns)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "journeyman", *words],
            cwd=folder,
            env={"TERM": "xterm-256color", **environment},
            stdin=slave,
            stdout=subprocess.PIPE if piped else slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # no thread of ours holds a lock
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _size(self, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def resize(self, columns: int) -> None:
        """Make the terminal narrower or wider."""
        self.columns = columns
        self.screen.resize(columns)
        self._size(columns)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def look(self, wait_s: float = 0.05) -> bool:
        """Take in what was written meanwhile; False once nothing more can come."""
        ready, _, _ = select.select([self._master], [], [], wait_s)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other side is closed
            return False
        text = self._decoder.decode(data)
        self.raw += text
        self.screen.feed(text)
        return bool(data)

    def until(self, seen: str | Callable[[Screen], bool]) -> float:
        """Wait until the screen shows something, and tell how many seconds that took."""
        began = time.monotonic()
        fits = seen if callable(seen) else lambda screen: seen in screen.text()
        while not fits(self.screen):
            if not self.look() or time.monotonic() - began > PATIENCE_S:
                raise AssertionError(f"never seen: {seen}\n{self.screen.text()}\nexit code {self.process.poll()}")
        return time.monotonic() - began

    def end(self) -> int:
        """Wait for the program's end, and give its exit code."""
        until_s = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < until_s, f"it hangs:\n{self.screen.text()}"
            self.look()
        while self.look(0.0) and select.select([self._master], [], [], 0)[0]:
            pass
        return self.process.returncode

    def echoes(self) -> bool:
        """Tell whether the terminal itself shows what is typed: it does whenever a shell has it."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._master)
