"""Drafts from models are checked like any other, and their questions are audited without their text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.advisors.broker import Broker
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.engine.drafting import Draft, KnownMetrics, draft_criteria
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.canonical import JsonObject

pytestmark = pytest.mark.anyio
LOOK = ToolSpec(
    name="look", description="CANARY look", input_schema={}, pin="", effect=EffectClass.PURE, destructive=False
)
KNOWN = KnownMetrics({"latency_ms": "look"}, {"latency_ms": 120})


def said(target: float) -> ScriptedAnswer:
    """A model's draft."""
    row = {"id": "fast", "kind": "metric_threshold", "metric": "latency_ms", "op": "<", "target": target}
    return ScriptedAnswer(value={"criteria": [row]})


async def drafted(
    *lines: ScriptedAnswer, directive: str = "CANARY: be fast."
) -> tuple[Draft, ScriptedAdvisor, list[JsonObject]]:
    """Draft with a scripted model; give what came, the model, and the audit."""
    model, audit = ScriptedAdvisor(lines), list[JsonObject]()
    asks = Broker({"scripted": model})
    draft = await draft_criteria(directive, [LOOK], KNOWN, broker=asks, wanted=("scripted",), note=audit.append)
    return draft, model, audit


async def test_a_models_criterion_that_holds_already_is_refused_and_asked_for_again() -> None:
    """The second one is open, and taken."""
    draft, model, _ = await drafted(said(200), said(100))
    assert [row["target"] for row in draft.criteria] == [100]
    assert draft.source == "advisor:scripted"
    assert "fast holds already: latency_ms is 120" in model.requests[1].messages[1].text


async def test_where_the_model_gives_nothing_usable_the_rules_draft() -> None:
    """And say why the model's was not taken."""
    draft, _, _ = await drafted(said(200), said(300), said(400), directive="Latency below 90 ms.")
    assert (draft.source, [row["target"] for row in draft.criteria]) == ("rules", [90])
    assert draft.notes[0] == "no advice: schema_mismatch"


async def test_the_rules_own_criterion_is_refused_the_same_way() -> None:
    """A draft that is achieved before it begins proves nothing."""
    found = await draft_criteria("Latency below 200 ms.", [LOOK], KNOWN)
    assert found.criteria == ()
    assert "holds already" in found.notes[0]


async def test_each_question_of_a_draft_leaves_an_audit_pair_without_text(caplog: pytest.LogCaptureFixture) -> None:
    """Names, sizes and hashes; the first half before the prompt leaves."""
    caplog.set_level("INFO")
    _, _, audit = await drafted(said(200), said(100))
    assert [(row["event"], row["ask"]) for row in audit] == [
        ("asked", "draft#1"),
        ("settled", "draft#1"),
        ("asked", "draft#2"),
        ("settled", "draft#2"),
    ]
    told: Any = json.dumps(audit, default=str) + caplog.text
    assert "CANARY" not in told
    assert caplog.text.count("advice {") == 4
