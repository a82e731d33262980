"""No mission completes on stale or forged evidence, every honest one does, and no rule of evidence is idle.

Plays the tables of `tests/evidence`, then plays them again with one rule switched off at a time: each rule must have
rows that end wrongly without it. Random missions are compared with the slow judge of `tests/evidence/reference.py`.
"""

# What stands in for a switched-off rule takes whatever the rule took.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings

from benchmarks.report import Meter, Row
from journeyman.mission.criteria import evidence_view, expressions, predicate, probes
from journeyman.mission.criteria.base import Criterion, Measured
from journeyman.mission.criteria.evidence import Call, CriterionStatus, ExpressionResult, Series
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.expressions import ExpressionUses
from journeyman.mission.criteria.metric_trend import MetricTrend
from journeyman.mission.fold import completion, effects, iteration, people, plan, progress, world_knowledge
from journeyman.mission.rules import calls, decide, evaluate, freshness
from journeyman.mission.rules.evaluate import _Judge  # pyright: ignore[reportPrivateUsage]  # it is switched off here
from journeyman.mission.values import compare
from journeyman.mission.values.value import replace
from tests.evidence.scenario import Row as Mission
from tests.evidence.scenario import wrong
from tests.evidence.table import rows
from tests.evidence.test_reference import difference, missions

RANDOM_MISSIONS = 500
Switch = Callable[[Callable[[object, str, object], None]], None]
"""Gets a function that sets an attribute until the rule is on again."""


def run(meter: Meter) -> list[Row]:
    """Play the tables, the tables without each rule, and random missions."""
    table = rows()
    meter.start("tables", len(table))
    told = [(_step(meter, row), row.completes) for row in table]
    falsely = [text for text, completes in told if text and not completes]
    kept = [text for text, completes in told if text and completes]
    found = [
        Row("missions that must not complete", sum(not completes for _, completes in told), bar=">= 200"),
        Row("of these wrong", len(falsely), bar="0", holds=not falsely),
        Row("missions that must complete", sum(completes for _, completes in told), bar=">= 100"),
        Row("of these wrong", len(kept), bar="0", holds=not kept),
    ]
    meter.start("rules switched off", len(SWITCHES))
    for name, switch in SWITCHES.items():
        missed = _without(switch, table)
        meter.step()
        found.append(Row(f"wrong without: {name}", len(missed), bar=">= 1", holds=bool(missed)))
    problem = _random()
    return [
        *found,
        Row("random missions judged as the slow judge does", RANDOM_MISSIONS, bar=problem, holds=not problem),
    ]


def _step(meter: Meter, row: Mission) -> str:
    meter.step()
    return wrong(row)


def _without(switch: Switch, table: Sequence[Mission]) -> list[str]:
    with switched(switch):
        return [row.name for row in table if _fails(row)]


def _fails(row: Mission) -> bool:
    try:
        return bool(wrong(row))
    except Exception:  # noqa: BLE001  # whatever breaks without the rule has needed it
        return True


def _random() -> str:
    """The first difference; empty where there is none."""
    told: list[str] = []

    @settings(max_examples=RANDOM_MISSIONS, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(missions())
    def play(row: Mission) -> None:
        if problem := difference(row):
            told.append(problem)

    play()
    return told[0] if told else ""


@contextmanager
def switched(switch: Switch) -> Generator[None]:
    """Switch one rule off in every module that has it, for a while."""
    undo: list[tuple[Any, str, object]] = []

    def put(owner: object, name: str, value: object) -> None:
        undo.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    try:
        switch(put)
        yield
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)
        _forget()


def _everywhere(put: Callable[[object, str, object], None], owner: object, name: str, value: object) -> None:
    """Set a function in its module and in all that have imported it."""
    known = vars(owner)[name]
    mine = [module for key, module in sys.modules.items() if key.startswith("journeyman.mission")]
    for module in mine:
        if vars(module).get(name) is known:
            put(module, name, value)


def _all(owner: object, name: str, value: object) -> Switch:
    return lambda put: _everywhere(put, owner, name, value)


