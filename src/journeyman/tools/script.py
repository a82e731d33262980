"""Run a mission's script in the sandbox, step by step: each step ends at the tool calls that the script waits for.

A step is a pure function: `start` of its arguments, `resume` of a snapshot and results. Nothing lives between two
steps but the snapshot's bytes, so a crash costs nothing: whoever has the bytes resumes, in any process, and the same
results always lead to the same next calls. Keep the snapshot in the same commit as the intents of its calls.

Inside, allowed tools are async functions that take keyword arguments (`await git_log(repo="x")` calls `git.log`) and
give the result's value; a call that failed raises `RuntimeError`, which the script may catch. `mission.observe(key,
value)` and `mission.event(name, **fields)` report, awaited or not. The value of the last expression, or what a
top-level `return` gives, is the script's value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast

import pydantic_monty as monty

from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.mission.values.name_patterns import script_name
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.sandbox import Sandbox, SandboxFault, WorkerCheckout, fault_of, limits
from journeyman.tools.script_check import script_problems, size_problem
from journeyman.tools.script_state import ScriptCall, ScriptLimits, ScriptState

_PRELUDE: Final = """
import json as _json
def _tool(name):
    def call(*args, **kwargs):
        if args:
            raise TypeError(name + ' takes keyword arguments only; write each one as name=value')
        return _call(name, _json.dumps(kwargs, allow_nan=False))
    return call
class _Mission:
    def observe(self, key, value):
        if not isinstance(key, str):
            raise TypeError('mission.observe(key, value) takes a text as key')
        return _observe(_json.dumps([key, value], allow_nan=False))
    def event(self, name, **fields):
        if not isinstance(name, str):
            raise TypeError('mission.event(name, **fields) takes a text as name')
        return _event(_json.dumps([name, fields], allow_nan=False))
mission = _Mission()
"""
_SOURCE: Final = "<python-input-1>"
"""What Monty calls the script in tracebacks: the second feed, after the prelude."""
_REPORT: Final = re.compile(r"<coroutine external_future\(\d+\)>")
_COROUTINE: Final = re.compile(r"<coroutine .*>")
"""How Monty shows a report, and an async function of the script, that nobody awaited."""
_SETTLED: Final[monty.ExternalReturnValue] = {"return_value": None}


@dataclass(frozen=True, slots=True)
class ScriptReports:
    """What a script reported so far, from its start."""

    reported: tuple[tuple[str, Json], ...] = ()
    """Names and values in the order of their reports."""
    events: tuple[JsonObject, ...] = ()
    """Each with its `name` and the fields that were given."""
    output: str = ""
    """What it printed."""
    calls_made: int = 0


@dataclass(frozen=True, slots=True)
class ScriptPending:
    """The script waits for the results of all these calls."""

    calls: tuple[ScriptCall, ...]
    snapshot: bytes = field(repr=False)
    recorded: ScriptReports


@dataclass(frozen=True, slots=True)
class ScriptFinished:
    """The script ended by itself."""

    value: Json
    recorded: ScriptReports


@dataclass(frozen=True, slots=True)
class ScriptFailed:
    """The script ended otherwise; what it reported before stays true."""

    error_class: str
    """`syntax`, `exception`, `time_limit`, `memory_limit`, `source_limit`, `calls_limit`, `recorded_limit`,
    `suspension_limit`, `not_awaited`, `not_json`, `snapshot_unreadable` or `crashed`."""
    error: str
    line: int | None
    recorded: ScriptReports


Step: TypeAlias = ScriptPending | ScriptFinished | ScriptFailed


class _Stop(Exception):
    """The script asked for more than it may."""

    def __init__(self, error_class: str, error: str) -> None:
        super().__init__(error)
        self.fault = SandboxFault(error_class, error)


def script_names(tools: Sequence[str]) -> dict[str, str]:
    """The name in scripts of each tool, `git.log` being `git_log`; raises `InvalidInput` where two become one."""
    names: dict[str, str] = {}
    problems: list[Problem] = []
    for tool in tools:
        name = script_name(tool)
        if name in names:
            problems.append(Problem(where=tool, message=f"has the same name in scripts as {names[name]!r}: {name}"))
        names[name] = tool
    if problems:
        raise InvalidInput("the list of tools for scripts", tuple(problems), code="script_name_collision")
    return names


class ScriptRun:
    """Starts and resumes scripts. Raises only `Unavailable` (no worker can start) and errors of the caller."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def start(self, source: str, tools: Sequence[str], limits: ScriptLimits | None = None) -> Step:
        """Run `source` until it waits for calls of `tools`, or ends."""
        state = ScriptState(limits=limits or ScriptLimits(), tools=tuple(tools))
        names = script_names(tools)
        problem = size_problem(source, "script", state.limits.source_bytes)
        if problem is not None:
            return ScriptFailed("source_limit", str(problem), None, ScriptReports())
        return await self._sandbox.run(lambda turn: _start(turn, source, names, state))

    async def resume(self, snapshot: bytes, results: Mapping[int, Result]) -> Step:
        """Run on with the results of the pending calls, by `call_id`, until it waits again or ends.

        Raises `NotFound` for a result that no call waits for. Where some results are missing, the script runs as far as it can without them; the next `ScriptPending` names them.
        """
        return await self._sandbox.run(lambda turn: _resume(turn, snapshot, results))

    async def check(self, source: str, tools: Sequence[str], limits: ScriptLimits | None = None) -> tuple[Problem, ...]:
        """Everything that is wrong with `source` without running it; empty when it can run."""
        names = script_names(tools)
        allowed = limits or ScriptLimits()
        problem = size_problem(source, "script", allowed.source_bytes)
        if problem is not None:
            return (problem,)
        parsed = await self._sandbox.run(lambda turn: _compiled(turn, source, allowed))
        return parsed or script_problems(source, names)


