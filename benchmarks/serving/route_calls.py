"""A call of every route of the server's document, with the ids that are given: a new route is called without being named here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from benchmarks.serving.in_process import ServedApp

_DOCUMENT: Final = "/api/v1/openapi.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCall:
    """One call."""

    method: str
    pattern: str
    path: str
    body: object = None


async def document(served: ServedApp, secret: str) -> dict[str, Any]:
    """The server's own description of its routes."""
    async with served.client(secret) as client:
        return cast("dict[str, Any]", (await client.get(_DOCUMENT)).json())


def route_calls(
    described: Mapping[str, Any], values: Mapping[str, str], texts: Mapping[str, str]
) -> Iterator[RouteCall]:
    """Each route with each method.

    Args:
        described: The OpenAPI document.
        values: Parameters of paths by name; raises `KeyError` for one that is missing, so that none is forgotten.
        texts: Values of texts in bodies, by the name of their field.
    """
    for pattern, methods in described["paths"].items():
        for method, operation in methods.items():
            path = pattern
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    path = path.replace(f"{{{parameter['name']}}}", values[parameter["name"]])
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            body = None if content is None else _example(content["schema"], described, texts, "")
            yield RouteCall(method=method.upper(), pattern=pattern, path=path, body=body)


def _example(schema: Mapping[str, Any], described: Mapping[str, Any], texts: Mapping[str, str], name: str) -> object:
    """A value that a schema takes: all required fields, and those that `texts` names."""
    if "$ref" in schema:
        return _example(described["components"]["schemas"][schema["$ref"].rpartition("/")[2]], described, texts, name)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], described, texts, name)
    match schema.get("type"):
        case "object":
            fields = cast("Mapping[str, Any]", schema.get("properties", {}))
            wanted = {*schema.get("required", ()), *(texts.keys() & fields.keys())}
            return {field: _example(fields[field], described, texts, field) for field in sorted(wanted)}
        case "boolean":
            return True
        case "integer":
            return 1
        case _:
            return texts.get(name, "words")
