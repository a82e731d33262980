"""The corpus of messy answers: what a model wrote, what was asked, what must come out.

Written by hand in `corpus/*.json`, and made by construction in `damage.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, Field

from journeyman.answers import MultipleObjects
from tests.answers.damage import Damaged, damaged, meant

CORPUS: Final = Path(__file__).parent / "corpus"


class Person(BaseModel):
    """The smallest: two demands, one wish."""

    name: str
    age: int
    email: str | None = None


class Task(BaseModel):
    """With a closed choice, defaults and a list."""

    title: str
    priority: Literal["low", "medium", "high"]
    done: bool = False
    tags: list[str] = Field(default_factory=list[str])


class Sensor(BaseModel):
    """With a number that is no integer."""

    sensor: str
    value: float
    ok: bool


class Item(BaseModel):
    """A part of an order."""

    sku: str
    qty: int


class Order(BaseModel):
    """With objects in it."""

    id: int
    customer: Person
    items: list[Item]


MODELS: Final[dict[str, type[BaseModel]]] = {model.__name__: model for model in (Person, Task, Sensor, Order)}


@dataclass(frozen=True, slots=True)
class Case:
    """One messy answer."""

    id: str
    category: str
    model: type[BaseModel] | None
    text: str | bytes
    expect: dict[str, Any] | None
    """The object that must come out; `None` where nothing may."""
    finish_reason: str | None = None
    several: MultipleObjects = MultipleObjects.LAST
    either: bool = False
    """Nothing is right, too."""
    quote: str = ""
    """A quote too many: it may stand in one string of a right value."""

    @property
    def plain(self) -> bool:
        """Tell whether text and type are all there is to know; peers take nothing else."""
        return self.finish_reason is None and self.several is MultipleObjects.LAST

    def right(self, value: object) -> bool:
        """Tell whether `value` is what must come out; peers give dicts, which the type then has to accept."""
        if self.either:
            assert self.model is not None
            assert self.expect is not None
            whole = self.model.model_validate(self.expect).model_dump()
            return value is None or meant(cast("BaseModel", value).model_dump(), self.quote, whole)
        if value is None or self.expect is None:
            return value is None and self.expect is None
        if self.model is None:
            return value == self.expect
        return value == self.model.model_validate(self.expect)


def load() -> list[Case]:
    """Every case, by category."""
    written = [
        _case(file.stem, row) for file in sorted(CORPUS.glob("*.json")) for row in json.loads(file.read_text("utf-8"))
    ]
    return [*written, *(_made(number, row) for number, row in enumerate(damaged()))]


def _made(number: int, row: Damaged) -> Case:
    return Case(
        id=f"{row.category}-{number:04}",
        category=row.category,
        model=MODELS[row.model],
        text=row.text,
        expect=None if row.right == "nothing" else row.meant,
        either=row.right == "either",
        quote=row.quote,
    )


def _case(category: str, row: dict[str, Any]) -> Case:
    expect = cast("dict[str, Any] | None", row["expect"])
    if expect is not None:
        for key, (part, count) in row.get("expect_parts", {}).items():
            expect[key] = part * count
    return Case(
        id=row["id"],
        category=category,
        model=MODELS[row["model"]] if row["model"] else None,
        text=_text(row),
        expect=expect,
        finish_reason=row.get("finish_reason"),
        several=MultipleObjects(row.get("several", MultipleObjects.LAST)),
    )


def _text(row: dict[str, Any]) -> str | bytes:
    if "hex" in row:
        return bytes.fromhex(row["hex"])
    parts = cast("list[tuple[str, int]]", row.get("parts", [(row.get("text"), 1)]))
    return "".join(part * count for part, count in parts)
