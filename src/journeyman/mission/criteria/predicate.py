"""`predicate`: a sandboxed expression over the observation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, StrictStr

from journeyman.mission.criteria.allowed_tools import AllowedTools, DraftFacts
from journeyman.mission.criteria.base import Measured, loudest
from journeyman.mission.criteria.evidence import Evidence, Judgement, Measurement, ObservedResult, inconclusive, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.expressions import ExpressionUses, alternatives, may_need_one_of, uses
from journeyman.mission.criteria.metric import EVIDENCE_CHARACTERS, shortened
from journeyman.mission.criteria.schema import EvidenceSource
from journeyman.mission.values.errors import Problem
from journeyman.mission.values.name_patterns import is_pattern

MAX_EXPRESSION_CHARACTERS: Final = 4096
"""Longest predicate: enough for a screenful, small enough that parsing one is free."""

PLAIN_FORMS: Final = "no lambda, `:=`, second `for`, keyword argument, `next`, `map`: docs/mission-file.md has them all"
MISSING: Final = (
    "it may be true because an event, a result or a metric is missing: say whose count with `probe` or `from`"
)
"""Nothing that anybody else reported tells that something did not happen."""


PATTERN: Final = "it may be true because an event, a result or a metric is missing: a pattern in `from` does not say who must have looked; name each tool"
"""One tool that answered tells nothing of what another would have shown."""


class PredicateCriterion(Measured):
    """Met when a sandboxed Python expression over `obs` gives `True`, and nothing it looks at is stale."""

    kind: Literal["predicate"]
    text: Annotated[StrictStr, Field(min_length=1, max_length=MAX_EXPRESSION_CHARACTERS, alias="expression")]
    """Python over `obs`, in the sandbox; only `True` meets the criterion."""

    def expression(self) -> str:
        """The text itself."""
        return self.text

    def problems(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say that nobody knows what is missing, where it asks for that."""
        yield from super().problems(tools)
        if not self.is_sourced and uses(self.text).absence:
            hint = "name a pure call that gives such events: `probe: {tool: …}`, or `from: TOOL`"
            unread = "" if uses(self.text).plain else f"; or write it in one of the plain forms ({PLAIN_FORMS})"
            yield self.problem(MISSING, hint + unread)
        elif any(is_pattern(source.tool) for source in self.wanted_sources) and uses(self.text).absence:
            yield self.problem(PATTERN)

    def warnings(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say that it looks at nothing that was measured."""
        if not self.probes and "obs" not in self.text:
            yield self.problem("looks at nothing: it holds, or fails, whatever happens", "use `obs`")
        elif self.is_sourced and "history" in self.text:
            message = "with `probe` or `from`, `obs['history']` shows the newest point alone"
            yield self.problem(
                message, "follow several with a `metric_trend`, or ask for several in a row with `hold_for`"
            )
        elif not uses(self.text).evidence and "counts" not in self.text:
            message = "looks at nothing that was measured, so it may hold though nothing was done"
            yield self.problem(message, "look at `obs['metrics']` too: no error is no success")
        silent = [name for text in alternatives(self.text) for name in sorted(may_need_one_of(text))]
        if self.is_alarm and silent and not self.probes:
            message = f"says nothing before each of {', '.join(silent)} was measured, also where one is bad enough"
            yield self.problem(message, "write the sides of an `or` as such, or an `any_of` of thresholds")
        yield from super().warnings(tools)

    def takes_any_value(self) -> bool:
        """It does where it looks at values at all."""
        return uses(self.text).evidence

    def draft_faults(self, known: DraftFacts) -> Iterator[str]:
        """Say that it looks at nothing, too."""
        yield from super().draft_faults(known)
        if not uses(self.text).evidence and "obs" not in self.text:
            yield "looks at nothing, so that it can never change"

    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Ask the sandbox; of an alarm each operand of its `or` by itself, since one that is true needs no other."""
        texts = alternatives(self.text) if self.is_alarm else (self.text,)
        return loudest([self._judged(text, view) for text in texts])

    def _judged(self, text: str, view: EvidenceView) -> Judgement:
        """Ask the sandbox, once it is clear that every metric the expression looks at has a fresh value."""
        looked = uses(text)
        gap = _gap(looked, view) or (self._unseen(view) if looked.absence else "")
        if gap:
            return inconclusive(gap)
        answer = view.run(text, view.obs())
        if answer.error is not None:
            return inconclusive(answer.error[:EVIDENCE_CHARACTERS])
        if answer.truth is None:
            return inconclusive(f"the expression gave {shortened(answer.value)!r}, not True or False")
        return judged(answer.truth, answer.value, _looked_at(looked, view))

    def _unseen(self, view: EvidenceView) -> str:
        """Tell who would have to be looked at before an event can be said to be missing; empty where all were."""
        if not self.wanted_sources:
            return "" if self.probes else MISSING
        if any(is_pattern(source.tool) for source in self.wanted_sources):
            return PATTERN
        unseen = view.silent_source(self.wanted_sources)
        return (
            f"{unseen} gave nothing fresh in this iteration, so nothing of it is known to be missing" if unseen else ""
        )

    def sentence(self) -> str:
        """Say what is asked for: the expression on one line."""
        return " ".join(self.text.split())

    def words(self) -> tuple[str, ...]:
        """The expression, whose names are words."""
        return (self.text,)

    def sources_asked(self) -> tuple[EvidenceSource, ...]:
        """Those of `from`, where it may be true because something is missing: each must have told afresh."""
        return tuple(self.wanted_sources) if uses(self.text).absence else ()

    def metric_names(self, known: frozenset[str]) -> frozenset[str]:
        """The metrics that the expression names; all known ones where it does not name them."""
        looked = uses(self.text)
        return known if looked.metrics is None else looked.metrics


def _gap(looked: ExpressionUses, view: EvidenceView) -> str:
    """Tell what the expression looks at and nobody has measured afresh; empty when there is nothing."""
    if not looked.evidence:
        return ""
    if not view.evidence_there():
        return "nothing fresh was observed"
    if looked.metrics is None and looked.results == frozenset() and not looked.events and not view.metrics:
        return "no metric has a fresh value"  # `all` of nothing is true
    names = view.known | view.metrics.keys() | looked.named if looked.metrics is None else looked.metrics
    for name in sorted(names):
        row = view.metric(name)
        if not isinstance(row, Evidence):
            return row
    if looked.results is None and not any(row.fresh for row in view.results):
        return "no fresh result in this iteration"
    return _stale_result(looked, view)


def _stale_result(looked: ExpressionUses, view: EvidenceView) -> str:
    """Tell which result the expression may miss the value of, as a default or a filter would hide; empty for none."""
    rows = _results(looked, view) if looked.values else []
    row = next((row for row in rows if not (row.fresh and row.is_done)), None)
    if row is None:
        return ""
    return f"the result of {row.tool} is stale" if row.is_done else f"the call of {row.tool} failed, so it has no value"


def _results(looked: ExpressionUses, view: EvidenceView) -> list[ObservedResult]:
    if looked.results is None:
        return list(view.results)
    count = len(view.results)
    return [view.results[place] for place in sorted(looked.results) if -count <= place < count]


def _looked_at(looked: ExpressionUses, view: EvidenceView) -> tuple[Measurement, ...]:
    names = view.metrics.keys() if looked.metrics is None else looked.metrics
    rows = [view.metric(name) for name in sorted(names)]
    made = [row.measurement for row in rows if isinstance(row, Evidence)]
    made += [row.measurement for row in _results(looked, view) if row.fresh]
    made += [row.measurement for row in view.events] if looked.events else []
    return tuple({measurement.id: measurement for measurement in made}.values())
