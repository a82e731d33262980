"""How structured answers are asked for: one step down when a provider refuses a form, and up again after a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from journeyman.advisors.kinds import AnswerMode

_LOWER: Final[Mapping[AnswerMode, AnswerMode]] = {
    AnswerMode.NATIVE: AnswerMode.TOOL,
    AnswerMode.TOOL: AnswerMode.PROMPTED,
}
_HIGHER: Final[Mapping[AnswerMode, AnswerMode]] = {lower: higher for higher, lower in _LOWER.items()}
_ORDER: Final = (AnswerMode.PROMPTED, AnswerMode.TOOL, AnswerMode.NATIVE)


@dataclass(slots=True)
class ModeFallback:
    """Knows which form to ask in now. A refusal may have been about something else, so that no step down is for ever."""

    best: AnswerMode
    """What the model is known to support."""
    rest_s: float = 900.0
    """After so long a step up is tried; doubled each time it is refused again."""
    rest_most_s: float = 86_400.0
    _current: AnswerMode | None = None
    _lowered_at: float = 0.0
    _rest_s: float = 0.0
    _trying: bool = False

    def mode_at(self, now: float) -> AnswerMode:
        """The form for a request that leaves now."""
        current = self._current or self.best
        if current is not self.best and now - self._lowered_at >= self._rest_s:
            self._current = current = _HIGHER[current]
            self._lowered_at, self._trying = now, True
        return current

    def lower_after_refusal(self, used: AnswerMode, now: float) -> bool:
        """Take in that a provider refused a form; True when a lower one is left to ask in."""
        lower = _LOWER.get(used)
        if lower is None:
            return False
        if _ORDER.index(lower) < _ORDER.index(self._current or self.best):  # else another request has seen to it
            doubled = min(self._rest_s * 2, self.rest_most_s)
            self._rest_s = doubled if self._trying and self._rest_s else self.rest_s
            self._current, self._lowered_at, self._trying = lower, now, False
        return True