def _compiled(turn: WorkerCheckout, source: str, allowed: ScriptLimits) -> tuple[Problem, ...]:
    try:
        with turn.checkout(limits(allowed.time_s, allowed.memory_bytes)) as session:
            session.feed_run(f"return\n{source}")
    except monty.MontyError as error:
        fault = fault_of(error, 1)
        at = f" at column {fault.column}" if fault.column else ""
        return (Problem(where="script", message=fault.error + at, line=fault.line),)
    return ()


def _start(turn: WorkerCheckout, source: str, names: Mapping[str, str], state: ScriptState) -> Step:
    allowed = state.limits
    bound = "".join(f"{name} = _tool({tool!r})\n" for name, tool in names.items())
    # Each report is one suspension, each call two: its own and the wait.
    suspensions = 1000 + 2 * allowed.calls + allowed.recorded_bytes // 16
    try:
        bounds = limits(allowed.time_s, allowed.memory_bytes, suspensions)
        with turn.checkout(bounds) as session:
            session.feed_run(_PRELUDE + bound)
            return _drive(state, session.feed_start(source, print_callback=state.printed))
    except monty.MontyError as error:
        return _failed(fault_of(error, 0, _SOURCE), state)
    except _Stop as stop:
        return _failed(stop.fault, state)


def _resume(turn: WorkerCheckout, snapshot: bytes, results: Mapping[int, Result]) -> Step:
    try:
        state, dump = ScriptState.unpacked(snapshot)
    except ValueError as error:
        return ScriptFailed("snapshot_unreadable", str(error), None, ScriptReports())
    strangers = results.keys() - state.pending.keys()
    if strangers:
        waiting_ids = ", ".join(map(str, state.pending))
        raise NotFound(f"the script has no pending call {min(strangers)}; pending: {waiting_ids}")
    bounds = limits(state.limits.time_s, state.limits.memory_bytes)
    with turn.checkout(bounds) as session:
        try:
            waiting = session.load_snapshot(dump, print_callback=state.printed)
        except monty.MontyError as error:
            text = f"the snapshot was written by another version of the sandbox or is damaged ({error}); start again"
            return _failed(SandboxFault("snapshot_unreadable", text), state)
        try:
            answers = {call.call_id: _answer(call, results[call.call_id]) for call in state.take(results)}
            return _drive(state, cast("monty.FutureSnapshot", waiting).resume(answers))
        except monty.MontyError as error:
            return _failed(fault_of(error, 0, _SOURCE), state)
        except _Stop as stop:
            return _failed(stop.fault, state)


def _answer(call: ScriptCall, result: Result) -> monty.ExternalSettledResult:
    if result.status is CallStatus.DONE:
        return {"return_value": result.value}
    text = f"{call.tool} {result.status}: {result.error_class}: {result.error}"
    return {"exc_type": "RuntimeError", "message": text}


