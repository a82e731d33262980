"""Prove that a `Catalog` keeps its contract: open it over the reference tools and hand it to `check_catalog`.

    async def open_mine(allow):            # an async context manager that gives the catalog
        ...serve `reference_tools()` in whatever way the adapter serves tools...

    await check_catalog(open_mine)

Raises one `AssertionError` that names every clause that does not hold.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias, cast

from journeyman.mission.values.canonical import Json, JsonObject, canonical, checked
from journeyman.tools.base import CallStatus, Catalog, Result


class Death(StrEnum):
    """When a server dies of a call."""

    NEVER = "never"
    BEFORE = "before"
    """It is gone before the call reaches it."""
    DURING = "during"
    """It has read the call and did nothing yet."""
    AFTER = "after"
    """It did what was asked, and told nobody."""


@dataclass(frozen=True, slots=True)
class DyingCatalog:
    """An open catalog over a server that dies."""

    catalog: Catalog
    tool: str
    """Takes no argument and answers."""
    arrived: Callable[[], int]
    """How many calls of it were read by the server."""


OpenDying: TypeAlias = "Callable[[Sequence[Death]], AbstractAsyncContextManager[DyingCatalog]]"
"""Opens a catalog over a server that dies of its first calls as told, in this order, and is back after each death."""

OpenCatalog: TypeAlias = "Callable[[Sequence[str]], AbstractAsyncContextManager[Catalog]]"
"""Opens a fresh catalog over the reference tools, under an allowlist of name patterns."""

_PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class ReferenceTools:
    """The tools that a catalog under test must serve; each opening starts with fresh counts."""

    guarded_calls: int = 0
    cancelled: int = 0
    keys: list[str] = field(default_factory=list[str])

    async def add(self, a: int, b: int = 1) -> dict[str, int]:
        """Add two numbers."""
        await asyncio.sleep(0)
        return {"sum": a + b}

    async def measure(self) -> dict[str, object]:
        """Metrics and events."""
        await asyncio.sleep(0)
        return {"metrics": {"loss": 0.5}, "events": [{"name": "measured"}]}

    async def read(self) -> str:
        """Text that looks like metrics and events."""
        await asyncio.sleep(0)
        return '{"metrics": {"loss": 0.5}, "events": [{"name": "measured"}]}'

    async def guarded(self, level: int) -> int:
        """Count the calls that got through validation."""
        await asyncio.sleep(0)
        self.guarded_calls += 1
        return level

    async def counts(self) -> dict[str, int]:
        """What the other tools counted."""
        await asyncio.sleep(0)
        return {"guarded": self.guarded_calls, "cancelled": self.cancelled}

    async def fail(self) -> str:
        """Raise."""
        await asyncio.sleep(0)
        raise ValueError("as it was told")

    async def envelope(self) -> dict[str, str]:
        """An error in an envelope."""
        await asyncio.sleep(0)
        return {"error": "no such host"}

    async def not_finite(self) -> dict[str, float]:
        """What JSON cannot hold."""
        await asyncio.sleep(0)
        return {"loss": float("nan")}

    async def big(self, size_bytes: int) -> str:
        """Much text."""
        await asyncio.sleep(0)
        return "x" * size_bytes

    async def linger(self, seconds: float) -> str:
        """Wait, and count when cancelled."""
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return "waited"

    def tools(self) -> dict[str, Callable[..., object]]:
        """The functions by name."""
        return {
            tool.__name__: tool
            for tool in (
                self.add,
                self.measure,
                self.read,
                self.guarded,
                self.counts,
                self.fail,
                self.envelope,
                self.not_finite,
                self.big,
                self.linger,
            )
        }


class _PrefixedCatalog:
    """A catalog with the tool names of the adapter under test."""

    def __init__(self, catalog: Catalog, prefix: str) -> None:
        self.catalog = catalog
        self.prefix = prefix

    async def ask(self, tool: str, args: JsonObject | None = None, timeout_s: float = _PATIENCE_S) -> Result:
        name = f"{self.prefix}{tool}"
        return await self.catalog.call(name, args or {}, key="effect-1", timeout_s=timeout_s)


async def check_catalog(open_catalog: OpenCatalog, prefix: str = "") -> None:
    """Hold a catalog to every clause of the contract; raise `AssertionError` naming all that fail.

    Args:
        open_catalog: Opens a fresh catalog over the tools of a fresh `ReferenceTools`.
        prefix: What the adapter puts before each tool's name, such as `server.`.
    """
    broken: list[str] = []
    for clause in (
        _tools_are_listed,
        _the_allowlist_hides,
        _arguments_are_checked_first,
        _values_are_sorted,
        _faults_are_results,
        _results_are_finite_and_capped,
        _a_timeout_is_unknown,
        _a_cancel_reaches_the_tool,
        _calls_run_side_by_side,
    ):
        try:
            await asyncio.wait_for(clause(open_catalog, prefix), 6 * _PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever a catalog raises breaks the clause, and all of them are told
            broken.append(f"{clause.__name__.strip('_')}: {type(error).__name__}: {error}")
    if broken:
        raise AssertionError("the catalog breaks its contract:\n" + "\n".join(f"  - {line}" for line in broken))


async def check_sending(open_dying: OpenDying, deaths: Sequence[Death], *, repeatable: bool) -> Result:
    """Hold a catalog to when a call may be sent again, over a server that dies of it; give the call's result.

    Raises:
        AssertionError: A call that is not repeatable arrived twice, or the result says something that is not so.
    """
    async with open_dying(deaths) as dying:
        called = dying.catalog.call(dying.tool, {}, key="effect-1", timeout_s=_PATIENCE_S, repeatable=repeatable)
        result = await called
        arrived = dying.arrived()
    told = f"{arrived} calls arrived and the result is {result}"
    _hold(repeatable or arrived <= 1, f"a call that must not be sent again was: {told}")
    _hold(
        arrived == 0 or result.status is not CallStatus.FAILED,
        f"a call that arrived counts as one that did not: {told}",
    )
    _hold(arrived > 0 or result.status is not CallStatus.DONE, f"a call that never arrived counts as done: {told}")
    _hold(arrived <= result.tries, f"more calls arrived than tries are told: {told}")
    lost = any(death in {Death.DURING, Death.AFTER} for death in deaths[:arrived])
    _hold(repeatable or not lost or result.status is CallStatus.UNKNOWN, f"a lost answer is not unknown: {told}")
    return result


def _hold(holds: object, said: str) -> None:
    if not holds:
        raise AssertionError(said)


async def _tools_are_listed(open_catalog: OpenCatalog, prefix: str) -> None:
    pins: list[dict[str, str]] = []
    for _ in range(2):
        async with open_catalog(["*"]) as catalog:
            tools = await catalog.tools()
            names = [tool.name for tool in tools]
            _hold(names == sorted(set(names)), f"names are not sorted and unique: {names}")
            missing = {f"{prefix}{name}" for name in ReferenceTools().tools()} - set(names)
            _hold(not missing, f"missing: {sorted(missing)}")
            for tool in tools:
                _hold(tool.input_schema.get("type") == "object", f"{tool.name} has no object schema")
                _hold(len(tool.pin) == 64, f"{tool.name} has no SHA-256 pin: {tool.pin!r}")
            pins.append({tool.name: tool.pin for tool in tools})
    _hold(pins[0] == pins[1], "pins differ between two openings")


async def _the_allowlist_hides(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog([f"{prefix}add", f"{prefix}c*"]) as catalog:
        names = [tool.name for tool in await catalog.tools()]
        _hold(names == [f"{prefix}add", f"{prefix}counts"], f"the allowlist shows {names}")
        result = await _PrefixedCatalog(catalog, prefix).ask("guarded", {"level": 1})
        _refused(result, "not_allowed")
        _refused(await catalog.call("no such tool", {}, key="k"), "not_allowed")


async def _arguments_are_checked_first(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        wrong: list[JsonObject] = [{}, {"level": "high"}, {"level": None}, cast("JsonObject", {"level": float("nan")})]
        for args in wrong:
            _refused(await probe.ask("guarded", args), "invalid_arguments")
        counts = await probe.ask("counts")
        _hold(counts.value == {"guarded": 0, "cancelled": 0}, f"a refused call reached the tool: {counts.value}")


async def _values_are_sorted(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        added = await probe.ask("add", {"a": 2})
        _hold(added.status is CallStatus.DONE and added.value == {"sum": 3}, f"add gave {added}")
        _hold(added.tries == 1 and added.duration_s > 0, f"no tries or duration: {added}")
        measured = await probe.ask("measure")
        _hold(measured.metrics == {"loss": 0.5}, f"metrics were not lifted: {measured}")
        _hold(measured.events == ({"name": "measured"},), f"events were not lifted: {measured}")
        read = await probe.ask("read")
        _hold(not read.metrics and not read.events, f"text was taken for metrics or events: {read}")


async def _faults_are_results(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        _refused(await probe.ask("fail"))
        _refused(await probe.ask("envelope"), "error_envelope")
        again = await probe.ask("add", {"a": 1})
        _hold(again.status is CallStatus.DONE, f"a fault hurt the next call: {again}")


async def _results_are_finite_and_capped(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        not_finite = await probe.ask("not_finite")
        _hold(not_finite.metrics == {} and _is_finite(not_finite.value), f"NaN came through: {not_finite}")
        big = await probe.ask("big", {"size_bytes": 3 * 2**20})
        kept = len(canonical(checked(big.value)))
        _hold(kept <= 2 * 2**20, f"a value of {kept:,} bytes was kept")
        _hold(big.truncated and big.original_bytes >= 3 * 2**20, "a cut value is not marked with its true size")


async def _a_timeout_is_unknown(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        began = time.monotonic()
        late = await probe.ask("linger", {"seconds": 60}, timeout_s=0.2)
        _hold(time.monotonic() - began < _PATIENCE_S, "the timeout did not end the call")
        _hold((late.status, late.error_class) == (CallStatus.UNKNOWN, "timeout"), f"a timeout gave {late}")
        _hold((await probe.ask("add", {"a": 1})).status is CallStatus.DONE, "a timeout hurt the next call")


async def _a_cancel_reaches_the_tool(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        task = asyncio.create_task(probe.ask("linger", {"seconds": 60}, timeout_s=120))
        await asyncio.sleep(0.2)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        else:
            raise AssertionError("the cancelled call went on")
        seen: Json = None
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            counts = (await probe.ask("counts")).value
            seen = counts.get("cancelled") if isinstance(counts, dict) else None
            if seen == 1:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the tool saw {seen} cancels instead of 1")


async def _calls_run_side_by_side(open_catalog: OpenCatalog, prefix: str) -> None:
    async with open_catalog(["*"]) as catalog:
        probe = _PrefixedCatalog(catalog, prefix)
        began = time.monotonic()
        calls: list[Awaitable[Result]] = [probe.ask("linger", {"seconds": 0.5}) for _ in range(6)]
        results = await asyncio.gather(*calls)
        _hold(all(result.value == "waited" for result in results), f"not all calls ended well: {results}")
        _hold(time.monotonic() - began < 6 * 0.5, "six calls took as long as one after the other")


def _refused(result: Result, error_class: str | None = None) -> None:
    _hold(result.status is CallStatus.FAILED, f"expected a failed call, got {result}")
    _hold(result.error_class and result.error, f"a failure without class or text: {result}")
    _hold("\n" not in (result.error or "") and len(result.error or "") <= 500, "the error is not one short line")
    if error_class is not None:
        _hold(result.error_class == error_class, f"expected {error_class}, got {result}")


def _is_finite(value: Json) -> bool:
    return b"NaN" not in canonical(checked(value))
