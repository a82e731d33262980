"""What a judge may see: views of fresh evidence, now or at the moment when a measurement arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from journeyman.mission.criteria.evidence import Evidence, ObservedResult, RunPredicate
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.fold.metric_history import Histories, Trends, histories_after, trends_after
from journeyman.mission.fold.world_knowledge import add, known_after, unchanged_since
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.state import Arrival, State
from journeyman.mission.values.canonical import Json


@dataclass(frozen=True, slots=True)
class ArrivalMoment:
    """One arrival with what could be seen when it came."""

    arrival: Arrival
    view: EvidenceView
    """Fresh evidence only."""
    alarm: EvidenceView
    """For abort conditions: with the arrival itself, even where something may have changed the world meanwhile, and with
    what was measured before a kill, a pause or an answer."""


@dataclass(frozen=True, slots=True)
class _MomentEvidence:
    """What had been measured at one moment, fresh or not."""

    rows: Mapping[str, tuple[Evidence, ...]]
    known: Mapping[str, frozenset[str]]
    history: Histories
    trends: Trends
    since: int
    """The first epoch of which evidence counts."""
    order: int


def present_view(state: State, run: RunPredicate, values: Mapping[str, Json]) -> EvidenceView:
    """The view of all that is fresh now."""
    world, arrivals = state.world, state.world.arrivals
    rows = dict(world.evidence)
    for arrival in arrivals:
        add(rows, arrival.evidence)
    seen = _MomentEvidence(
        rows,
        known_after(world.known, arrivals),
        histories_after(world.history, arrivals),
        trends_after(world.trends, state.mission, arrivals),
        world.epoch,
        world.order,
    )
    return _view(state, seen, run, values)


def moments(state: State, run: RunPredicate, values: Mapping[str, Json]) -> Iterable[ArrivalMoment]:
    """The measurements that were not judged yet, oldest first, each with the views of its moment."""
    world = state.world
    rows, known, history, trends = dict(world.evidence), world.known, world.history, world.trends
    for arrival in world.arrivals:
        add(rows, arrival.evidence)
        known = known_after(known, (arrival,))  # what comes later is not known of yet
        history = histories_after(history, (arrival,))
        trends = trends_after(trends, state.mission, (arrival,))
        seen = _MomentEvidence(rows, known, history, trends, arrival.epoch, arrival.measurement.order)
        view = _view(state, seen, run, values)
        since = unchanged_since(world, arrival.epoch)
        # An alarm that rang is true whatever happened next: a later intent makes its value stale, not undone.
        besides = () if arrival.fresh else arrival.evidence
        same = arrival.fresh and since == arrival.epoch
        alarm = view if same else _view(state, replace(seen, since=since), run, values, besides)
        yield ArrivalMoment(arrival, view, alarm)


def _view(
    state: State,
    seen: _MomentEvidence,
    run: RunPredicate,
    values: Mapping[str, Json],
    besides: Iterable[Evidence] = (),
) -> EvidenceView:
    world, since, order = state.world, seen.since, seen.order
    metrics = {
        name: kept
        for name, mine in seen.rows.items()
        if (kept := tuple(row for row in mine if row.measurement.epoch >= since))
    }
    add(metrics, besides)
    return EvidenceView(
        iteration=state.iteration.index,
        metrics=metrics,
        known=seen.known,
        observed=seen.known,
        events=tuple(row for row in world.events if row.measurement.order <= order),
        results=_results(state, since, order),
        checks={name: row for name, row in world.checks.items() if row.measurement.epoch >= since},
        errors=state.iteration.errors,
        counts=world.counts,
        answers=state.people.answers,
        history=seen.history,
        run=run,
        values=values,
        since=since,
        trends=seen.trends,
        firsts={
            name: known.result.first
            for name, known in state.progress.criteria.items()
            if known.result.first is not None
        },
    )


def _results(state: State, since: int, order: int) -> tuple[ObservedResult, ...]:
    rows: list[ObservedResult] = []
    for effect in state.of_iteration():
        made = effect.measurement
        if made is None or effect.state is EffectState.INTENDED or made.order > order:
            continue
        rows.append(
            ObservedResult(
                tool=effect.intended.tool,
                state=effect.state.value,
                error_class=effect.error_class,
                value=effect.value,
                fresh=made.epoch >= since,
                measurement=made,
                answered=effect.answered,
            )
        )
    return tuple(rows)
