"""Read an answer while it is written: done in the chunk that closes the object, linear for every way to cut it."""

from __future__ import annotations

import io
import re
from enum import Enum, auto
from typing import Any, Final

from journeyman.answers import markup_patterns
from journeyman.answers.bracket_context import end_of_misclosed
from journeyman.answers.candidates import candidate_at
from journeyman.answers.decoding import TextDecoder
from journeyman.answers.extraction import Extraction, reason_for_finish
from journeyman.answers.partial_value import PartialValue
from journeyman.answers.scanner import Scanner, extract, may_be_answer, validate_candidate
from journeyman.answers.token_patterns import Value
from journeyman.answers.validation import validator_for

_TAG_CHARS: Final = 400
"""The longest thing that may still become a fence or a tag."""
_KEPT_CHARS: Final = 64
"""So much is kept of text that was looked at: longer than any closing mark."""
_SHARE: Final = 8
_SLACK_CHARS: Final = 65_536
"""To find an early end, text is read again at most `_SHARE` times its length plus this in all."""
_OUTSIDE: Final = re.compile(r'["{}\[\]]')
_INSIDE: Final = re.compile(r'["\\]')
_ENDS: Final = {"<": ">", "[": "]", "◁": "▷", "{": "}"}


class _StreamState(Enum):
    LEAD = auto()
    """Nothing came but what may precede an answer."""
    REASONING = auto()
    """Inside reasoning that was opened."""
    OBJECT = auto()
    """Inside the object that leads."""
    PROSE = auto()
    """The last object counts: wait for the end, unless all of it turns out to be reasoning."""


