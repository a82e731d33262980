"""Which keys may stand at a place of a mission file: read from the models, so that no table of them can be out of date."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from journeyman.mission.criteria.base import Criterion
from journeyman.mission.files.documents import Place


def known_keys(root: type[BaseModel], place: Place) -> list[str]:
    """The keys of the objects that may stand at a place; none where no object with keys of its own may.

    Args:
        root: The model of the whole file.
        place: As pydantic names it: keys and indexes, with the names of union branches between them, of which a
            criterion's kind is one.
    """
    found: list[Any] = [root]
    for step in place:
        chosen = [model for model in _models(found) if _kind_of(model) == step]
        found = chosen or list(_below(found, step)) or found  # the name of a branch leads nowhere
    return sorted({name for model in _models(found) for name in names_of(model)})


def names_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model, as files write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _below(types_: Sequence[Any], step: str | int) -> Iterator[Any]:
    for one in types_:
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield from (
                part
                for name, field in one.model_fields.items()
                if step in (name, field.alias)
                for part in _flat(field.annotation)
            )
        elif get_origin(one) is dict and isinstance(step, str):
            yield from _flat(get_args(one)[1])
        elif get_origin(one) is list and isinstance(step, int):
            yield from _flat(get_args(one)[0])


def _flat(annotation: Any) -> Iterator[Any]:
    """The members of a type, without what is said about it."""
    if get_origin(annotation) is Annotated:
        yield from _flat(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _flat(one)
    else:
        yield annotation


def _models(types_: Sequence[Any]) -> Iterator[type[BaseModel]]:
    return (one for one in types_ if isinstance(one, type) and issubclass(one, BaseModel))


def _kind_of(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind") if issubclass(model, Criterion) else None
    return "" if field is None else str(get_args(field.annotation)[0])
