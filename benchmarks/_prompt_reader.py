"""An advisor without a model: it answers by rules from the text of the prompt alone, as a careful reader would.

It knows no mission. What it reads: ordered steps `TOOL with KEY VALUE, KEY VALUE` in the directive's prose, notes in
tools' descriptions, the environment, the tools' schemas, what earlier calls returned, what is left of the budget.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from journeyman.advisors.base import Answer, AskLimits, AskPurpose, FailureClass, Readiness, Request, TokenUsage

_SECTION: Final = re.compile(r"^=== (.+?) ===\n(.*?)\n\n(?==== |\Z)", re.MULTILINE | re.DOTALL)
_WORD: Final = re.compile(r"[a-z_]+")
JsonRow = dict[str, Any]


def sections(prompt: str) -> dict[str, str]:
    """The sections of a prompt by the first word of their title."""
    return {match[1].split()[0]: match[2] for match in _SECTION.finditer(f"{prompt}\n")}


def objects(text: str) -> Iterator[JsonRow]:
    """The JSON objects that stand on lines of their own."""
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield cast("JsonRow", json.loads(line))
            except ValueError:
                continue


@dataclass(slots=True)
class PromptReader:
    """Answers strategies from the prompt; sections in `without` are removed before it reads."""

    without: frozenset[str] = frozenset()
    name: str = "reader"
    limits: AskLimits = field(default_factory=AskLimits)

    def readiness(self) -> Readiness:
        """Be there."""
        return Readiness(ready=True, why="reads")

    async def ask(self, request: Request) -> Answer:
        """What the prompt says is to be done; refuses where it says nothing."""
        if request.purpose is not AskPurpose.STRATEGY or request.answer is None:
            return Answer(failure=FailureClass.REFUSED, reason="no_notes", usage=TokenUsage(cost_usd=0.0))
        told = {name: body for name, body in sections(request.messages[1].text).items() if name not in self.without}
        strategy = read(told)
        if strategy is None:
            return Answer(failure=FailureClass.REFUSED, reason="nothing_read", usage=TokenUsage(cost_usd=0.0))
        value = request.answer.model_validate({"revision_rationale": "as the prompt says", "next_strategy": strategy})
        return Answer(value=value, text=json.dumps(strategy), model="reader", usage=TokenUsage(cost_usd=0.0))


def read(told: dict[str, str]) -> JsonRow | None:
    """A strategy: the steps that the texts name, with values from prose, descriptions and earlier results."""
    tools = {str(row["name"]): row for row in objects(told.get("Tools", "")) if "input_schema" in row}
    directive = told.get("Mission", "")
    results = [row for row in objects(told.get("Recent", "")) if "tool" in row]
    waiting = set(re.split(r",\s*", told.get("Calls", "")))
    if "each of" in directive and "Scripts" in told:
        return _script(directive, tools)
    calls: list[JsonRow] = []
    for name in _order(directive, tools, told.get("Criteria", "")):
        args = _arguments(tools[name], (_said(directive, name), told.get("Environment", "")), results)
        if args is not None and name not in waiting:
            calls.append({"tool": name, "args": args})
    left = next((row.get("tool_calls") for row in objects(told.get("Left", ""))), None)
    kept = calls if left is None else calls[-int(left) :]
    return {"calls": kept} if kept else None


def _order(directive: str, tools: dict[str, JsonRow], criteria: str) -> list[str]:
    """The tools that the directive names, in its order; else those whose descriptions speak of open criteria."""
    named = sorted((match.start(), name) for name in tools for match in re.finditer(rf"\b{name}\b", directive))
    if named:
        return [name for _, name in named]
    wanted = {
        str(row["criterion"].get("metric", "")).removeprefix("metrics.")
        for row in objects(criteria)
        if row.get("status") != "met"
    }
    return [name for name in sorted(tools) if wanted & set(_WORD.findall(str(tools[name]["description"])))]


def _said(directive: str, tool: str) -> str:
    """What is said of a tool: from its name to the next full stop or semicolon."""
    return re.split(r"[.;]\s", directive.partition(tool)[2] + " ")[0]


def _arguments(tool: JsonRow, said: Sequence[str], results: list[JsonRow]) -> JsonRow | None:
    """A value for each argument: from the step's words, the environment, the description, or the newest result of that name."""
    schema = cast("JsonRow", tool["input_schema"])
    found: JsonRow = {}
    for key, form in cast("JsonRow", schema.get("properties", {})).items():
        places = (
            *((text, rf"\b{key} (?:is )?([\w-]+)") for text in said),
            (str(tool["description"]), rf"\b{key} is ([\w-]+)"),
        )
        value = next((match[1] for text, pattern in places if (match := re.search(pattern, text))), None)
        if value is None:
            seen = [row["value"][key] for row in results if isinstance(row.get("value"), dict) and key in row["value"]]
            value = seen[-1] if seen else None
        if value is None:
            if key in schema.get("required", []):
                return None
            continue
        found[key] = int(value) if cast("JsonRow", form).get("type") == "integer" else str(value)
    return found


def _script(directive: str, tools: dict[str, JsonRow]) -> JsonRow | None:
    """A loop over what one tool lists, calling another for each."""
    match = re.search(r"(\w+) for each of (\w+)", directive)
    if match is None or not {match[1], match[2]} <= set(tools):
        return None
    key = next(iter(cast("JsonRow", tools[match[1]]["input_schema"])["properties"]))
    source = f"found = await {match[2]}()\nfor item in found['items']:\n    await {match[1]}({key}=item)\nlen(found['items'])"
    return {"script": source}
