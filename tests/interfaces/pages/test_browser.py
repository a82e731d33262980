"""The report page in a real browser: what people see, can do, and are safe from."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from journeyman.mission.values.canonical import JsonObject
from tests.interfaces.pages.browser import CHROMIUM, Browser
from tests.interfaces.pages.reports import busy_report, empty_report, hostile_report, long_report, open_report, page_of

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")]
_WIDE = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 391 && !e.closest('.places, pre, svg, caption, thead')).map(e => e.outerHTML.slice(0, 120))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the file."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def _written(folder: Path, report: JsonObject) -> Path:
    path = folder / "report.html"
    path.write_text(page_of(report), encoding="utf-8")
    return path


def _comes_to_hold(browser: Browser, expression: str) -> bool:
    """Tell whether it becomes true within half a minute: a busy browser acknowledges an input before it acts."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if browser.ask(expression) is True:
            return True
    return False


def _comes_to_show(browser: Browser, selector: str, start: str) -> bool:
    """Tell whether an element's text comes to begin so."""
    return _comes_to_hold(browser, f"{selector}.textContent.startsWith({json.dumps(start)})")


def _press(browser: Browser, key: str) -> None:
    browser.send("Input.dispatchKeyEvent", type="keyDown", key=key)
    browser.send("Input.dispatchKeyEvent", type="keyUp", key=key)


@pytest.mark.parametrize("made", [busy_report, open_report, empty_report])
def test_the_page_asks_for_itself_alone_and_never_complains(browser: Browser, tmp_path: Path, made: Any) -> None:
    """No request, no refused script, no exception, for finished, open and empty sessions."""
    path = _written(tmp_path, made())
    browser.open(path)
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []


def test_hostile_text_is_shown_and_never_obeyed(browser: Browser, tmp_path: Path) -> None:
    """With every row opened, canaries stand there as text: no image, no script, no dialog, no further request."""
    path = _written(tmp_path, hostile_report(busy_report()))
    browser.open(path)
    browser.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    browser.ask("new Promise(done => setTimeout(done, 50))")
    assert (
        browser.ask(
            "document.querySelectorAll('img, iframe, script:not(body > script), a[href^=java], a[href^=http]').length"
        )
        == 0
    )
    assert browser.ask("document.querySelectorAll('script').length") == 2
    text = browser.ask("document.body.innerText")
    assert text.count("<img src=x onerror=alert(1)>") > 100
    assert "\u202e" not in text
    assert not [event for event in browser.happened if event["method"] == "Page.javascriptDialogOpening"]
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []


def test_an_injected_script_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """Even markup that got into the page is stopped by its policy."""
    path = tmp_path / "broken.html"
    evil = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    path.write_text(page_of(busy_report()).replace("<main>", f"<main>{evil}"), encoding="utf-8")
    browser.open(path)
    assert browser.ask("document.title") == "tune-checkout-latency: Achieved"
    assert any("Content Security Policy" in told for told in browser.complaints())


@pytest.mark.parametrize("hostile", [False, True])
def test_a_phone_never_scrolls_sideways(browser: Browser, tmp_path: Path, hostile: bool) -> None:  # noqa: FBT001  # a case
    """At 390 pixels everything folds, also opened rows and words of 3,000 letters."""
    report = hostile_report(busy_report(), lambda text: text + "w" * 3_000) if hostile else busy_report()
    browser.open(_written(tmp_path, report), width=390, height=844)
    browser.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    browser.ask("new Promise(done => setTimeout(done, 50))")
    assert browser.ask(_WIDE) == []
    assert browser.ask("document.documentElement.scrollWidth") == 390


