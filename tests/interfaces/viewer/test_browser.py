"""The viewer in a real browser: alive, answered, filtered, by keyboard alone, on a phone, without JavaScript, for everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from journeyman.engine.record_reading import state_of
from tests.interfaces.pages.axe import violations
from tests.interfaces.pages.browser import CHROMIUM, Browser
from tests.interfaces.viewer.demo import fill
from tests.interfaces.viewer.served import GATES, Served, gated, mission, served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")]
PAGES = {
    "sessions": "/",
    "session": "/sessions/tuned",
    "asking": "/sessions/asks-first",
    "running": "/sessions/under-way",
    "events": "/sessions/tuned/events",
    "waiting": "/waiting",
    "compare": "/compare?left=tuned&right=tuned-badly",
    "missions": "/missions",
    "mission": "/missions?file=roll-out.yaml",
    "gym": "/gym",
    "log": "/gym?log=scores.jsonl",
    "episode": "/gym/episode?log=scores.jsonl&task=easy-validation-0@3&policy=heuristic",
    "not-found": "/nowhere",
}
_OPEN_SOME = (
    "[...document.querySelectorAll('details')].filter((_, at) => at % 5 === 0).forEach(one => { one.open = true; })"
)
_SETTLED = "new Promise(done => setTimeout(done, 150))"


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One viewer for the file, with sessions of every kind."""
    pytest.importorskip("numpy")
    with served(tmp_path_factory.mktemp("viewer")) as one:
        fill(one)
        yield one


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the file."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def until(browser: Browser, expression: str) -> None:
    """Wait until the page says yes."""
    end = time.monotonic() + 30
    while not browser.ask(f"Boolean({expression})"):
        assert time.monotonic() < end, f"never became true: {expression}"
        time.sleep(0.05)


def press(browser: Browser, key: str, text: str = "") -> None:
    """Press a key and let it go."""
    code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, 0)
    common: dict[str, object] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
    browser.send("Input.dispatchKeyEvent", type="keyDown", text=text or ("\r" if key == "Enter" else ""), **common)
    browser.send("Input.dispatchKeyEvent", type="keyUp", **common)


def write(browser: Browser, text: str) -> None:
    """Type into what has the focus."""
    browser.send("Input.insertText", text=text)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(browser: Browser, viewer: Served, page: str, dark: bool) -> None:  # noqa: FBT001  # a case
    """In light and dark, at a desk and on a phone, with rows opened; nothing is wider than the phone, nothing is refused."""
    for width in (1280, 390):
        browser.open(viewer.url + PAGES[page], width=width, dark=dark)
        browser.ask(_OPEN_SOME)
        browser.ask(_SETTLED)
        assert violations(browser) == []
        assert browser.ask("document.documentElement.scrollWidth") <= width
        complaints = [one for one in browser.complaints() if "404" not in one]
        assert complaints == []


def test_a_session_is_watched_to_its_end_without_a_reload(browser: Browser, viewer: Served) -> None:
    """What happens is there a moment later; rows that the reader opened stay open."""
    session = viewer.run(mission("watched", **gated("watched")), to_rest=False)
    browser.open(f"{viewer.url}/sessions/{session}")
    browser.ask("window.sameDocument = true")
    until(browser, "document.getElementById('live-status').textContent === 'live'")
    until(browser, "document.querySelector('#iterations details')")
    browser.ask("document.querySelector('#iterations details').open = true")
    assert browser.ask("document.querySelector('.outcome').textContent") == "Running"
    GATES["watched"].set()
    until(browser, "document.querySelector('.outcome').textContent === 'Achieved'")
    until(browser, "document.getElementById('live-status').textContent === 'ended'")
    assert browser.ask("document.querySelector('#iterations details').open")
    assert browser.ask("window.sameDocument")


def test_the_list_is_alive(browser: Browser, viewer: Served) -> None:
    """A session that begins elsewhere stands there without a reload."""
    browser.open(viewer.url + "/?q=born-later")
    until(browser, "document.getElementById('live-status').textContent === 'live'")
    viewer.run(mission("born-later"))
    until(browser, "document.querySelector('.sessions-table .pill')?.textContent === 'Achieved'")


