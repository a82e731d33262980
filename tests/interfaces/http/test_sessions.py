"""Sessions over HTTP: started, followed, looked at, acted on."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from benchmarks.serving.in_process import ServedApp
from journeyman.engine.record_reading import state_of
from journeyman.hosting.access import AccessScope

API = "/api/v1/sessions"
pytestmark = pytest.mark.anyio


@pytest.fixture
async def ada(served: ServedApp) -> AsyncGenerator[httpx2.AsyncClient]:
    """A person who may do everything in the default tenant."""
    async with served.client(served.secret("ada")) as client:
        yield client


async def _started(served: ServedApp, client: httpx2.AsyncClient, file: str = "quick.yaml", **more: Any) -> str:
    response = await client.post(API, json={"file": file, **more})
    assert response.status_code == 201, response.text
    session: str = response.json()["session_id"]
    tenant = await served.state.tenants.get("default")
    assert await tenant.host.rest(session, 60)
    return session


def _events(text: str) -> list[tuple[str, str, str]]:
    """Each event of a stream as its id, its name and its data."""
    found: list[tuple[str, str, str]] = []
    for block in text.split("\n\n"):
        rows = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in rows:
            found.append((rows.get("id", ""), rows.get("event", ""), rows["data"]))
    return found


async def test_a_session_runs_in_the_background_and_is_followed_to_its_end(
    served: ServedApp, ada: httpx2.AsyncClient
) -> None:
    """Each event once, in order; then `end`."""
    response = await ada.post(API, json={"file": "quick.yaml", "session_id": "mine"})
    assert response.status_code == 201
    assert response.headers["location"] == f"{API}/mine"
    assert response.json()["status"] == "running"
    stream = _events((await ada.get(f"{API}/mine/events/stream")).text)
    assert [name for _, name, _ in stream[:-1]] == [""] * (len(stream) - 1)
    assert [seq for seq, _, _ in stream[:-1]] == [str(number) for number in range(1, len(stream))]
    assert json.loads(stream[-2][2])["kind"] == "Ended"
    assert stream[-1][1] == "end"
    shown = (await ada.get(f"{API}/mine")).json()
    assert (shown["status"], shown["outcome"]) == ("ended", "achieved")


async def test_a_stream_goes_on_behind_the_last_event_that_was_seen(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """By `Last-Event-ID`, which counts more than `after`; behind the last one comes only the end."""
    session = await _started(served, ada)
    address = f"{API}/{session}/events/stream"
    whole = _events((await ada.get(address)).text)
    for headers, query in (({"last-event-id": "3"}, "?after=1"), ({}, "?after=3")):
        assert _events((await ada.get(address + query, headers=headers)).text) == whole[3:]
    last = {"last-event-id": whole[-2][0]}
    assert _events((await ada.get(address, headers=last)).text) == [("", "end", "{}")]
    assert (await ada.get(address, headers={"last-event-id": "999"})).status_code == 422


async def test_pages_of_events_go_forward_and_backward(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """All of them, whatever the size of the page."""
    session = await _started(served, ada)
    address = f"{API}/{session}/events"
    forward: list[int] = []
    while page := (await ada.get(address, params={"after": forward[-1] if forward else 0, "limit": 2})).json()["items"]:
        forward += [row["seq"] for row in page]
    assert forward == list(range(1, len(forward) + 1))
    newest = (await ada.get(address, params={"before": 5, "limit": 2})).json()
    assert [row["seq"] for row in newest["items"]] == [3, 4]
    assert newest["last_seq"] == len(forward)


async def test_lists_are_paged_and_filtered(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """Each session once, newest first, whatever the size of a page and the filter."""
    started = [await _started(served, ada, "asks.yaml" if number == 2 else "quick.yaml") for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await ada.get(API, params={"limit": 2, "cursor": cursor})).json()
        seen += [row["session_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == started[::-1]
    for query, wanted in (
        ({"status": "waiting"}, [started[2]]),
        ({"status": "ended"}, [started[n] for n in (4, 3, 1, 0)]),
        ({"name": "asks of default"}, [started[2]]),
        ({"text": f"QUICK {started[0]}"}, [started[0]]),
        ({"name": "none"}, []),
    ):
        rows = (await ada.get(API, params=query)).json()["items"]
        assert [row["session_id"] for row in rows] == wanted, query
    for bad in ({"cursor": "x"}, {"status": "gone"}, {"limit": 0}):
        assert (await ada.get(API, params=bad)).status_code == 422


async def test_what_waits_for_a_person_is_listed_and_answered(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """With the calls that the answer is about."""
    session = await _started(served, ada, "asks.yaml")
    (waiting,) = (await ada.get("/api/v1/approvals")).json()["items"]
    assert waiting["session_id"] == session
    assert waiting["calls"] == [{"tool": "tell", "args": {}, "effect": "pure", "destructive": False}]
    answered = await ada.post(f"{API}/{session}/answer", json={"granted": True, "note": "go on"})
    assert answered.status_code == 200
    stream = _events((await ada.get(f"{API}/{session}/events/stream")).text)
    told = [json.loads(data) for _, name, data in stream if not name]
    assert [row["actor"] for row in told if row["kind"] == "ApprovalAnswered"] == ["person:ada"]
    assert told[-1]["data"]["outcome"] == "achieved"
    assert (await ada.get("/api/v1/approvals")).json() == {"items": []}


async def test_people_pause_note_amend_resume_fork_and_end(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """What the command line does, with the same rules."""
    session = await _started(served, ada, "asks.yaml")
    address = f"{API}/{session}"
    for act, given in (
        ("pause", {"note": "lunch"}),
        ("notes", {"text": "look closely"}),
        ("amend", {"budget": {"iterations": 7}}),
        ("resume", None),
    ):
        done = await ada.post(f"{address}/{act}", json=given) if given else await ada.post(f"{address}/{act}")
        assert done.status_code == 200, (act, done.text)
    assert (await ada.get(address)).json()["budget"]["iterations"] == 7
    again = await ada.post(f"{address}/amend", json={"budget": {"iteratons": 7}})
    assert (again.status_code, again.json()["code"]) == (422, "invalid_input")
    assert (await ada.post(f"{address}/resolve", json={"effect": "9.9", "done": True})).status_code == 404
    assert (await ada.post(f"{address}/end")).status_code == 200
    tenant = await served.state.tenants.get("default")
    assert await tenant.host.rest(session, 60)
    assert (await ada.get(address)).json()["reason"] == "forced"
    late = await ada.post(f"{address}/pause")
    assert (late.status_code, late.json()["code"]) == (409, "not_allowed")
    quick = await _started(served, ada)
    forked = await ada.post(f"{API}/{quick}/fork", json={"session_id": "branch"})
    assert (forked.status_code, forked.headers["location"]) == (201, f"{API}/branch")
    assert await tenant.host.rest("branch", 60)
    assert (await ada.get(f"{API}/branch")).json()["outcome"] == "achieved"
    assert (await ada.delete(f"{API}/branch")).status_code == 204
    assert (await ada.get(f"{API}/branch")).status_code == 404


async def test_records_are_reported_compared_and_checked(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """In the forms that the command line has."""
    one, other = await _started(served, ada), await _started(served, ada)
    for form, kind, word in (
        ("json", "application/json", '"outcome"'),
        ("markdown", "text/markdown; charset=utf-8", "Verdict"),
        ("html", "text/html; charset=utf-8", "<!doctype html>"),
        ("junit", "application/xml", "<testsuite"),
    ):
        found = await ada.get(f"{API}/{one}/report", params={"format": form})
        assert (found.headers["content-type"], word in found.text) == (kind, True), form
    assert "sandbox" in (await ada.get(f"{API}/{one}/report?format=html")).headers["content-security-policy"]
    assert (await ada.get(f"{API}/{one}/compare/{other}")).status_code == 200
    assert (await ada.get(f"{API}/{one}/verify")).json()["holds"] is True
    assert (await ada.get(f"{API}/{one}/replay")).json()["same"] is True
    (effect,) = (await ada.get(f"{API}/{one}/effects")).json()["items"]
    assert (effect["tool"], effect["state"]) == ("tell", "done")
    assert "Tell a number" in (await ada.get(f"{API}/{one}/prompt")).json()["user"]
    assert (await ada.get(f"/api/v1/blobs/{'0' * 64}")).status_code == 404


async def test_a_tag_saves_a_look_and_guards_a_change(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """`If-None-Match` and `If-Match`, by the head of the record."""
    session = await _started(served, ada, "asks.yaml")
    address = f"{API}/{session}"
    tag = (await ada.get(address)).headers["etag"]
    assert (await ada.get(address, headers={"if-none-match": tag})).status_code == 304
    assert (await ada.post(f"{address}/notes", json={"text": "one"}, headers={"if-match": tag})).status_code == 200
    assert (await ada.get(address, headers={"if-none-match": tag})).status_code == 200
    for act, given in (("notes", {"text": "two"}), ("resume", None), ("end", None), ("answer", {"granted": True})):
        late = await ada.post(f"{address}/{act}", json=given, headers={"if-match": tag})
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed"), act
    tenant = await served.state.tenants.get("default")
    assert (await state_of(tenant.host.journeyman.store, session)).people.notes == ("one",)
    assert (await ada.post(f"{address}/notes", json={"text": "x"}, headers={"if-match": "12"})).status_code == 422
    assert (await ada.post(f"{API}/none/pause", headers={"if-match": tag})).status_code == 404


async def test_missions_are_offered_and_checked(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """Those of the folder by name; one's own with the scope for it."""
    assert (await ada.get("/api/v1/missions")).json() == {"files": ["asks.yaml", "quick.yaml"]}
    good = (await ada.post("/api/v1/missions/check", json={"file": "asks.yaml"})).json()
    assert (good["valid"], good["asks"], [row["name"] for row in good["tools"]]) == (True, ["tell"], ["tell"])
    own = {"directive": "x", "criteria": [{"id": "a", "kind": "nothing"}]}
    bad = (await ada.post("/api/v1/missions/check", json={"mission": own})).json()
    assert bad["valid"] is False
    assert bad["problems"]
    refused = await ada.post(API, json={"mission": own})
    assert refused.status_code == 422
    assert len(refused.json()["problems"]) >= 2
    async with served.client(served.secret("robot", scopes=[AccessScope.READ, AccessScope.RUN])) as robot:
        denied = await robot.post(API, json={"mission": own})
        assert (denied.status_code, denied.json()["code"]) == (403, "scope_missing")


async def test_other_ceilings_are_recorded_with_the_session(served: ServedApp, ada: httpx2.AsyncClient) -> None:
    """As `run --budget` does."""
    session = await _started(served, ada, budget={"iterations": 2})
    assert (await ada.get(f"{API}/{session}")).json()["budget"]["iterations"] == 2
    taken = await ada.post(API, json={"file": "quick.yaml", "session_id": session})
    assert (taken.status_code, taken.json()["code"]) == (409, "not_allowed")
