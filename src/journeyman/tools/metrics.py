"""Metrics and events of a result: what structured content says of itself, and what the mission maps.

Text is data. A file that holds `{"metrics": ...}` measures nothing when a tool reads it out, so nothing is lifted from
text unless the operator wrote down, under `metrics:` in the mission, which value of which tool it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, cast

from journeyman.mission.model.metric_sources import MetricExtraction, MetricSource
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, canonical, checked
from journeyman.mission.values.documents import document
from journeyman.mission.values.paths import at_path
from journeyman.mission.values.patterns import Pattern, compile_pattern

MAX_REPORTED_METRICS: Final = 500
"""Metrics of one result; the session's state keeps each of them."""
MAX_EVENTS: Final = 1000
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class MetricMapping:
    """One metric that the mission maps, as the results of one tool give it."""

    name: str
    path: str | None
    pattern: Pattern | None
    here: bool
    """Whether this tool gives it; a metric that the tool itself calls so is another, either way."""
    default: Json = None
    """Its value where an answer has none; `None` for none."""


@dataclass(slots=True)
class ReportedValues:
    """What one result measured and told."""

    metrics: JsonObject = field(default_factory=dict[str, Json])
    events: list[JsonObject] = field(default_factory=list[JsonObject])

    def problem(self, most_bytes: int) -> str | None:
        """Why these are more than one result may bring; `None` when they are not."""
        for what, count, most in (
            ("metrics", len(self.metrics), MAX_REPORTED_METRICS),
            ("events", len(self.events), MAX_EVENTS),
        ):
            if count > most:
                return f"the result has {count:,} {what}; {most:,} are allowed: report fewer, or keep them in the value"
        size = len(canonical([self.metrics, cast("list[Json]", self.events)]))
        if size > most_bytes:
            return f"metrics and events have {size:,} bytes; {most_bytes:,} are allowed: keep large data in the value"
        return None


def reported_values(structured: Json) -> ReportedValues:
    """What stands under `metrics` and `events` at the top of structured content that is an object."""
    found = ReportedValues()
    if not isinstance(structured, dict):
        return found
    metrics, events = structured.get("metrics"), structured.get("events")
    if isinstance(metrics, dict):
        found.metrics.update(metrics)
    for event in events if isinstance(events, list) else []:
        name = (event.get("name") or event.get("event_name")) if isinstance(event, dict) else None
        if isinstance(event, dict) and isinstance(name, str):
            found.events.append({**event, "name": name})
    return found


def sources_of(tool: str, metrics: Mapping[str, MetricSource]) -> tuple[MetricMapping, ...]:
    """What the mission maps, and what of it out of this tool's results."""
    return tuple(extracted(name, source, here=fnmatchcase(tool, source.tool)) for name, source in metrics.items())


def extracted(name: str, source: MetricExtraction, *, here: bool = True) -> MetricMapping:
    """A metric as results are read for it."""
    pattern = None if source.regex is None else compile_pattern(source.regex)
    return MetricMapping(name, source.path, pattern, here, source.default)


def with_mapped(own: JsonObject, mapped: Sequence[MetricMapping], value: Json, text: str) -> JsonObject:
    """The metrics of a result: its own, but for names that the mission maps, and the mapped ones that are found in it.

    Args:
        own: What it says of itself under `metrics`.
        mapped: From `sources_of`.
        value: The result's whole value; where it is text, paths walk the JSON that the text is.
        text: What a `regex` without `path` is searched in.
    """
    if not mapped:
        return own
    names, mine = {one.name for one in mapped}, [one for one in mapped if one.here]
    whole = _document(value) if any(one.path is not None for one in mine) else None
    found = {one.name: found for one in mine for found in _found(one, whole, text)}
    return {name: item for name, item in own.items() if not _is_mapped(name, item, names)} | found


def _is_mapped(name: str, item: Json, names: set[str]) -> bool:
    """Tell whether a tool's own metric is, or holds under its keys, what the mission maps: dot paths know no difference."""
    return name in names or (isinstance(item, dict) and any(other.startswith(f"{name}.") for other in names))


def _found(mapped: MetricMapping, document: Json, text: str) -> Iterator[Json]:
    """The value, if there is one. A default stands for what is not there, never for what is there and cannot be read."""
    absent = () if mapped.default is None else (mapped.default,)
    if mapped.path is not None:
        if document is None:
            return
        try:
            at = at_path(document, mapped.path)
        except KeyError:
            yield from absent
            return
        if mapped.pattern is None:
            yield at
            return
        if not isinstance(at, str):
            return
        text = at
    match = mapped.pattern.search(text) if mapped.pattern is not None else None
    if match is None:
        yield from absent
        return
    number = None if match.groups[0] is None else _number(match.groups[0])
    if number is not None:
        yield number


def _number(text: str) -> Json:
    """The finite number that `text` is; `None` where it is none."""
    digits = text.strip()
    if len(digits) > _NUMBER_CHARS or _NUMBER.fullmatch(digits) is None:
        return None
    number = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    if number == 0 and re.search("[1-9]", digits.lower().partition("e")[0]):
        return None  # too small for a number is not zero
    try:
        return checked(number)
    except NotJson:
        return None


def _document(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return checked(document(value))
    except (ValueError, RecursionError):
        return None
