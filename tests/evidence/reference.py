"""A slow judge, written from the rules of the design alone: it reads the list of events and keeps no state.

At each evaluation it looks at all that has happened and says anew how every criterion stands. It knows thresholds,
trends, predicates of four shapes, events, counts and groups; checks and approvals have their rows in the tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from journeyman.mission.model import events as e
from journeyman.mission.model.effects import NEVER_SENT
from journeyman.mission.model.events import EventRecord
from journeyman.mission.values.canonical import Json
from tests.evidence.scenario import Fields

MET, UNMET, INCONCLUSIVE = "met", "unmet", "inconclusive"
SCRIPT = ("script", True)


@dataclass(frozen=True)
class ReferenceMeasurement:
    """One measurement: when it began and ended (places in the event list), who made it, and what it told.

    Several reports of one step of a script lie between two places.
    """

    begun: int
    ended: float
    producer: tuple[str, bool]
    args: str
    probe: bool
    iteration: int
    metrics: Fields
    events: Sequence[Fields]
    beside: tuple[str, ...] = ()
    """Calls that may change the world and were under way when it ended."""

    @property
    def call(self) -> tuple[tuple[str, bool], str]:
        """Who was asked what."""
        return self.producer, self.args


def key(args: Json) -> str:
    """Arguments in a form that tells equal ones."""
    return json.dumps(args, sort_keys=True)


class ReferenceJudge:
    """Judges one session's events."""

    def __init__(self, criteria: Sequence[Fields], happened: Sequence[EventRecord]) -> None:
        self.criteria = criteria
        self.events = [item.event for item in happened]
        self.intents = {event.effect: at for at, event in enumerate(self.events) if isinstance(event, e.Intended)}
        self.made = sorted(self._made(), key=lambda one: one.ended)

    # ------------------------------------------------------------------ what was measured, and when it is fresh

    def _intent(self, effect: str) -> e.Intended:
        event = self.events[self.intents[effect]]
        assert isinstance(event, e.Intended)
        return event

    def _made(self) -> Iterator[ReferenceMeasurement]:
        iteration, source = 0, ""
        for at, event in enumerate(self.events):
            if isinstance(event, e.Proposed):
                iteration, source = event.iteration, event.source
            if isinstance(event, e.Settled) and event.state == "done":
                asked = self._intent(event.effect)
                if asked.purpose == "context":
                    continue  # it is looked at by planner and advisors alone
                changes = asked.effect_class != "pure"
                begun = at if changes else self._begun(event.effect, at)
                who, probe = (asked.tool, False), asked.purpose == "probe"
                yield ReferenceMeasurement(
                    begun,
                    at,
                    who,
                    key(asked.args),
                    probe,
                    asked.iteration,
                    event.metrics,
                    event.events,
                    self._beside(asked, at),
                )
            if isinstance(event, e.ScriptAdvanced) and source == "plan" and (event.observations or event.events):
                told = event.observations or [{}]
                for place, found in enumerate(told):
                    moment = at + place / 1000
                    events = event.events if place == len(told) - 1 else ()
                    yield ReferenceMeasurement(at, moment, SCRIPT, "", False, iteration, found, events)

    def _beside(self, mine: e.Intended, now: int) -> tuple[str, ...]:
        flying: dict[str, e.Intended] = {}
        for event in self.events[:now]:
            if isinstance(event, e.Intended) and event.effect_class != "pure" and event.turn <= mine.turn:
                flying[event.effect] = event
            if isinstance(event, (e.Settled, e.Reconciled)):
                flying.pop(event.effect, None)
        return tuple(effect for effect in flying if effect != mine.effect)

    def _begun(self, effect: str, settled_at: int) -> int:
        """When a look began: at its intent, or once the last call of an earlier turn had settled."""
        mine, at = self._intent(effect), self.intents[effect]
        begun = at
        for other_at in range(settled_at):
            event = self.events[other_at]
            if isinstance(event, e.Settled):
                other = self._intent(event.effect)
                if other.iteration == mine.iteration and other.turn < mine.turn:
                    begun = max(begun, other_at)
            if isinstance(event, e.Claimed):
                begun = max(begun, other_at) if other_at > at else begun  # it is made again by the new process
        return begun

    def _disturbances(self, now: float, *, alarm: bool) -> Iterator[int]:
        """When the world may have changed, as far as is known at `now`; to alarms, only by what was called."""
        for at, event in enumerate(self.events[: int(now) + 1]):
            match event:
                case e.Claimed() | e.Paused() | e.Resumed() if not alarm:
                    yield at
                case e.Reconciled():
                    yield at
                case e.Intended() if event.effect_class != "pure":
                    if not self._never_sent(event.effect, now):
                        yield at
                case e.Settled() if self._intent(event.effect).effect_class != "pure":
                    if not self._never_sent(event.effect, now):
                        yield at
                case _:
                    pass

    def _never_sent(self, effect: str, now: float) -> bool:
        """Tell whether a call was certainly never sent; where a process died meanwhile, nobody knows."""
        for event in self.events[self.intents[effect] : int(now) + 1]:
            if isinstance(event, e.Claimed):
                return False
            if isinstance(event, e.Settled) and event.effect == effect:
                return event.error_class in NEVER_SENT
        return False

    def fresh(self, one: ReferenceMeasurement, now: float, *, alarm: bool = False) -> bool:
        """Tell whether nothing may have changed since a measurement began; a kill or a pause excuses no alarm."""
        if not all(self._never_sent(effect, now) for effect in one.beside):
            return False
        return one.ended <= now and not any(one.begun < at for at in self._disturbances(now, alarm=alarm))

    # ------------------------------------------------------------------ judging at one moment

    def seen(
        self, criterion: Fields, now: float, besides: ReferenceMeasurement | None = None
    ) -> list[ReferenceMeasurement] | None:
        """The fresh measurements that may count; `None` where a probe gave nothing."""
        alarm = besides is not None
        mine = [one for one in self.made if one.ended <= now and (self.fresh(one, now, alarm=alarm) or one is besides)]
        if probes := listed(criterion.get("probe")):
            iteration = self.iteration(now)
            found: list[ReferenceMeasurement] = []
            for probe in probes:
                call = ((str(probe["tool"]), False), key(probe.get("args", {})))
                newest = self._newest_probe(call, iteration, now)
                if newest is None or not self.fresh(newest, now, alarm=alarm):
                    return None
                found.append(newest)
            mine = found
        sources = listed(criterion.get("from"))
        return [one for one in mine if not sources or any(comes_from(one, source) for source in sources)]

    def _newest_probe(self, call: object, iteration: int, now: float) -> ReferenceMeasurement | None:
        newest: ReferenceMeasurement | None = None
        for at, event in enumerate(self.events[: int(now) + 1]):
            if not isinstance(event, e.Settled):
                continue
            asked = self._intent(event.effect)
            mine = asked.purpose == "probe" and asked.iteration == iteration
            if mine and ((asked.tool, False), key(asked.args)) == call:
                newest = next((one for one in self.made if one.ended == at), None)
        return newest

    def iteration(self, now: float) -> int:
        """The iteration at a moment."""
        return max(
            (event.iteration for event in self.events[: int(now) + 1] if isinstance(event, e.Proposed)), default=0
        )

    def value(
        self, criterion: Fields, name: str, mine: list[ReferenceMeasurement], voice: object = None
    ) -> tuple[Any, ReferenceMeasurement] | None:
        """The newest fresh value of a name; `None` where there is none, or several producers report it.

        Where they do, an abort condition hears one voice after the other.
        """
        rows = [one for one in mine if name in one.metrics]
        if voice is not None:
            rows = [one for one in rows if voice_of(one) == voice] or rows
            return (rows[-1].metrics[name], rows[-1]) if rows else None
        newest = {(one.call, one.probe): one for one in rows}
        sourced = bool(listed(criterion.get("from")))
        if len({one.producer for one in newest.values()}) > 1 and not sourced:
            return None
        if len(newest) > 1 and all(one.probe for one in newest.values()):
            return None
        return (rows[-1].metrics[name], rows[-1]) if rows else None

    def known(self, criterion: Fields, mine: list[ReferenceMeasurement], now: float) -> set[str]:
        """Every name that an expression over all metrics looks at."""
        ever = [one for one in self.made if one.ended <= now]
        sources = listed(criterion.get("from"))
        if listed(criterion.get("probe")):
            ever = mine
        elif sources:
            tools = [source["tool"] if isinstance(source, dict) else source for source in sources]
            ever = [one for one in ever if one.producer[0] in tools or comes_from_any(one, sources)]
        return {name for one in ever for name in one.metrics}

    def judged(
        self, criterion: Fields, now: float, besides: ReferenceMeasurement | None = None
    ) -> tuple[str, list[ReferenceMeasurement]]:
        """How one criterion stands by itself, without holding, and by which measurements."""
        if not criterion.get("abort_when_met"):
            return self._judged(criterion, now, besides, None)
        mine = self.seen(criterion, now, besides) or []
        voices = {voice_of(one): None for one in mine if self._is_mixed(criterion, one, mine)}
        found = [self._judged(criterion, now, besides, voice) for voice in voices or [None]]
        if len(found) > 1 and "any" in [status for status, _ in found]:
            return "any", []
        loudness = ["any", UNMET, INCONCLUSIVE, MET]
        return max(found, key=lambda one: (loudness.index(one[0]), max((made.ended for made in one[1]), default=0)))

    def _is_mixed(self, criterion: Fields, one: ReferenceMeasurement, mine: list[ReferenceMeasurement]) -> bool:
        """Tell whether a measurement has a name whose value is ambiguous."""
        return any(
            self.value(criterion, name, mine) is None and any(name in other.metrics for other in mine)
            for name in one.metrics
        )

    def _judged(
        self, criterion: Fields, now: float, besides: ReferenceMeasurement | None, voice: object
    ) -> tuple[str, list[ReferenceMeasurement]]:
        if criterion["kind"] == "tool_call_succeeded":
            done = self._successes(str(criterion["tool"]), now)
            return (MET if done >= int(str(criterion["min_count"])) else UNMET), []
        mine = self.seen(criterion, now, besides)
        if mine is None:
            return INCONCLUSIVE, []
        if criterion["kind"] == "event":
            return self._event(criterion, now, mine)
        if criterion["kind"] == "metric_threshold":
            found = self.value(criterion, str(criterion["metric"]), mine, voice)
            if found is None or isinstance(found[0], bool) or not isinstance(found[0], (int, float)):
                return INCONCLUSIVE, []
            met = {">=": found[0] >= criterion["target"], "==": found[0] == criterion["target"]}[str(criterion["op"])]
            return (MET if met else UNMET), [found[1]]
        if criterion["kind"] == "metric_trend":
            return self._trend(criterion, now, mine, voice)
        return self._predicate(criterion, now, mine, voice, alarm=besides is not None)

    def _trend(
        self, criterion: Fields, now: float, mine: list[ReferenceMeasurement], voice: object
    ) -> tuple[str, list[ReferenceMeasurement]]:
        """Fit a line through all that was measured of a name, the last of which must be the fresh value."""
        name = str(criterion["metric"])
        found = self.value(criterion, name, mine, voice)
        if found is None:
            return INCONCLUSIVE, []
        points = self.points(criterion, name, now, found[1].producer)
        if not points or points[-1] is not found[1] or len(points) < criterion["min_points"]:
            return INCONCLUSIVE, []
        line = [one.metrics[name] for one in points[-criterion["window"] :]]
        middle = (len(line) - 1) / 2
        rise = sum((place - middle) * value for place, value in enumerate(line))
        met = rise > 0 if criterion["direction"] == "increasing" else rise >= 0
        return (MET if met else UNMET), [found[1]]

    def points(self, criterion: Fields, name: str, now: float, producer: object) -> list[ReferenceMeasurement]:
        """Every measurement of a number under a name that counts, whatever iteration it was made in.

        They are one producer's, since another reported last; an abort condition forgets nobody's.
        """
        told = [one for one in self.made if one.ended <= now and is_number(one.metrics.get(name))]
        if probes := listed(criterion.get("probe")):
            calls = [((str(probe["tool"]), False), key(probe.get("args", {}))) for probe in probes]
            told = [one for one in told if one.probe and one.call in calls]
        told = [one for one in told if allowed(one, criterion)]
        if listed(criterion.get("from")) or listed(criterion.get("probe")):
            return told
        if criterion.get("abort_when_met"):
            return [one for one in told if one.producer == producer]
        ends = [place for place, one in enumerate(told) if one.producer != told[-1].producer]
        return told[ends[-1] + 1 :] if ends else told

    def _predicate(
        self, criterion: Fields, now: float, mine: list[ReferenceMeasurement], voice: object, *, alarm: bool
    ) -> tuple[str, list[ReferenceMeasurement]]:
        shape, name = PREDICATES[str(criterion["expression"])]
        if shape in ("there", "missing"):
            return self._by_events(criterion, now, mine, shape, name, alarm=alarm), []
        results = self._results(criterion, now, alarm=alarm)
        if not (any(one.metrics for one in mine) or self._events_of(now, mine) or results):
            return INCONCLUSIVE, []
        names = self.known(criterion, mine, now) if not name else {name}
        if not names or not any(one.metrics for one in mine):
            return INCONCLUSIVE, []
        found = [self.value(criterion, one, mine, voice) for one in sorted(names)]
        if any(one is None for one in found):
            return INCONCLUSIVE, []
        rows = [one for one in found if one is not None]
        if shape == "often":
            return self._often(criterion, now, *rows[0])
        tests = [not isinstance(value, str) and value is not None and value >= 1 for value, _ in rows]
        if any(isinstance(value, str) or value is None for value, _ in rows):
            return "any", []  # comparing text raises in one order and not in another
        return (MET if (all(tests) if shape == "all" else any(tests)) else UNMET), [made for _, made in rows]

    def _often(
        self, criterion: Fields, now: float, value: object, made: ReferenceMeasurement
    ) -> tuple[str, list[ReferenceMeasurement]]:
        """Tell whether `a` was measured twice by who measured it last; narrowed views show its newest value alone."""
        if not is_number(value):
            return "any", []
        told = [one for one in self.made if one.ended <= now and is_number(one.metrics.get("a"))]
        others = [place for place, one in enumerate(told) if one.producer != told[-1].producer]
        told = told[others[-1] + 1 :] if others else told
        narrowed = listed(criterion.get("from")) or listed(criterion.get("probe"))
        mine = len(told) >= 2 and not narrowed and told[-1].producer == made.producer
        return (MET if mine else UNMET), [made]

    def _by_events(
        self, criterion: Fields, now: float, mine: list[ReferenceMeasurement], shape: str, name: str, *, alarm: bool
    ) -> str:
        """Judge by events of this iteration: one that is there tells by itself, one that is missing needs a look."""
        iteration, probes = self.iteration(now), listed(criterion.get("probe"))
        told = [one for one in self.made if one.ended <= now and one.iteration == iteration and allowed(one, criterion)]
        told = [one for one in mine if one.iteration == iteration] if probes else told
        names = [row.get("name") for one in told for row in one.events]
        if not (any(one.metrics for one in mine) or names or self._results(criterion, now, mine, alarm=alarm)):
            return INCONCLUSIVE
        if shape == "there":
            return MET if name in names else UNMET
        looked = [one for one in mine if one.iteration == iteration and self.fresh(one, now, alarm=alarm)]
        sources = listed(criterion.get("from"))
        asked = all(any(comes_from(one, source) for one in looked) for source in sources) if sources else bool(probes)
        return INCONCLUSIVE if not asked else UNMET if name in names else MET

    def _results(
        self, criterion: Fields, now: float, probed: list[ReferenceMeasurement] | None = None, *, alarm: bool
    ) -> bool:
        """Tell whether any fresh call of this iteration is to be seen, also one that measured nothing or failed."""
        iteration = self.iteration(now)
        for at, event in enumerate(self.events[: int(now) + 1]):
            if isinstance(event, e.Settled) and self._intent(event.effect).iteration == iteration:
                asked = self._intent(event.effect)
                if asked.purpose == "context":
                    continue
                one = ReferenceMeasurement(
                    at if asked.effect_class != "pure" else self._begun(event.effect, at),
                    at,
                    (asked.tool, False),
                    key(asked.args),
                    asked.purpose == "probe",
                    iteration,
                    {},
                    (),
                )
                if self.fresh(one, now, alarm=alarm) and not listed(criterion.get("probe")) and allowed(one, criterion):
                    return True
        return bool(listed(criterion.get("probe"))) and probed != []

    def _events_of(self, now: float, mine: list[ReferenceMeasurement]) -> bool:
        return any(one.events and one.iteration == self.iteration(now) for one in mine)

    def _event(
        self, criterion: Fields, now: float, mine: list[ReferenceMeasurement]
    ) -> tuple[str, list[ReferenceMeasurement]]:
        iteration = self.iteration(now)
        if listed(criterion.get("probe")):
            told = mine
        else:
            told = [
                one for one in self.made if one.ended <= now and one.iteration == iteration and allowed(one, criterion)
            ]
        fitting = [one for one in told if any(row.get("name") == criterion["event"] for row in one.events)]
        plain = not any(criterion.get(said) for said in ("probe", "from", "abort_when_met"))
        if len({one.producer for one in fitting}) > 1 and plain:
            return INCONCLUSIVE, []
        return (MET, fitting[-1:]) if fitting else (UNMET, [])

    def _successes(self, tool: str, now: float) -> int:
        count = 0
        for event in self.events[: int(now) + 1]:
            if isinstance(event, (e.Settled, e.Reconciled)) and event.state == "done":
                asked = self._intent(event.effect)
                count += asked.tool == tool and asked.purpose == "call"
        return count

    # ------------------------------------------------------------------ over time

    def moments(self, now: float) -> list[tuple[float, ReferenceMeasurement | None]]:
        """The moments at which something is judged, until `now`: each arrival, and each evaluation."""
        arrivals: dict[float, ReferenceMeasurement | None] = {one.ended: one for one in self.made if one.ended <= now}
        for at, event in enumerate(self.events[: int(now) + 1]):
            if isinstance(event, e.Evaluated):
                arrivals[at] = None
        return sorted([*arrivals.items(), (now, None)], key=lambda row: row[0])

    def carried(self, criterion: Fields, now: float) -> bool:
        """Tell whether the criterion's probes were not asked in this iteration."""
        if not listed(criterion.get("probe")):
            return False
        iteration = self.iteration(now)
        probed = False
        for event in self.events[: int(now) + 1]:
            if isinstance(event, e.Intended) and event.iteration == iteration:
                probed = probed or event.purpose == "probe"
        return not probed

    def carried_anywhere(self, criterion: Fields, now: float) -> bool:
        """Tell whether a criterion, or a member of it, was not measured for this judgement."""
        members: Any = criterion.get("criteria", [])
        return self.carried(criterion, now) or any(self.carried(member, now) for member in members)

    def status(self, criterion: Fields, now: float) -> str:
        """How a criterion stands at an evaluation, held as long as it must be."""
        if criterion["kind"] in ("all_of", "any_of"):
            members = [self.status(member, now) for member in criterion["criteria"]]
            return combined(str(criterion["kind"]), members)
        status, _ = self.judged(criterion, now)
        wanted = int(str(criterion.get("hold_for", 1)))
        return UNMET if status == MET and wanted > 1 and self._held(criterion, now) < wanted else status

    def _held(self, criterion: Fields, now: float) -> int:
        return self.held(criterion, now, alarms=bool(criterion.get("abort_when_met")))

    def held(self, criterion: Fields, now: float, *, alarms: bool = False) -> int:
        """Count the measurements in a row, under equal arguments, in which a criterion was met."""
        held, last, under = 0, -1, None
        for at, arrival in self.moments(now):
            born_stale = arrival is not None and not self.fresh(arrival, at)
            if (born_stale and not alarms) or self.carried(criterion, at):
                continue
            status, made = self.judged(criterion, at, arrival if alarms else None)
            if status == UNMET:
                held, last = 0, max([last, *(one.ended for one in made)])
            if status != MET or not made or min(one.ended for one in made) <= last:
                continue
            calls = sorted(str(one.call) for one in made)
            held = held + 1 if calls == under else 1
            last, under = max(one.ended for one in made), calls
        return held

    def aborted(self, now: float) -> bool:
        """Tell whether any abort condition was met by any arrival until `now`."""
        return any(self._struck(criterion, at) for criterion in self.aborts for at, _ in self.moments(now))

    def _struck(self, criterion: Fields, at: float) -> bool:
        wanted = int(str(criterion.get("hold_for", 1)))
        arrival = next((one for one in self.made if one.ended == at), None)
        if self.carried(criterion, at) or self.judged(criterion, at, arrival)[0] != MET:
            return False
        return wanted == 1 or self.held(criterion, at, alarms=True) >= wanted

    @property
    def aborts(self) -> list[Fields]:
        """The abort conditions."""
        return [criterion for criterion in self.criteria if criterion.get("abort_when_met")]

    def complete(self, now: float) -> bool:
        """Tell whether a mission may complete on the evaluation at `now`."""
        if self.aborted(now):
            return False
        for criterion in self.criteria:
            if criterion.get("abort_when_met"):
                # What has begun to hold is not unmet.
                if criterion.get("probe") and (self.carried(criterion, now) or self.judged(criterion, now)[0] != UNMET):
                    return False
            elif criterion.get("required", True) and not self._counts(criterion, now):
                return False
        return True

    def _counts(self, criterion: Fields, now: float) -> bool:
        """Tell whether a criterion is met by what was measured for this judgement."""
        if criterion["kind"] in ("all_of", "any_of"):
            members = [self._counts(member, now) for member in criterion["criteria"]]
            return all(members) if criterion["kind"] == "all_of" else any(members)
        return not self.carried(criterion, now) and self.status(criterion, now) == MET


