"""The tool that checks a guarded folder: what a coding agent's host may call where it wants to stop."""

from __future__ import annotations

from typing import Final

import anyio.to_thread

from journeyman.guard.checking import CheckOrder, check_folder
from journeyman.guard.guarded import contract_for_check, guarded_above
from journeyman.guard.results import result_json
from journeyman.hosting.access import AccessScope
from journeyman.hosting.session_views import JsonRow
from journeyman.interfaces.mcp.tool_definition import Arguments, CallHints, McpCall, McpTool, ToolReply


class GuardArguments(Arguments):
    """Which folder is checked."""

    folder: str = ""
    """Below the server's folder of missions, or that folder itself where it is left out; the nearest guarded one above it counts."""
    all: bool = False
    """Run every check, also those whose files have not changed."""


class GuardReply(ToolReply):
    """What the check found, as `journeyman guard check --json` prints it."""

    session_id: str
    status: str
    outcome: str | None
    """`achieved` where all that is required holds."""
    verdict: str | None
    reason: str | None
    waits_for_person: bool
    workspace: str
    """Digest of the files that were checked."""
    contract: str
    mission: str
    head: str
    criteria: list[JsonRow]
    """Each with what is wanted, its status and what was observed."""
    touched: list[JsonRow]
    """Protected files that were changed; the pinned ones were checked in their place."""
    note: str
    silent_hooks: list[str]


async def _check(call: McpCall, arguments: GuardArguments) -> GuardReply:
    access = call.access
    journeyman = access.host.journeyman
    records = str(journeyman.settings.data_dir / journeyman.settings.tenant)
    folder = access.sources.folder_below(arguments.folder)
    place = guarded_above(folder, records)
    access.sources.folder_below(place.root)  # the guarded folder above may lie outside
    contract, note = await anyio.to_thread.run_sync(contract_for_check, place)
    order = CheckOrder(place=place, contract=contract, asker=f"mcp:{access.caller.name}", checks=1, anew=arguments.all)
    outcome = await check_folder(journeyman.engine, journeyman.store, order, journeyman.engine.once_free)
    head = await journeyman.store.head(outcome.state.session_id)
    return GuardReply.model_validate(result_json(outcome, head=head.hash.hex(), note=note))


TOOLS: Final = (
    McpTool(
        name="guard_check",
        title="Check a guarded folder",
        about="Checks a guarded folder as it is now by the contract that a person confirmed, on a copy, with protected files as they were pinned: the same answer as `journeyman guard check`. Call it before you say that work there is done; outcome `achieved` means all that is required holds.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.RECORDS,
        arguments=GuardArguments,
        result=GuardReply,
        run=_check,
    ),
)
