"""Every route with another tenant's ids and tokens, and with none, stale and forged ones: nothing of the other is seen.

Calls come from the server's own document, so that a route that is added is tried as well. An id of another tenant must be
answered as one that nobody has, byte for byte.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import anyio
import httpx2

from benchmarks.report import Meter, Row
from benchmarks.serving.in_process import ServedApp, quick_mission, served_app
from benchmarks.serving.route_calls import RouteCall, document, route_calls
from journeyman.engine.clock import SystemClock
from journeyman.engine.records import newest_events
from journeyman.hosting.access import AccessScope
from journeyman.hosting.tokens import PREFIX, new_token

MARK: Final = "victim-7f3a"
"""In the directive, name and output of the victim's sessions."""
VICTIM: Final = "victimsession01"
UNKNOWN: Final = "nobodyssession1"
"""As long as the other, so that lengths say nothing."""
_OPEN: Final = ("/healthz", "/readyz")
_UNTOLD: Final = frozenset({"date"})
_DIGEST: Final = re.compile(r'"\$blob": ?"([0-9a-f]{64})"')


@dataclass(slots=True)
class Tally:
    """What came of the calls."""

    routes: set[str] = field(default_factory=set[str])
    calls: int = 0
    leaks: list[str] = field(default_factory=list[str])
    let_in: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])


def run(progress: Meter) -> list[Row]:
    """One server, two tenants."""
    progress.start("the other tenant's ids and tokens", 1)
    with tempfile.TemporaryDirectory() as place:
        tally = anyio.run(_measured, Path(place))
    progress.step()
    for line in (*tally.leaks, *tally.let_in, *tally.faults):
        print(line)
    return [
        Row("routes tried", len(tally.routes), "each with each method", ">= 25", len(tally.routes) >= 25),
        Row("calls", tally.calls, "", ">= 250", tally.calls >= 250),
        Row("answers that tell another tenant's id from an unknown one", len(tally.leaks), "", "= 0", not tally.leaks),
        Row("calls let in with no, stale or forged tokens", len(tally.let_in), "", "= 0", not tally.let_in),
        Row("server errors", len(tally.faults), "", "= 0", not tally.faults),
    ]


async def _measured(place: Path) -> Tally:
    async with served_app(place, tenants=("victim", "other")) as served:
        return await measured(served, place)


async def measured(served: ServedApp, place: Path) -> Tally:
    """The calls of a server that has the tenants `victim` and `other`."""
    tally = Tally()
    owner, intruder = served.secret(MARK, "victim"), served.secret("intruder", "other")
    described = await document(served, intruder)
    digest = await _victims_session(served, place, owner)
    theirs = list(route_calls(described, {"session_id": VICTIM, "other": VICTIM, "digest": digest}, _texts("victim")))
    nobodys = list(
        route_calls(described, {"session_id": UNKNOWN, "other": UNKNOWN, "digest": "0" * 64}, _texts("nobody"))
    )
    tally.routes = {f"{call.method} {call.pattern}" for call in theirs}
    await _as_intruder(served, intruder, theirs, nobodys, digest, tally)
    for why, secret in _no_tokens(served, owner).items():
        await _without_token(served, why, secret, theirs, tally)
    await _is_whole(served, owner, tally)
    return tally


async def _victims_session(served: ServedApp, place: Path, owner: str) -> str:
    """A session that waits for a person, and one with a value so large that it is kept apart; that value's hash."""
    folder = place / "missions" / "victim"
    asks = quick_mission(MARK, "approve: always").replace("Tell a number.", f"Keep {MARK} to yourself.")
    (folder / "asks.yaml").write_text(asks)
    (folder / "large.yaml").write_text(quick_mission(MARK).replace("number 1", f"number 1 {MARK * 600}"))
    tenant = await served.state.tenants.get("victim")
    async with served.client(owner) as client:
        for file, name in (("large.yaml", "victimsession02"), ("asks.yaml", VICTIM)):
            made = await client.post("/api/v1/sessions", json={"file": file, "session_id": name})
            assert made.status_code == 201, made.text
            await tenant.host.rest(name, 60)
    store = tenant.host.journeyman.store
    for entry in await store.read("victimsession02"):
        if (found := _DIGEST.search(entry.body.decode())) is not None:
            return found[1]
    raise AssertionError("no value of the victim's was large enough")


