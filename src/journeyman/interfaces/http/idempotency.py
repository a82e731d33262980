"""Carries out a request with an `Idempotency-Key` once, however often it is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated, Final

import anyio.to_thread
from fastapi import Depends, Header, Request
from msgspec import structs
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journeyman.engine.process_identity import owner_name
from journeyman.engine.records import newest_events
from journeyman.hosting.tokens import AccessToken
from journeyman.interfaces.http.admission import KEY, Admitted, RequestAccess
from journeyman.interfaces.http.browser_sessions import SAFE_METHODS
from journeyman.interfaces.http.keyed_replies import MOST_KEPT_BYTES, KeptReply, KeyedReplies, reply_name
from journeyman.interfaces.http.request_bodies import replaying
from journeyman.interfaces.http.server_state import ServerState
from journeyman.mission.model.events import Event

_KEEP_S: Final = 10.0
"""For keeping an answer whose caller went away."""
_SCOPE_KEY: Final = "journeyman.keyed"
_KEY_FORM: Final = r"^[!-~]{1,200}$"
_KEPT_HEADERS: Final = frozenset({"content-type", "location"})
_LOOK_BACK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request that came with a key."""

    name: str
    begun_at: str
    is_retry: bool
    """Whether it was begun before, by a process that was killed before it had answered."""

    @property
    def session_id(self) -> str:
        """The id of a session that it begins: the same each time."""
        return f"s{self.name[:16]}"

    async def was_done(self, admitted: Admitted, session_id: str, kind: type[Event]) -> bool:
        """Tell whether the first request did what this one asks again: the record has it, from then on."""
        if not self.is_retry:
            return False
        store, actor, before = admitted.host.journeyman.store, f"person:{admitted.caller.name}", None
        while page := await newest_events(store, session_id, _LOOK_BACK, before):
            since = [item for item in page if item.happened.at >= self.begun_at]
            if any(item.happened.actor == actor and isinstance(item.happened.event, kind) for item in since):
                return True
            if len(since) < len(page) or page[0].seq == 1:
                return False
            before = page[0].seq
        return False


def _keyed(
    request: Request,
    _key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=_KEY_FORM,  # one of another form is refused here, and passed on by what stands before the routes
            description="Any text of yours, new for each request: sent again with it, the request is not done again.",
        ),
    ] = None,
) -> KeyedRequest | None:
    return request.scope.get(_SCOPE_KEY)


Keyed = Annotated[KeyedRequest | None, Depends(_keyed)]
"""Of a route that does something."""


@dataclass(slots=True)
class _Captured:
    """A response as it is sent."""

    messages: list[Message] = field(default_factory=list[Message])
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            told = Headers(raw=message["headers"])
            self.headers = [(name, value) for name, value in told.items() if name in _KEPT_HEADERS]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class IdempotentRequests:
    """Stands before the API's routes."""

    def __init__(self, app: ASGIApp, server: ServerState, methods_at: Callable[[str], AbstractSet[str]]) -> None:
        self._app = app
        self._methods_at = methods_at
        self._server = server
        self._owner = owner_name(server.clock.new_id())
        self._replies: dict[str, KeyedReplies] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: anew, or as before."""
        access: RequestAccess | None = scope.get(KEY)
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        doing = key is not None and scope["method"] in self._methods_at(scope["path"]) - SAFE_METHODS
        if key is None or not re.match(_KEY_FORM, key) or access is None or access.token is None or not doing:
            await self._app(scope, receive, send)
            return
        await self._answer_once(access.token, key, scope, receive, send)

    async def _answer_once(self, token: AccessToken, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")  # the gate has read all of it
        name = reply_name(token.tenant, token.name, key)
        replies = await self._of(token.tenant)
        now = self._server.clock.now()
        kept, again = await anyio.to_thread.run_sync(replies.begin, name, _fingerprint(scope, body), now)
        if kept.status:
            headers = {**dict(kept.headers), "idempotency-replayed": "true"}
            await Response(kept.body, kept.status, headers)(scope, receive, send)
            return
        captured = _Captured()
        scope[_SCOPE_KEY] = KeyedRequest(name=name, begun_at=kept.begun_at, is_retry=again)
        try:
            await self._app(scope, replaying(body, receive), captured.take)
        finally:
            with anyio.move_on_after(_KEEP_S, shield=True):
                await anyio.to_thread.run_sync(self._settle, replies, name, kept, captured)
        for message in captured.messages:  # only now that it is kept: an answer that was seen is the answer for ever
            await send(message)

    def _settle(self, replies: KeyedReplies, name: str, kept: KeptReply, captured: _Captured) -> None:
        """Keep an answer that will not change; 429 and 503 changed nothing, and other faults leave it open."""
        if captured.status in (401, 403, 408, 409, 412, 429, 503):
            replies.forget(name)
        elif 0 < captured.status < 500 and len(captured.body) <= MOST_KEPT_BYTES:
            done = structs.replace(kept, status=captured.status, headers=captured.headers, body=bytes(captured.body))
            replies.keep(name, done)
        else:
            replies.leave(name)

    async def _of(self, tenant: str) -> KeyedReplies:
        if tenant not in self._replies:
            opened = await self._server.tenants.get(tenant)
            settings = opened.host.journeyman.settings
            self._replies[tenant] = KeyedReplies(settings.data_dir / tenant / "replies", self._owner)
        return self._replies[tenant]


def _fingerprint(scope: Scope, body: bytes) -> str:
    headers = Headers(scope=scope)
    about = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers.get("if-match", ""))
    return hashlib.sha256("\0".join(about).encode() + b"\0" + body).hexdigest()