PREDICATES = {
    "obs['metrics']['a'] >= 1": ("name", "a"),
    "obs['metrics'].get('b', 1) >= 1": ("name", "b"),
    "len(obs['history']['a']) >= 2": ("often", "a"),
    "any(v >= 1 for v in obs['metrics'].values())": ("any", ""),
    "all(v >= 1 for v in obs['metrics'].values())": ("all", ""),
    "any(e['name'] == 'ok' for e in obs['events'])": ("there", "ok"),
    "not any(e['name'] == 'ok' for e in obs['events'])": ("missing", "ok"),
}
"""The expressions that the reference can judge, with their meaning; an empty name is all of them."""


def is_number(value: object) -> bool:
    """Tell whether a value can be a point."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def voice_of(one: ReferenceMeasurement) -> object:
    """Tell whose voice a measurement is: probes of one tool run at once, so each has its own."""
    return one.call if one.probe else one.producer


def combined(kind: str, members: Sequence[str]) -> str:
    """How a group stands; `any` where a member that nobody can judge decides it."""
    if "any" in members:
        at = members.index("any")
        found = {combined(kind, [*members[:at], one, *members[at + 1 :]]) for one in (MET, UNMET, INCONCLUSIVE)}
        return found.pop() if len(found) == 1 else "any"
    if kind == "all_of":
        return MET if set(members) == {MET} else UNMET if UNMET in members else INCONCLUSIVE
    return MET if MET in members else INCONCLUSIVE if INCONCLUSIVE in members else UNMET


def listed(value: Any) -> list[Any]:
    """One or a list as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def comes_from(one: ReferenceMeasurement, source: Any) -> bool:
    """Tell whether a source (a tool, `script`, or a tool with arguments) made a measurement."""
    if source == "script":
        return one.producer == SCRIPT
    if isinstance(source, str):
        return one.producer == (source, False)
    return one.producer == (source["tool"], False) and ("args" not in source or one.args == key(source["args"]))


def comes_from_any(one: ReferenceMeasurement, sources: Sequence[Any]) -> bool:
    """Tell whether one of several sources made a measurement."""
    return any(comes_from(one, source) for source in sources)


def allowed(one: ReferenceMeasurement, criterion: Fields) -> bool:
    """Tell whether a criterion's `from` lets a measurement count."""
    sources = listed(criterion.get("from"))
    return not sources or comes_from_any(one, sources)
