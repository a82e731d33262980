"""Who is let in: tokens, scopes, browsers, names of hosts and pages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from benchmarks.serving.in_process import ADDRESS, ServedApp, served_app
from journeyman.engine.clock import SystemClock
from journeyman.hosting.access import AccessScope
from journeyman.hosting.tokens import new_token
from journeyman.interfaces.http.allowed_names import AllowedNames
from journeyman.interfaces.http.limits import HttpLimits

SESSIONS = "/api/v1/sessions"
pytestmark = pytest.mark.anyio


async def test_only_a_token_that_holds_lets_anybody_in(served: ServedApp) -> None:
    """Unknown, expired and revoked ones are told the same."""
    secret = served.secret("ada")
    now = SystemClock().now()
    old = new_token("old", "default", [AccessScope.READ], now - timedelta(days=2), timedelta(days=1))
    served.tokens.add(old.token)
    async with served.client() as client:

        async def asked(authorization: bytes | str = b"") -> httpx2.Response:
            sent = authorization if isinstance(authorization, bytes) else authorization.encode()
            return await client.get(SESSIONS, headers={b"authorization": sent} if sent else {})

        assert (await asked(authorization=f"Bearer {secret}")).status_code == 200
        assert (await asked(authorization=f"bearer {secret}")).status_code == 200
        none = await asked()
        assert (none.status_code, none.json()["code"]) == (401, "token_missing")
        assert none.headers["www-authenticate"].startswith("Bearer")
        bad = [f"Bearer {old.secret}", "Bearer jmn_x", f"Basic {secret}", "Bearer", f"Bearer {secret}x", b"Bearer \xff"]
        answers = {(await asked(authorization=value)).content for value in bad}
        assert len(answers) == 1
        served.tokens.revoke("ada", now)
        assert (await asked(authorization=f"Bearer {secret}")).content in answers


async def test_each_scope_opens_what_it_says(served: ServedApp) -> None:
    """And nothing else; the answer names the scope that is missing."""
    async with served.client(served.secret("ada")) as ada:
        session = (await ada.post(SESSIONS, json={"file": "asks.yaml"})).json()["session_id"]
    tenant = await served.state.tenants.get("default")
    assert await tenant.host.rest(session, 60)
    address = f"{SESSIONS}/{session}"
    asked = [
        (AccessScope.READ, "GET", address, None),
        (AccessScope.READ, "GET", f"{address}/report", None),
        (AccessScope.READ, "GET", "/api/v1/approvals", None),
        (AccessScope.READ, "GET", "/metrics", None),
        (AccessScope.RUN, "POST", f"{address}/pause", None),
        (AccessScope.RUN, "POST", f"{address}/resume", None),
        (AccessScope.RUN, "POST", "/api/v1/missions/check", {"file": "quick.yaml"}),
        (AccessScope.PERSON, "POST", f"{address}/notes", {"text": "x"}),
        (AccessScope.PERSON, "POST", f"{address}/amend", {"budget": {"iterations": 5}}),
        (AccessScope.PERSON, "POST", f"{address}/answer", {"granted": False}),
    ]
    for needed, method, path, given in asked:
        others = [scope for scope in AccessScope if scope is not needed]
        for scopes in ([needed], *([] if needed is AccessScope.READ else [others])):  # whoever may do anything may read
            async with served.client(served.secret("somebody", scopes=scopes)) as client:
                response = await client.request(method, path, json=given)
            if needed in scopes:
                assert response.status_code == 200, (path, response.text)
            else:
                assert (response.status_code, response.json()["code"]) == (403, "scope_missing"), path
                assert repr(needed.value) in response.json()["detail"]


async def test_a_browser_comes_in_by_a_link_and_keeps_a_cookie(served: ServedApp) -> None:
    """The link's token goes out of the address; the cookie is another secret, for this server's own pages alone."""
    secret = served.secret("ada")
    async with served.client() as client:
        came = await client.get("/", params={"token": secret, "next": "a b"})
        assert (came.status_code, came.headers["location"]) == (303, "/?next=a+b")
        cookie = came.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert secret not in cookie
        assert (await client.get("/?token=jmn_guess")).status_code == 401
        assert (await client.get(f"{ADDRESS}//evil.example/", params={"token": secret})).headers[
            "location"
        ] == "/evil.example/"
    async with served.client(headers={"cookie": cookie.partition(";")[0]}) as browser:
        assert (await browser.get(SESSIONS)).status_code == 200
        own, foreign = {"origin": ADDRESS}, {"origin": "http://127.0.0.1:9999"}
        wanted = {"file": "quick.yaml"}
        for headers, status in (
            ({}, 401),
            (own, 201),
            ({"sec-fetch-site": "same-origin"}, 201),
            ({"sec-fetch-site": "same-site"}, 401),
            ({**own, "sec-fetch-site": "cross-site"}, 401),
            (foreign, 403),
        ):
            response = await browser.post(SESSIONS, json=wanted, headers=headers)
            assert response.status_code in (status, 403 if status == 401 else status), (headers, response.text)
        served.tokens.revoke("ada", SystemClock().now())
        assert (await browser.get(SESSIONS)).status_code == 401
    forged = cookie.partition(";")[0][:-2] + "AA"
    async with served.client(headers={"cookie": forged}) as client:
        assert (await client.get(SESSIONS)).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8484", 200),
        ("localhost", 200),
        ("[::1]:8484", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.0.0.7", 421),
        ("", 421),
        ("[", 421),
        ("a@localhost:1", 200),
    ],
)
async def test_a_name_that_was_pointed_here_is_not_answered(served: ServedApp, host: str, status: int) -> None:
    """On loopback only names of loopback: another site's page cannot reach it under that site's name."""
    async with served.client() as client:
        response = await client.get("/healthz", headers={"host": host})
    assert response.status_code == status, response.text


async def test_pages_of_other_sites_are_refused_unless_named(tmp_path: Path) -> None:
    """Those that are named may read answers, too."""
    app = "https://app.example"
    names = AllowedNames(loopback=False, hosts=frozenset({"api.example"}), origins=frozenset({app}))
    async with served_app(tmp_path, names=names) as served, served.client(served.secret("ada")) as client:
        for origin, host, status in (
            (app, "api.example", 200),
            ("https://api.example", "api.example", 200),
            ("https://evil.example", "api.example", 403),
            ("null", "api.example", 403),
            ("http://[", "api.example", 403),
            (app, "10.1.2.3:8484", 200),
            (app, "evil.example", 421),
        ):
            response = await client.get(SESSIONS, headers={"origin": origin, "host": host})
            assert response.status_code == status, (origin, host)
            allowed = response.headers.get("access-control-allow-origin")
            assert (allowed == app) == (origin == app), (origin, host)
        asked = {"origin": app, "host": "api.example", "access-control-request-method": "POST"}
        assert (await client.options(SESSIONS, headers=asked)).status_code == 200


async def test_too_much_is_refused_with_when_to_come_back(tmp_path: Path) -> None:
    """Requests of one token, bodies, and streams."""
    limits = HttpLimits(requests_per_s=1, body_bytes=1_000, streams_per_token=0)
    async with served_app(tmp_path, limits=limits) as served:
        async with served.client(served.secret("eager")) as client:
            codes = [(await client.get(SESSIONS)).status_code for _ in range(4)]
            assert (codes[0], codes[-1]) == (200, 429)
            assert int((await client.get(SESSIONS)).headers["retry-after"]) >= 1
        async with served.client(served.secret("big")) as client:
            large = await client.post(SESSIONS, json={"file": "x" * 2_000})
            assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
        async with served.client(served.secret("runner")) as client:
            made = await client.post(SESSIONS, json={"file": "quick.yaml", "session_id": "a"})
            assert made.status_code == 201
            stream = await client.get(f"{SESSIONS}/a/events/stream")
            assert (stream.status_code, stream.json()["code"]) == (429, "too_many_streams")


async def test_every_answer_has_the_headers_that_keep_pages_apart(served: ServedApp) -> None:
    """Errors too, and what no route answers."""
    async with served.client(served.secret("ada")) as client:
        for path in (SESSIONS, "/api/v1/none", "/healthz", "/nothing", f"{SESSIONS}/x"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in headers["content-security-policy"], path
            assert headers["cache-control"] == "no-store", path
        wrong = await client.put(SESSIONS)
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
        assert {"GET", "POST"} <= {name.strip() for name in wrong.headers["allow"].split(",")}


async def test_health_and_readiness_need_no_token(served: ServedApp) -> None:
    """A server that stops is not ready, and lives."""
    async with served.client() as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        served.state.stopping.set()
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503


async def test_metrics_count_without_naming_anybody(served: ServedApp) -> None:
    """Routes by their pattern; no session, tenant or person."""
    async with served.client(served.secret("ada-lovelace")) as client:
        await client.post(SESSIONS, json={"file": "quick.yaml", "session_id": "very-own-name"})
        tenant = await served.state.tenants.get("default")
        assert await tenant.host.rest("very-own-name", 60)
        await client.get(f"{SESSIONS}/very-own-name")
        await client.get("/api/v1/very-own-route")
        text = (await client.get("/metrics")).text
    assert 'route="/api/v1/sessions/{session_id}"' in text
    assert 'journeyman_sessions_ended_total{outcome="achieved"} 1.0' in text
    assert "very-own" not in text
    assert "lovelace" not in text


async def test_what_a_browser_or_nobody_sends_is_no_fault_of_ours(served: ServedApp) -> None:
    """Cookies of other servers, odd names, halves of ours."""
    for cookie in (
        "a,b=1; journeyman_8484=x",
        "=",
        "journeyman_8484",
        "journeyman_8484=t.9.\xe9",
        "journeyman_0=..",
        ";",
    ):
        async with served.client() as client:
            response = await client.get(SESSIONS, headers={b"cookie": cookie.encode("latin-1")})
            assert response.status_code == 401, cookie


async def test_a_broken_file_of_tokens_tells_strangers_nothing(served: ServedApp) -> None:
    """Nobody comes in, and the path stays in the log."""
    secret = served.secret("ada")
    served.tokens.path.chmod(0o666)
    async with served.client(secret) as client:
        refused = await client.get(SESSIONS)
    assert (refused.status_code, refused.json()["code"]) == (503, "tokens_unreadable")
    assert str(served.folder) not in refused.text


async def test_names_of_sessions_are_no_paths(served: ServedApp) -> None:
    """Nor `last`, which the command line takes for the newest."""
    async with served.client(served.secret("ada")) as client:
        for name in ("../../evil", "a/b", "..", "last", "a\nb", "\u202ea"):
            response = await client.post(SESSIONS, json={"file": "quick.yaml", "session_id": name})
            assert response.status_code in (409, 422), (name, response.text)
