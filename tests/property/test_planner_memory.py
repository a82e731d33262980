"""What the planner remembers of results, against a slow and obvious way to tell news."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.fold.observed_values import MAX_VALUES
from journeyman.mission.fold.planner_memory import after_settled
from journeyman.mission.model.effects import EffectClass, EffectState
from journeyman.mission.model.events import Intended, Settled
from journeyman.mission.model.planner_memory import PlannerMemory
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace

_LOOK = Intended(
    effect="0.0", iteration=0, tool="look", args={}, effect_class=EffectClass.PURE, place="plan.0.0.0", turn=0
)
scalars: st.SearchStrategy[Any] = st.sampled_from([0, 1, 1.5, True, False, "", "1", "True", None]) | st.integers(0, 40)
rows: st.SearchStrategy[Any] = scalars | st.lists(scalars | st.lists(scalars, max_size=1), max_size=MAX_VALUES + 6)
results: st.SearchStrategy[JsonObject] = st.dictionaries(st.sampled_from("abc"), rows, max_size=3)


@given(st.lists(results, max_size=6))
def test_a_result_is_news_when_it_shows_a_value_that_is_not_remembered(found: list[JsonObject]) -> None:
    """As its text tells: `1`, `1.0`, `true` and `"1"` are four values."""
    memory = PlannerMemory(idle=5)
    for seen in found:
        after = after_settled(memory, _LOOK, Settled(effect="0.0", state=EffectState.DONE, seen=seen))
        news = any(set(map(repr, row)) - set(map(repr, memory.seen.get(name, ()))) for name, row in after.seen.items())
        assert after.idle == (0 if news else 5)
        memory = replace(after, idle=5)
