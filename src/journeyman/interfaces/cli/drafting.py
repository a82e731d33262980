"""`journeyman new --from`: a mission file from a directive, its criteria drafted, shown and confirmed; never started unseen."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import typer
import yaml

from journeyman.config import Settings
from journeyman.engine.draft_log import NAME, DraftLog
from journeyman.engine.drafting import Draft, draft_criteria, known_metrics
from journeyman.engine.tool_policy import pinned_tool
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.named_values import named_values
from journeyman.interfaces.cli.rendering import print_table, short, table
from journeyman.interfaces.cli.shared import WAITING, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.fold.fold import tool_specs
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.wiring import mission_catalog, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """What a person asked a draft for."""

    directive: str
    path: Path
    functions: tuple[str, ...]
    servers: tuple[str, ...]
    """`NAME=COMMAND ARG…` each."""
    advisor: str
    yes: bool
    as_json: bool


def write_draft(settings: Settings, wanted: DraftRequest) -> None:
    """Draft, show, ask, and write the file."""
    plain = _skeleton(wanted)
    draft = run_async(lambda: _draft(settings, plain, wanted))
    whole = {**plain, "criteria": [dict(row) for row in draft.criteria]}
    mission = validate_mission(whole, what="draft") if draft.criteria else None
    if wanted.as_json:
        print_json(
            {
                "source": draft.source,
                "notes": list(draft.notes),
                "mission": cast("Any", whole),
                "valid": mission is not None,
            }
        )
    else:
        _show(draft)
    if mission is None:
        raise InvalidInput(
            "draft",
            (
                *(Problem(where="directive", message=note) for note in draft.notes),
                Problem(
                    where="criteria",
                    message="nothing could be drafted",
                    hint="say the bound and the metric by its name, or write the file with `journeyman new`",
                ),
            ),
        )
    if not wanted.yes:
        if wanted.as_json or not sys.stdin.isatty():
            say(f"nothing was written; look at the draft, then repeat with --yes to write {wanted.path}", err=True)
            raise typer.Exit(WAITING)
        if not typer.confirm(f"write {wanted.path} with these criteria?", default=False, err=True):
            raise typer.Exit(WAITING)
    _write(wanted.path, whole, mission, draft)


def _skeleton(wanted: DraftRequest) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in wanted.path.stem),
        "directive": wanted.directive,
        "tools": ["*"],
        "budget": {"iterations": 20, "wall_clock_s": 600},
    }
    if wanted.functions:
        plain["functions"] = list(wanted.functions)
    servers: dict[str, Any] = {}
    example = "git='mcp-server-git --repository .'"
    for name, command in named_values(wanted.servers, "--server", form="NAME=COMMAND ARG…", example=example):
        words = shlex.split(command)
        if not words:
            problem = Problem(where="--server", message=f"{name!r} has no command", hint=f"as in {example}")
            raise InvalidInput("the command line", (problem,))
        servers[name] = {"command": words[0], "args": words[1:]}
    if servers:
        plain["servers"] = servers
    return plain


async def _draft(settings: Settings, plain: dict[str, Any], wanted: DraftRequest) -> Draft:
    probe: Mission = validate_mission(
        {**plain, "criteria": [{"id": "draft", "kind": "event", "event": "draft"}]}, what="draft"
    )
    if not (wanted.functions or wanted.servers):
        raise NotFound("a draft needs tools to check with: give --function module:name or --server NAME=COMMAND")
    folder = wanted.path.parent.resolve()
    async with mission_catalog(probe, folder) as catalog:
        tools = await catalog.tools()
        rows = [pinned_tool(probe, tool) for tool in tools]
        effects = {str(row["name"]): str(row["effect"]) for row in rows}
        known = await known_metrics(catalog, tools, effects)
    specs = list(tool_specs(rows).values())
    if not wanted.advisor:
        return await draft_criteria(wanted.directive, specs, known)
    async with opened(settings) as journeyman:
        return await draft_criteria(
            wanted.directive,
            specs,
            known,
            broker=journeyman.broker,
            wanted=(wanted.advisor,),
            draft_id=journeyman.clock.new_id(),
            note=DraftLog(settings.data_dir / settings.tenant / NAME, journeyman.clock).append,
        )


def _show(draft: Draft) -> None:
    made = table("criterion", "kind", "what")
    for row in draft.criteria:
        rest = {key: value for key, value in row.items() if key not in ("id", "kind")}
        made.add_row(str(row["id"]), str(row["kind"]), short(json.dumps(rest), 100))
    say(f"drafted by {draft.source}:")
    print_table(made)
    for note in draft.notes:
        say(f"  note: {note}")


def _write(path: Path, whole: dict[str, Any], mission: Mission, draft: Draft) -> None:
    head = f"# Drafted by {draft.source}; check each criterion. Unmarked tools count as unsafe: see `effects` in the docs.\n"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(head + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))
    except OSError as error:
        raise NotFound(f"cannot write {str(path)!r}: {error.strerror}; choose another name") from None
    say(f"wrote {path}, digest {mission_digest(mission)[:16]}", err=True)
    say(f"next: journeyman check {path}, then journeyman run {path}", err=True)
    say(f"next: journeyman check {path}, then journeyman run {path}", err=True)