def _drive(state: ScriptState, snapshot: monty.SyncSnapshot) -> Step:
    """Answer reports at once and calls with a future, until the script can do nothing more without results."""
    unsettled: set[int] = set()
    while True:
        if isinstance(snapshot, monty.MontyComplete):
            return _finished(state, snapshot)
        if isinstance(snapshot, monty.FunctionSnapshot):
            if snapshot.is_os_function:
                snapshot = snapshot.resume_not_handled()
                continue
            if not _noted(state, snapshot):
                unsettled.add(snapshot.call_id)
            snapshot = snapshot.resume({"future": ...})
        elif isinstance(snapshot, monty.NameLookupSnapshot):
            snapshot = snapshot.resume()
        elif unsettled.intersection(snapshot.pending_call_ids):
            reports = unsettled.intersection(snapshot.pending_call_ids)
            unsettled -= reports
            snapshot = snapshot.resume(dict.fromkeys(reports, _SETTLED))
        else:
            return _pending(state, snapshot)


def _pending(state: ScriptState, snapshot: monty.FutureSnapshot) -> Step:
    if not state.pending:
        return _failed(SandboxFault("exception", "the script waits for something that never comes"), state)
    return ScriptPending(tuple(state.pending.values()), state.packed(snapshot.dump()), _recorded(state))


def _noted(state: ScriptState, snapshot: monty.FunctionSnapshot) -> bool:
    """Take a call or a report into the state; true for a call, which needs a result."""
    name = snapshot.function_name
    try:
        values = cast("list[object]", [json.loads(value) for value in snapshot.args[-1:]])
        value = checked(values[0])
    except (IndexError, TypeError, ValueError, RecursionError) as error:
        raise _Stop("not_json", f"{name} was given what is not JSON: {str(error)[:300]}") from None
    size = len(cast("str", snapshot.args[-1]))
    if name == "_call":
        return _noted_call(state, snapshot, value)
    match value:
        case [str(key), reported] if name in {"_observe", "_event"}:
            pass
        case _:
            raise _Stop("exception", f"{name} is not for scripts; call mission.observe or mission.event")
    if state.recorded_bytes + size > state.limits.recorded_bytes:
        raise _Stop("recorded_limit", f"the script reported more than {state.limits.recorded_bytes:,} bytes")
    if state.reported_now >= state.limits.reports:
        text = f"the script reported more than {state.limits.reports:,} times without waiting for a call"
        raise _Stop("recorded_limit", text)
    state.recorded_bytes += size
    state.reported_now += 1
    if name == "_observe":
        state.reported.append((key, reported))
    else:
        state.events.append({**cast("JsonObject", reported), "name": key})
    return False


def _noted_call(state: ScriptState, snapshot: monty.FunctionSnapshot, args: Json) -> bool:
    tool = cast("object", snapshot.args[0])
    if not isinstance(tool, str) or tool not in state.tools or not isinstance(args, dict):
        raise _Stop("exception", f"{tool!r} is not among the tools of this script")
    if state.calls_made >= state.limits.calls:
        raise _Stop("calls_limit", f"the script made more than {state.limits.calls} calls")
    state.calls_made += 1
    state.pending[snapshot.call_id] = ScriptCall(snapshot.call_id, tool, args)
    return True


def _finished(state: ScriptState, snapshot: monty.MontyComplete) -> Step:
    if state.pending:
        names = ", ".join(sorted({call.tool for call in state.pending.values()}))
        return _failed(
            SandboxFault("not_awaited", f"calls were made without `await`, so they never ran: {names}"), state
        )
    try:
        value = checked(snapshot.output)
        if isinstance(value, str) and _REPORT.fullmatch(value):
            value = None
        elif isinstance(value, str) and _COROUTINE.fullmatch(value):
            return _failed(
                SandboxFault("not_awaited", f"the script ends with {value}, which never ran; await it"), state
            )
    except (NotJson, ValueError, RecursionError) as error:
        text = f"the script's value is not JSON: {error}; end with a list, dict, text, number, boolean or None"
        return _failed(SandboxFault("not_json", text), state)
    size = len(json.dumps(value, ensure_ascii=False))
    if size + state.recorded_bytes > state.limits.recorded_bytes:
        return _failed(
            SandboxFault("recorded_limit", f"the script's value has {size:,} bytes, more than it may report"), state
        )
    return ScriptFinished(value, _recorded(state))


def _failed(fault: SandboxFault, state: ScriptState) -> ScriptFailed:
    return ScriptFailed(fault.error_class, fault.error[:500], fault.line, _recorded(state))


def _recorded(state: ScriptState) -> ScriptReports:
    return ScriptReports(tuple(state.reported), tuple(state.events), state.output, state.calls_made)
