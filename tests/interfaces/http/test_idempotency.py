"""A request with an `Idempotency-Key` is done once."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from benchmarks.serving.in_process import ServedApp, served_app
from journeyman.engine.record_reading import state_of
from journeyman.interfaces.http.keyed_replies import KeptReply

API = "/api/v1/sessions"
KEY = {"idempotency-key": "key-one"}
pytestmark = pytest.mark.anyio


async def _waiting_session(served: ServedApp, secret: str) -> str:
    async with served.client(secret) as client:
        session: str = (await client.post(API, json={"file": "asks.yaml"})).json()["session_id"]
    tenant = await served.state.tenants.get("default")
    assert await tenant.host.rest(session, 60)
    return session


async def test_the_same_key_gives_the_same_answer(served: ServedApp) -> None:
    """And begins one session."""
    async with served.client(served.secret("ada")) as client:
        first = await client.post(API, json={"file": "quick.yaml"}, headers=KEY)
        again = await client.post(API, json={"file": "quick.yaml"}, headers=KEY)
        assert (first.status_code, again.status_code) == (201, 201)
        assert (first.content, first.headers["location"]) == (again.content, again.headers["location"])
        assert again.headers["idempotency-replayed"] == "true"
        other = await client.post(API, json={"file": "asks.yaml"}, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (422, "key_used_before")
        assert len((await client.get(API)).json()["items"]) == 1
        for bad in ("", "a b", "x" * 201):
            refused = await client.post(API, json={"file": "quick.yaml"}, headers={"idempotency-key": bad})
            assert refused.status_code == 422


async def test_keys_of_one_caller_are_no_keys_of_another(served: ServedApp) -> None:
    """In another tenant neither."""
    locations: set[str] = set()
    for name, tenant in (("ada", "default"), ("bob", "default"), ("ada", "other")):
        async with served.client(served.secret(name, tenant)) as client:
            locations.add((await client.post(API, json={"file": "quick.yaml"}, headers=KEY)).headers["location"])
    assert len(locations) == 3


async def test_requests_at_the_same_time_are_carried_out_once(served: ServedApp) -> None:
    """One does it; the others are told so, or to come back."""
    secret = served.secret("ada")
    session = await _waiting_session(served, secret)
    codes: list[int] = []

    async def post() -> None:
        async with served.client(secret) as client:
            response = await client.post(f"{API}/{session}/notes", json={"text": "once"}, headers=KEY)
            codes.append(response.status_code)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(post)
    assert set(codes) <= {200, 409}
    assert 200 in codes
    tenant = await served.state.tenants.get("default")
    assert (await state_of(tenant.host.journeyman.store, session)).people.notes == ("once",)


async def test_an_answer_outlives_the_process(tmp_path: Path) -> None:
    """A new server over the same folder tells it again."""
    async with served_app(tmp_path) as served:
        secret = served.secret("ada")
        async with served.client(secret) as client:
            first = await client.post(API, json={"file": "quick.yaml"}, headers=KEY)
    async with served_app(tmp_path) as served, served.client(secret) as client:
        again = await client.post(API, json={"file": "quick.yaml"}, headers=KEY)
        assert first.content == again.content
        assert len((await client.get(API)).json()["items"]) == 1


@pytest.mark.parametrize("act", ["start", "notes", "fork", "pause"])
async def test_a_request_whose_process_was_killed_is_not_done_twice(tmp_path: Path, act: str) -> None:
    """Its answer was lost, not what it did: the record is asked."""
    given = {"start": {"file": "quick.yaml"}, "notes": {"text": "once"}, "fork": {}, "pause": {"note": "x"}}[act]
    async with served_app(tmp_path) as served:
        secret = served.secret("ada")
        session = await _waiting_session(served, secret)
        if act == "fork":
            async with served.client(secret) as client:
                session = (await client.post(API, json={"file": "quick.yaml"})).json()["session_id"]
            assert await (await served.state.tenants.get("default")).host.rest(session, 60)
        path = API if act == "start" else f"{API}/{session}/{act}"
        async with served.client(secret) as client:
            first = await client.post(path, json=given, headers=KEY)
            assert first.status_code in (200, 201)
            count = len((await client.get(API)).json()["items"])
    (file,) = (tmp_path / "data" / "default" / "replies").iterdir()
    kept = msgspec.json.decode(file.read_bytes(), type=KeptReply)
    lost = KeptReply(fingerprint=kept.fingerprint, owner="pgone@nowhere", begun_at=kept.begun_at)
    file.write_bytes(msgspec.json.encode(lost))  # as a process leaves it that was killed before it had answered
    async with served_app(tmp_path) as served, served.client(secret) as client:
        again = await client.post(path, json=given, headers=KEY)
        assert again.status_code == first.status_code, again.text
        assert again.json()["session_id"] == first.json()["session_id"]
        assert len((await client.get(API)).json()["items"]) == count
        if act == "notes":
            tenant = await served.state.tenants.get("default")
            assert (await state_of(tenant.host.journeyman.store, session)).people.notes == ("once",)


async def test_a_refusal_that_may_pass_is_asked_again(served: ServedApp) -> None:
    """A conflict today may be none tomorrow; nothing was done."""
    secret = served.secret("ada")
    session = await _waiting_session(served, secret)
    async with served.client(secret) as client:
        assert (await client.post(f"{API}/{session}/pause")).status_code == 200
        assert (await client.post(f"{API}/{session}/pause", headers=KEY)).status_code == 409
        assert (await client.post(f"{API}/{session}/resume")).status_code == 200
        assert (await client.post(f"{API}/{session}/pause", headers=KEY)).status_code == 200
