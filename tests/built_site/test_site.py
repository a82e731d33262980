"""People can use the built site: also in the dark, on a phone, by keyboard and with a screen reader, and offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.interfaces.pages.axe import violations
from tests.interfaces.pages.browser import CHROMIUM, Browser

ROOT: Final = Path(__file__).parents[2]
SITE: Final = ROOT / ".build" / "site"
PAGES: Final = (
    "index.html",
    "tutorial.html",
    "how-to/ci.html",
    "concepts/evidence.html",
    "concepts/comparison.html",
    "reference/mission-keys.html",
    "reference/commands.html",
    "reference/python.html",
    "design/013-documentation-site.html",
)
FOCUSED: Final = """(() => {
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    return [one.tagName, one.textContent.trim().slice(0, 40), box.width * box.height > 0];
})()"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
    pytest.mark.slow,
    pytest.mark.skipif(not SITE.exists(), reason="`make test-docs` builds the site and runs this"),
]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_accessible_and_whole(browser: Browser, page: str, dark: bool, width: int) -> None:  # noqa: FBT001  # cases
    """No rule of axe-core is broken, nothing is fetched from elsewhere, nothing sticks out sideways."""
    browser.open(SITE / page, width=width, dark=dark)
    assert violations(browser) == []
    assert [address for address in browser.requests() if not address.startswith(("file:", "data:", "blob:"))] == []
    assert browser.ask("document.documentElement.scrollWidth <= innerWidth")


def test_the_scheme_is_the_systems(browser: Browser) -> None:
    """Pictures and pages are dark together."""
    colours: list[str] = []
    for dark in (False, True):
        browser.open(SITE / "index.html", dark=dark)
        colours.append(browser.ask("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_the_keyboard_reaches_what_the_pointer_does(browser: Browser) -> None:
    """The first stop leads past the menus; each stop can be seen."""
    browser.open(SITE / "tutorial.html")
    stops: list[Any] = []
    for _ in range(30):
        for kind in ("rawKeyDown", "keyUp"):
            browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        stops.append(browser.ask(FOCUSED))
    assert stops[0][1] == "Skip to content"
    assert len({tuple(stop) for stop in stops}) >= 15
    assert [stop for stop in stops if not stop[2]] == []