def test_filters_narrow_iterations_and_effects(browser: Browser, tmp_path: Path) -> None:
    """One field searches both lists; buttons and a chooser narrow each."""
    report = open_report()
    all_effects = f"{len(cast('list[object]', report['effects']))} effects"
    browser.open(_written(tmp_path, report))
    find = "(async words => { const field = document.getElementById('find'); field.value = words; field.dispatchEvent(new Event('input')); await new Promise(done => setTimeout(done, 30)); return [...document.querySelectorAll('.count')].map(e => e.textContent); })"
    assert browser.ask(f"{find}('409 ROLLOUT')") == ["1 of 5 iterations", f"1 of {all_effects}"]
    assert browser.ask(f"{find}('no such words')") == ["0 of 5 iterations", f"0 of {all_effects}"]
    assert browser.ask(f"{find}('')") == ["5 iterations", all_effects]
    browser.ask("document.querySelector('[data-state=unknown]').click()")
    assert browser.ask("document.querySelector('#effects .count').textContent") == f"1 of {all_effects}"
    assert browser.ask("document.querySelector('#effects .rows').innerText").startswith("unknown")
    assert browser.ask("document.querySelector('[data-state=unknown]').getAttribute('aria-pressed')") == "true"
    browser.ask(
        "{ const chooser = document.getElementById('verdict-filter'); chooser.value = 'adjust'; chooser.dispatchEvent(new Event('change')); }"
    )
    assert browser.ask("document.querySelector('#iterations .count').textContent") == "1 of 5 iterations"


def test_reconciled_effects_say_who_settled_them(browser: Browser, tmp_path: Path) -> None:
    """An effect whose fate a person had to tell is not mistaken for one that simply worked."""
    report = busy_report()
    browser.open(_written(tmp_path, report))
    browser.ask("document.querySelector('[data-state=reconciled]').click()")
    assert (
        browser.ask("document.querySelector('#effects .count').textContent")
        == f"1 of {len(cast('list[object]', report['effects']))} effects"
    )
    assert "reconciled by person:mira" in browser.ask("document.querySelector('#effects .rows').innerText")


def test_charts_tell_values_to_pointer_and_keyboard(browser: Browser, tmp_path: Path) -> None:
    """Axes, target lines and single values are there for eyes, fingers and keys."""
    browser.open(_written(tmp_path, busy_report()))
    assert browser.ask("[...document.querySelectorAll('#metrics figcaption')].map(e => e.firstChild.textContent)") == [
        "error_ratio",
        "latency_ms",
        "orders_lost",
    ]
    assert browser.ask("[...document.querySelectorAll('.target-label')].map(e => e.textContent)") == [
        "< 0.01",
        "<= 200",
        "abort: > 5",
    ]
    assert "lowest 181, highest 640; target <= 200" in browser.ask(
        "document.querySelectorAll('#metrics svg')[1].getAttribute('aria-label')"
    )
    browser.ask("document.querySelectorAll('#metrics svg')[1].focus()")
    _press(browser, "End")
    readout = "document.querySelectorAll('#metrics .readout')[1]"
    assert _comes_to_show(browser, readout, "iteration 9: latency_ms 181")
    _press(browser, "ArrowLeft")
    assert _comes_to_show(browser, readout, "iteration 8: latency_ms 188")
    box = browser.ask(
        "(() => { const plot = document.querySelector('#burn-down svg.plot'); plot.scrollIntoView({block: 'center', behavior: 'instant'}); const b = plot.getBoundingClientRect(); return [b.right - 10, b.top + 60]; })()"
    )
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    assert _comes_to_show(browser, "document.querySelector('#burn-down .readout')", "iteration 9: iterations 75 %")


def test_ten_thousand_iterations_can_be_searched(browser: Browser, tmp_path: Path) -> None:
    """Pages hold fifty rows, a filter finds among them all, and what was left out is told."""
    browser.open(_written(tmp_path, long_report(10_000, value_bytes=500)))
    assert browser.ask("document.querySelectorAll('#iterations .rows > li').length") == 50
    assert browser.ask("document.querySelectorAll('.left-out').length") == 2
    assert browser.ask("document.querySelectorAll('*').length") < 8_000
    browser.ask(
        "(() => { const field = document.getElementById('find'); field.value = 'heuristic_unproductive'; field.dispatchEvent(new Event('input')); })()"
    )
    assert _comes_to_hold(browser, "document.querySelector('#iterations .count').textContent.includes(' of ')")
    browser.ask("document.querySelector('#overview svg').focus()")
    _press(browser, "ArrowLeft")
    _press(browser, "Enter")
    assert _comes_to_hold(browser, "document.querySelector('#iteration-9999 details').open")


