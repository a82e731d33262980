"""What is known of the world, and what makes it stale.

Everything that may have changed the world begins a new epoch (`stale`). Evidence carries the epoch in which it was
measured and is fresh while the world is still in it, so that nothing has to be searched for and marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from journeyman.mission.criteria import needed
from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import SCRIPT, Call, Evidence, Measurement, ObservedEvent, comes_from
from journeyman.mission.criteria.schema import EvidenceSource
from journeyman.mission.fold.metric_history import histories_after, trends_after
from journeyman.mission.model.effects import EFFECT_RULES, EffectState
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import MAX_METRICS, MAX_PRODUCERS, Arrival, State, WorldKnowledge
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.value import replace

MAX_KNOWN: Final = 4 * MAX_METRICS
TOO_MANY: Final = "(names beyond those that are remembered)"
"""Stands among the known names once there are too many: a judge that looks at all of them then finds one stale."""


def stale(world: WorldKnowledge) -> WorldKnowledge:
    """The world in a new epoch: all that was measured before is stale."""
    return replace(world, epoch=world.epoch + 1)


def interrupted(world: WorldKnowledge) -> WorldKnowledge:
    """The same where nothing of ours changed the world: a mission must not outlive its alarm by being interrupted."""
    return replace(stale(world), quiet=world.quiet | {world.epoch + 1})


def unchanged_since(world: WorldKnowledge, epoch: int) -> int:
    """The first epoch since which, up to this one, nothing of ours changed the world."""
    while epoch in world.quiet:
        epoch -= 1
    return epoch


def restored(state: State, before: int) -> State:
    """The state as if a call, intended in epoch `before` and certainly never sent, had not been intended.

    The border between that epoch and the next is this intent alone: what was measured before it moves over the border,
    whatever other epochs have begun since, and in whatever order their calls end.
    """
    after = before + 1

    def moved(made: Measurement) -> Measurement:
        return replace(made, epoch=after) if made.epoch == before else made

    def over(rows: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(replace(row, measurement=moved(row.measurement)) for row in rows)

    def arrival(row: Arrival) -> Arrival:
        epoch = after if row.epoch == before else row.epoch
        return replace(row, epoch=epoch, measurement=moved(row.measurement), evidence=over(row.evidence))

    world = replace(
        state.world,
        evidence={name: over(rows) for name, rows in state.world.evidence.items()},
        events=tuple(replace(row, measurement=moved(row.measurement)) for row in state.world.events),
        arrivals=tuple(arrival(row) for row in state.world.arrivals),
        checks={name: replace(row, measurement=moved(row.measurement)) for name, row in state.world.checks.items()},
        quiet=state.world.quiet | {after},
    )
    effects = {
        key: replace(
            effect,
            epoch=after if effect.epoch == before else effect.epoch,
            measurement=moved(effect.measurement) if effect.measurement is not None else None,
        )
        for key, effect in state.effects.items()
    }
    return replace(state, world=world, effects=effects)


def is_watched(mission: Mission) -> bool:
    """Tell whether single measurements matter: for abort conditions, and for what must hold."""
    return any(criterion.abort_when_met or criterion.hold_for > 1 for criterion in walk(mission.criteria))


def arrived(
    state: State,
    measurement: Measurement,
    metrics: Mapping[str, Json],
    events: Iterable[JsonObject],
    *,
    fresh: bool,
) -> State:
    """The state with what one measurement brought."""
    rows = tuple(Evidence(name=name, value=value, measurement=measurement) for name, value in metrics.items())
    world = state.world
    seen = (*world.events, *(ObservedEvent(fields=fields, measurement=measurement) for fields in events))
    arrival = Arrival(measurement=measurement, epoch=world.epoch, evidence=rows, fresh=fresh)
    world = replace(world, events=seen, arrivals=(*world.arrivals, arrival))
    if not is_watched(state.mission):
        world = merged(world, state.mission)
    return replace(state, world=world)


def known_after(known: Mapping[str, frozenset[str]], arrivals: Iterable[Arrival]) -> Mapping[str, frozenset[str]]:
    """The names that were measured at any time, and by which tools, once these have arrived too."""
    for arrival in arrivals:
        names = [row.name for row in arrival.evidence]
        known = _known(known, names, arrival.measurement.call.tool) if names else known
    return known


def _known(known: Mapping[str, frozenset[str]], metrics: Iterable[str], tool: str) -> Mapping[str, frozenset[str]]:
    news = [name for name in metrics if tool not in known.get(name, ())]
    if not news:
        return known
    grown = dict(known)
    for name in news:
        if name in grown or len(grown) < MAX_KNOWN:
            grown[name] = grown.get(name, frozenset()) | {tool}
        else:
            grown[TOO_MANY] = frozenset({tool})
    return grown


def merged(world: WorldKnowledge, mission: Mission) -> WorldKnowledge:
    """The world whose arrivals have been judged and stand among the evidence."""
    if not world.arrivals:
        return world
    rows = dict(world.evidence)
    for arrival in world.arrivals:
        add(rows, arrival.evidence)
    return replace(
        world,
        evidence=rows,
        arrivals=(),
        known=known_after(world.known, world.arrivals),
        history=histories_after(world.history, world.arrivals),
        trends=trends_after(world.trends, mission, world.arrivals),
    )


def add(rows: dict[str, tuple[Evidence, ...]], found: Iterable[Evidence]) -> None:
    """Put evidence in, in place of an older value that the same call gave; forget the oldest over the bounds."""
    for one in found:
        made = one.measurement
        others = tuple(
            row
            for row in rows.pop(one.name, ())
            if (row.measurement.call, row.measurement.probe) != (made.call, made.probe)
        )
        rows[one.name] = _bounded((*others, one))
    while len(rows) > MAX_METRICS:
        del rows[next(iter(rows))]


def _bounded(rows: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Drop the oldest value over the bound, never the only one of a tool: what is ambiguous stays so."""
    while len(rows) > MAX_PRODUCERS:
        tools = [row.measurement.call.tool for row in rows]
        index = next((index for index, tool in enumerate(tools) if tools.count(tool) > 1), 0)
        rows = rows[:index] + rows[index + 1 :]
    return rows


