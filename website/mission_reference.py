"""The page of a mission file's keys, made from its JSON Schema and the texts under the fields of its models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from journeyman.interfaces.schema_descriptions import described_schema
from journeyman.mission.model.mission import Mission
from website.markdown_text import cell, code, table

Node: TypeAlias = dict[str, object]
_HIDDEN: Final = ("JsonValue", "ParameterReference", "EffectClass")
"""Definitions that are no objects with keys."""
_COMMON: Final = (
    "id",
    "required",
    "weight",
    "hold_for",
    "hold_every_s",
    "probe",
    "abort_when_met",
    "description",
    "from",
)
"""Keys that criteria share; told once."""
_BEGINNING: Final = """# Mission file: keys

Every key that a mission file may have, made from the schema that reads it. `journeyman schema` prints the same schema for
editors, and [the rules](../mission-file.md) say what hangs together over several keys. In place of a number or truth value
`${name}` may stand for a [parameter](../mission-file.md#parameters).

A *duration* is a number of seconds or a text such as `500ms`, `30s`, `1h30m`; a *size* a number of bytes or a text such as `64KiB`.
"""


def mission_keys_page() -> str:
    """The page's Markdown."""
    schema = cast("Node", described_schema(Mission, "Journeyman mission"))
    definitions = cast("dict[str, Node]", schema["$defs"])
    criteria = _criterion_kinds(definitions)
    parts = [_BEGINNING, "## The file\n", _keys(schema, tuple(_node(schema["properties"])))]
    common = definitions["MetricThreshold"]
    parts += [
        "## Criteria\n",
        "Keys that criteria share; `from` stands where a criterion looks at what tools report.\n",
    ]
    parts.append(_keys(common, _COMMON))
    for kind, name in criteria.items():
        own = [key for key in _node(definitions[name]["properties"]) if key not in (*_COMMON, "kind")]
        parts += [
            f"### {kind}\n",
            f"{_about(definitions[name])}\n",
            _keys(definitions[name], tuple(own)) if own else "",
        ]
    parts.append("## Objects inside\n")
    for name in sorted(set(definitions) - {*_HIDDEN, *criteria.values()}):
        keys = tuple(_node(definitions[name]["properties"]))
        parts += [f"### {name}\n", f"{_about(definitions[name])}\n", _keys(definitions[name], keys)]
    return "\n".join(parts)


def _criterion_kinds(definitions: dict[str, Node]) -> dict[str, str]:
    """Each kind, as files write it, to its definition."""
    found: dict[str, str] = {}
    for name, definition in definitions.items():
        kind = _node(_node(definition.get("properties")).get("kind"))
        if "const" in kind:
            found[str(kind["const"])] = name
    return found


def _about(definition: Node) -> str:
    return cell(str(definition.get("description", "")).partition("\n\n")[0])


def _keys(definition: Node, names: tuple[str, ...]) -> str:
    required = cast("list[str]", definition.get("required", []))
    rows: list[tuple[str, ...]] = []
    for name in names:
        row = _node(_node(definition["properties"])[name])
        default = "required" if name in required else code(_default(row))
        rows.append((code(name), _type(row), default, cell(str(row.get("description", "")))))
    return table(("key", "what stands there", "default", "meaning"), rows)


def _default(row: Node) -> str:
    if "default" in row:
        value = row["default"]
    else:
        inner = [_node(form) for form in cast("list[object]", row.get("anyOf", []))]
        value = next((form["default"] for form in inner if "default" in form), None)
    if isinstance(value, dict):
        value = {key: item for key, item in cast("Node", value).items() if item is not None}
    if isinstance(value, dict) and len(cast("Node", value)) > 2:
        return ""  # its own table has them
    return "" if value in (None, "", [], {}) else json.dumps(value) if not isinstance(value, str) else value


def _type(row: Node) -> str:
    return ", or ".join(dict.fromkeys(_words(row)))


def _words(row: Node) -> Iterator[str]:
    """How the forms that a value may have are called, each once."""
    if "$ref" in row:
        yield from _reference(str(row["$ref"]).rpartition("/")[2])
    elif "enum" in row:
        yield ", ".join(code(str(value)) for value in cast("list[object]", row["enum"]))
    elif "anyOf" in row or "oneOf" in row:
        yield from _alternatives(row)
    elif row.get("type") == "array":
        inner = list(dict.fromkeys(_words(_node(row.get("items")))))
        yield f"list of {' or '.join(inner)}" if inner else "list"
    elif row.get("type") == "object":
        patterns = _node(row.get("patternProperties"))
        members = next(iter(patterns.values()), row.get("additionalProperties"))
        inner = list(dict.fromkeys(_words(_node(members)))) if _node(members) else []
        yield f"names with {' or '.join(inner)}" if inner else "object"
    elif isinstance(row.get("type"), list):
        yield from (_PLAIN[str(kind)] for kind in cast("list[object]", row["type"]))
    elif row.get("type") in _PLAIN and row["type"] != "null":
        yield _PLAIN[str(row["type"])] + _bounds(row)
    elif "type" not in row:
        yield "any value"


_PLAIN: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}


def _alternatives(row: Node) -> Iterator[str]:
    forms = [_node(form) for form in cast("list[object]", row.get("anyOf") or row["oneOf"])]
    if "discriminator" in row:
        yield "[criteria](#criteria)"
        return
    patterns = [str(form.get("pattern", "")) for form in forms]
    unit = next(
        (word for mark, word in (("ms|s|m|h|d", "duration"), ("kKMGTP", "size")) if any(mark in p for p in patterns)),
        "",
    )
    if unit:
        yield unit
        return
    for form in forms:
        yield from _words(form)


def _bounds(row: Node) -> str:
    names = (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"))
    told = [f"{words} {row[key]}" for key, words in names if key in row]
    return f" ({', '.join(told)})" if told else ""


def _reference(name: str) -> Iterator[str]:
    if name == "EffectClass":
        yield "`pure`, `keyed`, `probed`, `unsafe`"
    elif name == "JsonValue":
        yield "any value"
    elif name != "ParameterReference":
        yield f"[{name}](#{name.lower()})"


def _node(value: object) -> Node:
    return cast("Node", value) if isinstance(value, dict) else {}
