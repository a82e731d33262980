"""What a task's second attempt is told, and what each part of it is worth: 40 made repositories, each part cut in turn.

The agent reads nothing but its prompt. Each repository keeps up to three facts from it: one that only the failed check prints,
one that only a person says, one that only the changes so far show. Of 40 repositories 20 need one of them, 20 more than one.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Final
from unittest import mock

import anyio

from benchmarks.report import Meter, Row
from journeyman.agents.drivers.base import WorkOrder
from journeyman.agents.drivers.events import AgentEvent, AgentMessage
from journeyman.apprentices import task_catalog
from journeyman.apprentices.attempt_prompt import AttemptBrief, attempt_prompt
from journeyman.apprentices.task_catalog import TaskCatalog, TaskWork
from journeyman.apprentices.task_folder import TaskFolder
from journeyman.engine import control
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import Engine
from journeyman.engine.runtime import Runtime
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.stores.memory import MemoryStore
from journeyman.testing.scripted_apprentice import ScriptedApprentice
from journeyman.tools.base import Catalog
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

REPOSITORIES: Final = 40
ATTEMPTS: Final = 3
PARTS: Final = ("check", "person", "diff")
Cut = Callable[[AttemptBrief], AttemptBrief]
CUTS: Final[dict[str, Cut]] = {
    "nothing": lambda brief: brief,
    "failed checks": lambda brief: replace(brief, failed=()),
    "feedback": lambda brief: replace(brief, feedback=()),
    "the diff": lambda brief: replace(brief, diff=""),
}
_CHECK: Final = """
import json, pathlib
want = {want}
found = json.loads(pathlib.Path("answer.json").read_text())
if want.get("check") != found.get("check"):
    print("the check wants", want.get("check"))
raise SystemExit(0 if all(found.get(part) == value for part, value in want.items()) else 1)
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """What must be found out."""

    name: str
    wanted: dict[str, str]


def repositories() -> Iterator[Repository]:
    """Each needs one part, or several; drawn from fixed seeds."""
    needs = [set(chosen) for size in (1, 1, 2, 3) for chosen in combinations(PARTS, size)]
    for number in range(REPOSITORIES):
        draw = random.Random(f"feedback:{number}")
        wanted = {part: f"{part}-{draw.randrange(10**9):09}" for part in sorted(needs[number % len(needs)])}
        yield Repository(f"r{number}", wanted)


async def reads(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
    """Answers with what its prompt says, and leaves in its changes what it will need to see there later."""
    told = {part: found[-1] for part in PARTS if (found := re.findall(rf"{part}-\d{{9}}", order.prompt))}
    (order.workspace / "answer.json").write_text(json.dumps(told))
    notes = order.workspace / "notes.txt"
    if not notes.exists():  # what it knew only then
        notes.write_text((order.workspace / "hint.txt").read_text())
        (order.workspace / "hint.txt").unlink()
    yield AgentMessage(text="Done.")


async def solved(repository: Repository, cut: Cut, place: Path) -> int:
    """The attempt that fulfilled the contract; 0 where none did."""
    source = place / "source"
    source.mkdir(parents=True)
    (source / "check.py").write_text(_CHECK.format(want=json.dumps(repository.wanted)))
    (source / "hint.txt").write_text(repository.wanted.get("diff", "nothing"))
    mission = validate_mission(
        {
            "directive": "Write answer.json.",
            "task": {"agent": "scripted", "source": str(source), "protect": ["check.py"]},
            "criteria": [{"id": "answer", "kind": "command", "run": ["python3", "-I", "-S", "check.py"]}],
            "budget": {"iterations": ATTEMPTS},
            "approve": {"attempt": "always"},
        }
    )
    assert mission.task is not None
    task = mission.task

    @asynccontextmanager
    async def opened(wanted: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        work = TaskWork(
            mission=wanted, task=task, origin=folder, folder=TaskFolder(place / "tasks" / session),
            apprentice=ScriptedApprentice(works=(reads,)),
        )  # fmt: skip
        async with open_catalog(functions=[], allow=[]) as inner:
            yield TaskCatalog(inner, work, deadline)

    store, clock = MemoryStore(), SystemClock()

    def shortened(brief: AttemptBrief) -> str:
        return attempt_prompt(cut(brief))

    with mock.patch.object(task_catalog, "attempt_prompt", shortened):
        async with Sandbox(1) as sandbox:
            engine = Engine(
                Runtime(
                    store=store, open_catalog=opened, predicates=Predicates(sandbox), scripts=ScriptRun(sandbox),
                    tasks=place / "tasks",
                )
            )  # fmt: skip
            state = await engine.run(mission, place, session_id="t")
            while state.status is not SessionStatus.ENDED:
                if state.task.last == 1 and not state.people.notes:
                    said = repository.wanted.get("person", "nothing")
                    await control.note(store, clock, "t", "ada", f"Write {said} for person.")
                await control.answer(store, clock, "t", "ada", granted=True)
                state = await engine.drive("t")
    return state.task.last if state.outcome is Outcome.ACHIEVED else 0


def run(progress: Meter) -> list[Row]:
    """All repositories under each cut."""
    found: dict[str, list[int]] = {}
    made = list(repositories())
    for name, cut in CUTS.items():
        progress.start(f"without {name}" if name != "nothing" else "whole", len(made))
        found[name] = []
        for repository in made:
            with tempfile.TemporaryDirectory() as place:
                found[name].append(anyio.run(solved, repository, cut, Path(place)))
            progress.step()
    whole = found.pop("nothing")
    rows = [
        Row("passed in the first attempt", whole.count(1), f"of {REPOSITORIES}", "= 0", whole.count(1) == 0),
        Row("passed in the second attempt", whole.count(2), f"of {REPOSITORIES}", f"= {REPOSITORIES}", whole.count(2) == REPOSITORIES),
    ]  # fmt: skip
    for name, attempts in found.items():
        passed = sum(number > 0 for number in attempts)
        rows.append(
            Row(f"passed without {name}", passed, f"of {REPOSITORIES}", f"< {REPOSITORIES}", passed < REPOSITORIES)
        )
    return rows