def test_without_javascript_the_main_things_are_seen(browser: Browser, tmp_path: Path) -> None:
    """Verdict, criteria, budget and record show; what cannot work is not shown."""
    browser.open(_written(tmp_path, busy_report()), script=False)
    shown = browser.send("Accessibility.getFullAXTree")["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown if not node.get("ignored")
    ]
    names = {name for _, name in named}
    assert {"Criteria", "Advice", "Budget", "Record", "Achieved", "fast_enough", "Progress of fast_enough"} <= names
    headings = [name for role, name in named if role == "heading"]
    assert sorted(headings) == sorted(
        [
            "tune-checkout-latency",
            "Criteria",
            "Advice",
            "Budget",
            "Lessons and follow-ups",
            "Follow-ups by the rules",
            "Lessons by the rules",
            "Notes by people",
            "People",
            "Mission",
            "Record",
        ]
    )
    assert not {role for role, _ in named} & {"searchbox", "button", "combobox"}
    browser.send("Emulation.setScriptExecutionDisabled", value=False)


def test_landmarks_headings_and_labels_are_there_for_screen_readers(browser: Browser, tmp_path: Path) -> None:
    """Every control and picture has a name; landmarks and table headers exist at every width."""
    browser.open(_written(tmp_path, busy_report()), width=390, height=844)
    nodes = [node for node in browser.send("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    roles = [node["role"]["value"] for node in nodes]
    assert {"banner", "navigation", "main", "contentinfo", "search", "table", "columnheader", "progressbar"} <= set(
        roles
    )
    nameless = [
        node["role"]["value"]
        for node in nodes
        if node["role"]["value"]
        in {"button", "searchbox", "combobox", "img", "image", "progressbar", "table", "link", "region"}
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []


def test_paper_shows_a_short_run_whole_and_in_light(browser: Browser, tmp_path: Path) -> None:
    """Printing opens the rows of short lists, puts tools away, and gives the page back afterwards."""
    browser.open(_written(tmp_path, busy_report()), dark=True)
    browser.ask("document.querySelector('#effects details').open = true")
    browser.ask("new Promise(done => setTimeout(done, 50))")
    browser.ask("window.dispatchEvent(new Event('beforeprint'))")
    browser.send(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert browser.ask("document.querySelectorAll('#iterations details[open] > .body').length") == 10
    # Of the many calls those are printed that were not simply done, and the one that the reader opened.
    assert browser.ask("document.querySelectorAll('#effects details').length") == 3
    assert browser.ask("document.querySelectorAll('#effects details[open] > .body').length") == 1
    assert browser.ask("document.querySelector('#effects .rows').innerText").count("effects are not printed") == 1
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.ask("getComputedStyle(document.getElementById('finder')).display") == "none"
    browser.send("Emulation.setEmulatedMedia", media="")
    browser.ask("window.dispatchEvent(new Event('afterprint'))")
    assert browser.ask("document.querySelectorAll('#iterations details[open]').length") == 0


def test_sixty_iterations_take_at_most_eight_pages(browser: Browser, tmp_path: Path) -> None:
    """With every iteration, its numbers and its times on them."""
    browser.open(_written(tmp_path, long_report(60)))
    printed = browser.printed(tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8


def test_the_readers_colours_are_used(browser: Browser, tmp_path: Path) -> None:
    """Dark for those who prefer it, light for the others."""
    path = _written(tmp_path, busy_report())
    grounds: list[str] = []
    for dark in (False, True):
        browser.open(path, dark=dark)
        grounds.append(browser.ask("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(247, 246, 243)", "rgb(19, 21, 25)"]
