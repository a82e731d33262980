"""The tool of a task: one attempt of its agent, under the key of its effect, and never paid twice.

An attempt that our own end interrupted is not made again: what its agent had left by then counts as what it left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias, cast

import anyio.to_thread

from journeyman.agents.drivers.base import Apprentice, WorkLimits
from journeyman.agents.drivers.events import AgentEvent, Ending, SessionStarted, Usage, UsageReported, clip
from journeyman.apprentices.attempt import AgentAttempt, AttemptOrder, run_attempt
from journeyman.apprentices.attempt_prompt import AttemptBrief, FailedCheck, ReviewerFeedback, attempt_prompt
from journeyman.apprentices.task_folder import AttemptRecord, TaskFolder, mounts_apart
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.task import ATTEMPT, Task
from journeyman.mission.values.canonical import Json, JsonObject, digest_of
from journeyman.mission.values.errors import JourneymanError, NotAllowed
from journeyman.tools.base import CallRequest, CallStatus, Catalog, ForwardingCatalog, Result, Tool, ToolHints
from journeyman.tools.deadline import Deadline
from journeyman.tools.results import failed_result
from journeyman.workspaces.digest import WorkspaceFiles

_SPARE_S: Final = 2.0
"""What is left of the mission's time for looking at what an attempt left."""
_SHOWN_FILES: Final = 40
_SHOWN_CHARS: Final = 1000
_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "feedback": {
            "type": "string",
            "description": "What the agent is to do differently than in its last attempt: concrete, in full sentences.",
        }
    },
    "additionalProperties": False,
}
_DESCRIPTION: Final = (
    "Let the task's coding agent make one attempt. It is told the task, the contract, which checks failed on its last attempt"
    " with what they printed, its changes so far, and the feedback given here."
)
OnAttemptEvent: TypeAlias = Callable[[int, AgentEvent, float], None]
"""Told what an agent does: number of the attempt, the event, seconds since the agent was started."""


def nobody_follows(number: int, event: AgentEvent, at_s: float) -> None:
    """Follow nothing."""
    del number, event, at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWork:
    """What an attempt needs to know of its task."""

    mission: Mission
    task: Task
    origin: Path
    """The mission's folder."""
    folder: TaskFolder
    apprentice: Apprentice


