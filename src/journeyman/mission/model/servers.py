"""MCP servers as mission files name them, and the transports that are spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field, StrictStr, model_validator

from journeyman.mission.criteria.schema import IN_ORDER, Strict


class Transport(StrEnum):
    """How messages travel to a server and back."""

    STDIO = "stdio"
    HTTP = "http"
    """The streamable form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportForm:
    """How a mission file says that a server is reached this way."""

    key: str
    """The key that is there."""
    with_keys: tuple[str, ...]
    """Those that may stand beside it."""
    names: tuple[str, ...]
    """As `type`, which other clients write, may call it."""
    schemes: tuple[str, ...] = ()
    """Of its address, where the key holds one."""


TRANSPORTS: Final[Mapping[Transport, TransportForm]] = {
    Transport.STDIO: TransportForm(key="command", with_keys=("args", "env", "cwd"), names=("stdio",)),
    Transport.HTTP: TransportForm(
        key="url",
        with_keys=("headers",),
        names=("http", "streamable-http", "streamable_http", "streamableHttp"),
        schemes=("http", "https"),
    ),
}


class Server(Strict):
    """An MCP server, in the form that other clients use: a command over stdio, or a URL."""

    command: StrictStr | None = None
    """Program that is started, and spoken to over its standard input and output."""
    args: list[StrictStr] = Field(default_factory=list)
    """Its arguments."""
    env: Annotated[dict[str, StrictStr], IN_ORDER] = Field(default_factory=dict)
    """Variables that it gets beside PATH and the like; `${NAME}` in values is read from the environment."""
    cwd: StrictStr | None = None
    """Where it runs, relative to the mission file."""
    url: StrictStr | None = None
    """Address of a server that runs already (streamable HTTP)."""
    headers: Annotated[dict[str, StrictStr], IN_ORDER] = Field(default_factory=dict)
    """Sent with each request; `${NAME}` in values is read from the environment, so no secret is recorded."""
    type: StrictStr | None = None
    """Which of the two it is, as other clients write it; the other keys tell it too."""

    @property
    def transport(self) -> Transport:
        """How it is reached."""
        return next(way for way, form in TRANSPORTS.items() if self._fits(form))

    def words(self) -> str:
        """What an error text calls it: no environment, headers, query or credentials, which may hold secrets."""
        if self.command is not None:
            return f"command {' '.join([self.command, *self.args])!r}"
        return f"address {re.sub(r'//[^/@]*@', '//', (self.url or '').split('?', 1)[0])!r}"

    def _fits(self, form: TransportForm) -> bool:
        value: object = getattr(self, form.key)
        if not isinstance(value, str) or not form.schemes:
            return value is not None
        address = urlsplit(value)
        return address.scheme in form.schemes and bool(address.netloc)

    @model_validator(mode="after")
    def _one_transport(self) -> Server:
        keys = dict.fromkeys(form.key for form in TRANSPORTS.values())
        given = [key for key in keys if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"needs either a {' or a '.join(keys)}")
        form = next((form for form in TRANSPORTS.values() if self._fits(form)), None)
        if form is None:
            schemes = [scheme for form in TRANSPORTS.values() if form.key == given[0] for scheme in form.schemes]
            raise ValueError(f"{getattr(self, given[0])!r} is not an {' or '.join(schemes)} address")
        foreign = self.model_fields_set - {*keys, *form.with_keys, "type"}
        if any(getattr(self, key) for key in foreign):
            named = [key for key in type(self).model_fields if key in foreign]
            raise ValueError(f"has a {form.key}, so {' and '.join(named)} mean nothing")
        if self.type is not None and self.type not in form.names:
            spoken = "stdio, with a command, and http (streamable), with a url, are"
            raise ValueError(f"{self.type!r} is not spoken here; {spoken}")
        return self