def test_a_question_is_answered_by_keyboard_alone(browser: Browser, viewer: Served) -> None:
    """From the list of questions: Tab to the note, write, Tab to the button, Enter."""
    session = viewer.run(mission("typed answer", approve="always"))
    browser.open(viewer.url + "/waiting")
    for _ in range(200):
        press(browser, "Tab")
        if browser.ask(f"document.activeElement.id === 'note-{session}-iteration-0'"):
            break
    else:
        raise AssertionError("the field is not reached")
    write(browser, "seen on the dashboard")
    press(browser, "Tab")
    assert browser.ask("document.activeElement.textContent") == "Approve"
    assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(browser, "Enter")
    end = time.monotonic() + 30
    while not viewer.call(lambda host: state_of(host.journeyman.store, session)).people.answers:
        assert time.monotonic() < end, "nobody answered"
        time.sleep(0.05)
    state = viewer.call(lambda host: state_of(host.journeyman.store, session))
    assert state.people.answers["iteration-0"] == (True, "person:ada")


def test_what_a_person_writes_is_not_taken_away_by_news(browser: Browser, viewer: Served) -> None:
    """The part with a half-written note stays as it is while the others are loaded anew."""
    session = viewer.run(mission("noisy", **gated("noisy")), to_rest=False)
    browser.open(f"{viewer.url}/sessions/{session}")
    until(browser, "document.getElementById('live-status').textContent === 'live'")
    browser.ask("document.getElementById('note-text').focus()")
    write(browser, "half a sent")
    viewer.post(f"/sessions/{session}/act", act="pause", **{"pause-note": "wait"})
    until(browser, "document.getElementById('people').textContent.includes('wait')")
    assert browser.ask("document.getElementById('note-text').value") == "half a sent"
    GATES["noisy"].set()


def test_events_are_filtered_while_one_types(browser: Browser, viewer: Served) -> None:
    """In place; the address says what is shown, so that it can be kept."""
    browser.open(viewer.url + "/sessions/tuned/events")
    browser.ask("document.getElementById('q').focus()")
    write(browser, "criteria_met")
    until(browser, "document.querySelectorAll('.events > li').length === 2")
    assert browser.ask("location.search") == "?q=criteria_met"
    assert browser.ask("document.activeElement.id") == "q"


def test_the_chain_is_verified_in_place(browser: Browser, viewer: Served) -> None:
    """The answer stands beside the button."""
    browser.open(viewer.url + "/sessions/tuned")
    browser.ask("document.querySelector('form[data-into] button').click()")
    until(browser, "document.getElementById('verified').textContent.includes('The chain holds')")


def test_links_lead_to_the_difference_and_to_a_row(browser: Browser, viewer: Served) -> None:
    """The event at which two records part is open when the page is there."""
    browser.open(viewer.url + PAGES["compare"])
    browser.ask("document.querySelector('#events-there a').click()")
    until(browser, "document.querySelector('details[open]')?.id === 'event-4'")


def test_the_main_things_stand_without_javascript(browser: Browser, viewer: Served) -> None:
    """Criteria, iterations, effects, lines of metrics; a reload shows what is new."""
    browser.open(viewer.url + "/sessions/tuned", script=False)
    tree = browser.send("Accessibility.getFullAXTree")["nodes"]
    named = {str(node.get("name", {}).get("value", "")) for node in tree if not node.get("ignored")}
    browser.send("Emulation.setScriptExecutionDisabled", value=False)
    for part in ("Criteria", "Iterations", "Effects", "Budget", "Record"):
        assert part in named, part
    assert any(name.startswith("latency_ms from") for name in named)


def test_paper_shows_what_was_opened_and_no_buttons(browser: Browser, viewer: Served) -> None:
    """Navigation and forms are left out."""
    browser.open(viewer.url + "/sessions/asks-first")
    browser.send("Emulation.setEmulatedMedia", media="print")
    shown = (
        "['.top', '#act', '.links', '.live-status'].map(one => getComputedStyle(document.querySelector(one)).display)"
    )
    assert browser.ask(shown) == ["none"] * 4
    browser.send("Emulation.setEmulatedMedia", media="")


def test_a_stream_that_breaks_is_taken_up_where_it_was(browser: Browser, viewer: Served) -> None:
    """The browser says which event it saw last, and misses none."""
    session = viewer.run(mission("broken stream", **gated("broken")), to_rest=False)
    browser.open(f"{viewer.url}/sessions/{session}")
    until(browser, "document.getElementById('live-status').textContent === 'live'")
    browser.send("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    GATES.setdefault("broken", threading.Event()).set()
    viewer.call(lambda host: host.rest(session, 30))
    browser.send(
        "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )
    browser.ask("document.dispatchEvent(new Event('visibilitychange'))")
    until(browser, "document.querySelector('.outcome').textContent === 'Achieved'")