class TaskCatalog(ForwardingCatalog):
    """A mission's tools with the attempts of its task among them."""

    def __init__(
        self,
        inner: Catalog,
        work: TaskWork | None,
        deadline: Deadline | None = None,
        on_event: OnAttemptEvent = nobody_follows,
    ) -> None:
        """A catalog that can only be looked at where there is no `work`."""
        super().__init__(inner)
        self._work = work
        self._deadline = deadline or Deadline()
        self._on_event = on_event
        self._base = ""

    async def tools(self) -> Sequence[Tool]:
        """The inner catalog's tools and `attempt`, by name."""
        definition: JsonObject = {"description": _DESCRIPTION, "input_schema": _SCHEMA, "name": ATTEMPT}
        own = Tool(
            name=ATTEMPT, description=_DESCRIPTION, input_schema=_SCHEMA, pin=digest_of(definition), effect="keyed",
            hints=ToolHints(read_only=False, destructive=False, idempotent=True),
        )  # fmt: skip
        return sorted([*await super().tools(), own], key=lambda tool: tool.name)

    async def handle(self, request: CallRequest) -> Result:
        """Make an attempt, or pass the call on."""
        if request.name != ATTEMPT:
            return await super().handle(request)
        if self._work is None:
            return failed_result("not_allowed", "attempts are made in sessions only: journeyman run")
        began_s = anyio.current_time()
        try:
            record = await self._attempted(self._work, request)
        except (JourneymanError, OSError) as error:
            spent = await anyio.to_thread.run_sync(_spent, self._work.folder, request.key)
            return replace(failed_result("agent_failed", str(error)), tokens=spent.tokens, cost_usd=spent.cost_usd)
        return _result(record, self._work.folder, anyio.current_time() - began_s)

    async def _attempted(self, work: TaskWork, request: CallRequest) -> AttemptRecord:
        folder = work.folder
        records = await anyio.to_thread.run_sync(folder.records)
        known = next((one for one in records if one.key == request.key), None)
        self._base = self._base or str(request.args.get("base", "")) or ("" if known is None else known.base)
        if known is not None and known.ended:
            return known
        if known is None:
            known = AttemptRecord(number=len(records) + 1, key=request.key, agent=work.apprentice.name)
        if known.started:
            known.ended, known.detail = "interrupted", "our process ended while the agent worked"
            return await self._kept(work, known)
        limits = self._limits(records, request.args)

        def prepared() -> AttemptOrder:
            work.folder.begin(work.task, work.origin)
            return _ordered(work, self._own_base(work), known, records, request.args, limits)

        order = await anyio.to_thread.run_sync(prepared)
        known.started, known.base = True, self._base
        folder.write(known)
        result = await run_attempt(work.apprentice, order, lambda event, at_s: self._follow(work, known, event, at_s))
        _take(known, result)
        return await self._kept(work, known)

    def _limits(self, records: Sequence[AttemptRecord], args: Mapping[str, Json]) -> WorkLimits:
        """What one attempt may use: its own limits, and what the mission's budget leaves by the record and by our own count."""
        assert self._work is not None  # noqa: S101 - only called where there is one
        own, budget = self._work.task.limits, self._work.mission.budget
        left_s = self._deadline.left_s()
        wall = float(own.wall_clock_s) if left_s is None else min(float(own.wall_clock_s), left_s - _SPARE_S)
        if wall <= 0:
            raise NotAllowed("the mission's time is over; no attempt was begun", code="no_time_left")
        tokens, cost = sum(one.tokens for one in records), sum(one.cost_usd for one in records)
        left_usd = args.get("microusd_left")
        token_limit = _least(own.tokens, args.get("tokens_left"), budget.tokens and budget.tokens - tokens)
        return WorkLimits(
            wall_clock_s=wall,
            tokens=None if token_limit is None else int(token_limit),
            cost_usd=_least(
                own.cost_usd,
                left_usd / 1_000_000 if isinstance(left_usd, int) else None,
                budget.cost_usd and float(budget.cost_usd) - cost,
            ),
        )

    def _follow(self, work: TaskWork, record: AttemptRecord, event: AgentEvent, at_s: float) -> None:
        if isinstance(event, SessionStarted) and event.session_id:
            record.session_id = event.session_id
            work.folder.write(record)
        elif isinstance(event, UsageReported):
            _count(record, event.usage)
            work.folder.write(record)
        self._on_event(record.number, event, at_s)

    def _own_base(self, work: TaskWork) -> WorkspaceFiles:
        """The files that the task began with; `NotAllowed` where they are others by now, also since an earlier process. Blocks."""
        found = work.folder.base_files()
        self._base = self._base or found.digest
        if found.digest != self._base:
            raise NotAllowed(
                f"the files in {work.folder.base} are not those that the task began with: somebody changed them, so nothing can"
                " be judged by them; begin the task anew",
                code="base_changed",
            )
        return found

    async def _kept(self, work: TaskWork, record: AttemptRecord) -> AttemptRecord:
        """The record of an attempt that is over, with what it left made ready for the checks."""

        def keep() -> AttemptRecord:
            folder, number, base = work.folder, record.number, self._own_base(work)
            inputs = (path for criterion in walk(work.mission.criteria) for path in criterion.inputs())
            named = " ".join([work.mission.directive, *work.task.deliverables, *inputs])
            folder.collect(number)
            try:
                touched = folder.judge(number, work.task, base, named=named)
            except (JourneymanError, OSError) as error:  # too large, say: paid for all the same
                touched = folder.judge(number, work.task, base, named=named, whole=False)
                record.detail = clip(f"what it left cannot be judged: {error}", 300)
            record.touched = [clip(path, 200) for path in touched]
            left = folder.judged_files(number, base)
            record.changed = [clip(change.shown, 200) for change in folder.changes(number, base, left)]
            record.digest = left.digest
            folder.write(record)
            return record

        return await anyio.to_thread.run_sync(keep)


