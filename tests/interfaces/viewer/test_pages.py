"""The pages of the viewer as a browser without JavaScript gets them."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest

from journeyman.engine.record_reading import state_of
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.viewer.addresses import address
from tests.interfaces.viewer.served import Served, mission, served

ASKS = {"approve": "always"}


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One viewer for the file, with a session that is done and one that waits."""
    with served(tmp_path_factory.mktemp("viewer")) as one:
        one.run(mission("tune checkout"), "done")
        one.run(mission("ask first", **ASKS), "asks")
        yield one


@pytest.fixture(autouse=True)
def everybody(viewer: Served) -> Iterator[None]:
    """Each test begins with all scopes."""
    scopes = viewer.scopes
    yield
    viewer.scopes, viewer.only, viewer.name = scopes, "", "ada"


class _Text(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(source)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def words(response: httpx2.Response) -> str:
    """What a page says, in one line."""
    return " ".join(" ".join(_Text(response.text).words).split())


def test_a_session_is_told_from_claim_to_record(viewer: Served) -> None:
    """Verdict, criteria with value and threshold, budget, plan, effects and the head of the chain."""
    page = viewer.get("/sessions/done")
    assert page.status_code == 200
    told = words(page)
    for part in (
        "Achieved", "verified by evaluation of iteration", "latency_ms <= 200", "182.5", "fresh", "of 90", "What was left",
        "set_workers(workers=16), measure()", "criteria met", "Plan", "Decision", "Verdict",
        "measure()", "done", "Verify the chain", "each sealed with the hash",
    ):  # fmt: skip
        assert part in told, part
    assert "polyline" in page.text


def test_sessions_are_found_by_words_and_status(viewer: Served) -> None:
    """What a search leaves out is not there, and what nothing matches says so."""
    everything = words(viewer.get("/"))
    assert "tune checkout" in everything
    assert "ask first" in everything
    found = words(viewer.get("/?q=CHECKOUT"))
    assert "tune checkout" in found
    assert "ask first" not in found
    waiting = words(viewer.get("/?status=waiting"))
    assert "ask first" in waiting
    assert "tune checkout" not in waiting
    assert "No session matches" in words(viewer.get("/?q=nowhere+to+be+found"))
    assert viewer.get("/?page=999999999999999999999999").status_code == 200


def test_every_page_forbids_what_could_run(viewer: Served) -> None:
    """No inline script, nothing from elsewhere, no frame; no page is kept by a cache."""
    for path in ("/", "/sessions/done", "/nowhere", "/sessions/none"):
        headers = viewer.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert "<script>" not in viewer.get(path).text


def test_errors_are_pages_that_say_what_to_do(viewer: Served) -> None:
    """An unknown session, an unknown address, a missing scope."""
    gone = viewer.get("/sessions/none")
    assert gone.status_code == 404
    assert "journeyman list" in words(gone)
    assert viewer.get("/no/such/page").status_code == 404
    viewer.scopes = frozenset()
    refused = viewer.get("/")
    assert refused.status_code == 403
    assert "needs the scope 'read'" in words(refused)


def test_an_answer_needs_the_scope_and_lets_the_session_go_on(viewer: Served) -> None:
    """The call stands there with all its arguments; the record names who answered."""
    session = viewer.run(mission("answered", **ASKS))
    page = viewer.get(f"/sessions/{session}")
    told = words(page)
    assert '"workers": 2' in told
    assert '"why": "halve the queue"' in told
    assert "By default: why" in told
    path, fields = f"/sessions/{session}/act", {"act": "answer", "approval": "iteration-0"}
    viewer.scopes = frozenset({AccessScope.READ, AccessScope.RUN})
    assert "Answering needs the scope" in words(viewer.get(f"/sessions/{session}"))
    assert viewer.post(path, **fields, granted="yes").status_code == 403
    viewer.scopes = frozenset(AccessScope)
    assert viewer.post(path, **fields).status_code == 400
    done = viewer.post(path, **fields, granted="yes", note="go on")
    assert done.status_code == 303
    assert done.headers["location"] == f"/sessions/{session}"
    answered = viewer.call(lambda host: state_of(host.journeyman.store, session)).people.answers
    assert answered["iteration-0"] == (True, "person:ada")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_forms_of_other_sites_do_nothing(viewer: Served, site: str) -> None:
    """Whatever cookie comes with them."""
    refused = viewer.post("/sessions/asks/act", site, act="answer", approval="iteration-0", granted="yes")
    assert refused.status_code == 403
    assert not viewer.call(lambda host: state_of(host.journeyman.store, "asks")).people.answers


def test_forms_without_the_newer_header_are_judged_by_their_origin(viewer: Served) -> None:
    """Plain addresses of a network get no `Sec-Fetch-Site`; no header at all is no browser's form."""
    fields = {"act": "note", "note-text": "hello"}
    for origin, status in ((viewer.url, 303), ("http://evil.example", 403), ("null", 403), (None, 403)):
        headers = {} if origin is None else {"Origin": origin}
        answer = httpx2.post(f"{viewer.url}/sessions/asks/act", data=fields, headers=headers)
        assert answer.status_code == status, origin


def test_a_note_a_budget_and_an_end_are_recorded(viewer: Served) -> None:
    """Each under the name of the person, and mistakes are told."""
    session = viewer.run(mission("acted on", **ASKS))
    path = f"/sessions/{session}/act"
    assert viewer.post(path, act="note", **{"note-text": "look at orders"}).status_code == 303
    assert "which is no number" in words(viewer.post(path, act="amend", **{"budget-iterations": "many"}))
    assert viewer.post(path, act="amend", **{"budget-iterations": "44", "budget-cost_usd": ""}).status_code == 303
    assert viewer.post(path, act="pause").status_code == 303
    assert "paused already" in words(viewer.post(path, act="pause"))
    assert viewer.post(path, act="resume").status_code == 303
    assert viewer.post(path, act="end", how="abort", **{"end-note": "enough"}).status_code == 303
    assert "nothing here does" in words(viewer.post(path, act="fly"))
    viewer.call(lambda host: host.rest(session, 30))
    told = words(viewer.get(f"/sessions/{session}"))
    for part in ("look at orders", "Iterations: 44", "Cost: no limit", "person:ada", "aborted"):
        assert part in told, part


def test_the_chain_is_verified_on_request(viewer: Served) -> None:
    """By the same check as `journeyman verify`."""
    assert "The chain holds" in words(viewer.post("/sessions/done/verify"))
    assert viewer.post("/sessions/done/verify", "cross-site").status_code == 403


def test_the_one_file_report_is_at_hand(viewer: Served) -> None:
    """Under the policy that it carries itself."""
    page = viewer.get("/sessions/done/report")
    assert page.status_code == 200
    assert "content-security-policy" not in page.headers
    assert "Content-Security-Policy" in page.text


def test_one_session_is_all_that_its_viewer_shows(viewer: Served) -> None:
    """Others are as unknown as those that do not exist."""
    viewer.only = "done"
    assert viewer.get("/sessions/asks").status_code == 404
    assert viewer.get("/sessions/asks/report").status_code == 404
    assert viewer.get("/sessions/asks/stream").status_code == 404
    assert viewer.post("/sessions/asks/act", act="note", **{"note-text": "x"}).status_code == 404
    assert viewer.get("/").headers["location"] == "/sessions/done"


def test_streams_tell_each_event_once_and_go_on_where_they_were_left(viewer: Served) -> None:
    """`Last-Event-ID` is the number of the last event that the browser saw; behind the end there is nothing to wait for."""
    whole = viewer.get("/sessions/done/stream").text
    ids = [int(line.removeprefix("id: ")) for line in whole.splitlines() if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1))
    assert whole.count("event: ended") == 1
    assert "latency" not in whole
    rest = viewer.get("/sessions/done/stream?after=1", **{"Last-Event-ID": str(len(ids) - 2)}).text
    assert [line for line in rest.splitlines() if line.startswith("id: ")] == [f"id: {len(ids) - 1}", f"id: {len(ids)}"]
    assert viewer.get("/sessions/done/stream", **{"Last-Event-ID": str(len(ids))}).status_code == 204


def test_files_are_kept_by_browsers_and_no_other_is_there(viewer: Served) -> None:
    """Their address is the hash of their bytes."""
    source = viewer.get("/").text
    for name in ("viewer.css", "viewer.js"):
        path = next(part for part in source.split('"') if part.endswith(name))
        assert "immutable" in viewer.get(path).headers["cache-control"]
    assert viewer.get("/viewer/0000000000000000/viewer.css").status_code == 404


def test_no_text_leaves_its_segment_of_an_address() -> None:
    """Neither a path nor a query can be made out of a name."""
    assert address("sessions", "../a b?c#d", q="x&y=1", page=None) == "/sessions/..%2Fa%20b%3Fc%23d?q=x%26y%3D1"
    assert address() == "/"


def test_the_list_is_told_to_have_changed(viewer: Served, tmp_path: Path) -> None:
    """A browser that comes back with an older mark is told at once."""
    del tmp_path
    with httpx2.stream("GET", f"{viewer.url}/stream", headers={"Last-Event-ID": "older"}, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: record"
