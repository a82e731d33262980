"""`new` and `check`: write a mission file, and find its faults before it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, cast

import typer

from journeyman.engine.mission_check import MissionCheck, check_mission
from journeyman.interfaces.cli.drafting import DraftRequest, write_draft
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.rendering import MARKS, console, short, table
from journeyman.interfaces.cli.shared import BAD_INPUT, CommandGroup, print_json, run_async, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import encode_result
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import load_mission, mission_catalog

app = CommandGroup()

TEMPLATE = """\
# A Journeyman mission. Check it with `journeyman check {path}`, run it with `journeyman run {path}`.
name: {name}
directive: {directive}

# Where tools come from. MCP servers, in the form that other clients use:
# servers:
#   git: {{command: mcp-server-git, args: [--repository, .]}}
# Typed Python functions with docstrings, in a module beside this file:
functions: ["{module}:measure"]

# The allowlist, by pattern: nothing outside it is visible or callable.
tools: [measure]

# What a call does to the world: pure (nothing), keyed (safe to repeat with its key), probed (can be asked about),
# unsafe (neither; the default for servers, and waits for your approval).
effects:
  measure: pure

# Pure calls whose results show planner and advisors the environment; never evidence:
# context: [measure, {{tool: measure, args: {{workers: 4}}, every: 5}}]

# When the mission is complete: every required criterion met by fresh evidence.
criteria:
  - {{id: fast_enough, kind: metric_threshold, metric: latency_ms, op: "<=", target: 20, from: measure}}
  # - {{id: improving, kind: metric_trend, metric: latency_ms, direction: decreasing, window: 5, required: false}}
  # - {{id: reported, kind: artifact, path: result.json, json: {{path: latency_ms, op: "<=", target: 20}}}}
  # - {{id: sane, kind: predicate, from: measure, expression: "0 < obs['metrics']['latency_ms'] < 1000"}}
  # - {{id: never_down, kind: event, event: outage, abort_when_met: true}}      # ends the mission when it is met
  # - {{id: signed_off, kind: approval, by: me, question: "Ship it?"}}

# At least one of iterations and wall_clock_s must be set.
budget: {{iterations: 20, wall_clock_s: 300}}

approve: destructive      # never | destructive | always, or per tool pattern
stagnation: {{threshold: 8}}  # evaluations without progress before the strategy is changed, and again before giving up
"""

MODULE = '''\
"""Tools of a mission: each function's annotations and docstring are its schema and description."""


from typing import Annotated

from pydantic import Field


def measure(workers: Annotated[int, Field(ge=1, le=32)] = 2) -> dict[str, object]:
    """Measure the latency with a number of workers.

    Args:
        workers: How many work at once.
    """
    latency_ms = 80 / workers + workers  # put your real measurement here
    return {"metrics": {"latency_ms": round(latency_ms, 2)}}
'''


@app.command("new")
def new(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="Mission file to write.")] = Path("mission.yaml"),
    directive: Annotated[
        str, typer.Option("--directive", "-d", help="What the mission is to achieve.")
    ] = "Find a number of workers with which a request takes at most 20 ms.",
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
    """Write a commented mission file with an example tool beside it, or draft one with --from.

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
    _write_template(path, directive, force=force)


def _write_template(path: Path, directive: str, *, force: bool) -> None:
    module = path.parent / f"{path.stem.replace('-', '_')}_tools.py"
    if not module.stem.isidentifier():
        raise InvalidInput(
            "FILE",
            (
                Problem(
                    where=str(path), message="cannot name a Python module beside it", hint="use letters, digits and _"
                ),
            ),
        )
    for file in (path, module):
        if file.exists() and not force:
            raise NotAllowed(f"{str(file)!r} exists already; choose another name, or overwrite it with --force")
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in path.stem)
    text = TEMPLATE.format(
        path=path, name=json.dumps(name), directive=json.dumps(directive, ensure_ascii=False), module=module.stem
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        module.write_text(MODULE, encoding="utf-8")
    except OSError as error:
        raise NotFound(f"cannot write {str(path)!r}: {error.strerror}; choose another place") from None
    say(f"wrote {path} and {module}")
    say(f"next: journeyman check {path}, then journeyman run {path}", err=True)


@app.command("check")
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="MISSION", help="Mission file.")],
    observation: Annotated[
        Path | None,
        typer.Option(
            "--observation", help="A JSON file with metrics, events, errors …: the criteria are evaluated on it."
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not open functions and servers.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate a mission file and its tools without running it; with --observation, evaluate its criteria on one."""
    settings_of(ctx)
    mission, folder = load_mission(file)
    seen = _observation(observation) if observation is not None else None

    async def work() -> MissionCheck:
        async with Sandbox(1) as sandbox:
            opens = None if offline else mission_catalog(mission, folder)
            return await check_mission(mission, Predicates(sandbox), ScriptRun(sandbox), opens=opens, observation=seen)

    found = run_async(work)
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
        _print(mission, found)
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


def _print(mission: Mission, found: MissionCheck) -> None:
    for problem in found.problems:
        say(f"  - {problem}", err=True)
    for problem in found.warnings:
        say(f"  ! {problem}", err=True)
    if found.tools:
        made = table("tool", "effect", "asks", "description")
        for row in found.tools:
            name = str(row["name"])
            asks = "yes" if name in found.waits_for_person else ""
            made.add_row(name, str(row["effect"]), asks, short(str(row["description"]), 70))
        console().print(made)
    for row in map(encode_result, found.results):
        say(f"  {MARKS[str(row['status'])]} {row['id']}: {row['status']} · {short(row.get('evidence'))}")
    good = f"{mission.name}: valid, {len(list(walk(mission.criteria)))} criteria, digest {mission_digest(mission)[:16]}"
    count = len(found.problems)
    say(f"{mission.name}: {count} problem{'s' if count != 1 else ''}" if count else good)
