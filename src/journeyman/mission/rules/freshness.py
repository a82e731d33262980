"""What a judge may see: views of fresh evidence, now or at the moment when a measurement arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from journeyman.mission.criteria.evidence import Evidence, ObservedResult, Remembered, RunPredicate, View
from journeyman.mission.fold.points import extended
from journeyman.mission.fold.world import add, known_after
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.state import Arrival, State
from journeyman.mission.values.canonical import Json


@dataclass(frozen=True, slots=True)
class Moment:
    """One arrival with what could be seen when it came."""

    arrival: Arrival
    view: View
    """Fresh evidence only."""
    alarm: View
    """With the arrival itself, even where something may have changed the world meanwhile: for abort conditions."""


def present_view(state: State, run: RunPredicate, values: Mapping[str, Json]) -> View:
    """Give the view of all that is fresh now."""
    rows = dict(state.world.evidence)
    for arrival in state.world.arrivals:
        add(rows, arrival.evidence)
    known = known_after(state.world.known, state.world.arrivals)
    return _view(state, rows, known, state.world.epoch, state.world.order, run, values)


def moments(state: State, run: RunPredicate, values: Mapping[str, Json]) -> Iterable[Moment]:
    """Give the measurements that were not judged yet, oldest first, each with the views of its moment."""
    rows, known = dict(state.world.evidence), state.world.known
    for arrival in state.world.arrivals:
        add(rows, arrival.evidence)
        known = known_after(known, (arrival,))  # what comes later is not known of yet
        order = arrival.measurement.order
        view = _view(state, rows, known, arrival.epoch, order, run, values)
        alarm = (
            view if arrival.fresh else _view(state, rows, known, arrival.epoch, order, run, values, arrival.evidence)
        )
        yield Moment(arrival, view, alarm)


def _view(
    state: State,
    rows: Mapping[str, tuple[Evidence, ...]],
    known: Mapping[str, frozenset[str]],
    epoch: int,
    order: int,
    run: RunPredicate,
    values: Mapping[str, Json],
    besides: Iterable[Evidence] = (),
) -> View:
    world = state.world
    metrics = {
        name: kept
        for name, mine in rows.items()
        if (kept := tuple(row for row in mine if row.measurement.epoch == epoch))
    }
    add(metrics, besides)
    return View(
        iteration=state.iteration.index,
        metrics=metrics,
        known=known,
        events=tuple(row for row in world.events if row.measurement.order <= order),
        results=_results(state, epoch, order),
        checks={name: row for name, row in world.checks.items() if row.measurement.epoch == epoch},
        errors=state.iteration.errors,
        counts=world.counts,
        answers=state.people.answers,
        history=extended(state),
        run=run,
        values=values,
        epoch=epoch,
        measured=rows,
        remembered={
            name: Remembered(
                first=known.result.first, points=known.points, source=known.source, measured=known.result.measured
            )
            for name, known in state.progress.criteria.items()
        },
    )


def _results(state: State, epoch: int, order: int) -> tuple[ObservedResult, ...]:
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
                fresh=made.epoch == epoch,
                measurement=made,
                answered=effect.answered,
            )
        )
    return tuple(rows)
