"""JSON values as Journeyman keeps them: checked once at the border, one byte form for ever.

The byte form is RFC 8785 (JSON Canonicalization Scheme). `rfc8785` defines it; msgspec's encoder gives the same bytes
for documents without the few floats and keys on which they differ, some hundred times faster, so it is used for those
(`tests/property/test_canonical.py` holds the two to each other).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import msgspec
import rfc8785
from pydantic_core import from_json

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:  # pydantic reads the alias at run time and has a compiled form of it
    from pydantic import JsonValue as Json
JsonObject: TypeAlias = dict[str, Json]

INLINE_BYTES: Final = 4096
"""Larger values stand in events as a reference to a content-addressed blob."""

REFERENCE: Final = "$blob"
"""Key of such a reference. Refused from outside: an answer must not pass itself off as another value of the tenant."""

_SHORT_BYTES: Final = 256

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8785, I-JSON)."""
_WIDE_DIGITS: Final = 16
"""Integers beyond 2^53 have so many at least."""
_WIDE_RUN: Final = b"0" * _WIDE_DIGITS
_DIGITS: Final = bytes(ord("0") if chr(code).isdigit() and code < 128 else ord(" ") for code in range(256))
"""Makes every digit a zero and all else blank."""
_LAST_ALIKE: Final = 0xED
"""First byte of the last characters, up to U+D7FF, that UTF-8 and UTF-16 sort alike."""
_OTHER_FLOAT: Final = re.compile(rb"[:,\[]-?[0-9.]+(?:e|(?<=[0-9]{16})\.0)")
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_QUOTE: Final = json.encoder.encode_basestring

MAX_DEPTH: Final = 100
"""Nesting kept from outside; deeper values are refused. Well below the recursion limit of every reader we use."""


class NotJson(ValueError):
    """A value cannot be kept as finite JSON; the text says where and why."""


def checked(value: object) -> Json:
    """`value` as plain finite JSON; raises `NotJson`.

    Tuples become lists; integers that JSON readers would round (beyond 2^53 - 1) become decimal strings; whole floats
    up to that size become integers, since RFC 8785 writes both alike. NaN, infinities, lone surrogates, non-string
    keys, the key `$blob`, nesting over `MAX_DEPTH` and everything else that JSON does not know are refused.
    """
    return _checked(value, "$", 0)


def _checked(value: object, where: str, depth: int) -> Json:
    kind = type(value)
    if value is None or kind is bool:
        return cast("Json", value)
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, int):
        number = int(value)
        return number if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER else _digits(number, where)
    if isinstance(value, float):
        return _float(float(value), where)
    if depth >= MAX_DEPTH:
        raise NotJson(f"{where}: nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value)
        return {_key(key, where): _checked(item, f"{where}.{key}", depth + 1) for key, item in items.items()}
    if isinstance(value, (list, tuple)):
        row = cast("list[object]", value)
        return [_checked(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(row)]
    raise NotJson(f"{where}: {kind.__name__} is not JSON")


def _text(value: str, where: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotJson(f"{where}: text holds a lone surrogate") from None
    return str(value)


def _key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise NotJson(f"{where}: key {key!r} is not text")
    if key == REFERENCE:
        raise NotJson(f"{where}: the key {REFERENCE!r} is reserved for references to large values")
    return _text(key, where)


def _float(value: float, where: str) -> int | float:
    if not math.isfinite(value):
        raise NotJson(f"{where}: {value} is not a finite number")
    return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else value


def _digits(value: int, where: str) -> str:
    try:
        return str(value)
    except ValueError:
        raise NotJson(f"{where}: integer with more than 4,300 digits") from None


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of a value that went through `checked`."""
    try:
        data = _ENCODE(value)
    except OverflowError:
        return _by_reference(value)
    return _by_reference(value) if isinstance(value, float) or _differs(data) else data


def _by_reference(value: Json) -> bytes:
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:  # read with another reader than `parsed`
        return rfc8785.dumps(parsed(json.dumps(value)))


def quoted(text: str) -> bytes:
    """The RFC 8785 bytes of a text, as `canonical` does, where nothing else can stand."""
    return _QUOTE(text).encode()


def key_order(key: str) -> bytes:
    """What RFC 8785 sorts an object's keys by: their UTF-16 form."""
    return key.encode("utf-16-be")


def parsed(text: str | bytes) -> Json:
    """The value whose canonical form is `text`; raises `ValueError` or `RecursionError` when it is no JSON.

    RFC 8785 writes floats from 2^53 to 1e21 like integers. No integer of ours is that large, so they become floats
    again here: what was kept and what is read are equal, and so are their bytes.
    """
    data = text if isinstance(text, bytes) else text.encode()
    return cast("Json", _WIDE.decode(data.decode()) if has_wide(data) else from_json(data))


def _number(digits: str) -> int | float:
    number = int(digits)
    return number if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER else float(number)


def _differs(data: bytes) -> bool:
    """Tell whether the two forms may write a document differently.

    It holds a float with an exponent, or a whole one that is wide, or a text beyond U+D7FF: as a key that sorts
    elsewhere. What looks so inside a text costs time only.
    """
    return _OTHER_FLOAT.search(data) is not None or (not data.isascii() and max(data) > _LAST_ALIKE)


def has_wide(data: bytes) -> bool:
    """Tell whether so many digits stand in a row that they may be an integer beyond 2^53; ten times as fast as a pattern."""
    return _WIDE_RUN in data.translate(_DIGITS)


_WIDE: Final = json.JSONDecoder(parse_int=_number)


def digest(data: bytes) -> str:
    """The SHA-256 of `data` in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Json) -> str:
    """The SHA-256 of the canonical bytes of `value` in lower-case hex."""
    data = canonical(value)
    return _again(data) if len(data) <= _SHORT_BYTES else digest(data)


@lru_cache(maxsize=1024)
def _again(data: bytes) -> str:
    """The digest of short data, as arguments of calls are: a mission makes the same calls again and again."""
    return digest(data)
