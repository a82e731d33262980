"""Report pages for everybody: axe-core finds nothing in light and dark, on a phone and on paper, and a keyboard is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from journeyman.interfaces.pages.html import html_document
from journeyman.mission.report.comparison import FirstDifference, compare
from journeyman.mission.report.comparison_document import comparison_document
from journeyman.mission.report.model import from_json
from tests.interfaces.pages.axe import violations
from tests.interfaces.pages.browser import CHROMIUM, Browser
from tests.interfaces.pages.reports import busy_report, empty_report, long_report, open_report, page_of

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")]
_OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
_OPEN_SOME = "for (const id of ['iterations', 'effects']) [...document.querySelectorAll(`#${id} details`)].filter((_, at) => at % 7 === 2).forEach(one => { one.open = true; })"
"""One of each form; axe-core looks at each of thousands of elements else, and says the same."""
_SETTLED = "new Promise(done => setTimeout(done, 100))"


def two() -> str:
    """The page of two sessions."""
    left, right = from_json(busy_report()), from_json(open_report())
    at = FirstDifference(
        iteration=4, left_seq=70, right_seq=None, left_kind="Settled", right_kind="", at="", left={"a": 1}
    )
    return html_document(comparison_document(compare(left, right, at, 69)))


PAGES: dict[str, Callable[[], str]] = {
    "finished": lambda: page_of(busy_report()),
    "open": lambda: page_of(open_report()),
    "empty": lambda: page_of(empty_report()),
    "two": two,
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the file."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def _shown(browser: Browser, folder: Path, source: str, **how: Any) -> None:
    path = folder / "report.html"
    path.write_text(source, encoding="utf-8")
    browser.open(path, **how)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, page: str, width: int, dark: bool) -> None:  # noqa: FBT001  # a case
    """With rows opened, in either scheme, on a desk and on a phone."""
    _shown(browser, tmp_path, PAGES[page](), width=width, height=900, dark=dark)
    browser.ask(_OPEN_SOME)
    browser.ask(_SETTLED)
    assert violations(browser) == []


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_on_paper(browser: Browser, tmp_path: Path, page: str) -> None:
    """Also where the reader prefers dark."""
    _shown(browser, tmp_path, PAGES[page](), dark=True)
    browser.ask("window.dispatchEvent(new Event('beforeprint'))")
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    browser.send("Emulation.setEmulatedMedia", media="print", features=[scheme])
    browser.ask(_SETTLED)
    found = violations(browser)
    browser.send("Emulation.setEmulatedMedia", media="")
    assert found == []


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """Or the tests above could not fail."""
    _shown(browser, tmp_path, PAGES["finished"]().replace("<main>", "<main><input><p style='color:#bbb'>faint</p>"))
    assert {row.partition(":")[0] for row in violations(browser)} >= {"color-contrast", "label"}


def _press(browser: Browser, key: str, code: str = "") -> None:
    more: dict[str, object] = {"text": "\r", "windowsVirtualKeyCode": 13} if key == "Enter" else {}
    if key == "Tab":
        more = {"windowsVirtualKeyCode": 9}
    browser.send("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key, **more)
    browser.send("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key, **more)


def test_the_strip_opens_an_iteration_that_stays_open(browser: Browser, tmp_path: Path) -> None:
    """By the keyboard alone: the key that opens it must not shut it again where the focus goes."""
    _shown(browser, tmp_path, PAGES["finished"]())
    browser.ask("document.querySelector('#overview svg').focus()")
    _press(browser, "ArrowLeft")
    _press(browser, "Enter")
    browser.ask(_SETTLED)
    assert browser.ask("document.querySelector('#iteration-9 details').open")
    assert browser.ask("document.activeElement === document.querySelector('#iteration-9 summary')")
    assert browser.ask("location.hash") == "#iteration-9"
    _press(browser, "Enter")
    browser.ask(_SETTLED)
    assert not browser.ask("document.querySelector('#iteration-9 details').open")


def test_everything_can_be_reached_by_tab_and_is_seen_when_it_is(browser: Browser, tmp_path: Path) -> None:
    """From the skip link to the last command, each with a ring around it."""
    _shown(browser, tmp_path, PAGES["open"]())
    wanted = browser.ask(
        "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')].filter(e => e.offsetParent !== null || e.closest('svg') || e.matches('.skip')).filter(e => !e.disabled).length"
    )
    seen: set[str] = set()
    for _ in range(wanted + 5):
        _press(browser, "Tab")
        seen.add(
            browser.ask(
                "(() => { const one = document.activeElement; window.all ??= new Map(); if (!all.has(one)) all.set(one, all.size); return one === document.body ? 'body' : `${all.get(one)} ${getComputedStyle(one).outlineStyle}`; })()"
            )
        )
    seen.discard("body")
    assert len(seen) == wanted
    assert {one.split()[1] for one in seen} == {"solid"}


def test_links_open_one_iteration_and_go_on_to_another(browser: Browser, tmp_path: Path) -> None:
    """As somebody sent them, and as they are clicked."""
    (tmp_path / "report.html").write_text(page_of(long_report(120)), encoding="utf-8")
    browser.open(tmp_path / "report.html")
    browser.ask("location.hash = '#iteration-59'")
    browser.ask(_SETTLED)
    assert browser.ask("document.querySelector('#iteration-59 details').open")
    assert browser.ask("document.querySelector('#iteration-59').getBoundingClientRect().top < innerHeight")
    browser.ask("location.hash = '#iteration-7'")
    browser.ask(_SETTLED)
    assert browser.ask("document.querySelector('#iteration-7 details').open")


def test_what_is_taken_elsewhere_can_be_copied(browser: Browser, tmp_path: Path) -> None:
    """The session's id, the head hash, commands, arguments, and links."""
    _shown(browser, tmp_path, PAGES["finished"]())
    browser.ask(
        f"{_OPEN_ALL}; window.taken = []; navigator.clipboard.writeText = async text => {{ taken.push(text); }};"
    )
    browser.ask(_SETTLED)
    names = browser.ask("[...new Set([...document.querySelectorAll('.copy')].map(e => e.getAttribute('aria-label')))]")
    assert {"Copy the session's id", "Copy the head hash", "Copy this command", "Copy the arguments"} <= set(names)
    assert "Copy the link to iteration 4" in names
    browser.ask("document.querySelectorAll('.copy').forEach(one => one.click())")
    browser.ask(_SETTLED)
    taken = browser.ask("taken")
    assert "s" in taken
    assert bytes(range(32)).hex() in taken
    assert "journeyman replay s" in taken
    assert '{\n "stage": "canary"\n}' in taken
    assert f"{(tmp_path / 'report.html').as_uri()}#iteration-4" in taken
    assert browser.ask("document.querySelector('.said').textContent") == "copied"


def test_the_filter_goes_to_its_first_match(browser: Browser, tmp_path: Path) -> None:
    """Which may lie far below what the reader sees."""
    _shown(browser, tmp_path, page_of(long_report(45)))
    browser.ask(
        "(() => { const field = document.getElementById('find'); field.value = '409 rollout'; field.dispatchEvent(new Event('input')); })()"
    )
    browser.ask(_SETTLED)
    top = browser.ask("document.querySelector('#iterations .rows > li').getBoundingClientRect().top")
    assert 0 < top < 300
