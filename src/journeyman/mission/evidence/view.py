"""View: what criteria and predicates see of the world in one evaluation, and how fresh it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from journeyman.mission.fold.measures import new_points
from journeyman.mission.model.state import HISTORY_POINTS, State
from journeyman.mission.values.canonical import Json, JsonObject

OBS_HISTORY_POINTS = 32
"""Newest points of each metric that predicates see."""
_TEXTS = re.compile(r"""['"]([^'"]+)['"]""")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Evidence of one evaluation. `values` resolves blobs: SHA-256 to value."""

    state: State
    values: Mapping[str, Json] = field(default_factory=dict[str, Json])

    def obs(self) -> JsonObject:
        """Give the observation as predicates and dot paths see it.

        `metrics` holds the newest value of each metric; `events`, `errors` and `tool_results` are of this iteration;
        `counts` has the successful calls by tool; `history` the newest points of each number, the current one last.
        """
        state = self.state
        return {
            "counts": dict(state.counts),
            "errors": list(state.errors),
            "events": list(state.events),
            "history": {
                name: cast("list[Json]", list(row[-OBS_HISTORY_POINTS:])) for name, row in self.histories().items()
            },
            "iteration": state.iteration,
            "metrics": {name: metric.value for name, metric in state.metrics.items()},
            "tool_results": self.results(),
        }

    def results(self) -> list[Json]:
        """Give this iteration's calls with their values, in the order in which they were intended."""
        rows: list[Json] = []
        for effect in self.state.effects.values():
            if effect.intended.iteration != self.state.iteration or effect.state == "intended":
                continue
            row: JsonObject = {"state": effect.state, "tool": effect.intended.tool, "value": self._value(effect.value)}
            if effect.error_class:
                row["error_class"] = effect.error_class
            rows.append(row)
        return rows

    def _value(self, value: Json) -> Json:
        reference = value.get("$blob") if isinstance(value, dict) else None
        return self.values.get(reference, value) if isinstance(reference, str) else value

    def histories(self) -> Mapping[str, tuple[float, ...]]:
        """Give each number's points, this iteration's last."""
        if self.state.judged:  # an evaluation repeated after an answer: the points are in already
            return self.state.history
        history = dict(self.state.history)
        for name, point in new_points(self.state).items():
            history[name] = (*history.get(name, ()), point)[-HISTORY_POINTS:]
        return history

    def fresh_metric(self, name: str) -> bool:
        """Tell whether nothing has changed the world since the metric was measured."""
        metric = self.state.metrics.get(name)
        return metric is None or metric.order >= self.state.mutated

    def fresh_expression(self, expression: str) -> bool:
        """Tell whether every metric that an expression may look at is fresh.

        Names are taken from the texts in the expression; one that looks at metrics without naming any looks at all.
        """
        if "metrics" not in expression and "history" not in expression:
            return True
        named = {text for text in _TEXTS.findall(expression) if text in self.state.metrics}
        return all(self.fresh_metric(name) for name in named or self.state.metrics)


def wants_values(expressions: list[str]) -> bool:
    """Tell whether any expression or path looks at whole tool results, so that blobs must be read."""
    return any("tool_results" in expression for expression in expressions)
