"""What is wrong with a task's options, all of it at once and before anything is started."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from journeyman.apprentices.working_copy import INPUTS
from journeyman.config import Settings
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem
from journeyman.tasks.options import TaskOptions

_NEVER: Final = frozenset({"..", ".git"})


def refuse_unfit(options: TaskOptions, settings: Settings, checks: Sequence[Sequence[str]]) -> None:
    """Raise where the options cannot lead to a task.

    Args:
        options: Those of the task.
        settings: Where sessions are kept.
        checks: The words of each check.

    Raises:
        NotFound: The source or an asset is not there.
        NotAllowed: Records lie in what is worked on.
        InvalidInput: With every option that does not fit.
    """
    missing = [str(path) for path in options.assets if not path.exists()]
    if missing:
        raise NotFound(f"no such asset: {', '.join(missing)}; nothing was started", code="asset_missing")
    data = settings.data_dir.resolve()
    if options.source is not None:
        if not options.source.is_dir():
            raise NotFound(
                f"{options.source} is no folder; --source names the folder to work on", code="source_missing"
            )
        if data.is_relative_to(options.source.resolve()):
            raise NotAllowed(
                f"the data folder {settings.data_dir} lies in {options.source}, so that copies of it would hold records and"
                " attempts: keep it elsewhere with --data-dir or JOURNEYMAN_DATA_DIR",
                code="data_in_source",
            )
    problems = [
        *_assets(options.assets, data),
        *_files(options.files),
        *_output(options, data),
        *_patterns("--protect", options.protect, "name files below the folder, such as tests/**"),
        *_patterns("--mount", options.mounts, "name a folder below the source that git ignores, such as node_modules"),
        *_programs(checks, options.source),
    ]
    if problems:
        raise InvalidInput("the command line", tuple(problems))


def _assets(assets: Sequence[Path], data: Path) -> Iterator[Problem]:
    for asset in assets:
        if not asset.is_file() and not asset.is_dir():
            hint = "give a file or a folder"
            yield Problem(where="--asset", message=f"{asset} is a pipe, a device or a socket", hint=hint)
        elif data.is_relative_to(asset.resolve()):
            hint = "keep records elsewhere with --data-dir or JOURNEYMAN_DATA_DIR"
            yield Problem(where="--asset", message=f"the data folder {data} lies in {asset}", hint=hint)


def _files(files: Sequence[str]) -> Iterator[Problem]:
    for path in files:
        parts = Path(path).parts
        if not parts or Path(path).is_absolute() or _NEVER & {*parts} or parts[0] == INPUTS:
            hint = "name a file in the agent's folder, such as report.md"
            yield Problem(where="--file", message=f"{path!r} is no file that the agent could make", hint=hint)


def _output(options: TaskOptions, data: Path) -> Iterator[Problem]:
    """The outputs replace a folder as a whole: none that holds anything else."""
    if options.output is None:
        return
    place, hint = options.output.absolute().resolve(), "name a folder of its own, such as artifacts"
    around = [Path.cwd().resolve(), *([options.source.resolve()] if options.source is not None else [])]
    file = next((one for one in (place, *place.parents) if one.exists() and not one.is_dir()), None)
    if file is not None:
        yield Problem(where="--output", message=f"{file} is no folder", hint=hint)
    if any(one.is_relative_to(place) for one in around) or place.is_relative_to(data):
        message = f"{options.output} holds other things, and outputs replace it as a whole"
        yield Problem(where="--output", message=message, hint=hint)


def _patterns(where: str, patterns: Sequence[str], hint: str) -> Iterator[Problem]:
    for pattern in patterns:
        parts = PurePosixPath(pattern).parts
        if not parts or PurePosixPath(pattern).is_absolute() or _NEVER & {*parts}:
            yield Problem(where=where, message=f"{pattern!r} is not below the folder that is worked on", hint=hint)
        elif where == "--protect" and "[" in pattern:
            message = f"{pattern!r} has no meaning for '['"
            yield Problem(where=where, message=message, hint="`*` and `?` stand for parts of a name, `**` for folders")


def _programs(checks: Sequence[Sequence[str]], source: Path | None) -> Iterator[Problem]:
    """A check's program is there; one that is called by a path may come with the work."""
    for words in checks:
        program = words[0]
        if "/" in program or shutil.which(program) is not None:
            continue
        here = source is not None and (source / program).is_file()
        hint = f"say ./{program}" if here else "install it, or give the path of a file in the work"
        yield Problem(where="--check", message=f"no program {program!r} is on the PATH", hint=hint)
