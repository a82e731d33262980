"""`tools`: what a mission's tools are, and what one of them gives when it is called by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, TypeAlias, cast

import typer

from journeyman.engine.tool_policy import pinned_tool
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.mission_tools import fault_lines, opened_tools
from journeyman.interfaces.cli.named_values import named_values, parameters_given
from journeyman.interfaces.cli.options import JsonOption, SetOption
from journeyman.interfaces.cli.rendering import print_table, short, table
from journeyman.interfaces.cli.shared import CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.model.effects import EFFECT_RULES, EffectClass
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.documents import document
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.calling import nearest_names
from journeyman.wiring import load_mission

app = CommandGroup()
tools = CommandGroup(no_args_is_help=True, help="List and try the tools of a mission.")
app.add_typer(tools, name="tools")

MissionOption: TypeAlias = Annotated[
    Path, typer.Option("--mission", "-m", metavar="FILE", help="The mission file whose tools are meant.")
]
_KEY: Final = "by-hand"
_MOST_ROWS: Final = 200


@tools.callback()
def group() -> None:
    """List and try the tools of a mission."""


@tools.command("list")
def list_tools(
    ctx: typer.Context,
    mission: MissionOption = Path("mission.yaml"),
    values: SetOption = [],  # noqa: B006  # typer's form
    as_json: JsonOption = False,
) -> None:
    """List the tools that a mission may use, with what a call changes and the arguments that it takes."""
    settings_of(ctx)
    read, folder = load_mission(mission, parameters_given(values))

    async def work() -> list[JsonObject]:
        async with opened_tools(read, folder) as catalog:
            return [pinned_tool(read, tool) for tool in await catalog.tools()]

    with fault_lines(mission):
        rows = run_async(work)
    if as_json:
        print_json(cast("Json", rows))
        return
    made = table("tool", "effect", "arguments", "description")
    for row in rows:
        made.add_row(
            str(row["name"]), str(row["effect"]), _arguments(row["input_schema"]), short(str(row["description"]), 60)
        )
    print_table(made)


def _arguments(schema: Json) -> str:
    """The names of the arguments, those that may be left out in brackets."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    needed = schema.get("required") if isinstance(schema, dict) else None
    names = list(properties) if isinstance(properties, dict) else []
    required = needed if isinstance(needed, list) else []
    return ", ".join(name if name in required else f"[{name}]" for name in names)


@tools.command("call")
def call_tool(
    ctx: typer.Context,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="As `journeyman tools list` names it, such as git.log.")],
    mission: MissionOption = Path("mission.yaml"),
    values: SetOption = [],  # noqa: B006  # typer's form
    args: Annotated[str, typer.Option("--args", metavar="JSON", help="All arguments as a JSON object.")] = "{}",
    each: Annotated[
        list[str], typer.Option("--arg", "-a", metavar="NAME=VALUE", help="One argument; JSON, else taken as text.")
    ] = [],  # noqa: B006  # typer's form
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Call also what may change the world, without asking.")] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Call one tool of a mission by hand; show the metrics that it reports, and the dot path of every value.

    Nothing is recorded. A path is what `metrics:` in the mission takes, as in {loss: {tool: TOOL, path: PATH}}.
    """
    settings_of(ctx)
    read, folder = load_mission(mission, parameters_given(values))
    given = _given(args, each)

    async def work() -> Result:
        async with opened_tools(read, folder) as catalog:
            rows = {str(row["name"]): row for row in [pinned_tool(read, one) for one in await catalog.tools()]}
            if tool not in rows:
                raise NotAllowed(f"{tool!r} is not a tool of {mission}{nearest_names(tool, rows)}")
            _confirm(read, rows[tool], yes=yes)
            return await catalog.call(tool, given, key=_KEY)

    with fault_lines(mission):
        result = run_async(work)
    if as_json:
        print_json(_as_json(result))
    else:
        _print(tool, result)
    if result.status is not CallStatus.DONE:
        raise typer.Exit(1)


def _given(args: str, each: list[str]) -> JsonObject:
    try:
        found = checked(document(args))
    except (ValueError, NotJson) as error:
        raise _wrong("--args", f"{args!r} is no JSON: {error}", 'as in --args \'{"path": "tests"}\'') from None
    if not isinstance(found, dict):
        raise _wrong("--args", f"{args!r} is no object", 'as in --args \'{"path": "tests"}\'')
    for name, value in named_values(each, "--arg", example="--arg path=tests"):
        try:
            found[name] = checked(document(value))
        except (ValueError, NotJson):
            found[name] = value
    return found


def _wrong(where: str, message: str, hint: str) -> InvalidInput:
    return InvalidInput("the command line", (Problem(where=where, message=message, hint=hint),))


def _confirm(mission: Mission, row: JsonObject, *, yes: bool) -> None:
    if yes or not EFFECT_RULES[EffectClass(str(row["effect"]))].changes_world:
        return
    said = (
        f"{row['name']} is {row['effect']}: the call may change the world, and {mission.name!r} records nothing of it"
    )
    if not sys.stdin.isatty():
        raise NotAllowed(f"{said}; call it with --yes, or say `effects: {{{row['name']}: pure}}` if it only looks")
    if not typer.confirm(f"{said}. Call it?", default=False, err=True):
        raise typer.Exit(1)


def _as_json(result: Result) -> JsonObject:
    return {
        "status": result.status.value,
        "error_class": result.error_class,
        "error": result.error,
        "metrics": result.metrics,
        "events": list(result.events),
        "value": result.value,
        "paths": [path for path, _ in leaves(result.value)],
        "duration_s": result.duration_s,
    }


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Each value that holds no other, with the dot path that leads to it."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if not rows:
        yield path, value
        return
    for name, item in rows:
        yield from leaves(item, f"{path}.{name}" if path else str(name))


def _print(tool: str, result: Result) -> None:
    say(
        f"{tool}: {result.status.value} in {result.duration_s:.3g} s"
        + (f", {result.tries} tries" if result.tries > 1 else "")
    )
    if result.error:
        say(f"  {result.error_class}: {result.error}", err=True)
    rest = (
        {name: item for name, item in result.value.items() if name != "metrics"}
        if isinstance(result.value, dict)
        else result.value
    )
    for title, value in (("metric", result.metrics), ("path", rest)):
        rows = [row for row in leaves(value) if row[0]]
        if rows:
            made = table(title, "value")
            for path, leaf in rows[:_MOST_ROWS]:
                made.add_row(path, short(leaf, 80))
            print_table(made)
        if len(rows) > _MOST_ROWS:
            say(f"  and {len(rows) - _MOST_ROWS:,} more; see them with --json")
    if isinstance(result.value, str):
        say(f"  text, {len(result.value):,} characters: {short(result.value, 200)}")
    _print_hint(tool, result)


def _print_hint(tool: str, result: Result) -> None:
    """How a number of the result becomes a metric."""
    if result.metrics or result.status is not CallStatus.DONE:
        return
    if isinstance(result.value, str):
        say(
            f"to measure with it: metrics: {{NAME: {{tool: {tool}, regex: '([0-9.]+) words around the number'}}}}",
            err=True,
        )
        return
    numbers = (
        path for path, leaf in leaves(result.value) if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
    )
    path = next(numbers, None)
    if path:
        say(f"to measure with it: metrics: {{NAME: {{tool: {tool}, path: {json.dumps(path)}}}}}", err=True)
