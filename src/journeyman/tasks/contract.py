"""The mission that a task on the command line stands for: contract, agent, mentor, budget."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final, cast

from journeyman.apprentices.intake import Intake, read_task
from journeyman.config import Settings
from journeyman.guard.proposals import propose_guard
from journeyman.guard.proposed_protection import propose_protection
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import MAX_DIRECTIVE_CHARACTERS, Mission
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tasks.option_checks import refuse_unfit
from journeyman.tasks.options import TaskOptions
from journeyman.wiring import advisor_problems
from journeyman.workspaces.file_listing import listed_files

_WORD: Final = re.compile(r"[a-z0-9]+")
_MOST_NAME: Final = 40
_CHECK_S: Final = 600
_STALLED: Final = 2
"""Attempts without a gain, after which one more series as long is made, and then none."""


def words_of(text: str) -> str:
    """A task's first words as a name: for lists, ids and the folder of its outputs."""
    name = ""
    for word in _WORD.findall(text.lower()):
        longer = f"{name}-{word}" if name else word
        if len(longer) > _MOST_NAME:
            break
        name = longer
    return name or "task"


def task_mission(text: str, options: TaskOptions, settings: Settings) -> Mission:
    """The mission of a task.

    Raises:
        InvalidInput: The task says nothing that can be checked, or an option does not fit.
        NotFound: A folder or an asset is not there.
    """
    refuse_unfit(options, settings, [_split(line) for line in options.checks])
    if len(text) > MAX_DIRECTIVE_CHARACTERS:
        message = f"has {len(text)} characters, at most {MAX_DIRECTIVE_CHARACTERS} are allowed"
        raise _wrong("the task", message, "put the details into a file and give it with --asset")
    paths = listed_files(options.source) if options.source is not None else []
    intake = read_task(text, [*paths, *(asset.name for asset in options.assets)])
    criteria, protect, mounts = _contract(options, intake, paths)
    advisor = _mentor(options, settings)
    if options.mentor is not None and options.mentor.asks_person:
        question = "are the outputs as they should be?"
        criteria.append({"id": "final_approval", "kind": "approval", "by": options.who, "question": question})
    if not criteria:
        raise _wrong(
            "the task", "says nothing that a machine can check",
            "name a file that it makes, give --check 'COMMAND' or --file NAME, or let a person decide: --mentor expert-led",
        )  # fmt: skip
    name = words_of(text)
    task: JsonObject = {"agent": options.agent, "limits": {"wall_clock_s": options.timeout_s}}
    task |= {"source": str(options.source)} if options.source is not None else {}
    task |= {"follows": options.follows} if options.follows else {}
    lists = {"assets": [str(asset.absolute()) for asset in options.assets], "protect": protect, "mounts": mounts}
    task |= {key: cast("Json", rows) for key, rows in lists.items() if rows}
    task["output"] = str(options.output or Path("artifacts", name))
    budget: JsonObject = {"iterations": options.attempts}
    budget |= {"tokens": options.tokens} if options.tokens is not None else {}
    budget |= {"cost_usd": options.cost_usd} if options.cost_usd is not None else {}
    data: JsonObject = {
        "name": name, "directive": text, "task": task, "criteria": criteria, "budget": budget, "advisor": advisor,
        "stagnation": {"threshold": _STALLED},
        "approve": {"attempt": "always"} if options.mentor is not None and options.mentor.asks_person else "never",
    }  # fmt: skip
    mission = validate_mission(data, what="the task")
    if problems := advisor_problems(settings, mission):
        raise InvalidInput("the task", problems)
    return mission


def _contract(options: TaskOptions, intake: Intake, paths: list[str]) -> tuple[list[Json], list[str], list[str]]:
    """The criteria, the patterns that are protected, and the mounts."""
    criteria: list[Json] = [*options.criteria]
    taken = {str(row.get("id")) for row in criteria if isinstance(row, dict)}
    protect, mounts = list(options.protect), list(options.mounts)
    for path in options.files or (() if options.checks or options.criteria else intake.files):
        row: JsonObject = {"id": _id(path, taken), "kind": "artifact", "path": path}
        criteria.append(row | ({"regex": r"\S"} if Intake.is_text(path) else {}))
    programs: list[str] = []
    for words in map(_split, options.checks):
        programs.append(words[0])
        criteria.append(
            {
                "id": _id(Path(words[0]).name, taken),
                "kind": "command",
                "run": cast("Json", words),
                "timeout_s": _CHECK_S,
            }
        )
    if options.source is None:
        return criteria, protect, mounts
    if not options.checks and not options.criteria and intake.tests:
        found = propose_guard(options.source)
        mounts += [mount for mount in found.mount if mount not in mounts]
        for check in found.checks:
            if check.id.startswith("tests"):
                programs.append(check.run[0])
                row = {"id": _id(check.id, taken), "kind": "command", "run": [*check.run], "timeout_s": check.timeout_s}
                if check.passed_at_least is not None:
                    row["junit"] = {"passed_at_least": check.passed_at_least}
                criteria.append(row)
    if programs and not options.protect:
        rows = propose_protection(options.source, paths, programs, (), options.checks)
        proposed = [row.pattern for row in rows if not (intake.new_tests and "test" in row.pattern)]
        protect = list(dict.fromkeys([*protect, *proposed]))
    return criteria, protect, mounts


def _id(words: str, taken: set[str]) -> str:
    """An id for a criterion that no other one has."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", words).strip("_")[:40] or "check"
    stem = stem if stem[0].isalpha() else f"f_{stem}"
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name


def _split(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise _wrong("--check", f"{line!r} cannot be read: {error}", "quote it as for a shell") from None
    if not words:
        raise _wrong("--check", "is empty", "give a command, such as --check 'pytest -q'")
    return words


def _mentor(options: TaskOptions, settings: Settings) -> str:
    """The advisor that reviews, or `none`."""
    if options.mentor is None or not options.mentor.asks_model:
        if options.mentor_advisor:
            hint = "add --mentor model-assisted, or hybrid"
            raise _wrong("--mentor-advisor", f"{options.mentor_advisor!r} would not be asked", hint)
        return "none"
    if options.mentor_advisor:
        return options.mentor_advisor
    names = sorted(settings.advisors)
    if len(names) == 1:
        return names[0]
    known = ", ".join(names) or "none are configured"
    raise _wrong(
        "--mentor",
        f"{options.mentor.value} asks a model, and it is not clear which ({known})",
        "name it with --mentor-advisor",
    )


def _wrong(where: str, message: str, hint: str) -> InvalidInput:
    return InvalidInput("the command line", (Problem(where=where, message=message, hint=hint),))
