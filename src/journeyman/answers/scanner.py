"""Find the answer in a text: left to right, once.

Where only white space, a fence, a tool call's tag or closed reasoning precedes an object, that object is the answer.
Where prose precedes it, or the caller wants the last of all, the last object that fits is; none where several differ
and the caller wants no guess. An
object that goes on behind its end was closed too early and is no answer. An object that does not parse is repaired as a whole; nothing
inside an unfinished one counts.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, Final

from journeyman.answers import markup_patterns
from journeyman.answers.bracket_context import end_of_misclosed, is_enclosed, reasoning_end
from journeyman.answers.candidates import Candidate, candidate_at, is_fenced_at, refusal
from journeyman.answers.decoding import decode_text
from journeyman.answers.extraction import Extraction, ExtractionReason, MultipleObjects, reason_for_finish
from journeyman.answers.strict_json import DECODER, parse_strict
from journeyman.answers.tolerant_json import MAX_CHARS, ParseResult
from journeyman.answers.validation import AnswerValidator, validator_for

MAX_TEXT: Final = 4 * 1024 * 1024
"""Longer texts are refused, in characters."""
_KEPT: Final = 64
"""So many of the last candidates are tried against the type."""
_WEAK_ENDS: Final = 8
"""So many unfinished things that only look like objects are passed over."""
_MISSES: Final = 32
"""After so many candidates that are not strict JSON, each is cut out of the text before it is read."""
_MOST_MISSES: Final = 500
"""A text with more of them than any answer has is given up: it costs too much to read."""
_DOUBTFUL: Final = {"inner_quote", "control_character", "missing_quote"}
_TEXT_LAYERS: Final = 3


def extract(
    text: str | bytes,
    model: Any = None,
    *,
    finish_reason: str | None = None,
    several: MultipleObjects = MultipleObjects.LAST,
    tool: str | None = None,
) -> Extraction[Any]:
    """The answer in a model's text: an instance of `model`, or a dict when it is `None`.

    Never raises for any text, and takes time in proportion to its length.

    Args:
        text: What the model wrote; bytes in any encoding that JSON may have.
        model: Any type that pydantic can validate; pydantic's lax rules and no laxer ones decide what fits.
        finish_reason: The provider's word on why the text ended. An answer that ended for length is never final.
        several: Which of several different objects in prose is the answer.
        tool: Name of the tool that the model was asked to call; a written call of another one is no answer. `None`
            takes the arguments of any.
    """
    fit = validator_for(model, tool, items=several is MultipleObjects.LAST_OF_ALL)
    stopped = reason_for_finish(finish_reason)
    if stopped is not None:
        return Extraction(None, stopped)
    plain = text if isinstance(text, str) else decode_text(bytes(text))
    if len(plain) > MAX_TEXT:
        return Extraction(None, ExtractionReason.TOO_LARGE)
    return _layer(plain, fit, several, _TEXT_LAYERS)


def _layer(text: str, fit: AnswerValidator, several: MultipleObjects, layers: int) -> Extraction[Any]:
    """Scan the text, or what it holds where the whole of it is one JSON string."""
    start = len(text) - len(text.lstrip())
    if text.startswith('"', start) and layers:
        try:
            inner, end = DECODER.raw_decode(text, start)
        except ValueError:
            inner, end = None, 0
        if isinstance(inner, str) and not text[end:].strip():
            found = _layer(inner, fit, several, layers - 1)
            if found.reason is not ExtractionReason.NOTHING:
                return Extraction(found.value, found.reason, found.repairs, (start, end), found.problems)
    found = Scanner(text, fit, several).run()
    return _scalar(text, fit) or found if found.reason is ExtractionReason.NOTHING else found


def _scalar(text: str, fit: AnswerValidator) -> Extraction[Any] | None:
    """Read a text that is nothing but a string, number or literal, for types that are no objects."""
    stripped = text.strip()
    if not fit.takes_arrays or not stripped or len(stripped) > MAX_CHARS:
        return None
    try:
        fitted = fit.validate(parse_strict(stripped))
    except ValueError:
        return None
    start = text.index(stripped)
    return Extraction(fitted.value, ExtractionReason.OK, (), (start, start + len(stripped))) if fitted.fits else None


def validate_candidate(candidate: Candidate, text: str, fit: AnswerValidator) -> Extraction[Any]:
    """Say whether a whole candidate fits."""
    span = (candidate.start, candidate.end)
    strict_text = text[span[0] : span[1]] if candidate.reading.reason is ExtractionReason.OK else None
    refused = refusal(text, candidate) if strict_text is not None else None
    if refused is not None:
        return Extraction(None, refused, (), span)
    fitted = fit.validate(candidate.reading.value, strict_text)
    if not fitted.fits:
        return Extraction(None, ExtractionReason.INVALID, candidate.reading.repairs, span, fitted.problems)
    repairs = tuple(dict.fromkeys([*candidate.reading.repairs, *fitted.repairs]))
    inside = any(repair != "unwrapped" for repair in fitted.repairs)
    return Extraction(fitted.value, ExtractionReason.REPAIRED if inside else candidate.reading.reason, repairs, span)


def may_be_answer(candidate: Candidate, text: str) -> bool:
    """Tell whether a whole candidate may be an answer at all, given where it stands."""
    repairs = candidate.reading.repairs
    # `{name: value}` in prose is a description, and so is `{}`.
    vague = not candidate.reading.value or (repairs and {"unquoted_key", "unquoted_value"} <= set(repairs))
    if vague and not candidate.leads and not is_fenced_at(text, candidate.start):
        return False
    # Where an end of a string was in doubt, the object may reach from reasoning over its closing mark into the answer.
    return not _DOUBTFUL & set(repairs) or not _ends_reasoning(text, candidate.start, candidate.end)


def _ends_reasoning(text: str, start: int, end: int) -> bool:
    """Tell whether a repaired object reaches over the end of reasoning that began before it."""
    found = markup_patterns.REASONING_END.search(text, start, end)
    return found is not None and not any(
        markup_patterns.reasoning_closer(text, place) for place in range(start, found.start()) if text[place] in "<[◁"
    )


_SPOKEN: Final = "analysis"
_SPOKEN_END: Final = re.compile(r"assistant\s?final")


def _spoken_end(text: str) -> int:
    """Where the final channel begins in a harmony answer that lost its special tokens; 0 in other texts."""
    if not text.lstrip().startswith(_SPOKEN):
        return 0
    ends = [found.end() for found in _SPOKEN_END.finditer(text)]
    return ends[-1] if ends else 0


class _Matches:
    """The places that matter, in order; each pattern passes over the text once."""

    def __init__(self, text: str, patterns: tuple[re.Pattern[str], ...]) -> None:
        self._text = text
        self._next = [(pattern, pattern.search(text)) for pattern in patterns]

    def after(self, pos: int) -> re.Match[str] | None:
        """The first match at or after `pos`."""
        nearest: re.Match[str] | None = None
        for index, (pattern, found) in enumerate(self._next):
            if found is None:
                continue
            at = found if found.start() >= pos else pattern.search(self._text, pos)
            self._next[index] = (pattern, at)
            if at is not None and (nearest is None or at.start() < nearest.start()):
                nearest = at
        return nearest


class Scanner:
    """One pass over one text."""

    def __init__(self, text: str, fit: AnswerValidator, several: MultipleObjects = MultipleObjects.LAST) -> None:
        self._text = text
        self._fit = fit
        self._several = several
        self._agreed: Extraction[Any] | None = None
        self._differ = False
        array = markup_patterns.ANY_ARRAY if fit.takes_arrays else markup_patterns.ARRAY
        self._marks = _Matches(text, (markup_patterns.OBJECT, array, *markup_patterns.tags_in(text)))
        self._pos = self._base = _spoken_end(text)
        self._kept: deque[Candidate] = deque(maxlen=_KEPT)
        self._failure: Extraction[Any] = Extraction(None, ExtractionReason.NOTHING)
        self._repair_chars = MAX_CHARS
        self._weak_ends = _WEAK_ENDS
        self._misses = 0
        self.leading = True
        """Whether nothing that counts as prose has come since `base`."""
        self.latest: Candidate | None = None
        """The last thing that began like an object."""
        self.settled = not text.lstrip().startswith(_SPOKEN)
        """Whether more text would leave what was decided so far as it is."""

    @property
    def base(self) -> int:
        """Where the last reasoning ended."""
        return self._base

    def run(self) -> Extraction[Any]:
        """One pass over the text: the answer, or the reason why there is none."""
        while found := self._marks.after(self._pos):
            start = found.start()
            if self.leading and self._passes_lead(start):
                continue
            begins = found.re is not markup_patterns.SQUARE_TAG and found[0] in "{["
            answer = self._object(start) if begins else self._tag(start)
            if answer is not None:
                return answer
        return self._last()

    def _passes_lead(self, start: int) -> bool:
        """Pass what may precede an answer; true when the mark at `start` was a part of it."""
        lead = markup_patterns.LEAD.match(self._text, self._base)
        end = lead.end() if lead else self._base
        self.leading = end >= start
        if end > start:
            self._pos = self._base = end
        return end > start

    def _reset(self, end: int) -> None:
        """Forget everything before `end`: it was reasoning."""
        self._drop_candidates()
        self._failure = Extraction(None, ExtractionReason.NOTHING)
        self._pos = self._base = end
        self.leading = True

    def _drop_candidates(self) -> None:
        """Let nothing that came so far be the answer."""
        self._kept.clear()
        self._agreed, self._differ = None, False

    def _tag(self, start: int) -> Extraction[Any] | None:
        self._pos = start + 1
        if self._text[max(0, start - 1) : start] == "`" and self._text[max(0, start - 2) : start] != "``":
            return None  # mentioned, not used
        if found := markup_patterns.REASONING_END.match(self._text, start):
            self._reset(found.end())
        elif opener := markup_patterns.reasoning_closer(self._text, start):
            end, pattern = opener
            closer = pattern.search(self._text, end)
            if closer is None and self._several is MultipleObjects.LAST_OF_ALL:
                self._pos = len(self._text)  # what was written before stands until another one takes its place
                return None
            if closer is None:
                return Extraction(None, ExtractionReason.NOTHING)
            self._pos = closer.end()
            if self.leading:
                self._base = self._pos
        return None

    def _object(self, start: int) -> Extraction[Any] | None:
        candidate = candidate_at(
            self._text, start, leads=self.leading, repair_chars=self._repair_chars, alone=self._misses > _MISSES
        )
        self._misses += candidate.reading.reason is not ExtractionReason.OK
        if self._misses > _MOST_MISSES:
            self._drop_candidates()
            return Extraction(None, ExtractionReason.TOO_LARGE)
        self.latest = candidate
        if candidate.reading.reason is not ExtractionReason.OK:
            self._repair_chars -= max(1, candidate.reading.end - start)
        if candidate.whole and may_be_answer(candidate, self._text):
            return self._whole(candidate)
        self._broken(candidate)
        self.leading = False
        return None

    def _whole(self, candidate: Candidate) -> Extraction[Any] | None:
        self._pos = candidate.end
        self.settled &= not candidate.reading.undecided
        if not candidate.leads or self._several is MultipleObjects.LAST_OF_ALL:
            self.leading = False
            self._remember_candidate(candidate)
            return None
        answer = validate_candidate(candidate, self._text, self._fit)
        if answer.ok:
            beyond = end_of_misclosed(self._text, candidate)
            if not beyond:
                return answer
            self.settled = False
            self._pos = beyond
            refused: Extraction[Any] = Extraction(None, ExtractionReason.MALFORMED, (), answer.span)
            answer = refused
        self._failure = answer
        self.leading = False
        return None

    def _remember_candidate(self, candidate: Candidate) -> None:
        """Keep what may be the answer; where several would be ambiguous, compare it with the one before."""
        if self._several is not MultipleObjects.AMBIGUOUS:
            self._kept.append(candidate)
            return
        answer = validate_candidate(candidate, self._text, self._fit)
        if answer.ok and self._agreed is not None:
            self._differ |= answer.value != self._agreed.value
        self._agreed = answer if answer.ok else self._agreed
        if answer.ok or self._agreed is None:
            self._kept.append(candidate)

    def _broken(self, candidate: Candidate) -> None:
        start, end, reading = candidate.start, candidate.end, candidate.reading
        self.settled = False  # where a broken thing is over may depend on what follows
        self._pos = end
        if candidate.whole:
            reasoned = reasoning_end(self._text, start, end)
            self._pos = end if reasoned is None else reasoned
            self._fail(ExtractionReason.MALFORMED, candidate)
            return
        if end < len(self._text):
            ended = reading.reason is ExtractionReason.TRUNCATED and self._text[end - 1] not in "}]"
            self._fail(ExtractionReason.TRUNCATED if ended else self._reason(reading), candidate)
            if ended:
                self._drop_candidates()
        elif (reasoned := reasoning_end(self._text, start, end)) is not None:
            self._pos = reasoned
        elif candidate.leads or markup_patterns.STRONG.match(self._text, start) or self._weak_ends <= 0:
            self._drop_candidates()
            self._fail(reading.reason, candidate)
        else:
            self._weak_ends -= 1
            self._pos = start + 1

    @staticmethod
    def _reason(reading: ParseResult) -> ExtractionReason:
        return ExtractionReason.MALFORMED if reading.reason is ExtractionReason.TRUNCATED else reading.reason

    def _fail(self, reason: ExtractionReason, candidate: Candidate) -> None:
        self._failure = Extraction(None, reason, (), (candidate.start, candidate.end))

    def _last(self) -> Extraction[Any]:
        """The last candidate that fits."""
        if self._differ:
            return Extraction(None, ExtractionReason.AMBIGUOUS)
        nearest: Extraction[Any] | None = None
        for candidate in reversed(self._kept):
            answer = validate_candidate(candidate, self._text, self._fit)
            if answer.ok and is_enclosed(self._text, self._base, candidate):
                return Extraction(None, ExtractionReason.MALFORMED, (), answer.span)
            if answer.ok:
                return answer
            nearest = nearest or answer
        return nearest or self._failure