def _texts(folder: str) -> dict[str, str]:
    """Texts in bodies that name something of a tenant's."""
    return {"file": f"../{folder}/asks.yaml", "effect": "0.0", "approval": "iteration-0"}


async def _as_intruder(
    served: ServedApp, secret: str, theirs: Sequence[RouteCall], nobodys: Sequence[RouteCall], digest: str, tally: Tally
) -> None:
    """Each call with the victim's ids, and the same with ids of nobody: both must be answered alike."""
    async with served.client(secret) as client:
        for mine, unknown in zip(theirs, nobodys, strict=True):
            for headers in ({}, {"if-match": '"1-' + "0" * 64 + '.waiting"'}, {"last-event-id": "1"}):
                seen, control = await _sent(client, mine, headers), await _sent(client, unknown, headers)
                tally.calls += 2
                if MARK in f"{seen.headers}{seen.text}" or _untold(seen, digest) != _untold(control, digest):
                    tally.leaks.append(f"{mine.method} {mine.pattern}: {seen.status_code} {seen.text[:200]}")
                tally.faults += [f"{mine.method} {mine.pattern}" for told in (seen, control) if told.status_code >= 500]


def _untold(response: httpx2.Response, digest: str) -> tuple[int, Mapping[str, str], str]:
    """A response without what differs between any two: when it was sent, and the id that was asked for."""
    if response.request.url.path == "/metrics":
        return response.status_code, {}, ""  # its counts grow with each call
    text = response.text
    for name in (VICTIM, UNKNOWN, digest, "0" * 64, "../victim/", "../nobody/"):
        text = text.replace(name, "ID")
    headers = {name: value for name, value in response.headers.items() if name not in _UNTOLD}
    return response.status_code, headers, re.sub(r'"s[0-9a-f]{12}"|"[0-9-]{10}T[0-9:.]+Z"', "DRAWN", text)


def _no_tokens(served: ServedApp, owner: str) -> dict[str, str]:
    """Ways not to be let in."""
    now = SystemClock().now()
    revoked = served.secret("revoked", "victim")
    served.tokens.revoke("revoked", now)
    expired = new_token("expired", "victim", tuple(AccessScope), now - timedelta(days=2), timedelta(days=1))
    served.tokens.add(expired.token)
    kept = served.tokens.find(owner)
    assert kept is not None
    return {
        "none": "",
        "revoked": revoked,
        "expired": expired.secret,
        "made up": f"{PREFIX}{'A' * 43}",
        "cut": owner[:-1],
        "longer": f"{owner}A",
        "its hash": kept.sha256,
        "its id": kept.id,
    }


async def _without_token(served: ServedApp, why: str, secret: str, calls: Sequence[RouteCall], tally: Tally) -> None:
    async with served.client(secret) as client:
        for call in calls:
            response = await _sent(client, call, {})
            tally.calls += 1
            if call.pattern not in _OPEN and (response.status_code != 401 or MARK in response.text):
                tally.let_in.append(f"{why}: {call.method} {call.pattern}: {response.status_code}")


async def _is_whole(served: ServedApp, owner: str, tally: Tally) -> None:
    """Nothing was done to the victim's session either."""
    store = (await served.state.tenants.get("victim")).host.journeyman.store
    actors = {item.happened.actor for item in await newest_events(store, VICTIM, 1_000)}
    if any("intruder" in actor for actor in actors):
        tally.leaks.append(f"the victim's record has events of {actors}")
    async with served.client(owner) as client:
        assert (await client.get(f"/api/v1/sessions/{VICTIM}")).status_code == 200


async def _sent(client: httpx2.AsyncClient, call: RouteCall, headers: Mapping[str, str]) -> httpx2.Response:
    return await client.request(call.method, call.path, json=call.body, headers=dict(headers))
