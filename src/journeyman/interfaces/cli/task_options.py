"""The arguments and options of `task`, `follow-up` and `finish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from journeyman.tasks.options import MOST_ATTEMPTS, MentorMode

TaskArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="TASK", help="What is to be done, in words; left out with --from.")
]
FromOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help='Many tasks: one JSON object a line, {"task", "id", "assets", "checks", "deliverables"}. Again, it goes on where it was.',
    ),
]
ParallelOption: TypeAlias = Annotated[
    int, typer.Option("--parallel", metavar="N", min=1, max=64, help="Most tasks at once, with --from.")
]
AgentOption: TypeAlias = Annotated[
    str, typer.Option("--agent", metavar="NAME", help="Who does it: `journeyman agents` lists them.")
]
SourceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--source",
        metavar="DIR",
        help="Folder to work on, of which each attempt gets a copy; this one where it is a git repository.",
    ),
]
EmptyOption: TypeAlias = Annotated[
    bool, typer.Option("--empty", help="Begin in an empty folder, with the assets alone.")
]
AssetOption: TypeAlias = Annotated[
    list[Path],
    typer.Option(
        "--asset", "-a", metavar="PATH", help="File or folder that the agent is given to read, under inputs/."
    ),
]
CheckOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--check", metavar="COMMAND", help="Must exit with 0 on what the agent leaves; never run by a shell."),
]
FileOption: TypeAlias = Annotated[
    list[str], typer.Option("--file", metavar="NAME", help="A file that must be there afterwards, and not be empty.")
]
ProtectOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--protect", metavar="PATTERN", help="Files that the checks use as they were; proposed otherwise."),
]
MountOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--mount", metavar="DIR", help="Build folder that git ignores and the work needs: node_modules."),
]
MentorOption: TypeAlias = Annotated[
    MentorMode | None,
    typer.Option("--mentor", help="Who reviews attempts besides the checks; nobody when left out."),
]
MentorAdvisorOption: TypeAlias = Annotated[
    str, typer.Option("--mentor-advisor", metavar="NAME", help="The model that reviews: an advisor of the settings.")
]
AttemptsOption: TypeAlias = Annotated[
    int | None, typer.Option("--attempts", metavar="N", min=1, help=f"Most attempts; {MOST_ATTEMPTS} when left out.")
]
TimeoutOption: TypeAlias = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Most time for one attempt.")
]
TokensOption: TypeAlias = Annotated[
    int | None, typer.Option("--tokens", metavar="N", min=1, help="Most tokens in all, the mentor's too.")
]
CostOption: TypeAlias = Annotated[
    float | None, typer.Option("--cost", metavar="USD", min=0, help="Most money in all, in US dollars.")
]
DestinationOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", metavar="DIR", help="Folder for the best attempt's files; artifacts/NAME otherwise."),
]
TaskIdOption: TypeAlias = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="The session's id; the date and words of the task otherwise.")
]
TaskDryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Print the mission that the task stands for, and start nothing.")
]
NdjsonOption: TypeAlias = Annotated[
    bool, typer.Option("--ndjson", help="Print each event as one line of JSON as it happens.")
]
