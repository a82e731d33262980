"""Drives Debian's chromium over its DevTools pipe: no port, no library, no network."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip
# The browser reads commands from descriptor 3 and answers on 4; high numbers first, so that neither is overwritten.
_PLACE_PIPES = "import os, sys; r, w = int(sys.argv[1]), int(sys.argv[2]); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"


class Browser:
    """One chromium with an empty profile and one page."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self._ids = count(1)
        self._unread = b""
        self.happened: list[dict[str, Any]] = []
        theirs_in, ours_out = (_high(one) for one in os.pipe())
        ours_in, theirs_out = (_high(one) for one in os.pipe())
        command = [sys.executable, "-c", _PLACE_PIPES, str(theirs_in), str(theirs_out), CHROMIUM]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={folder / 'profile'}", *_FLAGS],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = ours_in, ours_out
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, **params: object) -> dict[str, Any]:
        """The answer to a command for the page."""
        return self._send(method, self._session, **params)

    def open(
        self, where: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True
    ) -> None:
        """Open a file, or an address, and wait until it has loaded."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not script)
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.happened.clear()
        loader = self.send("Page.navigate", url=where if isinstance(where, str) else where.as_uri()).get("loaderId")
        while not self._has_loaded(loader):
            self._read()

    def _has_loaded(self, loader: str | None) -> bool:
        """Whether the page of a navigation is there; one before it, which a click began, may end only now."""
        begun = [
            at
            for at, event in enumerate(self.happened)
            if event["method"] == "Page.frameNavigated" and event["params"]["frame"]["loaderId"] == loader
        ]
        since = begun[0] if begun else 0
        ended = any(event["method"] == "Page.loadEventFired" for event in self.happened[since:])
        return ended and (bool(begun) or loader is None)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page, after any promise it gives."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        """What the page asked for since it was opened, itself included."""
        return [e["params"]["request"]["url"] for e in self.happened if e["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """Errors and warnings of the page: exceptions, refused scripts and requests."""
        found = [str(e["params"]["entry"]["text"]) for e in self.happened if e["method"] == "Log.entryAdded"]
        return found + [str(e["params"]) for e in self.happened if e["method"] == "Runtime.exceptionThrown"]

    def picture(self, path: Path) -> Path:
        """Write the whole page as a picture."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 8000), "scale": 1}
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def top(self, path: Path, height: int, width: int) -> Path:
        """Write the upper part of the page as a small picture (WebP)."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip, format="webp", quality=82)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def printed(self, path: Path) -> Path:
        """Write the page as it prints, as PDF."""
        path.write_bytes(
            base64.b64decode(self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
        )
        return path

    def _send(self, method: str, session: str = "", **params: object) -> dict[str, Any]:
        wanted = next(self._ids)
        command: dict[str, object] = {"id": wanted, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            message = self._read()
            if message.get("id") == wanted:
                assert "error" not in message, message["error"]
                return message["result"]

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise AssertionError("the browser ended")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\0")
        message = json.loads(line)
        if "method" in message:
            self.happened.append(message)
        return message


def _high(descriptor: int) -> int:
    """The same pipe end under a number above those that the browser's ends take."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