def _one(owner: object, name: str, value: object) -> Switch:
    return lambda put: put(owner, name, value)


def _probed_aborts(criteria: Sequence[Criterion]) -> list[Criterion]:
    return [criterion for criterion in criteria if criterion.abort_when_met and probes([criterion])]


def _lenient(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _without_arguments(_: type[Call], tool: str, args: object) -> Call:
    del args
    return Call(tool, "x")


def _with_history(view: EvidenceView, keep: Any, known: Any) -> EvidenceView:
    return replace(_ONLY(view, keep, known), history=view.history)


def _probes_ever(view: EvidenceView, probes: Sequence[Call]) -> EvidenceView | str:
    found = _OF_PROBES(view, probes)
    return found if isinstance(found, str) else _ONLY(view, lambda made: made.probe and made.call in probes, {})


def _ignoring_carried(state: Any) -> bool:
    known = [state.progress.criteria.get(one.id) for one in decide.needed(state.mission.criteria)]
    return all(item is not None and item.met for item in known)


def _ignoring_aborts(state: Any) -> bool:
    known = [state.progress.criteria.get(one.id) for one in decide.needed(state.mission.criteria)]
    return all(item is not None and item.met and not item.result.carried for item in known)


def _as_evidence(state: Any, effect: Any, event: Any) -> Any:
    made = _MADE(state, effect, "")
    told = replace(_LOOKED(state, effect, event), world=replace(state.world, order=made.order))
    return world_knowledge.arrived(told, made, getattr(event, "metrics", {}), getattr(event, "events", ()), fresh=True)


def _newest_reports(state: Any, event: Any, script: Any, at: Any) -> Any:
    newest = {name: value for found in event.observations for name, value in found.items()}
    return _REPORTED(state, replace(event, observations=[newest] if newest else []), script, at)


def _only_stale(looked: ExpressionUses, view: EvidenceView) -> str:
    rows = tuple(row for row in view.results if row.is_done)
    return _STALE(looked, replace(view, results=rows))


def _forget() -> None:
    """Read expressions anew under other rules."""
    expressions.uses.cache_clear()


_ANY_TAKER = frozenset({"all", "any", "max", "min", "sum", "len"})
_STALE = vars(predicate)["_stale_result"]
_FOLLOWED = MetricTrend.followed
_ONLY = EvidenceView._only  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  # it is switched off here
_OF_PROBES = EvidenceView.narrowed_to_probes
_MEASURED = vars(evaluate)["_measured_at"]
_MADE = vars(effects)["_measurement"]
_LOOKED = effects.looked
_REPORTED = vars(iteration)["_reported"]
_WATCHED = progress.watched

SWITCHES: dict[str, Switch] = {
    "changes make evidence stale": _all(world_knowledge, "stale", lambda known: known),
    "a pause or a wait makes evidence stale": _one(people, "interrupted", lambda known: known),
    "a look is as old as its beginning": _one(
        effects,
        "_measurement",
        lambda state, effect, at: replace(_MADE(state, effect, at), epoch=state.world.epoch),
    ),
    "what was never sent changes nothing": _one(effects, "NEVER_SENT", frozenset[str]()),
    "an interruption excuses no abort condition": _one(freshness, "unchanged_since", lambda _, epoch: epoch),
    "stale looks are made again": _one(calls, "stale_calls", lambda _: []),
    "events count in their iteration": _one(iteration, "pruned", lambda known: known),
    "probes alone judge": _one(EvidenceView, "narrowed_to_probes", lambda view, _: view),
    "a probe's newest answer counts": _one(EvidenceView, "narrowed_to_probes", _probes_ever),
    "narrowed views have no history of others": _one(EvidenceView, "_only", _with_history),
    "arguments are part of a call": _one(Call, "of", classmethod(_without_arguments)),
    "two producers are ambiguous": _one(EvidenceView, "_ambiguous", lambda *_: ""),
    "two producers of one path are ambiguous": _one(evidence_view, "_holds", lambda *_: False),
    "`from` says whose values count": _one(EvidenceView, "narrowed_to_sources", lambda view, _: view),
    "a tool named script is not the script": _one(Call, "is_script", property(lambda call: call.tool == "script")),
    "arrivals are judged one by one": _one(_Judge, "arrivals", lambda *_: ""),
    "abort conditions latch": lambda put: _everywhere(
        put, progress, "watched", lambda state, event, at: _WATCHED(state, replace(event, aborted=""), at)
    ),
    "a probed abort condition is freshly unmet": _all(decide, "criteria_hold", _ignoring_aborts),
    "carried judgements complete nothing": _all(decide, "criteria_hold", _ignoring_carried),
    "a history is of one producer": _one(
        Series,
        "extended",
        lambda mine, later, most: replace(later, points=(*mine.points, *later.points)[-most:]),
    ),
    "a trend is of one producer": _one(Measured, "is_sourced", property(lambda _: True)),
    "a trend looks back at what is stale by now": _one(
        MetricTrend, "followed", lambda mine, _, made, found: _FOLLOWED(mine, (), made, found)
    ),
    "each report of a name is a measurement": _one(iteration, "_reported", _newest_reports),
    "alarms count from anybody": _one(EvidenceView, "voices", lambda view, *_: (view,)),
    "an alarm goes through every choice of values": _one(
        EvidenceView,
        "_by_choice",
        lambda view, _: EvidenceView._by_producer(view, tuple(view.metrics)),  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    ),
    "each side of an alarm's `or` speaks for itself": _one(predicate, "alternatives", lambda text: (text,)),
    "what has begun to hold is not unmet": _one(
        completion, "_is_freshly_unmet", lambda result: result.status is CriterionStatus.UNMET and not result.carried
    ),
    "only plain expressions are understood": lambda put: (put(expressions, "_is_plain", lambda _: True), _forget())[-1],
    "a sum tells what is missing": lambda put: (put(expressions, "_TAKERS", _ANY_TAKER), _forget())[-1],
    "what is named must be measured": _one(
        predicate, "uses", lambda text: dataclasses.replace(expressions.uses(text), named=frozenset[str]())
    ),
    "what the engine checks of an alarm is checked before completion": _one(
        completion,
        "measured_aborts",
        _probed_aborts,
    ),
    "a source's stale answer is asked for again": _one(world_knowledge, "_stale_answers", lambda *_: {}),
    "a script that only looked measures again": _one(plan, "has_stale_report", lambda _: False),
    "a failed call has no value": _one(predicate, "_stale_result", _only_stale),
    "an event is missing only where it was looked for": _one(predicate.PredicateCriterion, "_unseen", lambda *_: ""),
    "a source tells what is missing by its own answer, in this iteration": _one(
        EvidenceView, "silent_source", lambda *_: ""
    ),
    "what context calls report is no evidence": _one(effects, "looked", _as_evidence),
    "only a boolean is a truth": _one(ExpressionResult, "truth", property(lambda answer: bool(answer.value))),
    "text and truths are no numbers": lambda put: (
        put(compare, "_number", _lenient),
        _everywhere(put, compare, "number_of", _lenient),
        None,
    )[-1],
    "values of two types are not equal": _all(compare, "equal", lambda left, right: left == right),
    "a default hides no stale metric": _one(predicate, "_gap", lambda *_: ""),
    "a default hides no stale result": _one(predicate, "_stale_result", lambda *_: ""),
    "what an advisor's script reports is no evidence": _one(
        iteration,
        "_reported",
        lambda state, event, script, at: _REPORTED(
            replace(state, iteration=replace(state.iteration, source="plan")), event, script, at
        ),
    ),
    "a measurement counts once": _one(
        evaluate, "_measured_at", lambda made, state: (math.inf, *_MEASURED(made, state)[1:])
    ),
    "held measurements have equal arguments": _one(
        evaluate, "_measured_at", lambda made, state: (*_MEASURED(made, state)[:2], "")
    ),
    "held measurements lie apart": _one(evaluate, "seconds_between", lambda *_: math.inf),
}
"""Each rule with how it is switched off."""