def pruned(world: WorldKnowledge) -> WorldKnowledge:
    """The world without what nobody looks at any more, at the beginning of an iteration."""
    since = unchanged_since(world, world.epoch)
    return replace(
        world,
        quiet=frozenset(epoch for epoch in world.quiet if epoch > since),
        evidence={
            name: kept
            for name, rows in world.evidence.items()
            if (kept := tuple(row for row in rows if row.measurement.epoch >= since))
        },
        events=(),
        checks={},
    )


def remembered_source(world: WorldKnowledge, metrics: Iterable[str], tool: str, args: Json) -> WorldKnowledge:
    """The world that knows which pure call measured these metrics last."""
    if not isinstance(args, dict) or "$blob" in args:
        return world
    call: JsonObject = {"tool": tool, "args": args}
    sources = dict(world.sources)
    for name in metrics:
        sources.pop(name, None)
        sources[name] = call
    while len(sources) > MAX_METRICS:
        del sources[next(iter(sources))]
    return replace(world, sources=sources)


def has_stale_report(state: State, *, since: int) -> bool:
    """Tell whether a criterion is open of which a script has reported a value that is stale by now.

    Args:
        state: At the end of an iteration.
        since: The first iteration whose scripts are asked about.
    """
    world = state.world
    reported = {
        row.name
        for rows in world.evidence.values()
        for row in rows
        if (iteration := _reporting_iteration(row.measurement)) is not None and iteration >= since
    }
    known = frozenset(world.known)
    return any(
        not state.progress.criteria[criterion.id].met
        and (reported - _fresh_names(world)) & criterion.metric_names(known)
        for criterion in walk(needed(state.mission.criteria))
        if criterion.id in state.progress.criteria
    )


def _fresh_names(world: WorldKnowledge) -> set[str]:
    """The metrics of which a value is fresh, judged already or not."""
    rows = chain(*world.evidence.values(), *(arrival.evidence for arrival in world.arrivals))
    return {row.name for row in rows if row.measurement.epoch == world.epoch}


def _reporting_iteration(made: Measurement) -> int | None:
    """The iteration whose script reported it; `None` where no script did."""
    source, _, place = made.id.partition(":")
    return int(place.partition(".")[0]) if source == SCRIPT else None


def stale_calls(state: State) -> list[JsonObject]:
    """The pure calls that would measure again what required criteria look at and is stale; each once."""
    world = state.world
    fresh = _fresh_names(world)
    known = frozenset(known_after(world.known, world.arrivals))
    calls: dict[Call, JsonObject] = {}
    for criterion in walk(needed(state.mission.criteria)):
        if criterion.probes or criterion.members():
            continue
        for name in sorted(criterion.metric_names(known) & known - fresh):
            call = world.sources.get(name)
            if call is not None and call["tool"] in state.tools:
                calls[Call.of(str(call["tool"]), call["args"])] = call
        for source in criterion.sources_asked():
            calls |= _stale_answers(state, source)
    return list(calls.values())


def _stale_answers(state: State, source: EvidenceSource) -> dict[Call, JsonObject]:
    """The pure calls of this iteration whose newest answer is this source's, and stale."""
    newest = {row.measurement.call: row for row in state.of_iteration() if row.measurement is not None}
    return {
        call: {"tool": row.intended.tool, "args": row.intended.args}
        for call, row in newest.items()
        if comes_from(call, source)
        and row.state is EffectState.DONE
        and not EFFECT_RULES[row.effect_class].changes_world
        and row.measurement is not None
        and row.measurement.epoch != state.world.epoch
        and isinstance(row.intended.args, dict)
        and "$blob" not in row.intended.args
    }
