"""An action out of a stream: whoever stops in the chunk that completes one has it, whoever reads on gets the last.

There is no second way of reading: what stands in the text so far is what `read_text` finds in it, so a stream and the
whole text agree however it was cut. `feed` asks it only where an answer may end: at a bracket that closes, after an
`action_type` was seen, and within a budget that keeps the work linear; beyond it an action is found at the end.

`journeyman.answers.AnswerStream` cannot stand here: where prose precedes an object it waits for the end, since the last
object counts then, and callers want to be told of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from journeyman.gym.text.action import TextAction
from journeyman.gym.text.parse import parse_action, read_text
from journeyman.gym.text.words import ActionType, AgentRole

_NAMED: Final = re.compile("action_type", re.IGNORECASE)
_NAME_CHARS: Final = len("action_type")
_SHARE: Final = 8
_SLACK_CHARS: Final = 65_536
"""To find an early end, text is read again at most `_SHARE` times its length plus this in all."""


class StreamingActionParser:
    """Feed it a model's text as it comes; stop when `feed` says so, or go on: a later action takes the earlier's place.

    Args:
        role: Who acts.
        fallback: The type of the action where there is none.
    """

    def __init__(self, role: AgentRole, fallback: ActionType = ActionType.NOOP) -> None:
        self.role: Final = role
        self.fallback: Final = fallback
        self._chunks: list[str] = []
        self._looked = 0
        """Chunks that were searched for a name."""
        self._looked_chars = 0
        self._tail = ""
        """Their last characters: a name may be cut."""
        self._named = False
        """Whether an `action_type` was seen."""
        self._work_chars = 0
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether an action was complete in what was fed."""
        return self._finished

    @property
    def raw(self) -> str:
        """Everything that was fed."""
        return "".join(self._chunks)

    def feed(self, chunk: str) -> bool:
        """Take the next piece of text and tell whether an action was complete."""
        self._chunks.append(chunk)
        if not self._finished and ("}" in chunk or "]" in chunk):
            self._look()
        return self._finished

    def action(self) -> TextAction:
        """The last action of what was fed, as `parse_action` reads it; `fallback` where there is none."""
        return parse_action(self.raw, self.role, fallback=self.fallback)

    def _look(self) -> None:
        fresh = "".join(self._chunks[self._looked :])
        self._looked, self._looked_chars = len(self._chunks), self._looked_chars + len(fresh)
        if not self._named:
            self._named = _NAMED.search(self._tail + fresh) is not None
            self._tail = (self._tail + fresh)[-_NAME_CHARS:]
        if not self._named or self._work_chars > (_SHARE - 1) * self._looked_chars + _SLACK_CHARS:
            return
        self._work_chars += self._looked_chars
        self._finished = not read_text(self.raw, self.role).reason


def parse_streaming_action(
    chunks: Iterable[str], role: AgentRole, *, fallback: ActionType = ActionType.NOOP
) -> TextAction:
    """The last action of a stream, which is read to its end."""
    parser = StreamingActionParser(role, fallback=fallback)
    for chunk in chunks:
        parser.feed(chunk)
    return parser.action()
