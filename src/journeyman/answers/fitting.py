"""Does a value fit the asked type, as it is or inside the wrappers that models put around answers?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from journeyman.answers.feedback import lines_of
from journeyman.answers.tokens import Value

_WRAPPERS: Final = ("arguments", "parameters", "input", "args", "function", "properties")
_CALL_KEYS: Final = ("arguments", "parameters")
_MAX_TRIES: Final = 12
_MAX_WRAPS: Final = 5
_MAYBE_NOT_FINITE: Final = re.compile(r"nan|inf|[eE]\+?\d{3}|\d{300}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value that fits, or what keeps the nearest reading of it from fitting."""

    fits: bool
    value: Any = None
    problems: tuple[str, ...] = ()
    unwrapped: bool = False


def strict(text: str) -> Value:
    """Parse strict JSON; ValueError for anything else, for NaN, Infinity, overflow and lone surrogates."""
    try:
        value = cast("Value", from_json(text, allow_inf_nan=False))
    except TypeError as error:  # the text holds a lone surrogate
        raise ValueError("no text") from error
    if _MAYBE_NOT_FINITE.search(text) and not _finite(value):
        raise ValueError("not finite")
    return value


class Fit:
    """Decides for one asked type; `None` asks for any object, as a dict."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._adapter = TypeAdapter[Any](model) if model is not None else None
        self._names = _names(model)
        # A type whose fields all have defaults accepts every object, the wrapper of the real one included: for such a
        # type one of its keys must be there.
        self._known = frozenset[str]() if _demands_or_takes_any(model) else self._names

    @property
    def takes_arrays(self) -> bool:
        """Tell whether arrays of plain values may be answers."""
        return self._adapter is not None and not _is_model(self.model)

    def of(self, value: Value, text: str | None = None) -> Fitted:
        """Try the value, whose strict JSON is `text` where that is at hand, then what is inside its wrappers."""
        nearest: Fitted | None = None
        for wraps, inner in _readings(value):
            if self._is_call(inner):
                continue
            fitted = self._direct(inner, text if wraps == 0 else None)
            if fitted.fits:
                return Fitted(fits=True, value=fitted.value, unwrapped=wraps > 0)
            if nearest is None or 0 < len(fitted.problems) < len(nearest.problems):
                nearest = fitted
        return nearest or Fitted(fits=False)

    def _is_call(self, value: Value) -> bool:
        """Tell whether the value calls a tool, so that the answer is in its arguments and nowhere else."""
        if self._adapter is None or not isinstance(value, dict) or "name" not in value:
            return False
        return any(isinstance(value.get(key), dict | str) and key not in self._names for key in _CALL_KEYS)

    def _direct(self, value: Value, text: str | None) -> Fitted:
        if self._adapter is None:
            return Fitted(fits=isinstance(value, dict), value=value, problems=("expected one JSON object",))
        if isinstance(value, dict) and value and self._known and not self._known & value.keys():
            return Fitted(fits=False, problems=("none of the expected keys is there",))
        text = json.dumps(value, ensure_ascii=False) if text is None else text
        try:
            instance = self._adapter.validate_json(text)
            if _MAYBE_NOT_FINITE.search(text) and not _finite(self._adapter.dump_python(instance)):
                return Fitted(fits=False, problems=("a number is not finite",))
        except ValidationError as error:
            return Fitted(fits=False, problems=lines_of(error, value, self.model))
        except Exception:  # noqa: BLE001 — validators are the caller's code; whatever they raise, the answer does not fit
            return Fitted(fits=False, problems=("the type's own validator failed",))
        return Fitted(fits=True, value=instance)


def fit_for(model: Any) -> Fit:
    """Give the decider for `model`; the same one again for the same type."""
    try:
        return _cached(model)
    except TypeError:  # not hashable, such as an Annotated with a list in it
        return Fit(model)


@lru_cache(maxsize=256)
def _cached(model: Any) -> Fit:
    return Fit(model)


def _is_model(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel) and "root" not in model.model_fields


def _demands_or_takes_any(model: Any) -> bool:
    if not _is_model(model):
        return True
    return model.model_config.get("extra") == "allow" or any(it.is_required() for it in model.model_fields.values())


def _names(model: Any) -> frozenset[str]:
    """Give the keys that the fields of a pydantic model may have; of other types none are known."""
    if not _is_model(model):
        return frozenset()
    names = set[str](model.model_fields)
    for field in model.model_fields.values():
        names |= {name for name in (field.alias, field.validation_alias) if isinstance(name, str)}
        choices = getattr(field.validation_alias, "choices", ())
        names |= {name if isinstance(name, str) else str(name.path[0]) for name in choices}
    return frozenset(names)


def _readings(value: Value) -> Iterator[tuple[int, Value]]:
    """Give the value, then what is inside it, nearest first."""
    waiting: list[tuple[int, Value]] = [(0, value)]
    for count in range(_MAX_TRIES):
        if count >= len(waiting):
            return
        wraps, inner = waiting[count]
        yield wraps, inner
        if wraps < _MAX_WRAPS:
            waiting += [(wraps + 1, content) for content in _contents(inner)]


def _contents(value: Value) -> list[Value]:
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, list):
        return value if len(value) == 1 else []
    if not isinstance(value, dict):
        return []
    if len(value) == 1:
        return list(value.values())
    return [value[key] for key in _WRAPPERS if isinstance(value.get(key), dict | str)]


def _from_text(text: str) -> list[Value]:
    stripped = text.strip()
    if stripped[:1] not in {"{", "["}:
        return []
    try:
        return [strict(stripped)]
    except ValueError:
        return []


def _finite(value: Any) -> bool:
    """Tell whether no number in the value is NaN or infinite."""
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return False
        if isinstance(item, dict):
            waiting += cast("dict[Any, Any]", item).values()
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += cast("list[Any]", item)
    return True
