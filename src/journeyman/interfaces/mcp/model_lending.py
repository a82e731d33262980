"""Clients lend their models to sessions, each in the way that its era and its capabilities allow.

Clients up to 2025-11-25 that sample are asked over their connection. From 2026-07-28 on a client that samples gets the
questions as results of its own calls about the session, and calls again with the answers. Any other client's agent fetches
prompts and submits answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final, cast

import mcp_types as types
from mcp.server.connection import Connection
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from journeyman.advisors.client_models import ClientLink, ClientModels
from journeyman.advisors.client_settings import ClientSettings, client_settings
from journeyman.advisors.mcp_sampling import PushSampling, SamplingRounds
from journeyman.advisors.model_choice import CLIENT
from journeyman.advisors.pending_prompts import PendingPrompts
from journeyman.advisors.pull import PullAdvisor
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.mcp.tool_definition import McpCall
from journeyman.mission.values.errors import NotAllowed

_LINK: Final = "journeyman.client_link"
_MOST_PROMPTS: Final = 16
"""Questions in one round."""


def clients_of(call: McpCall) -> ClientModels:
    """Who lends models here; raises `NotAllowed` where nobody can."""
    clients = call.access.host.journeyman.clients
    if clients is None:
        raise NotAllowed("no client can lend its model here")
    return clients


def lend_model(call: McpCall, session_id: str, *, by_prompts: bool = False) -> str:
    """Let a session ask the model of the client that calls, from now on; give what that means for the client, in words.

    Args:
        call: Made by the client, whose wish it is: its model costs, and sees the session's prompts.
        session_id: Which session; the caller may read it anyway.
        by_prompts: Its agent fetches prompts, whatever else the client can.
    """
    call.access.caller.require(AccessScope.READ)
    clients, context = clients_of(call), call.context
    mine = [link for link in clients.links(session_id) if link.owner == call.access.caller.name]
    samples = context.session.check_client_capability(types.ClientCapabilities(sampling=types.SamplingCapability()))
    if by_prompts or not samples:
        if not any(isinstance(link.model, PullAdvisor) for link in mine):
            clients.lend(_pulling(call), session_id)
        return _NO_SAMPLING.format(session=session_id)
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        if not any(isinstance(link.model, SamplingRounds) for link in mine):
            clients.lend(_making_rounds(call), session_id)
        return _ROUNDS.format(session=session_id)
    clients.lend(_connected(call), session_id)
    return _PUSHED


_NO_SAMPLING: Final = (
    "This client declares no sampling, so the mission's questions wait for its agent: fetch them with next_prompts, answer with "
    "submit_answers, for session {session}. Without that, an advisor of the server's settings can be named in the mission, "
    "or it goes on by its plan and the planner."
)
_ROUNDS: Final = "Questions to your model come as results of mission_status with wait_s and of mission_iterate on session {session}: keep calling."
_PUSHED: Final = "Questions to your model come over this connection, as long as it stays."


def not_lent(advisors: tuple[str, ...]) -> str:
    """What a client is told that lent nothing to a mission that asks for it; empty for other missions."""
    if CLIENT not in advisors:
        return ""
    return (
        "This mission asks its client's model (`advisor: client`), and none is lent: mission_resume with lend_model=true lends "
        "yours, by sampling where this client has it, else by next_prompts and submit_answers."
    )


def rounds_of(call: McpCall, session_id: str) -> SamplingRounds | None:
    """The questions that the caller answers in rounds of calls about a session."""
    clients = call.access.host.journeyman.clients
    links = () if clients is None else clients.links(session_id)
    found = (link.model for link in links if link.owner == call.access.caller.name)
    return next((model for model in found if isinstance(model, SamplingRounds)), None)


def prompts_of(call: McpCall, session_id: str) -> list[PullAdvisor]:
    """The questions that the caller's agent fetches: those of a session, or of all its sessions where that is empty."""
    clients = clients_of(call)
    links = clients.links(session_id) if session_id else clients.links_of(call.access.caller.name)
    models = [link.model for link in links if link.owner == call.access.caller.name]
    return [model for model in models if isinstance(model, PullAdvisor)]


async def next_round(call: McpCall, rounds: SamplingRounds) -> types.InputRequiredResult | None:
    """What the client must answer before its call goes on; `None` where nothing is asked, or it must call anew."""
    made = _rounds_made(call.state)
    offer = await rounds.next_round(made=made, limit=_MOST_PROMPTS, wait_s=0)
    if offer.status != "input_required":
        return None
    requests: dict[str, Any] = {
        name: types.CreateMessageRequest(params=types.CreateMessageRequestParams.model_validate(params))
        for name, params in offer.requests.items()
    }
    return types.InputRequiredResult(input_requests=requests, request_state=str(made + 1))


def take_answers(call: McpCall, rounds: SamplingRounds) -> None:
    """Take what the client brings; what is no answer is a refusal, and a repeated one changes nothing."""
    rounds.mark_alive()
    for name, brought in call.responses.items():
        if isinstance(brought, (types.CreateMessageResult, types.CreateMessageResultWithTools)):
            rounds.answer(name, brought.model_dump(mode="json", by_alias=True))
        else:
            rounds.refuse(name)


def _rounds_made(state: str) -> int:
    """How many rounds the call has made, by its own word: whoever says less only reaches the client's cap."""
    return int(state) if state.isdecimal() and len(state) < 4 else 0


def _settings(call: McpCall) -> tuple[str, ClientSettings]:
    params = call.context.session.client_params
    name = params.client_info.name if params is not None else ""
    return name or "unnamed", client_settings(call.access.host.journeyman.settings.clients, name)


def _pulling(call: McpCall) -> ClientLink:
    name, settings = _settings(call)
    return clients_of(call).connect(
        name,
        lambda link: PullAdvisor(link, PendingPrompts(settings.answer_within_s)),
        settings,
        call.access.caller.name,
        is_over=call.access.is_over,
        of_session=True,
    )


def _making_rounds(call: McpCall) -> ClientLink:
    name, settings = _settings(call)
    return clients_of(call).connect(
        name,
        lambda link: SamplingRounds(link, PendingPrompts(settings.answer_within_s), preferences=settings.preferences),
        settings,
        call.access.caller.name,
        is_over=call.access.is_over,
        of_session=True,
    )


def _connected(call: McpCall) -> ClientLink:
    """The link of the connection that the call came over; it leaves when the connection closes."""
    connection: Connection = call.context.session._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # where the SDK keeps what belongs to a connection
    known = connection.state.get(_LINK)
    if isinstance(known, ClientLink):
        return known
    clients, session = clients_of(call), call.context.session

    async def create_message(params: dict[str, Any]) -> Mapping[str, Any]:
        told = types.CreateMessageRequestParams.model_validate(params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated from 2026-07-28 on; older clients have no other way
            result = await session.create_message(  # pyright: ignore[reportDeprecated]  # see above
                told.messages,
                max_tokens=told.max_tokens,
                system_prompt=told.system_prompt,
                temperature=told.temperature,
                model_preferences=told.model_preferences,
            )
        return cast("Mapping[str, Any]", result.model_dump(mode="json", by_alias=True))

    name, settings = _settings(call)
    link = clients.connect(
        name,
        lambda link: PushSampling(create_message, link, settings.answer_within_s, settings.preferences),
        settings,
        call.access.caller.name,
        is_over=call.access.is_over,
    )
    connection.state[_LINK] = link
    connection.exit_stack.callback(clients.leave, link)
    return link
