"""Does a value fit the asked type, as it is or inside the wrappers that models put around answers?

A wrapper is one that is known to mean "here is the answer": a tool call, `{"answer": …}`, the type's own name. Anything
else around an object, such as `rejected` or `wrong_answer`, says something about it, and what it says is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from journeyman.answers.extraction import ExtractionReason
from journeyman.answers.feedback import lines_of
from journeyman.answers.provider_formats import VALUE_KEY, tool_name
from journeyman.answers.strict_json import MAYBE_NOT_FINITE, is_finite, parse_strict
from journeyman.answers.token_patterns import Value
from journeyman.answers.tolerant_json import parse_tolerant

_ARGUMENTS: Final = ("arguments", "parameters", "input", "args", "function", "properties")
_CALL_KEYS: Final = ("arguments", "parameters")
_CALL_FORM: Final = frozenset(
    {
        *("name", "tool", "tool_name", "type", "id", "call_id", "tool_call_id", "index", "recipient"),
        *("required", "title", "additionalProperties", "$schema"),
    }
)
"""What may stand beside the arguments of a call, or beside the `properties` of an answer written into its schema."""
_CALL_NAMES: Final = ("name", "tool", "tool_name")
_CALL_TYPES: Final = frozenset({"function", "functioncall", "tooluse", "toolcall", "object"})
_ENVELOPES: Final = frozenset(
    {
        *_ARGUMENTS,
        VALUE_KEY,
        *("answer", "answers", "final", "finalanswer", "result", "results", "response", "output", "data", "json"),
        *("object", "content", "toolcall", "toolcalls", "functioncall"),
    }
)
"""Names under which nothing but the answer is put, as `_plain` gives them."""
_CHANNEL: Final = "functions."
_MAX_TRIES: Final = 12
_MAX_WRAPS: Final = 5


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """A value that fits, or what keeps the nearest reading of it from fitting."""

    fits: bool
    value: Any = None
    problems: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    """`unwrapped`, and what was put right inside the wrapper."""


@dataclass(frozen=True, slots=True)
class _Unwrapped:
    """What one reading of a value gives."""

    value: Value
    wraps: int = 0
    repairs: tuple[str, ...] = field(default=())


class AnswerValidator:
    """Decides for one asked type; `None` asks for any object, as a dict."""

    def __init__(self, model: Any, tool: str | None = None, *, items: bool = False) -> None:
        self.model = model
        self._tool = tool
        self._items = items
        """Whether each item of a list may be the answer, the last one first."""
        self._adapter = TypeAdapter[Any](model) if model is not None else None
        self.takes_arrays = model is not None and not _is_model(model)
        """Whether arrays of plain values may be answers."""
        self._names = _names(model)
        # A type whose fields all have defaults accepts every object, the wrapper of the real one included: for such a
        # type one of its keys must be there.
        self._known = frozenset[str]() if _demands_or_takes_any(model) else self._names
        self._envelopes: frozenset[str] = _ENVELOPES | (
            {_plain(tool_name(model))} if model is not None else frozenset()
        )

    def validate(self, value: Value, text: str | None = None) -> ValidationResult:
        """Try the value, whose strict JSON is `text` where that is at hand, then what is inside its wrappers."""
        nearest: ValidationResult | None = None
        for inner in self._readings(value):
            if self._is_call(inner.value):
                continue
            fitted = self._direct(inner.value, text if inner.wraps == 0 else None)
            if fitted.fits:
                repairs = ("unwrapped", *inner.repairs) if inner.wraps else ()
                return ValidationResult(fits=True, value=fitted.value, repairs=repairs)
            if nearest is None or 0 < len(fitted.problems) < len(nearest.problems):
                nearest = fitted
        return nearest or ValidationResult(fits=False)

    def _is_call(self, value: Value) -> bool:
        """Tell whether the value calls a tool, so that the answer is in its arguments and nowhere else."""
        if self._adapter is None or not isinstance(value, dict) or "name" not in value:
            return False
        return any(isinstance(value.get(key), dict | str) and key not in self._names for key in _CALL_KEYS)

    def _direct(self, value: Value, text: str | None) -> ValidationResult:
        if self._adapter is None:
            return ValidationResult(fits=isinstance(value, dict), value=value, problems=("expected one JSON object",))
        if isinstance(value, dict) and value and self._known and not self._known & value.keys():
            return ValidationResult(fits=False, problems=("none of the expected keys is there",))
        text = json.dumps(value, ensure_ascii=False) if text is None else text
        try:
            instance = self._adapter.validate_json(text)
            if MAYBE_NOT_FINITE.search(text) and not is_finite(self._adapter.dump_python(instance)):
                return ValidationResult(fits=False, problems=("a number is not finite",))
        except ValidationError as error:
            return ValidationResult(fits=False, problems=lines_of(error, value, self.model))
        except Exception:  # noqa: BLE001 — validators are the caller's code; whatever they raise, the answer does not fit
            return ValidationResult(fits=False, problems=("the type's own validator failed",))
        return ValidationResult(fits=True, value=instance)

    def _readings(self, value: Value) -> Iterator[_Unwrapped]:
        """The value, then what is inside it, nearest first."""
        waiting = [_Unwrapped(value)]
        for count in range(_MAX_TRIES):
            if count >= len(waiting):
                return
            outer = waiting[count]
            yield outer
            if outer.wraps < _MAX_WRAPS:
                inside = [
                    _Unwrapped(inner.value, outer.wraps + 1, (*outer.repairs, *inner.repairs))
                    for inner in self._contents(outer.value)
                ]
                # What is in an item of a list is nearer than the next item; what is in a wrapper waits for its siblings.
                place = count + 1 if self._items else len(waiting)
                waiting[place:place] = inside

    def _contents(self, value: Value) -> list[_Unwrapped]:
        """What a wrapper holds; nothing for what is no known wrapper."""
        if isinstance(value, str):
            return _from_text(value)
        if isinstance(value, list):
            few = value[: -_MAX_TRIES - 1 : -1] if self._items else value
            return [_Unwrapped(item) for item in few] if self._items or len(value) == 1 else []
        if not isinstance(value, dict):
            return []
        if len(value) == 1:
            [(key, inner)] = value.items()
            return [_Unwrapped(inner)] if _plain(key) in self._envelopes else []
        if not self._is_envelope(value):
            return []
        return [_Unwrapped(value[key]) for key in _ARGUMENTS if isinstance(value.get(key), dict | str)]

    def _is_envelope(self, value: dict[str, Value]) -> bool:
        """Tell whether a value has the form of a call, and calls the tool that was asked for."""
        beside = value.keys() - set(_ARGUMENTS)
        kind = value.get("type")
        if beside - _CALL_FORM or (isinstance(kind, str) and _plain(kind) not in _CALL_TYPES):
            return False
        named = [name for key in _CALL_NAMES if isinstance(name := value.get(key), str)]
        return self._tool is None or all(is_call_of(name, self._tool) for name in named)


def is_call_of(name: str, tool: str) -> bool:
    """Tell whether a call names the tool; some models put the channel before it."""
    return name.removeprefix(_CHANNEL) == tool


def validator_for(model: Any, tool: str | None = None, *, items: bool = False) -> AnswerValidator:
    """The decider for `model`; the same one again for the same arguments."""
    try:
        return _cached(model, tool, items)
    except TypeError:  # not hashable, such as an Annotated with a list in it
        return AnswerValidator(model, tool, items=items)


@lru_cache(maxsize=256)
def _cached(model: Any, tool: str | None, items: bool) -> AnswerValidator:  # noqa: FBT001 - lru_cache is cheaper without names
    return AnswerValidator(model, tool, items=items)


def _plain(name: str) -> str:
    """A name without what separates its words."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _is_model(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel) and "root" not in model.model_fields


def _demands_or_takes_any(model: Any) -> bool:
    if not _is_model(model):
        return True
    return model.model_config.get("extra") == "allow" or any(it.is_required() for it in model.model_fields.values())


def _names(model: Any) -> frozenset[str]:
    """The keys that the fields of a pydantic model may have; of other types none are known."""
    if not _is_model(model):
        return frozenset()
    names = set[str](model.model_fields)
    for declared in model.model_fields.values():
        names |= {name for name in (declared.alias, declared.validation_alias) if isinstance(name, str)}
        choices = getattr(declared.validation_alias, "choices", ())
        names |= {name if isinstance(name, str) else str(name.path[0]) for name in choices}
    return frozenset(names)


def _from_text(text: str) -> list[_Unwrapped]:
    """Read a value that was put into a string, with the same repairs as one that was not."""
    stripped = text.strip()
    if stripped[:1] not in {"{", "["}:
        return []
    try:
        return [_Unwrapped(parse_strict(stripped))]
    except ValueError:
        reading = parse_tolerant(stripped, 0)
    if reading.reason is not ExtractionReason.REPAIRED or reading.end != len(stripped):
        return []
    return [_Unwrapped(reading.value, repairs=reading.repairs)]
