"""Ask for an answer in each provider's form: tool specs and messages, from one type."""

from __future__ import annotations

import inspect
import re
from copy import deepcopy
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, TypeAdapter

from journeyman.answers.token_patterns import Value

Vendor: TypeAlias = Literal["openai", "anthropic", "bedrock", "mcp"]
VENDORS: Final = ("openai", "anthropic", "bedrock", "mcp")
VALUE_KEY: Final = "value"
"""Under this key a tool takes an answer that is no object; `read_response` unwraps it."""
_MAX_NAME: Final = 64


def tool_spec(
    model: Any, vendor: Vendor, *, name: str | None = None, description: str | None = None
) -> dict[str, Value]:
    """The tool through which a model answers with a `model`, as the provider's API takes it.

    Args:
        model: Any type that has a JSON Schema, or such a schema.
        vendor: `openai` (also every compatible server), `anthropic`, `bedrock` (Converse) or `mcp`.
        name: The tool's name; `None` makes one from the type's.
        description: What the tool is for; `None` takes the type's docstring.

    Raises:
        ValueError: There is no such vendor.
    """
    _check(vendor)
    schema = answer_schema(model)
    called = name or tool_name(model)
    told = description or _doc(model) or f"Give the answer as {called}."
    if vendor == "openai":
        return {"type": "function", "function": {"name": called, "description": told, "parameters": schema}}
    if vendor == "anthropic":
        return {"name": called, "description": told, "input_schema": schema}
    if vendor == "bedrock":
        return {"toolSpec": {"name": called, "description": told, "inputSchema": {"json": schema}}}
    return {"name": called, "description": told, "inputSchema": schema}


def messages(system: str, user: str, vendor: Vendor) -> dict[str, Value]:
    """The fields of the provider's request that carry a system text and one user text; no system text, no field.

    Raises:
        ValueError: There is no such vendor.
    """
    _check(vendor)
    if vendor == "openai":
        head: list[Value] = [{"role": "system", "content": system}] if system else []
        return {"messages": [*head, {"role": "user", "content": user}]}
    if vendor == "anthropic":
        body: dict[str, Value] = {"messages": [{"role": "user", "content": user}]}
        return {"system": system, **body} if system else body
    if vendor == "bedrock":
        body = {"messages": [{"role": "user", "content": [{"text": user}]}]}
        return {"system": [{"text": system}], **body} if system else body
    body = {"messages": [{"role": "user", "content": {"type": "text", "text": user}}]}
    return {"systemPrompt": system, **body} if system else body


def answer_schema(model: Any) -> dict[str, Value]:
    """The JSON Schema of an answer: an object, with other types under the key `value`."""
    given = deepcopy(cast("object", model)) if isinstance(model, dict) else TypeAdapter[Any](model).json_schema()
    schema = cast("dict[str, Value]", given)
    if _is_object(schema):
        return schema
    definitions = schema.pop("$defs", None)
    wrapped: dict[str, Value] = {"type": "object", "properties": {VALUE_KEY: schema}, "required": [VALUE_KEY]}
    return {**wrapped, "$defs": definitions} if definitions is not None else wrapped


def tool_name(model: Any) -> str:
    """The tool name that `tool_spec` makes from a type: letters, digits and underscores, at most 64."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(getattr(model, "__name__", "answer")))
    return re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower()[:_MAX_NAME] or "answer"


def _is_object(schema: dict[str, Value]) -> bool:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = schema.get("$defs")
        target = definitions.get(reference.rpartition("/")[2]) if isinstance(definitions, dict) else None
        return isinstance(target, dict) and target.get("type") == "object"
    return schema.get("type") == "object"


def _doc(model: Any) -> str:
    own = isinstance(model, type) and issubclass(model, BaseModel) and model.__doc__
    return inspect.cleandoc(own) if own else ""


def _check(vendor: str) -> None:
    if vendor not in VENDORS:
        raise ValueError(f"no vendor {vendor!r}: give one of {', '.join(VENDORS)}")
