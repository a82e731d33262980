"""What reading a model's text gives: a value that fits, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class ExtractionReason(StrEnum):
    """How the reading ended. Only `OK` and `REPAIRED` come with a value."""

    OK = "ok"
    """Strict JSON that fits."""
    REPAIRED = "repaired"
    """It fits after the repairs that `Extraction.repairs` names."""
    NOTHING = "nothing"
    """No object in the text, or only one inside reasoning that never ended."""
    TRUNCATED = "truncated"
    """The answer stops before it is whole, or the provider says that it ended for length."""
    INVALID = "invalid"
    """There is an object, but it does not fit the asked type."""
    MALFORMED = "malformed"
    """There is something like an object that cannot be read without guessing, or a value that JSON does not have."""
    TOO_LARGE = "too_large"
    """Text, depth or what needs repair is beyond the limits."""
    REFUSED = "refused"
    """The provider says that the model refused or that a filter stopped the answer."""
    AMBIGUOUS = "ambiguous"
    """Several different objects fit, nothing says which of them is the answer, and the caller wants no guess."""


class MultipleObjects(StrEnum):
    """Which of several different objects in prose is the answer."""

    LAST = "last"
    """The last one: models think aloud and end with what they mean."""
    LAST_OF_ALL = "last_of_all"
    """The last one, also behind an object that leads the text and among the items of a list: for players, who take
    their next action back by writing another one."""
    AMBIGUOUS = "ambiguous"
    """None: for advice, where a wrong value costs more than a second question."""


@dataclass(frozen=True, slots=True)
class Extraction(Generic[T]):
    """One reading of one text. `value` is never a guess: it is whole and it fits, or it is `None`."""

    value: T | None = field(repr=False)
    reason: ExtractionReason
    repairs: tuple[str, ...] = ()
    """What was put right, as tokens such as `trailing_comma`, in the order met."""
    span: tuple[int, int] | None = None
    """Start and end of the object in the (decoded) text."""
    problems: tuple[str, ...] = ()
    """For `INVALID`: one line per fault, place and rule, without anything from the answer."""

    @property
    def ok(self) -> bool:
        """Tell whether there is a value."""
        return self.reason in {ExtractionReason.OK, ExtractionReason.REPAIRED}


LENGTH_REASONS = frozenset(
    {
        "length",
        "max_tokens",
        "maxtokens",
        "max_output_tokens",
        "model_context_window_exceeded",
        "incomplete",
        "max_turn_requests",
    },
)
"""Finish reasons, in lower case, that say the answer was cut."""

REFUSAL_REASONS = frozenset(
    {"refusal", "content_filter", "content_filtered", "guardrail_intervened", "safety", "blocked"},
)
"""Finish reasons, in lower case, that say there is no answer."""


def reason_for_finish(finish_reason: str | None) -> ExtractionReason | None:
    """The reason that overrules whatever the text holds, or `None`."""
    word = (finish_reason or "").lower()
    if word in LENGTH_REASONS:
        return ExtractionReason.TRUNCATED
    return ExtractionReason.REFUSED if word in REFUSAL_REASONS else None