def _ordered(
    work: TaskWork,
    base: WorkspaceFiles,
    record: AttemptRecord,
    records: Sequence[AttemptRecord],
    args: Mapping[str, Json],
    limits: WorkLimits,
) -> AttemptOrder:
    """What the agent is told, and on which files it works. Blocks."""
    folder, task, number = work.folder, work.task, record.number
    place = folder.place(number) / "work"
    if place.exists():  # prepared by a process that ended before its agent began
        remove_folder(place)
    folder.write(record)
    before = records[-1] if records else None
    start = folder.start_of(number, task)
    left = WorkspaceFiles({}) if before is None else folder.judged_files(before.number, base)
    diff = "" if before is None else "".join(change.diff for change in folder.changes(before.number, base, left))
    early = before is not None and before.ended != Ending.FINISHED.value
    brief = AttemptBrief(
        number=number,
        directive=work.mission.directive,
        contract=[
            criterion.sentence()
            for criterion in work.mission.criteria
            if not criterion.is_alarm and any(one.asks_person() is None for one in walk((criterion,)))
        ],
        inputs=(folder.base / "inputs").is_dir(),
        protected=task.protect,
        failed=[
            FailedCheck(asks=str(row.get("asks", "")), found=str(row.get("found", "")))
            for row in _rows(args.get("failed"))
        ],
        feedback=[
            ReviewerFeedback(source=str(row.get("source", "")), text=str(row.get("text", "")))
            for row in _rows(args.get("feedback"))
        ],
        ended=f"{before.ended}: {before.detail}".rstrip(": ") if before is not None and early else "",
        diff=diff,
    )
    prompt = attempt_prompt(brief)
    folder.prompt(number).write_bytes(prompt.encode("utf-8", "replace"))
    return AttemptOrder(
        prompt=prompt, place=place, source=start, carried=base.entries, limits=limits,
        mounts=mounts_apart(task),
    )  # fmt: skip


def _rows(value: Json | None) -> list[JsonObject]:
    """Rows of an argument; a plain text, as scripts give it, is a reviewer's."""
    if isinstance(value, str):
        return [{"source": "script", "text": value}]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _least(*limits: Json) -> float | None:
    """The least of those limits that are numbers."""
    return min((float(limit) for limit in limits if isinstance(limit, (int, float))), default=None)


def _count(record: AttemptRecord, usage: Usage) -> None:
    record.tokens = max(record.tokens, usage.tokens)
    record.cost_usd = max(record.cost_usd, usage.cost_usd or 0.0)


def _take(record: AttemptRecord, result: AgentAttempt) -> None:
    record.ended = result.ended.how.value
    record.detail = clip(result.ended.detail or result.ended.stop_reason, 300)
    record.message = clip(result.message, _SHOWN_CHARS)
    record.duration_s = round(result.counted.duration_s, 3)
    record.tool_calls = result.counted.tool_calls
    record.session_id = result.session_id or record.session_id
    if result.said is not None:
        _count(record, result.said)


def _spent(folder: TaskFolder, key: str) -> AttemptRecord:
    """What an attempt had used when something kept it from its end."""
    try:
        return next(one for one in folder.records() if one.key == key)
    except (JourneymanError, OSError, StopIteration):
        return AttemptRecord(number=0, key=key)


def _result(record: AttemptRecord, folder: TaskFolder, took_s: float) -> Result:
    """What an attempt gave: facts of ours as metrics, the agent's words as what it claims."""
    metrics: JsonObject = {
        ATTEMPT: record.number,
        "changed_files": len(record.changed),
        "touched_files": len(record.touched),
    }
    shown: list[Json] = [*record.changed[:_SHOWN_FILES]]
    value: JsonObject = {
        "agent": record.agent,
        "base": record.base,
        "changed": shown,
        "claim": record.message[:_SHOWN_CHARS],
        "digest": record.digest,
        "ended": record.ended,
        "folder": str(folder.place(record.number)),
        "metrics": metrics,
    }
    if record.detail:
        value["detail"] = record.detail
    if record.touched:
        value["touched"] = cast("Json", record.touched[:_SHOWN_FILES])
    while len(json.dumps(value).encode()) > 3500 and shown:  # kept in the event itself: planner and reports read it
        shown.pop()
        value["changed_more"] = len(record.changed) - len(shown)
    return Result(
        status=CallStatus.DONE, value=value, metrics=metrics, tokens=record.tokens, cost_usd=record.cost_usd,
        duration_s=round(took_s, 6),
    )  # fmt: skip
