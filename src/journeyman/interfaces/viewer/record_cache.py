"""What was read of records, kept as long as they do not grow: a list asks for fifty states each time that it is shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from journeyman.engine.record_reading import state_of
from journeyman.engine.reporting import report_of, reported_head
from journeyman.mission.fold.progress import total_progress
from journeyman.mission.model.state import State
from journeyman.mission.report.model import Report
from journeyman.mission.values.errors import RecordBroken
from journeyman.stores.base import Store, Summary

T = TypeVar("T")
_MOST_COSTS: Final = 5_000
_MOST_REPORTS: Final = 8


@dataclass(frozen=True, slots=True)
class ListedCost:
    """What a list tells of a session besides its row."""

    cost_usd: float
    tokens: int
    progress: float


class _NewestValues(Generic[T]):
    """Values by tenant and session, each of the event with which it was made; the oldest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[tuple[str, str], tuple[int, T]] = OrderedDict()

    async def get(self, key: tuple[str, str], seq: int, make: Callable[[], Awaitable[tuple[int, T]]]) -> T:
        known = self._rows.get(key)
        if known is None or known[0] != seq:
            known = self._rows[key] = await make()
        self._rows.move_to_end(key)
        while len(self._rows) > self._most:
            self._rows.popitem(last=False)
        return known[1]


class RecordCache:
    """Of all tenants that are shown by one set of routes."""

    def __init__(self) -> None:
        self._costs: _NewestValues[ListedCost | None] = _NewestValues(_MOST_COSTS)
        self._reports: _NewestValues[Report] = _NewestValues(_MOST_REPORTS)

    async def cost(self, store: Store, row: Summary) -> ListedCost | None:
        """What a session has cost; `None` where its record is damaged."""

        async def make() -> tuple[int, ListedCost | None]:
            try:
                state = await state_of(store, row.session_id)
            except RecordBroken:
                return row.seq, None
            return row.seq, _cost(state)

        return await self._costs.get((store.tenant, row.session_id), row.seq, make)

    async def report(self, store: Store, row: Summary) -> Report:
        """The report of a session; raises `RecordBroken`."""

        async def make() -> tuple[int, Report]:
            found = await report_of(store, row.session_id)
            return reported_head(found).seq, found

        return await self._reports.get((store.tenant, row.session_id), row.seq, make)


def _cost(state: State) -> ListedCost:
    usage = state.usage
    progress = total_progress(state.mission, state.progress.criteria)
    return ListedCost(usage.cost_microusd / 1_000_000, usage.tokens, progress)
