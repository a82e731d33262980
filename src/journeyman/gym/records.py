"""Records: classes of numbers and flat lists that are also rows of structured arrays.

A class declares each field once. `record` makes the array's form of it, which compiled rules read in place; `loaded`
makes the plain object, on which the same rules run as ordinary Python.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import numpy as np

from journeyman.gym.arrays import Ints, Records

_HERE: Final = Path(__file__).parent
_STAMP: Final = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted((*_HERE.glob("*.py"), *_HERE.glob("rules/*.py"))))
).hexdigest()[:12]
"""Part of every record's type: machine code of other sources, kept on disk, never fits these records. The sources are
the rules and what they import; who observes, words and plays them is read at every start."""
_CLASSES: Final[dict[np.dtype[Any], type[Any]]] = {}
_DTYPES: Final[dict[type[Any], np.dtype[Any]]] = {}

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class Column:
    """How a field lies in memory."""

    code: str
    """numpy's code of one number."""
    count: int = 0
    """Numbers in a list; 0 is one plain number."""


def record(cls: type[RecordT]) -> type[RecordT]:
    """Register a class whose fields are all annotated with a `Column`."""
    hints = get_type_hints(cls, include_extras=True)
    fields: list[Any] = []
    for name, hint in hints.items():
        column: Column = hint.__metadata__[0]
        fields.append((name, column.code, (column.count,)) if column.count else (name, column.code))
    _DTYPES[cls] = np.dtype([*fields, (f"sources_{_STAMP}", "i1")], align=True)
    _CLASSES[_DTYPES[cls]] = cls
    return cls


def blank(cls: type[Any], worlds: int) -> Records:
    """Rows of zeros, one per world."""
    return np.zeros(worlds, _DTYPES[cls])


def clear(rows: Records, chosen: Ints) -> None:
    """Set some rows to zero, as bytes: field by field it takes several times as long."""
    rows.view(np.uint8).reshape(len(rows), -1)[chosen] = 0


def names_of(cls: type[Any]) -> tuple[str, ...]:
    """The fields of a registered class."""
    return (_DTYPES[cls].names or ())[:-1]


def loaded(rows: Records) -> list[Any]:
    """The plain object of every row."""
    cls = _CLASSES[rows.dtype]
    plain: list[Any] = [cls() for _ in rows]
    for name in names_of(cls):
        for one, value in zip(plain, rows[name].tolist(), strict=True):
            setattr(one, name, value)
    return plain


def stored(plain: list[Any], rows: Records) -> None:
    """Write plain objects back into their rows."""
    for name in names_of(_CLASSES[rows.dtype]):
        rows[name] = [getattr(one, name) for one in plain]
