"""Asks the person in front of a client, in the way of its era: as a result that the client answers, or as a request to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from journeyman.interfaces.mcp.tool_definition import McpCall

_WITHIN_S: Final = 600.0
"""How long a person may take where the connection stays open for it; the question itself waits without end."""
_MOST_NOTE: Final = 4_000
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "approve": {"type": "boolean", "title": "Approve", "description": "Yes: it may go on. No: it is denied."},
        "note": {"type": "string", "title": "Note", "description": "Why, for the record.", "maxLength": _MOST_NOTE},
    },
    "required": ["approve"],
}


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """What a person said."""

    granted: bool
    note: str


def can_ask(call: McpCall) -> bool:
    """Tell whether the client said that it can show its person a form."""
    capabilities = call.context.session.client_capabilities
    form = None if capabilities is None else capabilities.elicitation
    return form is not None and (form.form is not None or form.url is None)  # an empty object means forms


async def ask_person(call: McpCall, name: str, question: str) -> PersonAnswer | types.InputRequiredResult | None:
    """The person's answer, or what the client must answer first; `None` where the person gave none.

    Args:
        call: Made by a client that `can_ask`.
        name: Of what is asked, the same in each round.
        question: Shown to the person.
    """
    form = types.ElicitRequestFormParams(mode="form", message=question, requested_schema=_FORM)
    if call.context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        given = call.responses.get(name)
        if given is None:
            return types.InputRequiredResult(input_requests={name: types.ElicitRequest(params=form)})
        return _read(given)
    with anyio.move_on_after(_WITHIN_S):
        try:
            return _read(
                await call.context.session.elicit_form(
                    message=question, requested_schema=_FORM, related_request_id=call.context.request_id
                )
            )
        except MCPError:  # the client cannot after all, or was never able to be asked over this connection
            return None
    return None


def _read(given: object) -> PersonAnswer | None:
    """What was said; a form that is not filled in as asked says nothing."""
    if not isinstance(given, types.ElicitResult) or given.action != "accept":
        return None
    content = cast("dict[str, object]", given.content or {})
    granted, note = content.get("approve"), content.get("note", "")
    if not isinstance(granted, bool):
        return None
    return PersonAnswer(granted, note[:_MOST_NOTE] if isinstance(note, str) else "")
