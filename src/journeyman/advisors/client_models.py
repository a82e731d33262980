"""The models of connected clients, each lent to the sessions that its client names, and to no others.

A session's question goes to its own client: the one that lent its model to it first and is still there. One that comes
late takes up what waits, and one that leaves frees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import anyio

from journeyman.advisors.base import Advisor
from journeyman.advisors.client_settings import ClientSettings
from journeyman.advisors.coalesce import CoalescePolicy
from journeyman.advisors.model_choice import CLIENT

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9-]+")
_MOST_NAME: Final = 32


class ClientModel(Advisor, Protocol):
    """An advisor that asks one client's model."""

    def leave(self) -> None:
        """Note that the client is gone: whoever waits for it waits no more."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ClientLink:
    """A connected client that lends its model."""

    name: str
    """Of the advisor, as the audit has it: `client:NAME-N`."""
    model: ClientModel
    settings: ClientSettings
    owner: str = ""
    """Name of the caller who lends it; only they bring its answers."""
    is_over: Callable[[], bool] = lambda: False
    """Tells whether its owner may be asked no more."""
    of_session: bool = False
    """Whether it is lent to one session and known by its calls about that alone: it has no connection that could end."""

    @property
    def coalescing(self) -> CoalescePolicy:
        """When its questions share a request: also long ones, since each request is allowed by a person."""
        whole = CoalescePolicy().most_output_tokens
        return CoalescePolicy(
            most=self.settings.coalesce_most,
            window_s=self.settings.coalesce_window_s,
            quiet_s=max(CoalescePolicy().quiet_s, self.settings.coalesce_window_s / 4),
            small_tokens=self.settings.coalesce_tokens,
            most_tokens=self.settings.coalesce_tokens,
            most_output_tokens=whole,
        )


@dataclass(slots=True, eq=False)
class ClientModels:
    """Who lends a model to which session."""

    attach_within_s: float = 10.0
    """How long a question waits for a client where its session has none."""
    _links: dict[str, ClientLink] = field(default_factory=dict[str, ClientLink])
    _lent: dict[str, list[ClientLink]] = field(default_factory=dict[str, list[ClientLink]])
    _waited: dict[str, anyio.Event] = field(default_factory=dict[str, anyio.Event])
    _nobody: set[str] = field(default_factory=set[str])
    """Sessions for which was waited in vain: they wait no more until somebody comes."""
    _count: int = 0

    def connect(
        self,
        client: str,
        make: Callable[[str], ClientModel],
        settings: ClientSettings,
        owner: str = "",
        *,
        is_over: Callable[[], bool] = lambda: False,
        of_session: bool = False,
    ) -> ClientLink:
        """A client that is there now.

        Args:
            client: What it calls itself: it tells links apart for people, and is trusted in nothing.
            make: Makes the advisor that asks it, under the name of its link.
            settings: How it is asked.
            owner: Name of the caller who lends it.
            is_over: Tells whether the owner may be asked no more.
            of_session: Whether it lends to one session alone, and leaves with that.
        """
        self._count += 1
        plain = _NOT_IN_NAMES.sub("-", client.lower()).strip("-")[:_MOST_NAME] or "unnamed"
        name = f"{CLIENT}:{plain}-{self._count}"
        link = ClientLink(name, make(name), settings, owner, is_over, of_session)
        self._links[link.name] = link
        return link

    def lend(self, link: ClientLink, session_id: str) -> None:
        """Let a session ask the client's model from now on."""
        rows = self._lent.setdefault(session_id, [])
        if link.name in self._links and link not in rows:
            rows.append(link)
        self._nobody.discard(session_id)
        if (event := self._waited.pop(session_id, None)) is not None:
            event.set()

    def leave(self, link: ClientLink) -> None:
        """The client is gone: what it was asked is free, and nobody asks it again."""
        if self._links.pop(link.name, None) is None:
            return
        for session_id in [name for name, rows in self._lent.items() if link in rows]:
            self._lent[session_id].remove(link)
            if not self._lent[session_id]:
                del self._lent[session_id]
        link.model.leave()

    def release(self, session_id: str) -> None:
        """The session has ended and asks nobody; a client that lent to it alone, and has no connection to leave by, is let go."""
        self._nobody.discard(session_id)
        for link in self._lent.pop(session_id, ()):
            if link.of_session:
                self.leave(link)

    def drop_over(self) -> None:
        """Let go of those whose owners may be asked no more."""
        for link in [link for link in self._links.values() if link.is_over()]:
            self.leave(link)

    def link(self, name: str) -> ClientLink | None:
        """The link of an advisor's name; `None` where that client is gone."""
        return self._links.get(name)

    def links(self, session_id: str) -> Sequence[ClientLink]:
        """Those that lend to a session, the one that is asked first."""
        self.drop_over()
        return tuple(self._lent.get(session_id, ()))

    def links_of(self, owner: str) -> Sequence[ClientLink]:
        """Those that a caller lends."""
        self.drop_over()
        return tuple(link for link in self._links.values() if link.owner == owner)

    async def link_for(self, session_id: str) -> ClientLink | None:
        """The client of a session; waits for one that comes late. `None` where none came, and none is waited for again."""
        self.drop_over()
        with anyio.move_on_after(0.0 if session_id in self._nobody else self.attach_within_s):
            while not self._lent.get(session_id):
                await self._waited.setdefault(session_id, anyio.Event()).wait()
        rows = self._lent.get(session_id)
        if not rows:
            self._nobody.add(session_id)
            self._waited.pop(session_id, None)
        return rows[0] if rows else None
