"""What the conformance suite calls by name, beside the missions: the server is ours in all else.

The suite exercises a server through tools, prompts and resources of fixed names (`test_simple_text`, …), which a server for
missions does not have. They are put beside ours here: dispatch by name, one list of both. Transport, sessions, headers,
origins, eras, lists, errors and caching are those that `journeyman serve` mounts.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, cast

import anyio
import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError

from journeyman.interfaces.mcp.access import RequestContext
from journeyman.interfaces.mcp.http_app import access_of_request
from journeyman.interfaces.mcp.server import MissionServer

Call: TypeAlias = Callable[
    [RequestContext, types.CallToolRequestParams], Awaitable[types.CallToolResult | types.InputRequiredResult]
]
_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
_SOUND: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
_TEXT_FORM: Final[dict[str, Any]] = {"type": "string"}
_MISSING: Final = -32021
_ENUMS: Final[dict[str, Any]] = {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {
        "type": "string",
        "oneOf": [{"const": f"value{n}", "title": f"{w} Option"} for n, w in enumerate(("First", "Second", "Third"), 1)],
    },
    "legacyEnum": {
        "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    "titledMulti": {
        "type": "array",
        "items": {"anyOf": [{"const": f"value{n}", "title": f"{w} Choice"} for n, w in enumerate(("First", "Second", "Third"), 1)]},
    },
}  # fmt: skip
_DEFAULTS: Final[dict[str, Any]] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}


def _gave(*content: types.ContentBlock | str) -> types.CallToolResult:
    blocks = [types.TextContent(type="text", text=one) if isinstance(one, str) else one for one in content]
    return types.CallToolResult(content=[*blocks])


def _always(*content: types.ContentBlock | str) -> Call:
    async def call(_context: RequestContext, _params: types.CallToolRequestParams) -> types.CallToolResult:
        return _gave(*content)

    return call


def _image() -> types.ImageContent:
    return types.ImageContent(type="image", data=_PIXEL, mime_type="image/png")


def _embedded(uri: str, text: str, mime: str = "text/plain") -> types.EmbeddedResource:
    return types.EmbeddedResource(
        type="resource", resource=types.TextResourceContents(uri=uri, mime_type=mime, text=text)
    )


async def _fails(_context: RequestContext, _params: types.CallToolRequestParams) -> types.CallToolResult:
    text = types.TextContent(type="text", text="This tool intentionally returns an error for testing")
    return types.CallToolResult(content=[text], is_error=True)


async def _logs(context: RequestContext, _params: types.CallToolRequestParams) -> types.CallToolResult:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", words, related_request_id=context.request_id)  # pyright: ignore[reportDeprecated]
        await anyio.sleep(0.05)
    return _gave("logged")


async def _progresses(context: RequestContext, _params: types.CallToolRequestParams) -> types.CallToolResult:
    for step in (0, 50, 100):
        await context.session.report_progress(step, 100)
        await anyio.sleep(0.05)
    return _gave("done")


async def _samples(context: RequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
    asked = str((params.arguments or {}).get("prompt", ""))
    answer = await context.session.create_message(  # pyright: ignore[reportDeprecated]
        [types.SamplingMessage(role="user", content=types.TextContent(type="text", text=asked))],
        max_tokens=100,
        related_request_id=context.request_id,
    )
    return _gave(f"LLM response: {getattr(answer.content, 'text', '')}")


def _elicits(properties: dict[str, Any], required: list[str]) -> Call:
    async def call(context: RequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
        words = str((params.arguments or {}).get("message", "Please answer"))
        form = {"type": "object", "properties": properties, "required": required}
        said = await context.session.elicit_form(words, form, related_request_id=context.request_id)
        return _gave(f"Elicitation completed: action={said.action}, content={json.dumps(said.content)}")

    return call


def _form(message: str, name: str, kind: str = "string") -> types.ElicitRequest:
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return types.ElicitRequest(
        params=types.ElicitRequestFormParams(mode="form", message=message, requested_schema=schema)
    )


def _question(text: str, most: int = 100) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=text))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=most))


def _rounds(*steps: dict[str, Any], state: str = "", end: str = "done") -> Call:
    """Asks step by step; the state says which one is answered."""

    async def call(
        _context: RequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        given = params.input_responses or {}
        at = int(params.request_state.split(":")[1]) if params.request_state else 0
        if set(steps[at]) <= set(given):
            at += 1
        if at == len(steps):
            said = next(iter(given.values()))
            name = str((said.content or {}).get("name", "")) if isinstance(said, types.ElicitResult) else ""
            return _gave(f"Hello, {name}!" if name else f"{end}: {said.model_dump_json()}")
        return types.InputRequiredResult(input_requests=steps[at], request_state=f"{state}:{at}" if state else None)

    return call


async def _by_capability(
    context: RequestContext, _params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    able = context.session.client_capabilities
    asks: dict[str, Any] = {}
    if able is not None and able.sampling is not None:
        asks["question"] = _question("What is the capital of France?")
    if able is not None and able.elicitation is not None:
        asks["user_name"] = _form("What is your name?", "name")
    return types.InputRequiredResult(input_requests=asks) if asks else _gave("nothing can be asked")


async def _needs_sampling(context: RequestContext, _params: types.CallToolRequestParams) -> types.CallToolResult:
    if not context.session.check_client_capability(types.ClientCapabilities(sampling=types.SamplingCapability())):
        needed: dict[str, dict[str, dict[str, str]]] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(code=_MISSING, message="Missing required client capability", data=needed)
    return _gave("able")


_NAME: Final[dict[str, Any]] = {"user_name": _form("What is your name?", "name")}
_ALL: Final[dict[str, Any]] = {
    **_NAME,
    "greeting": _question("Generate a greeting", 50),
    "client_roots": types.ListRootsRequest(),
}
CALLS: Final[dict[str, Call]] = {
    "test_simple_text": _always("This is a simple text response for testing."),
    "test_image_content": _always(_image()),
    "test_audio_content": _always(types.AudioContent(type="audio", data=_SOUND, mime_type="audio/wav")),
    "test_embedded_resource": _always(_embedded("test://embedded-resource", "This is an embedded resource content.")),
    "test_multiple_content_types": _always(
        "Multiple content types test:",
        _image(),
        _embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
    ),
    "test_tool_with_logging": _logs,
    "test_logging_tool": _logs,
    "test_error_handling": _fails,
    "test_tool_with_progress": _progresses,
    "test_sampling": _samples,
    "test_elicitation": _elicits({"username": _TEXT_FORM, "email": _TEXT_FORM}, ["username", "email"]),
    "test_elicitation_sep1034_defaults": _elicits(_DEFAULTS, []),
    "test_elicitation_sep1330_enums": _elicits(_ENUMS, []),
    "test_missing_capability": _needs_sampling,
    "test_streaming_elicitation": _rounds(_NAME),
    "test_input_required_result_elicitation": _rounds(_NAME),
    "test_input_required_result_sampling": _rounds({"capital_question": _question("What is the capital of France?")}),
    "test_input_required_result_list_roots": _rounds({"client_roots": types.ListRootsRequest()}),
    "test_input_required_result_request_state": _rounds(
        {"confirm": _form("Please confirm", "ok", "boolean")}, state="confirming", end="state-ok"
    ),
    "test_input_required_result_multiple_inputs": _rounds(_ALL, state="several"),
    "test_input_required_result_multi_round": _rounds(
        {"step1": _form("Step 1: What is your name?", "name")},
        {"step2": _form("Step 2: What is your favorite color?", "color")},
        state="steps",
    ),
    "test_input_required_result_tampered_state": _rounds(_NAME, state="guarded"),
    "test_input_required_result_capabilities": _by_capability,
}
_PROMPTS: Final[dict[str, tuple[list[str], Callable[[dict[str, str]], list[types.ContentBlock | str]]]]] = {
    "test_simple_prompt": ([], lambda _: ["This is a simple prompt for testing."]),
    "test_prompt_with_arguments": (
        ["arg1", "arg2"],
        lambda given: [f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"],
    ),
    "test_prompt_with_embedded_resource": (
        ["resourceUri"],
        lambda given: [
            _embedded(given.get("resourceUri", ""), "Embedded resource content for testing."),
            "Please process the embedded resource above.",
        ],
    ),
    "test_prompt_with_image": ([], lambda _: [_image(), "Please analyze the image above."]),
    "test_input_required_result_prompt": ([], lambda given: [f"With context {given}"]),
}


def fixture_server() -> Server[Any]:
    """The missions' server with the suite's fixtures beside them."""
    server = MissionServer(access_of_request).build()
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="conformance"))
    ours = {name: _handler(server, name) for name in ("tools/list", "tools/call", "resources/list", "resources/read")}

    async def list_tools(context: RequestContext, params: types.PaginatedRequestParams) -> types.ListToolsResult:
        mine = cast("types.ListToolsResult", await ours["tools/list"](context, params))
        more = [
            types.Tool(
                name=name, description=f"Fixture {name} of the conformance suite.", input_schema={"type": "object"}
            )
            for name in CALLS
        ]
        return mine.model_copy(update={"tools": [*mine.tools, *more]})

    async def call_tool(context: RequestContext, params: types.CallToolRequestParams) -> Any:
        fixture = CALLS.get(params.name)
        return await (fixture(context, params) if fixture is not None else ours["tools/call"](context, params))

    async def list_resources(context: RequestContext, params: types.PaginatedRequestParams) -> Any:
        mine = cast("types.ListResourcesResult", await ours["resources/list"](context, params))
        more = [
            types.Resource(name=uri, uri=uri, description="A fixture.", mime_type=mime)
            for uri, mime in (("test://static-text", "text/plain"), ("test://static-binary", "image/png"))
        ]
        return mine.model_copy(update={"resources": [*mine.resources, *more]})

    async def read_resource(context: RequestContext, params: types.ReadResourceRequestParams) -> Any:
        uri = str(params.uri)
        if uri == "test://static-text":
            text = "This is the content of the static text resource."
            row = types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
        elif uri == "test://static-binary":
            row = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=_PIXEL)
        elif uri.startswith("test://template/") and uri.endswith("/data"):
            name = uri.split("/")[3]
            text = json.dumps({"id": name, "templateTest": True, "data": f"Data for ID: {name}"})
            row = types.TextResourceContents(uri=uri, mime_type="application/json", text=text)
        else:
            return await ours["resources/read"](context, params)
        return types.ReadResourceResult(contents=[row])

    server.add_request_handler("tools/list", types.PaginatedRequestParams, list_tools)
    server.add_request_handler("tools/call", types.CallToolRequestParams, call_tool)
    server.add_request_handler("resources/list", types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, read_resource)
    _add_prompts(server)
    _add_the_rest(server)
    return server


def _handler(server: Server[Any], method: str) -> Callable[[RequestContext, Any], Awaitable[Any]]:
    entry = server.get_request_handler(method)
    assert entry is not None
    return entry.handler


def _add_prompts(server: Server[Any]) -> None:
    async def list_prompts(_context: RequestContext, _params: types.PaginatedRequestParams) -> types.ListPromptsResult:
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=name,
                    description=f"Fixture {name}.",
                    arguments=[types.PromptArgument(name=one, description=one, required=True) for one in arguments],
                )
                for name, (arguments, _) in _PROMPTS.items()
            ]
        )

    async def get_prompt(_context: RequestContext, params: types.GetPromptRequestParams) -> Any:
        if params.name not in _PROMPTS:
            raise MCPError(code=types.INVALID_PARAMS, message="there is no such prompt")
        if params.name == "test_input_required_result_prompt" and not params.input_responses:
            asks = {"user_context": _form("What context should the prompt use?", "context")}
            return types.InputRequiredResult(input_requests=cast("Any", asks))
        blocks = _PROMPTS[params.name][1](params.arguments or {})
        return types.GetPromptResult(
            messages=[
                types.PromptMessage(
                    role="user", content=types.TextContent(type="text", text=one) if isinstance(one, str) else one
                )
                for one in blocks
            ]
        )

    server.add_request_handler("prompts/list", types.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, get_prompt)


def _add_the_rest(server: Server[Any]) -> None:
    """What a server for missions does not offer: completion, subscriptions, levels of logs."""

    async def complete(_context: RequestContext, _params: types.CompleteRequestParams) -> types.CompleteResult:
        return types.CompleteResult(completion=types.Completion(values=[], total=0, has_more=False))

    async def nothing(_context: RequestContext, _params: Any) -> types.EmptyResult:
        return types.EmptyResult()

    server.add_request_handler("completion/complete", types.CompleteRequestParams, complete)
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, nothing)
    server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, nothing)
    server.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, nothing)
