"""What a task keeps on disk: the files that it began with, and each attempt with what it left, told and used.

```
<tenant>/tasks/SESSION/
  base/           workspace/: the source and the assets as the task found them; start/: what a follow-up begins with
  contents/       contents of protected files by their hashes
  attempts/001/   attempt.json (what is known of it), prompt.md, trace.jsonl, changes.diff, output.txt, errors.txt,
                  work/ (its working copy), judged/ (what it left, protected files as in base/: what the checks look at,
                  and where the next attempt begins)
  outputs/        what was put out last; changes.diff: all changes to what the task began with
```
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from journeyman.apprentices.file_changes import FileChange, changes_of
from journeyman.apprentices.task_paths import attempt_folder, judged_folder
from journeyman.apprentices.working_copy import INPUTS, WorkingCopy, files_in, prepare_working_copy
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.model.task import EarlierAttempt, Task
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.whole_files import replacing_file
from journeyman.workspaces.baseline import Baseline, pin_files
from journeyman.workspaces.copying import pristine_copy
from journeyman.workspaces.digest import WorkspaceFiles, read_workspace
from journeyman.workspaces.file_listing import LEFT_OUT, run_git
from journeyman.workspaces.pristine import copy_workspace
from journeyman.workspaces.python_shadows import shadowing

_STATE: Final = "attempt.json"
_WRITTEN: Final = ("trace.jsonl", "changes.diff", "output.txt", "errors.txt")


class AttemptRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known of one attempt."""

    number: int
    key: str
    """Of the effect that it belongs to: an effect has one attempt, however often it is asked for."""
    agent: str = ""
    started: bool = False
    """From here on it may have cost something."""
    session_id: str = ""
    """The agent's own session."""
    tokens: int = 0
    cost_usd: float = 0.0
    ended: str = ""
    """How the agent ended; empty while it works, `interrupted` where our process was killed meanwhile."""
    detail: str = ""
    message: str = ""
    """The last thing that the agent said."""
    duration_s: float = 0.0
    tool_calls: int = 0
    touched: list[str] = field(default_factory=list[str])
    """Protected files and inputs that it changed."""
    changed: list[str] = field(default_factory=list[str])
    """Files that differ from those that the task began with."""
    base: str = ""
    """Digest of the files that the task began with, as they were when it began."""
    digest: str = ""
    """Of what it left, as it was judged."""


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """The folder of one task."""

    root: Path

    @property
    def base(self) -> Path:
        """The files that the task began with."""
        return self.root / "base" / "workspace"

    def place(self, number: int) -> Path:
        """The folder of an attempt."""
        return attempt_folder(self.root, number)

    def prompt(self, number: int) -> Path:
        """What an attempt's agent was told."""
        return self.place(number) / "prompt.md"

    def judged(self, number: int) -> Path:
        """What an attempt left, as checks look at it."""
        return judged_folder(self.root, number)

    def records(self) -> list[AttemptRecord]:
        """All attempts in their order. Raises `RecordBroken`."""
        found = [_read(path) for path in sorted(self.root.glob(f"attempts/*/{_STATE}"))]
        return sorted(found, key=lambda one: one.number)

    def write(self, record: AttemptRecord) -> None:
        """Keep what is known of an attempt; durable when this returns."""
        folder = self.place(record.number)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing_file(folder / _STATE) as file:
            file.write(msgspec.json.encode(record))

    def collect(self, number: int) -> None:
        """Put what was written down of an attempt beside its record: its trace, diff and output. Blocks."""
        for name in _WRITTEN:
            found = self.place(number) / "work" / name
            if found.is_file() and not found.is_symlink():
                found.replace(self.place(number) / name)

    def begin(self, task: Task, origin: Path) -> None:
        """Keep the files that the task begins with, unless they are kept already. Blocks.

        Raises:
            NotFound: The source, an asset or the earlier attempt is not there.
            WorldError: The source changed meanwhile; try again.
        """
        if self.base.exists():
            return
        source, whole = None if task.source is None else origin / task.source, False
        if task.follows is not None:
            earlier = TaskFolder(self.root.parent / task.follows.session)
            source, whole = earlier.base, True
        if source is not None and not source.is_dir():
            raise NotFound(
                f"the task's source {source} is no folder; name the folder to work on", code="source_missing"
            )
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".base.", dir=self.root))
        try:
            assets = [origin / asset for asset in task.assets]
            carried = files_in(source, read_workspace(source).entries).entries if whole and source is not None else None
            prepare_working_copy(draft / "base", source=source, carried=carried, assets=assets, mounts=task.mounts)
            remove_folder(draft / "base" / "before")
            apart = mounts_apart(task)
            if apart:  # as what tools write: no files of the work, though they were put into its repository
                run_git(
                    str(draft / "base" / "workspace"), "rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", *apart
                )
            if task.follows is not None:
                self._carry_over(task.follows, task, draft / "base")
            remove_folder(self.root / "base")
            (draft / "base").replace(self.root / "base")
        finally:
            remove_folder(draft)

    def _carry_over(self, earlier: EarlierAttempt, task: Task, base: Path) -> None:
        """Make the files with which a follow-up begins: what the earlier attempt left, with the inputs of both."""
        left = TaskFolder(self.root.parent / earlier.session).judged(earlier.attempt)
        if not left.is_dir():
            raise NotFound(
                f"attempt {earlier.attempt} of {earlier.session} is not there any more: {left}", code="attempt_missing"
            )
        files = files_in(left, _own_files(TaskFolder(self.root.parent / earlier.session).base).entries)
        own = base / "workspace"
        copy_workspace(left, files, base / "start", baseline=self._baseline(task, own, _own_files(own)))

    def start_of(self, number: int, task: Task) -> Path:
        """The files with which an attempt begins: those of the newest one before it that left some."""
        for earlier in range(number - 1, 0, -1):
            if self.judged(earlier).is_dir():
                return self.judged(earlier)
        return self.base if task.follows is None else self.root / "base" / "start"

    def base_files(self) -> WorkspaceFiles:
        """The files that the task began with. Blocks."""
        return _own_files(self.base)

    def judged_files(self, number: int, base: WorkspaceFiles) -> WorkspaceFiles:
        """What an attempt left, as checks look at it; paths of `base` count wherever they lie. Blocks."""
        return files_in(self.judged(number), base.entries)

    def judge(self, number: int, task: Task, base: WorkspaceFiles, *, named: str = "", whole: bool = True) -> list[str]:
        """Make what the checks look at of what an attempt left; give the protected files that it had changed. Blocks.

        Files that stand before Python's own modules are left out, but for those that `named` names. Not `whole`, it counts as an attempt that left nothing. Raises `JourneymanError` where it cannot be copied.
        """
        judged, workspace = self.judged(number), self.place(number) / "work" / "workspace"
        if judged.exists():
            remove_folder(judged)
        draft = judged.with_name(".judged")
        if draft.exists():
            remove_folder(draft)
        files = files_in(workspace, base.entries) if whole else WorkspaceFiles({})
        baseline = self._baseline(task, self.base, base, shadowing(files.entries, base.entries, named))
        if files.entries:
            touched = copy_workspace(workspace, files, draft, baseline=baseline)
        else:  # nothing, or not even the folder, is left
            draft.mkdir(parents=True)
            touched = baseline.restore(files, draft)
        for mount in mounts_apart(task):
            if (self.base / mount).is_dir():
                pristine_copy(self.base / mount, draft / mount)
        draft.replace(judged)
        return [one.path for one in touched]

    def changes(self, number: int, base: WorkspaceFiles, left: WorkspaceFiles) -> tuple[FileChange, ...]:
        """How the files that an attempt left differ from those that the task began with. Blocks."""
        return changes_of(WorkingCopy(folder=self.judged(number), before=self.base, files=base), left)

    def _baseline(self, task: Task, base: Path, files: WorkspaceFiles, more: Sequence[str] = ()) -> Baseline:
        contents = self.root / "contents"
        contents.mkdir(mode=0o700, exist_ok=True)
        return pin_files(base, files, [*task.protect, f"{INPUTS}/**", *more], contents)


def _own_files(base: Path) -> WorkspaceFiles:
    """The files of the copy that the task began with: it is a repository of ours, so git tells what counts wherever it lies."""
    return files_in(base, read_workspace(base).entries)


def mounts_apart(task: Task) -> list[str]:
    """The mounts that are passed by where files are listed, and so must be given to each copy by themselves."""
    return [mount for mount in task.mounts if not LEFT_OUT.isdisjoint(Path(mount).parts)]


def _read(path: Path) -> AttemptRecord:
    try:
        return msgspec.json.decode(path.read_bytes(), type=AttemptRecord)
    except (OSError, msgspec.MsgspecError) as error:
        raise RecordBroken(f"{path} cannot be read: {error}; restore it, or fork the session") from None
