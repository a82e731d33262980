"""Tool specs, messages and responses in each provider's form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from journeyman.answers import ANY_TOOL, ExtractionReason, Vendor, extract, messages, read_response, tool_spec
from journeyman.answers.provider_formats import VENDORS
from tests.answers.cases import Order, Person, Task

ARGS = {"name": "Ada", "age": 36}
TEXT = '{"name": "Ada", "age": 36}'
ADA = Person(name="Ada", age=36)


def response(vendor: str, *, call: Any = None, text: Any = None, finish: str | None = None) -> dict[str, Any]:
    """A plain response as the provider would send it."""
    if vendor == "openai":
        calls = [{"id": "1", "type": "function", "function": {"name": "person", "arguments": call}}] if call else None
        choice = {
            "message": {"role": "assistant", "content": text, "tool_calls": calls},
            "finish_reason": finish or "stop",
        }
        return {"choices": [choice]}
    if vendor == "bedrock":
        blocks: list[Any] = [{"reasoningContent": {"reasoningText": {"text": '{"name": "No", "age": 1}'}}}]
        blocks += [{"text": text}] if text else []
        blocks += [{"toolUse": {"toolUseId": "1", "name": "person", "input": call}}] if call else []
        return {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": finish or "end_turn"}
    blocks = [{"type": "thinking", "thinking": '{"name": "No", "age": 1}'}]
    blocks += [{"type": "text", "text": text}] if text else []
    blocks += [{"type": "tool_use", "id": "1", "name": "person", "input": call}] if call else []
    return {"content": blocks, "stop_reason" if vendor == "anthropic" else "stopReason": finish or "end_turn"}


def as_object(value: Any) -> Any:
    """The response with attributes instead of keys, as SDKs do; arguments stay plain."""
    if isinstance(value, dict):
        return SimpleNamespace(
            **{key: inner if key in {"input", "arguments"} else as_object(inner) for key, inner in value.items()}
        )
    return [as_object(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("form", [dict, as_object])
def test_a_tool_call_comes_before_text(vendor: Vendor, form: Any) -> None:
    """Text beside a call is commentary."""
    said = response(vendor, call=ARGS, text='I save {"name": "Bob", "age": 1}')
    assert read_response(form(said), Person, vendor).value == ADA


@pytest.mark.parametrize("vendor", VENDORS)
def test_text_is_read_where_there_is_no_call_that_fits(vendor: Vendor) -> None:
    """Some models answer in prose all the same."""
    assert read_response(response(vendor, text=f"Here: {TEXT}"), Person, vendor).value == ADA
    assert read_response(response(vendor, call={"age": 1}, text=TEXT), Person, vendor).value == ADA
    assert (
        read_response(response(vendor, call={"age": 1}, text="hm"), Person, vendor).reason is ExtractionReason.INVALID
    )


@pytest.mark.parametrize(
    ("vendor", "finish"),
    [("openai", "length"), ("anthropic", "max_tokens"), ("bedrock", "max_tokens"), ("mcp", "maxTokens")],
)
def test_a_response_that_ended_for_length_is_never_final(vendor: Vendor, finish: str) -> None:
    """Parsed arguments may be what was left of longer ones."""
    assert (
        read_response(response(vendor, call=ARGS, finish=finish), Person, vendor).reason is ExtractionReason.TRUNCATED
    )


@pytest.mark.parametrize(
    ("vendor", "finish"),
    [("openai", "content_filter"), ("anthropic", "refusal"), ("bedrock", "guardrail_intervened")],
)
def test_a_refusal_is_told_from_a_bad_answer(vendor: Vendor, finish: str) -> None:
    """Trying again does not help."""
    assert read_response(response(vendor, text="no", finish=finish), Person, vendor).reason is ExtractionReason.REFUSED


@pytest.mark.parametrize("arguments", [ARGS, TEXT, "{'name': 'Ada', 'age': 36,}", {"value": ARGS}])
def test_arguments_may_be_parsed_or_text(arguments: Any) -> None:
    """Servers that speak OpenAI's form differ in this."""
    assert read_response(response("openai", call=arguments), Person, "openai").value == ADA


def test_the_call_of_the_asked_tool_counts_before_others() -> None:
    """A model may call several."""
    said = response("anthropic", call=ARGS)
    said["content"].append({"type": "tool_use", "name": "other", "input": {"name": "Bob", "age": 2}})
    assert read_response(said, Person, "anthropic").value == ADA


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_tools_call_counts_where_that_is_wanted(vendor: Vendor) -> None:
    """Whoever offers one tool need not care what a model calls it; `None` means the tool that the type makes."""
    assert read_response(response(vendor, call=ARGS), Person, vendor, tool="other").value is None
    assert read_response(response(vendor, call=ARGS), Person, vendor, tool=ANY_TOOL).value == ADA


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("plain", [TEXT, TEXT.encode(), TEXT.encode("utf-16"), f"Here you are: {TEXT}"])
def test_mere_text_is_read_as_a_response(vendor: Vendor, plain: str | bytes) -> None:
    """Older adapters give what the model wrote and nothing around it."""
    assert read_response(plain, Person, vendor).value == ADA


