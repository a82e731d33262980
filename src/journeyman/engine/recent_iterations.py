"""The newest iterations as prompts show them, gathered from events as they pass; bounded."""

from __future__ import annotations

from collections import deque
from typing import Final

from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose
from journeyman.mission.model.events import EventRecord
from journeyman.mission.prompt import RECENT
from journeyman.mission.values.canonical import Json, JsonObject

_RESULTS: Final = 12
"""Results kept of one iteration."""


class RecentIterations:
    """The last iterations, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[JsonObject] = deque(maxlen=RECENT)
        self._intended: dict[str, e.Intended] = {}

    def take(self, happened: EventRecord) -> None:
        """Take an event in; those before the `RECENT` newest proposals need not be told."""
        event = happened.event
        if isinstance(event, e.Proposed):
            self._intended.clear()
            self._rows.append(
                {"index": event.iteration, "source": event.source, "strategy": event.strategy, "results": []}
            )
        elif isinstance(event, e.Intended):
            if event.purpose is not CallPurpose.CONTEXT:  # it stands before its iteration, in a section of its own
                self._intended[event.effect] = event
        elif isinstance(event, e.Settled) and self._rows:
            self._settled(event)
        elif isinstance(event, e.ScriptAdvanced) and self._rows:
            self._script(event)
        elif isinstance(event, e.Decided) and self._rows:
            self._rows[-1] |= {"verdict": event.verdict.value, "reason": event.reason.value}

    def _script(self, event: e.ScriptAdvanced) -> None:
        row = self._rows[-1]
        known = row.get("script")
        seen: JsonObject = dict(known) if isinstance(known, dict) else {}
        if event.observations:
            old = seen.get("observations")
            newest: JsonObject = dict(old) if isinstance(old, dict) else {}
            for found in event.observations:
                newest |= found
            seen["observations"] = newest
        seen["status"] = event.status.value
        if event.value is not None:
            seen["value"] = event.value
        if event.error:
            seen |= {"error_class": event.error_class, "error": event.error}
        row["script"] = seen

    def _settled(self, event: e.Settled) -> None:
        results = self._rows[-1]["results"]
        intended = self._intended.get(event.effect)
        if not isinstance(results, list) or intended is None:
            return
        if len(results) >= _RESULTS:
            more = self._rows[-1].get("more_results")
            self._rows[-1]["more_results"] = (more if isinstance(more, int) else 0) + 1
            return
        row: JsonObject = {"tool": intended.tool, "args": intended.args, "state": event.state.value}
        if event.value is not None:
            row["value"] = event.value
        if event.metrics:
            row["metrics"] = event.metrics
        if event.error_class:
            row |= {"error_class": event.error_class, "error": event.error}
        results.append(row)

    def rows(self) -> list[JsonObject]:
        """The iterations; values that are blobs stand as references."""
        return list(self._rows)

    def references(self) -> list[str]:
        """The digests of the blobs that the rows refer to."""
        found: list[str] = []
        for row in self._rows:
            for item in (*_list(row["results"]), row.get("script")):
                kept = [item.get(key) for key in _KEPT] if isinstance(item, dict) else []
                found += [name for name in map(_blob, kept) if name is not None]
        return found

    def resolved(self, values: dict[str, Json]) -> list[JsonObject]:
        """The iterations with the blobs in `values` put in place."""
        made: list[JsonObject] = []
        for row in self._rows:
            placed: JsonObject = {**row, "results": [_placed(item, values) for item in _list(row["results"])]}
            if "script" in row:
                placed["script"] = _placed(row["script"], values)
            made.append(placed)
        return made


_KEPT: Final = ("value", "args")
"""What a result or a script may hold as a reference to a blob."""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _blob(value: Json) -> str | None:
    name = value.get("$blob") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _placed(item: Json, values: dict[str, Json]) -> Json:
    if not isinstance(item, dict):
        return item
    made = dict(item)
    for key in _KEPT:
        name = _blob(item.get(key))
        if name is not None and name in values:
            made[key] = values[name]
    return made