class AnswerStream:
    """Collects chunks of text (or bytes) until there is an answer.

    `feed` gives True in the chunk that closes an object that is the answer, and the stream may be stopped: what follows
    is not looked at. Otherwise the end decides: call `close`, or read `result`. For every way to cut a text, the result
    is what `extract` gives for all that was fed up to then.
    """

    def __init__(self, model: Any = None) -> None:
        self._model = model
        self._fit = validator_for(model)
        self._read = io.StringIO()  # a stream of small chunks must not keep them as objects
        self._write = self._read.write
        self._state = _StreamState.LEAD
        self._mark = ""  # only a chunk with this sign in it can change the state
        self._head = ""  # LEAD, OBJECT: the text from `_base` on; else the last characters that were looked at
        self._base = 0
        self._closer = markup_patterns.REASONING_END
        self._object: list[str] = []
        self._depth = 0
        self._in_string = self._escaped = False
        self._work = 0
        self._decoder: TextDecoder | None = None
        self._answer: Extraction[Any] | None = None
        self._preview = PartialValue()
        self._looked = 0  # how many characters were looked at
        self._final: tuple[int, Extraction[Any]] | None = None
        self.finished = False
        """Whether the object that is the answer is closed."""

    def feed(self, chunk: str | bytes) -> bool:
        """Take the next chunk; True once the answer is there."""
        if self.finished:
            return True
        if type(chunk) is not str:  # cheaper than `isinstance`, in the one call that each chunk pays for
            chunk = chunk if isinstance(chunk, str) else self._decoded(chunk, final=False)
        self._write(chunk)
        if self._mark in chunk:
            self._look()
            return self.finished
        return False

    def close(self, finish_reason: str | None = None) -> Extraction[Any]:
        """Say that nothing follows, and give the result. An answer that ended for length is never final."""
        if self._decoder is not None and not self.finished:
            self._write(self._decoded(b"", final=True))
        stopped = reason_for_finish(finish_reason)
        if stopped is not None:
            self._answer = Extraction(None, stopped)
        elif self._answer is None:
            self._answer = extract(self._text(), self._model)
        return self._answer

    @property
    def result(self) -> Extraction[Any]:
        """The answer; before there is one, what `extract` makes of the text so far."""
        if self._answer is not None:
            return self._answer
        text = self._text()
        if self._final is None or self._final[0] != len(text):
            self._final = len(text), extract(text, self._model)
        return self._final[1]

    @property
    def partial(self) -> Value:
        """What is whole so far of the object being written, unvalidated; `None` before anything is.

        Long texts (over 4 KB) get a new one each time they grew by a sixteenth.
        """
        if self.finished:
            return self._preview.value
        count = self._read.tell()
        if not self._preview.due(count):
            return self._preview.value
        if self._state is _StreamState.OBJECT:
            self._preview.update("".join([*self._object, self._since(self._looked)]), 0, count)
        elif self._state is _StreamState.PROSE:
            text = self._text()
            scanner = Scanner(text, self._fit)
            scanner.run()
            if scanner.latest is not None:
                self._preview.update(text, scanner.latest.start, count)
        return self._preview.value

    def _text(self) -> str:
        return self._read.getvalue()

    def _since(self, place: int) -> str:
        """What was read from a place on."""
        self._read.seek(place)
        return self._read.read()

    def _decoded(self, data: bytes, *, final: bool) -> str:
        self._decoder = self._decoder or TextDecoder()
        return self._decoder.feed(bytes(data), final=final)

    def _look(self) -> None:
        """Look at what came since the last look."""
        if self._state is _StreamState.PROSE or self._state is _StreamState.REASONING:
            self._base = max(self._base, self._looked - _KEPT_CHARS)
            self._head = self._since(self._base)
            self._looked = self._base + len(self._head)
            self._find_end()
            return
        fresh = self._since(self._looked)
        self._looked += len(fresh)
        if self._state is _StreamState.OBJECT:
            self._object.append(fresh)
            if self._may_close(fresh) or not self._mark:
                self._try_object()
            return
        self._head += fresh
        self._lead()

    def _lead(self) -> None:
        """Pass what may precede an answer, and see what comes then."""
        while self._state is _StreamState.LEAD:
            found = markup_patterns.LEAD.match(self._head) or markup_patterns.REASONING_END.match(self._head)
            if found is None or not found.end():
                found = markup_patterns.REASONING_END.match(self._head)
            if found is None or not found.end():
                break
            self._drop(found.end())
        head = self._head
        if not head:
            return
        if opener := markup_patterns.reasoning_closer(head, 0):
            end, self._closer = opener
            self._state, self._mark = _StreamState.REASONING, _ENDS[head[0]]
            self._drop(end)
            self._find_end()
        elif head[0] == "{" or (head[0] == "[" and len(head) > 1 and not head[1].isalpha() and head[1] != "/"):
            self._begin_object()
        elif not self._may_become_lead(head):
            self._to_prose()

    @staticmethod
    def _may_become_lead(head: str) -> bool:
        """Tell whether a tag or fence may still come out of `head`."""
        if len(head) > _TAG_CHARS:
            return False
        if head[0] in "`~":
            return "\n" not in head
        return head.startswith("<|") or (head[0] in "<[◁" and _ENDS[head[0]] not in head)

    def _drop(self, chars: int) -> None:
        self._base += chars
        self._head = self._head[chars:]

    def _find_end(self) -> None:
        """Look for the mark that closes the reasoning."""
        while found := self._closer.search(self._head):
            end = self._base + found.end()
            self._drop(found.end())
            if self._state is _StreamState.REASONING or self._is_reasoning(end):
                self._state, self._mark = _StreamState.LEAD, ""
                self._lead()
                return
        self._head = ""

    def _is_reasoning(self, end: int) -> bool:
        """Tell whether all prose up to `end` was reasoning, whatever follows."""
        if not self._affords(end):
            return False
        scanner = Scanner(self._text()[:end], self._fit)
        scanner.run()
        return scanner.settled and scanner.leading and scanner.base == end

    def _affords(self, chars: int) -> bool:
        self._work += chars
        return self._work <= _SHARE * chars + _SLACK_CHARS

    def _to_prose(self) -> None:
        self._state, self._mark, self._closer = _StreamState.PROSE, ">", markup_patterns.REASONING_END
        self._object = []
        self._find_end()

    def _begin_object(self) -> None:
        self._state, self._mark = _StreamState.OBJECT, _ENDS[self._head[0]]
        self._object = [self._head]
        self._depth, self._in_string, self._escaped = 0, False, False
        if self._may_close(self._head):
            self._try_object()

    def _may_close(self, fresh: str) -> bool:
        """Follow strings and brackets; true when all brackets were closed somewhere in `fresh`."""
        closes, pos = False, 1 if self._escaped and fresh else 0
        self._escaped = self._escaped and not fresh
        while found := (_INSIDE if self._in_string else _OUTSIDE).search(fresh, pos):
            pos, sign = found.end(), found[0]
            if sign == '"':
                self._in_string = not self._in_string
            elif sign == "\\":
                self._escaped = pos >= len(fresh)
                pos += 1
            else:
                self._depth += 1 if sign in "{[" else -1
                closes |= self._depth <= 0
        return closes

    def _try_object(self) -> None:
        """Read the leading object: it is the answer, or goes on, or the prose begins."""
        text = "".join(self._object)
        self._object = [text]
        if not self._affords(len(text)):
            return self._leave_object(text)
        array = markup_patterns.ANY_ARRAY if self._fit.takes_arrays else markup_patterns.ARRAY
        if not (markup_patterns.OBJECT.match(text) or array.match(text)):
            return self._leave_object(text)
        candidate = candidate_at(text, 0, leads=True)
        if candidate.reading.undecided:
            self._mark = "" if candidate.whole else _ENDS[text[0]]
            return None
        if not candidate.whole or not may_be_answer(candidate, text):
            return self._leave_object(text)
        answer = validate_candidate(candidate, text, self._fit)
        if not answer.ok or end_of_misclosed(text, candidate):
            return self._leave_object(text)
        self._preview.settle(candidate.reading.value)
        span = (self._base + candidate.start, self._base + candidate.end)
        self._answer = Extraction(answer.value, answer.reason, answer.repairs, span)
        self.finished = True
        return None

    def _leave_object(self, text: str) -> None:
        self._head = text
        self._to_prose()
