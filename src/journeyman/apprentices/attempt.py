"""One attempt of an agent: a working copy, the agent at work in it, and what became of it.

How it ended is no verdict: whether the work is good is for checks to tell, on the files that `AgentAttempt` points to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio.to_thread
import msgspec

from journeyman.agents.drivers.base import Apprentice, AskPerson, WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.confinement import Confinement
from journeyman.agents.drivers.events import AgentEnded, AgentEvent, Usage, clip
from journeyman.agents.drivers.permissions import PermissionPolicy
from journeyman.apprentices.file_changes import FileChange, UnlistedChange, changes_of, unlisted_changes
from journeyman.apprentices.trace import TraceBuilder
from journeyman.apprentices.working_copy import WorkingCopy, files_of, prepare_working_copy
from journeyman.concurrency.folder_removal import remove_folder

MOST_DIFF_CHARS: Final = 64_000
"""Of all diffs in a result; the file beside it has them whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOrder:
    """What an agent is to do, on what."""

    prompt: str = field(repr=False)
    place: Path
    """A folder for all that belongs to this attempt; it must not exist yet."""
    source: Path | None = None
    """What is worked on; `None` where there are only assets."""
    carried: Collection[str] | None = None
    """Where the source is what an earlier attempt left: paths that count wherever they lie; ignored files come along, too."""
    assets: Sequence[Path] = ()
    mounts: Sequence[str] = ()
    """Build folders of the source that the work needs and git ignores."""
    resume: str = ""
    """The agent's session to go on with …"""
    used_before: Usage | None = None
    """… and what that session had used in all attempts before. Some agents tell the sum over a session: without this it would
    count against the limits of this attempt alone, which are for this attempt."""
    limits: WorkLimits = field(default_factory=WorkLimits)
    policy: PermissionPolicy = field(default_factory=PermissionPolicy)
    ask_person: AskPerson | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUsage:
    """What we counted ourselves, whatever the agent says."""

    duration_s: float
    tool_calls: int
    output_bytes: int
    """That it wrote to its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAttempt:
    """What is known after an attempt."""

    ended: AgentEnded
    workspace: Path
    """The files as the agent left them."""
    base_digest: str
    """Of the files before it began …"""
    digest: str
    """… and after it ended."""
    changes: tuple[FileChange, ...] = field(repr=False)
    diff: str = field(repr=False)
    """All changes as one diff, cut to `MOST_DIFF_CHARS`; what has no diff is in `changes`."""
    inputs_touched: tuple[str, ...] = ()
    """Inputs that the agent changed, though it was given them to read."""
    mounts_touched: tuple[str, ...] = ()
    """Build folders in which it wrote, though it was given them to use: not to be used for checks."""
    unlisted: tuple[UnlistedChange, ...] = ()
    """Folders that tools write, such as `__pycache__` and `node_modules`, in which it wrote: nobody has looked into them, and
    they are in no digest and no diff. Copies for checks must leave them away."""
    said: Usage | None = None
    """What the agent says that it used; `None` where it does not."""
    counted: CountedUsage
    confinement: Confinement | None = None
    """What held of the agent's program; `None` where it has none."""
    session_id: str = ""
    message: str = field(default="", repr=False)
    """The last thing that the agent said."""
    diff_path: Path
    trace_path: Path
    """`TraceStep` by `TraceStep`, a line of JSON each."""
    raw_path: Path
    """The agent's output as it came; the middle of a long one is left out, and said so."""
    errors_path: Path
    """The end of what it wrote to standard error."""


async def run_attempt(
    apprentice: Apprentice,
    order: AttemptOrder,
    on_event: Callable[[AgentEvent, float], None] = lambda _event, _at_s: None,
) -> AgentAttempt:
    """Put an agent to work in a copy of its own. Cancelling ends it; what it did until then is in the place.

    Args:
        apprentice: The agent.
        order: What it is to do.
        on_event: Told each event as it comes, with the seconds since the agent was started.

    Raises:
        NotFound: Its program or an asset is not there.
        NotAllowed: The place is taken, or the source cannot be copied so.
        WorldError: The source changes while it is copied, or a file cannot be read.
    """
    copy = await anyio.to_thread.run_sync(
        lambda: prepare_working_copy(
            order.place, source=order.source, carried=order.carried, assets=order.assets, mounts=order.mounts
        ),
        abandon_on_cancel=True,
    )
    trace, began_s = TraceBuilder(str(copy.folder)), time.monotonic()
    work = WorkOrder(
        prompt=order.prompt, workspace=copy.folder, limits=order.limits, policy=order.policy, ask_person=order.ask_person,
        resume=order.resume, used_before=order.used_before,
    )  # fmt: skip
    async with apprentice.start(work) as session:
        async for event in session.follow():
            at_s = time.monotonic() - began_s
            trace.see(event, at_s)
            on_event(event, at_s)
        result = await session.collect()
    return await anyio.to_thread.run_sync(
        lambda: _concluded(apprentice.name, order.place, copy, trace, result), abandon_on_cancel=True
    )


def _concluded(name: str, place: Path, copy: WorkingCopy, trace: TraceBuilder, result: WorkResult) -> AgentAttempt:
    """Look at the files, and write down what there was. Blocks."""
    seen = files_of(copy)
    after, changes, unlisted = seen.listed, changes_of(copy, seen.listed), unlisted_changes(copy, seen.unlisted)
    diff = "".join(change.diff for change in changes)
    paths = {what: place / what for what in ("changes.diff", "trace.jsonl", "output.txt", "errors.txt")}
    _write(paths["changes.diff"], [diff.encode("utf-8", "replace")])
    _write(paths["output.txt"], [result.raw])
    _write(paths["errors.txt"], [result.errors])
    rows: list[object] = [
        *trace.steps(changes, unlisted, result, name),
        *([{"left_out": trace.left_out}] * bool(trace.left_out)),
    ]
    _write(paths["trace.jsonl"], (msgspec.json.encode(row) + b"\n" for row in rows))
    under = tuple(f"{path}/" for path in copy.inputs)
    touched = [change.path for change in changes if change.path in copy.inputs or change.path.startswith(under)]
    return AgentAttempt(
        ended=result.ended, workspace=copy.folder, base_digest=copy.files.digest, digest=after.digest, changes=changes,
        diff=clip(diff, MOST_DIFF_CHARS), inputs_touched=tuple(touched) if copy.inputs else (), unlisted=unlisted,
        mounts_touched=tuple(change.path for change in unlisted if change.path in copy.mounts), said=result.usage,
        counted=CountedUsage(
            duration_s=result.duration_s, tool_calls=result.tool_calls, output_bytes=result.raw_bytes
        ),
        confinement=result.confinement, session_id=result.session_id, message=result.message, diff_path=paths["changes.diff"],
        trace_path=paths["trace.jsonl"], raw_path=paths["output.txt"], errors_path=paths["errors.txt"],
    )  # fmt: skip


def _write(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file anew: whatever an agent has put in its place, such as a link to another one, is not written to."""
    if file.is_dir() and not file.is_symlink():
        remove_folder(file)
    file.unlink(missing_ok=True)
    with file.open("xb") as out:
        out.writelines(parts)