def test_the_other_forms_of_openai_are_read() -> None:
    """The Responses API, the legacy call, and reasoning without an answer."""
    items = {
        "output": [{"type": "reasoning"}, {"type": "function_call", "name": "person", "arguments": TEXT}],
        "status": "completed",
    }
    assert read_response(items, Person, "openai").value == ADA
    spoken = {"output": [{"type": "message", "content": [{"type": "output_text", "text": TEXT}]}]}
    assert read_response(spoken, Person, "openai").value == ADA
    short = {"output": spoken["output"], "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert read_response(short, Person, "openai").reason is ExtractionReason.TRUNCATED
    legacy = {"choices": [{"message": {"function_call": {"name": "person", "arguments": TEXT}}}]}
    assert read_response(legacy, Person, "openai").value == ADA
    routed = {"choices": [{"message": {"content": "", "reasoning_content": TEXT}, "finish_reason": "stop"}]}
    assert read_response(routed, Person, "openai").reason is ExtractionReason.NOTHING  # a thought is never the answer
    refused = {"choices": [{"message": {"content": None, "refusal": "I cannot"}, "finish_reason": "stop"}]}
    assert read_response(refused, Person, "openai").reason is ExtractionReason.REFUSED


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "odd", [None, {}, [], 5, {"choices": 3, "content": 4, "output": "x"}, {"choices": []}, object()]
)
def test_no_response_raises(vendor: Vendor, odd: Any) -> None:
    """A provider may send anything."""
    assert read_response(odd, Person, vendor).value is None


def test_arguments_that_are_not_finite_are_refused() -> None:
    """Parsed by an SDK or not."""
    for bad in (float("nan"), float("inf"), object()):
        assert not read_response(response("bedrock", call={"name": "Ada", "age": bad}), Person, "bedrock").ok


def test_each_tool_spec_has_the_provider_form() -> None:
    """What the wire takes."""
    schema = Person.model_json_schema()
    told = {"name": "person", "description": "The smallest: two demands, one wish."}
    assert tool_spec(Person, "openai") == {"type": "function", "function": {**told, "parameters": schema}}
    assert tool_spec(Person, "anthropic") == {**told, "input_schema": schema}
    assert tool_spec(Person, "bedrock") == {"toolSpec": {**told, "inputSchema": {"json": schema}}}
    assert tool_spec(Person, "mcp") == {**told, "inputSchema": schema}
    assert tool_spec(Task, "mcp", name="do_it", description="x")["name"] == "do_it"
    assert tool_spec(schema, "openai", name=told["name"], description=told["description"]) == tool_spec(
        Person, "openai"
    )


def test_a_type_that_is_no_object_is_asked_for_under_a_key_and_read_back() -> None:
    """Tools take objects only."""
    schema = cast("dict[str, Any]", tool_spec(list[Order], "mcp")["inputSchema"])
    assert schema["type"] == "object"
    assert schema["required"] == ["value"]
    assert "Order" in schema["$defs"]
    assert extract('{"value": [1, 2]}', list[int]).value == [1, 2]


def test_messages_have_the_provider_form() -> None:
    """System text goes where each wants it."""
    user = {"role": "user", "content": "hi"}
    assert messages("be", "hi", "openai") == {"messages": [{"role": "system", "content": "be"}, user]}
    assert messages("be", "hi", "anthropic") == {"system": "be", "messages": [user]}
    blocks = [{"role": "user", "content": [{"text": "hi"}]}]
    assert messages("be", "hi", "bedrock") == {"system": [{"text": "be"}], "messages": blocks}
    sampled = [{"role": "user", "content": {"type": "text", "text": "hi"}}]
    assert messages("be", "hi", "mcp") == {"systemPrompt": "be", "messages": sampled}
    assert all(len(messages("", "hi", vendor)) == 1 for vendor in ("openai", "anthropic", "bedrock", "mcp"))


def test_an_unknown_vendor_is_named_with_the_known_ones() -> None:
    """A typo should not cost a search."""
    for work in (
        lambda: tool_spec(Person, cast("Any", "opneai")),
        lambda: read_response({}, Person, cast("Any", "opneai")),
    ):
        with pytest.raises(ValueError, match=r"opneai.*openai, anthropic, bedrock, mcp"):
            work()
