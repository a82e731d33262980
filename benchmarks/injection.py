"""500 hostile texts through directive, descriptions, arguments, results and their keys, rationale and notes: none is obeyed.

Sessions hold ten each and are run for real. Chromium opens their pages in the viewer and their one-file reports, every row
opened and every element under the pointer once; a text that runs calls `canary`, opens a dialog or asks an address. The
viewer's policy alone would stop most, so elements and attributes that no page of ours has are counted, too. The terminal
commands write to a pipe, where they use no colours: any control character there came from a text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks._injection_payloads import COUNT, payloads
from benchmarks.report import Meter, Row
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost
from journeyman.hosting.person_actions import SessionActions
from tests.interfaces.pages.browser import Browser
from tests.interfaces.viewer.served import Served, mission, served

_EACH: Final = 10
_CONTROL: Final = 150
"""Texts that are shown as markup, too: a browser takes its time with each."""
_WAIT: Final = "new Promise(done => setTimeout(done, 60))"
_RAW: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_TOUCH: Final = """(() => {
  for (const one of document.querySelectorAll('details')) one.open = true;
  for (const one of document.querySelectorAll('body *')) one.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
})()"""
_FOREIGN: Final = """(() => {
  const odd = [...document.querySelectorAll('iframe, object, embed, video, base, math, img, script:not([src]):not([type="application/json"]):not([data-own])')];
  const ours = new Set([document.scripts[document.scripts.length - 1]]);
  const handlers = [...document.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((name) => name.startsWith('on')));
  const links = [...document.querySelectorAll('[href], [src], [action]')].filter((one) => {
    const told = one.getAttribute('href') ?? one.getAttribute('src') ?? one.getAttribute('action');
    return !/^([/#][^/]|[/#]$|data:,$|#)/.test(told);
  });
  return [...odd.filter((one) => !ours.has(one)), ...handlers, ...links].map((one) => one.outerHTML.slice(0, 120));
})()"""
_PERSON: Final = Caller(name="ada", tenant="default", scopes=frozenset(AccessScope))


def _hostile(viewer: Served, number: int, texts: list[str]) -> str:
    """A session that holds some texts wherever somebody else may write."""
    name = f"hostile-{number}"
    calls = [{"calls": [{"tool": "repeat", "args": {"text": text}}], "rationale": text} for text in texts]
    told = mission(
        name,
        directive="\n".join(texts),
        plan=calls,
        criteria=[
            {"id": f"c{at}", "kind": "metric_threshold", "metric": "said", "op": "==", "target": 2, "description": text}
            for at, text in enumerate(texts)
        ],
        budget={"iterations": len(texts)},
        explore=False,
        approve={"measure": "always"},
    )
    viewer.run(told, name)

    waiting = mission(
        f"asks {name}",
        directive=texts[0],
        plan=[{"calls": [{"tool": "repeat", "args": {"text": text}} for text in texts], "rationale": texts[-1]}],
        approve="always",
    )
    asks = viewer.run(waiting, f"asks-{number}")

    async def noted(host: SessionHost) -> None:
        for text in texts:
            await SessionActions(host, _PERSON).note(asks, f"{text} noted")

    viewer.call(noted)
    return name


class _Seen:
    """What a browser did that no text may make it do."""

    def __init__(self, browser: Browser, own: str) -> None:
        self._browser = browser
        self._own = own
        self.executed: list[str] = []
        self.foreign: list[str] = []
        self.pages = 0
        browser.send("Runtime.addBinding", name="canary")
        browser.send("Page.addScriptToEvaluateOnNewDocument", source="window.alert = window.canary;")

    def open(self, where: Path | str) -> None:
        """Open a page, and look."""
        browser = self._browser
        browser.open(where)
        browser.ask(_TOUCH)
        browser.ask(_WAIT)
        self.pages += 1
        self.foreign += browser.ask(_FOREIGN)
        for event in browser.happened:
            self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        if event["method"] in ("Runtime.bindingCalled", "Page.javascriptDialogOpening"):
            self.executed.append(str(event["params"]))
        if event["method"] == "Network.requestWillBeSent":
            asked = str(event["params"]["request"]["url"])
            if not asked.startswith((self._own, "file:", "data:,")):
                self.executed.append(asked)


def _control(browser: Browser, folder: Path, texts: list[str]) -> int:
    """How many texts a page runs that shows them as markup: what is counted above is there to be seen."""
    bare = _Seen(browser, "none:")
    for text in texts:
        path = folder / "control.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><p>{text}</p>", encoding="utf-8")
        bare.open(path)
    return len({told for told in bare.executed if "canary" in told or "payload" in told})


def _terminal(data: Path, names: list[str], progress: Meter) -> tuple[int, int]:
    """Outputs of commands, and those among them with a control character."""
    commands = [["list"], *([word, name] for name in names for word in ("show", "history", "report"))]
    raw = 0
    progress.start("commands", len(commands))
    for words in commands:
        program = [sys.executable, "-m", "journeyman", "--data-dir", str(data), *words]
        done = subprocess.run(program, capture_output=True, check=True, env={**os.environ, "COLUMNS": "200"})
        raw += bool(_RAW.search((done.stdout + done.stderr).decode("utf-8", "surrogateescape")))
        progress.step()
    return len(commands), raw


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    texts = [text for _, text in payloads()]
    batches = [texts[at : at + _EACH] for at in range(0, COUNT, _EACH)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with served(folder) as viewer, Browser(folder) as browser:
            progress.start("sessions", len(batches))
            names: list[str] = []
            for number, some in enumerate(batches):
                names.append(_hostile(viewer, number, some))
                progress.step()
            seen = _Seen(browser, viewer.url)
            progress.start("pages", len(names))
            for number, name in enumerate(names):
                for path in (
                    f"/sessions/{name}",
                    f"/sessions/{name}/events",
                    f"/sessions/asks-{number}",
                    f"/sessions/{name}/report",
                ):
                    seen.open(viewer.url + path)
                report = folder / "report.html"
                report.write_text(viewer.get(f"/sessions/{name}/report").text, encoding="utf-8")
                seen.open(report)
                progress.step()
            obeyed = _control(browser, folder, texts[:_CONTROL])
            for path in ("/", "/waiting", f"/compare?left={names[0]}&right={names[1]}"):
                seen.open(viewer.url + path)
        commands, raw = _terminal(folder / "data", names, progress)
    return [
        Row("hostile texts", len(texts), "texts", f"= {COUNT}", len(texts) == COUNT),
        Row("pages opened", seen.pages, "pages"),
        Row("executed on a page that escapes nothing (control)", obeyed, f"of {_CONTROL}", ">= 30", obeyed >= 30),
        Row("executed in the browser", len(seen.executed), "texts", "= 0", not seen.executed),
        Row("elements, handlers and links that are not ours", len(seen.foreign), "elements", "= 0", not seen.foreign),
        Row("outputs of commands", commands, "outputs"),
        Row("outputs with a raw control character", raw, "outputs", "= 0", raw == 0),
    ]
