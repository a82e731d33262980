"""Advisors under another model than their settings name: `NAME@MODEL` is advisor NAME asking MODEL.

The name is what missions and records hold, so that a resumed session asks the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, TypeVar

SEPARATOR: Final = "@"
CLIENT: Final = "client"
"""Means the model of a session's own client."""
Value = TypeVar("Value")


def settings_name(advisor: str) -> str:
    """The name under which the settings know an advisor."""
    return advisor.partition(SEPARATOR)[0]


def model_choice(advisor: str) -> str:
    """The model that is asked instead of the settings' one; empty where there is none."""
    return advisor.partition(SEPARATOR)[2]


class WithModels(Mapping[str, Value], Generic[Value]):
    """A mapping by advisor name that also knows each name with a model, and makes what stands there on first use."""

    def __init__(self, known: Mapping[str, Value], make: Callable[[str, str], Value | None]) -> None:
        self._known = known
        self._make = make
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name in self._known:
            return self._known[name]
        if name not in self._made:
            base, model = settings_name(name), model_choice(name)
            made = self._make(name, model) if model and base in self._known else None
            if made is None:
                raise KeyError(name)
            self._made[name] = made
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """The names of the settings, and those with a model that were used."""
        yield from self._known
        yield from self._made

    def __len__(self) -> int:
        return len(self._known) + len(self._made)
