"""What a server says it offers, what it is called here, and the ways in which asking it can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.values.canonical import JsonObject, NotJson, checked, digest_of
from journeyman.tools.base import CallStatus, Tool, ToolHints

CONTROL_MARK: Final = "dev.journeyman/control"
"""Stands in the `_meta` of tools that steer missions: they are never among the tools of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A tool as its server tells it."""

    name: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject | None
    hints: ToolHints
    whole: JsonObject
    """All of it but `_meta`: what the pin is made of."""
    steers_missions: bool = False
    """Whether it is a tool of ours for people and their agents."""


class TransportError(Exception):
    """A call ended without a usable answer, in a way that has a name."""

    def __init__(self, status: CallStatus, error_class: str, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error_class = error_class


class ConnectionLost(Exception):
    """The connection ended before the answer came."""

    def __init__(self, error: str, *, refused: bool = False) -> None:
        super().__init__(error)
        self.refused = refused
        """The server said that it did not do the call, since it knows nothing of this connection any more."""


def pin_of(definition: Definition) -> str:
    """The SHA-256 over a definition without `_meta`; one that is not finite JSON has a pin of its own each time."""
    try:
        return digest_of(checked(definition.whole))
    except NotJson as error:
        raise TransportError(
            CallStatus.FAILED, "protocol", f"the definition of {definition.name!r} is not JSON: {error}"
        ) from error


def catalog_names(server: str, names: list[str]) -> dict[str, str]:
    """The catalog's name of each tool: `server.tool`, without a leading `server_` of its own where that stays unique."""
    short = {name: _shortened(server, name) for name in names}
    taken = [*short.values()]
    return {name: f"{server}.{name if taken.count(part) > 1 else part}" for name, part in short.items()}


def _shortened(server: str, name: str) -> str:
    for prefix in (f"{server}_", f"{server}-"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name


def tool_of(name: str, definition: Definition) -> Tool:
    """The tool of a definition under its name in the catalog."""
    return Tool(
        name=name,
        description=definition.description,
        input_schema=definition.input_schema,
        output_schema=definition.output_schema,
        hints=definition.hints,
        pin=pin_of(definition),
    )
