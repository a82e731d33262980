"""Judges a mission's criteria by an observation that a person wrote down, so that they can be tried before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.engine.runtime import expression_result
from journeyman.mission.criteria.evidence import SCRIPT, Call, ExpressionResult, Measurement
from journeyman.mission.fold.fold import created, fold
from journeyman.mission.fold.world_knowledge import arrived
from journeyman.mission.model import events as e
from journeyman.mission.model.events import CriterionResult, EventRecord
from journeyman.mission.model.mission import Mission, dump, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.rules.evaluate import evaluated
from journeyman.mission.rules.expression_answers import judge_with_answers
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.value import replace as replaced
from journeyman.tools.predicate import Predicates

_AT = "2000-01-01T00:00:00.000000Z"


def checking_state(mission: Mission, rows: list[JsonObject]) -> State:
    """The state of a session that has only pinned its tools."""
    event = e.SessionCreated(tenant="check", session_id="check", mission=dump(mission), digest=mission_digest(mission))
    return fold(created(_AT, event, mission), EventRecord(_AT, "check", e.CatalogPinned(tools=rows)))


async def judge_observation(mission: Mission, seen: JsonObject, predicates: Predicates) -> list[CriterionResult]:
    """Judge the criteria by an observation that a person wrote down: `metrics`, `events`, `counts`, `errors`.

    It stands for whatever the criteria would be measured by: sources and probes are left out.
    """
    criteria = dump(mission)["criteria"]
    plain = Mission.model_validate({**dump(mission), "criteria": _unsourced(criteria)})
    state = checking_state(plain, [])
    state = replaced(
        state,
        world=replaced(
            state.world, order=1, counts={name: n for name, n in _object(seen, "counts").items() if isinstance(n, int)}
        ),
        iteration=replaced(state.iteration, probed=True, checked=True, errors=tuple(_rows(seen, "errors"))),
    )
    made = Measurement(id=f"{SCRIPT}:0.1", call=Call.of_script(), order=1, epoch=state.world.epoch, at=_AT)
    state = arrived(state, made, _object(seen, "metrics"), _rows(seen, "events"), fresh=True)

    async def ask(expression: str, obs: JsonObject) -> ExpressionResult:
        given: JsonObject = {name: seen[name] for name in ("tool_results", "history") if name in seen}
        result = await predicates.evaluate(expression, obs | given)
        return expression_result(result)

    event = await judge_with_answers(lambda run: evaluated(state, _AT, run, {}), ask)
    return event.results


def _unsourced(value: Json) -> Json:
    if isinstance(value, list):
        return [_unsourced(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _unsourced(item) if key == "criteria" else item
        for key, item in value.items()
        if key not in ("from", "probe")
    }
    return kept | ({"from": SCRIPT} if value.get("kind") == "predicate" else {})


def _object(seen: JsonObject, name: str) -> JsonObject:
    value = seen.get(name)
    return value if isinstance(value, dict) else {}


def _rows(seen: JsonObject, name: str) -> Sequence[JsonObject]:
    value: Json = seen.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
