"""What calling a tool is worth: its class, words it shares with what is open, how its calls went, what it risks."""

from __future__ import annotations

import re
from typing import Final

from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.planner_memory import RISKY, TIME_TO_SHOW
from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.model.planner_memory import ToolMemory
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolSpec

RISK_WEIGHT: Final = 4.0
"""What a call loses that would use up all that is left before a guard is broken."""
NAMED: Final = 1.5
"""What a tool gains whose name's words are all in the directive."""
_WORD = re.compile(r"[a-z0-9]+")
_COMMON = frozenset({
    "the", "a", "an", "of", "to", "in", "is", "it", "and", "or", "not", "obs", "metrics", "events", "errors",
    "counts", "get", "len", "all", "any", "sum", "min", "max", "for", "with", "by", "on", "ok", "done", "true",
    "false",
})  # fmt: skip


def risk_of(state: State, tool: str) -> float:
    """How much nearer a call of the tool brings a guard, as far as this session has seen; 0 for most tools.

    What goes to and fro adds up to nothing: it follows the arguments, or is noise. What would take but a small part of
    what is left is no risk yet.
    """
    known = state.memory.tools.get(tool)
    each = known.risk / known.done if known is not None and known.done else 0.0
    return each if each > RISKY * (1 - state.memory.guarded) else 0.0


def breaks_guard(state: State, tool: str) -> bool:
    """Tell whether one more call of the tool would meet an abort condition."""
    risk = risk_of(state, tool)
    return bool(risk) and state.memory.guarded + risk > 1 + 1e-6


def is_early(state: State, tool: str) -> bool:
    """Tell whether what the last risky call did is given time to show before this tool is called."""
    return bool(risk_of(state, tool)) and state.iteration.index - state.memory.risked_at < TIME_TO_SHOW


def tool_worth(state: State, spec: ToolSpec, wanted: frozenset[str]) -> float:
    """What any call of the tool is worth, whatever its arguments are."""
    known = state.memory.tools.get(spec.name, ToolMemory())
    rules = EFFECT_RULES[spec.effect]
    worth = rules.preference - (3.0 if spec.destructive and rules.changes_world else 0.0)
    worth += min(3.0, float(len(wanted & words(f"{spec.name} {spec.description}"))))
    name = words(spec.name.rpartition(".")[2])
    worth += NAMED if name and name <= words(state.mission.directive) else 0.0
    worth -= 0.5 * known.tries
    if risk := risk_of(state, spec.name):
        worth -= RISK_WEIGHT * risk / max(1 - state.memory.guarded, risk)
    if known.failed_in_row:
        worth -= min(6.0, 1.5 * known.failed_in_row) if known.failed_at_changes == state.memory.changes else 0.5
    if known.done:
        worth += 4.0 * known.moved / known.done
    if any(item.asked_tool == spec.name and not is_met(state, item.id) for item in walk(state.mission.criteria)):
        worth += 6.0
    return worth


def is_met(state: State, criterion: str) -> bool:
    """Tell whether a criterion was met when it was last looked at."""
    known = state.progress.criteria.get(criterion)
    return known is not None and known.met


def wanted_words(state: State) -> frozenset[str]:
    """The words of unmet criteria: tools that share them are tried first."""
    found: set[str] = set()
    for criterion in walk(state.mission.criteria):
        if is_met(state, criterion.id) or criterion.abort_when_met:
            continue
        found |= words(criterion.id)
        for text in criterion.words():
            found |= words(text)
    return frozenset(found - _COMMON)


def words(text: str) -> frozenset[str]:
    """The words of a text or name, without digits and single letters."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower()
    return frozenset(word for word in _WORD.findall(spaced) if len(word) > 1 and not word.isdigit())
