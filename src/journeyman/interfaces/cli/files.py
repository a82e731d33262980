"""`new` and `check`: write a mission file, and find its faults before it runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from journeyman.engine.mission_check import MissionCheck, check_mission
from journeyman.interfaces.cli.drafting import DraftRequest, write_draft
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.mission_tools import fault_lines, file_name, located, opened_tools, read_mission
from journeyman.interfaces.cli.named_values import parameters_given
from journeyman.interfaces.cli.options import JsonOption, SetOption
from journeyman.interfaces.cli.rendering import print_table, short, table
from journeyman.interfaces.cli.shared import BAD_INPUT, CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.status_marks import mark_of
from journeyman.interfaces.cli.templates import Template, write_template
from journeyman.interfaces.cli.terminal import say, say_prose
from journeyman.interfaces.schema_descriptions import described_schema
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import encode_result
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.report.criterion_text import seen_text
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import advisor_problems

app = CommandGroup()


@app.command("new")
def new(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="Mission file to write.")] = Path("mission.yaml"),
    template: Annotated[
        Template, typer.Option("--template", "-t", help="What kind of mission is written.")
    ] = Template.PYTHON,
    directive: Annotated[
        str, typer.Option("--directive", "-d", help="What the mission is to achieve; the template's words otherwise.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    from_words: Annotated[
        str, typer.Option("--from", metavar="DIRECTIVE", help="Draft the criteria from this directive.")
    ] = "",
    functions: Annotated[
        list[str], typer.Option("--function", metavar="MODULE:NAME", help="With --from: a tool to use.")
    ] = [],  # noqa: B006  # typer's form
    servers: Annotated[
        list[str], typer.Option("--server", metavar="NAME=COMMAND", help="With --from: an MCP server.")
    ] = [],  # noqa: B006  # typer's form
    draft: Annotated[
        bool, typer.Option("--draft", help="With --from: always shown for confirmation (the default).")
    ] = True,
    advisor: Annotated[
        str, typer.Option("--advisor", help="With --from: a model that drafts; rules do when left out.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --from: write without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a commented mission file, or draft one with --from.

    Templates: python (an example tool is written beside it), command (programs as tools), tests (until they pass),
    http-slo (a service answers fast enough), mcp (tools of an MCP server), tune (find a setting that is good enough).

    A draft uses the numbers in the directive and only metrics that the tools give (named by their output schema, or
    seen by calling a pure tool once); it is shown for confirmation and never started.
    """
    del draft
    if from_words:
        wanted = DraftRequest(
            directive=from_words,
            path=path,
            functions=tuple(functions),
            servers=tuple(servers),
            advisor=advisor,
            yes=yes,
            as_json=as_json,
        )
        write_draft(settings_of(ctx), wanted)
        return
    for written in write_template(template, path, directive, force=force):
        say(f"wrote {written}")
    say(f"next: journeyman check {path}, then journeyman run {path}", err=True)


@app.command("schema")
def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
    ] = None,
    guard: Annotated[bool, typer.Option("--guard", help="That of guard.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of mission files, by which editors complete and check them.

    A YAML file names it in a comment: # yaml-language-server: $schema=mission.schema.json
    """
    made = described_schema(GuardFile, "Journeyman guard") if guard else described_schema(Mission, "Journeyman mission")
    text = json.dumps(made, indent=2, sort_keys=True)
    if output is None:
        say(text, exact=True)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise NotFound(f"cannot write {str(output)!r}: {error.strerror}; choose another place") from None
    say(f"wrote {output}")


@app.command("check")
def check(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="MISSION", help="Mission file: YAML, JSON or TOML; `-` reads YAML from standard input."),
    ],
    observation: Annotated[
        Path | None,
        typer.Option(
            "--observation", help="A JSON file with metrics, events, errors …: the criteria are evaluated on it."
        ),
    ] = None,
    values: SetOption = [],  # noqa: B006  # typer's form
    offline: Annotated[bool, typer.Option("--offline", help="Do not open functions and servers.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate a mission file and its tools without running it; with --observation, evaluate its criteria on one."""
    settings = settings_of(ctx)
    mission, folder = read_mission(file, parameters_given(values))
    seen = _observation(observation) if observation is not None else None

    async def work() -> MissionCheck:
        async with Sandbox(1) as sandbox:
            opens = None if offline else opened_tools(mission, folder)
            return await check_mission(mission, Predicates(sandbox), ScriptRun(sandbox), opens=opens, observation=seen)

    with fault_lines(file):
        found = run_async(work)
    found = replace(
        found,
        problems=located((*advisor_problems(settings, mission), *found.problems), file),
        warnings=located(found.warnings, file),
    )
    if as_json:
        print_json(
            {
                "valid": not found.problems,
                "problems": [str(problem) for problem in found.problems],
                "warnings": [str(problem) for problem in found.warnings],
                "asks": list(found.waits_for_person),
                "tools": cast("Json", found.tools),
                "criteria": cast("Json", [encode_result(result) for result in found.results]),
                "digest": mission_digest(mission),
            }
        )
    else:
        _print(mission, found, file)
    if found.problems:
        raise typer.Exit(BAD_INPUT)


def _observation(path: Path) -> JsonObject:
    try:
        value = checked(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, NotJson) as error:
        raise InvalidInput(
            "observation", (Problem(where=str(path), message=f"cannot be read as JSON: {error}"),)
        ) from None
    if not isinstance(value, dict):
        problem = Problem(
            where=str(path), message="is not an object", hint='as in {"metrics": {"latency_ms": 12}, "events": []}'
        )
        raise InvalidInput("observation", (problem,))
    return value


def _print(mission: Mission, found: MissionCheck, file: Path) -> None:
    for problem in found.problems:
        say_prose(f"  - {problem}", err=True)
    for problem in found.warnings:
        say_prose(f"  ! {problem}", err=True)
    if found.tools:
        made = table("tool", "effect", "asks", "description")
        for row in found.tools:
            name = str(row["name"])
            asks = "yes" if name in found.waits_for_person else ""
            made.add_row(name, str(row["effect"]), asks, short(str(row["description"]), 70))
        print_table(made)
    aborting = {item.id for item in walk(mission.criteria) if item.abort_when_met}
    for row in found.results:
        say(
            f"  {mark_of(row.status, aborts=row.id in aborting).sign} {row.id}: {row.status} · {seen_text(row.evidence)}"
        )
    good = f"{mission.name}: valid, {len(list(walk(mission.criteria)))} criteria, digest {mission_digest(mission)[:16]}"
    count = len(found.problems)
    say(f"{file_name(file)}: {count} problem{'s' if count != 1 else ''}" if count else good)
