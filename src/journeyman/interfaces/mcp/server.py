"""The MCP server: which tools and resources a request sees, and how a call of it is answered."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final, cast

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel
from pydantic_core import to_json

from journeyman.interfaces.mcp import guard_tool, mission_tools, person_tools, prompt_tools, session_tools, task_tools
from journeyman.interfaces.mcp.access import AccessOf, McpAccess, RequestContext
from journeyman.interfaces.mcp.resources import SessionResources
from journeyman.interfaces.mcp.tool_definition import McpCall, McpTool, ToolResult
from journeyman.interfaces.mcp.tool_errors import error_result
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import JourneymanError

TOOLS: Final[dict[str, McpTool[Any]]] = {
    tool.name: tool
    for module in (mission_tools, session_tools, person_tools, task_tools, prompt_tools, guard_tool)
    for tool in cast("tuple[McpTool[Any], ...]", module.TOOLS)
}
"""All control tools, in the order in which they are listed."""
SERVER_NAME: Final = "journeyman"
_INSTRUCTIONS: Final = """\
Journeyman drives missions: a directive, criteria that a machine checks, tools, a budget. It drives them itself, in the \
background; you start them, follow them and report. Outcomes come from evidence alone, never from what anybody says.
1. mission_list with files=true shows the missions that may be started; mission_check says whether one can work.
2. mission_start gives a session_id at once. mission_status with wait_s waits until something must be done.
3. Where a session waits for a person, mission_approve asks the person in front of you. Do not answer for them.
4. mission_report says what was achieved and what proves it.
Where next_prompts is there, you may be asked to answer as the model of a mission: fetch prompts, submit answers.\
"""


class MissionServer:
    """Answers clients; what a request reaches is found for each anew, so that one server serves many tenants."""

    def __init__(self, access_of: AccessOf) -> None:
        self._access_of = access_of

    def build(self) -> Server[Any]:
        """The SDK's server with everything in it; run it over any transport."""
        resources = SessionResources(self._access_of)
        return Server(
            SERVER_NAME,
            version=version("journeyman"),
            title="Journeyman",
            description="Agents that finish the job and can prove it.",
            instructions=_INSTRUCTIONS,
            cache_hints={"tools/list": CacheHint(ttl_ms=60_000, scope="private")},
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=resources.listed,
            on_list_resource_templates=resources.templates,
            on_read_resource=resources.read,
        )

    async def _list_tools(
        self, context: RequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        if params is not None and params.cursor is not None:
            raise MCPError(code=types.INVALID_PARAMS, message="the list of tools has one page: leave the cursor out")
        access = await self._access_of(context)
        return types.ListToolsResult(tools=[tool.definition() for tool in TOOLS.values() if may_call(tool, access)])

    async def _call_tool(
        self, context: RequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(
                code=types.INVALID_PARAMS, message=f"there is no tool {params.name[:100]!r}; tools/list has all"
            )
        try:
            access = await self._access_of(context)
            if not may_call(tool, access):
                access.caller.require(tool.scopes[0])
            call = McpCall(access, context, dict(params.input_responses or {}), params.request_state or "")
            return result_of(await tool.called(call, cast("JsonObject", params.arguments or {})))
        except MCPError:
            raise
        except JourneymanError as error:
            return error_result(error)
        except Exception as error:  # noqa: BLE001 - a client is told of our faults without their insides
            return error_result(error)


def may_call(tool: McpTool[Any], access: McpAccess) -> bool:
    """Tell whether a caller has a scope of a tool."""
    return not access.caller.scopes.isdisjoint(tool.scopes)


def result_of(found: ToolResult) -> types.CallToolResult | types.InputRequiredResult:
    """A result in the protocol's form: as data, and as the same data in text for clients that know no other."""
    if isinstance(found, types.InputRequiredResult):
        return found
    assert isinstance(found, BaseModel)  # noqa: S101 - the other half of the union
    plain = found.model_dump(mode="json")
    text = to_json(plain).decode()
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=plain)
