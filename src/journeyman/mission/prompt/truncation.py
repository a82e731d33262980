"""Texts and values within a number of bytes: head and tail stay, the true size stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest, key_order

FIELD_BYTES: Final = 4096
"""Larger fields of an observation are cut."""
FIELD_HEAD_BYTES: Final = 2048
FIELD_TAIL_BYTES: Final = 512
"""Of a cut field: logs and tracebacks say at the end what went wrong."""
MARK: Final = "... [truncated]"
_FENCE_BYTES: Final = 50
"""What the two lines of a fence take."""
_SMALL_PARTS: Final = 32
_SMALL_CHARS: Final = 128
"""Values of so few parts, of so few characters each, are made at once: most of the ends of a table are such rows."""
_ENCODE: Final = msgspec.json.Encoder().encode


def text_of(value: Json) -> str:
    """A value's canonical text."""
    return canonical(value).decode()


def size(text: str) -> int:
    """The UTF-8 bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


def _json_bytes(value: Json) -> int:
    """How many bytes a value takes as JSON, without sorting its keys."""
    return len(_ENCODE(value))


def line_of(text: str) -> str:
    """A text on one line, so that it cannot write the heading of a section."""
    return " ".join(text.split())


def section(title: str, body: str) -> str:
    """One section under its heading."""
    return f"=== {title} ===\n{body}\n\n"


def truncate(text: str, most_bytes: int) -> str:
    """A text within a number of bytes: head and a short tail, saying how much there was."""
    if size(text) <= most_bytes:
        return text
    return _ends(text, text, size(text), most_bytes)


def _ends(head: str, tail: str, whole_bytes: int, most_bytes: int) -> str:
    """The first bytes of `head` and the last ones of `tail`, with what was left out said in between."""
    said = f"{MARK} ({whole_bytes} bytes in all) "
    room = most_bytes - len(said)
    if room <= 0:
        return said[: max(0, most_bytes)]
    kept_tail = room // 5
    return f"{_first(head, room - kept_tail)}{said}{_last(tail, kept_tail)}"


def _first(text: str, count: int) -> str:
    return text[:count].encode()[:count].decode(errors="ignore")


def _last(text: str, count: int) -> str:
    return text[-count:].encode()[-count:].decode(errors="ignore") if count > 0 else ""


def allocate_bytes(sizes: Sequence[int], most_bytes: int) -> list[int]:
    """How many bytes each of several texts may have: small ones what they need, large ones equal parts."""
    given = [0] * len(sizes)
    left = max(0, most_bytes)
    for rank, index in enumerate(sorted(range(len(sizes)), key=lambda place: sizes[place])):
        given[index] = min(sizes[index], left // (len(sizes) - rank))
        left -= given[index]
    return given


def rows(texts: Sequence[str], most_bytes: int, what: str, least_bytes: int = 200) -> str:
    """Rows within a number of bytes; where not even `least_bytes` remain for each, the last ones are dropped."""
    if not texts:
        return "none"
    room = most_bytes - 60
    count = min(len(texts), max(1, room // (least_bytes + 1)))
    if sum(size(text) + 1 for text in texts) <= most_bytes:
        count = len(texts)
    kept = texts[:count]
    dropped = [f"[{len(texts) - count} more {what} dropped]"] if count < len(texts) else []
    given = allocate_bytes([size(text) for text in kept], (most_bytes if not dropped else room) - len(kept))
    return "\n".join([*(truncate(text, most) for text, most in zip(kept, given, strict=True)), *dropped])


def fenced(value: Json, most_bytes: int) -> str:
    """A value as data, between two lines that hold the hash of what stands between them."""
    most = max(0, most_bytes - _FENCE_BYTES)
    body = truncate(value, most) if isinstance(value, str) else truncate_json(value, most)
    mark = digest(body.encode())[:16]
    return f"<<<data {mark}\n{body}\ndata>>> {mark}"


def truncate_json(value: Json, most_bytes: int) -> str:
    """A value's canonical text within a number of bytes; of a large one only the ends are made."""
    whole_bytes = _json_bytes(value)
    if whole_bytes <= 2 * most_bytes:
        return truncate(text_of(value), most_bytes)
    return _ends(_head(value, most_bytes), _tail(value, most_bytes), whole_bytes, most_bytes)


def truncate_fields(value: Json) -> Json:
    """An observation with each field over `FIELD_BYTES` cut to its ends, and the true sizes beside it."""
    if not isinstance(value, dict):
        return _truncate_field(value)[0]
    made: JsonObject = {}
    sizes: JsonObject = {}
    for key in sorted(value):
        item = value[key]
        if key == "value" and isinstance(item, dict) and "$blob" not in item:
            made[key] = truncate_fields(item)
            continue
        made[key], whole_bytes = _truncate_field(item)
        if whole_bytes:
            sizes[key] = whole_bytes
    if sizes:
        made["_original_bytes"] = sizes
    return made


def _truncate_field(value: Json) -> tuple[Json, int]:
    """A field within its cap and, when it was cut, its true size."""
    if value is None or isinstance(value, (bool, int, float)):
        return value, 0
    whole_bytes = size(value) if isinstance(value, str) else _json_bytes(value)
    if whole_bytes <= FIELD_BYTES:
        return value, 0
    head = value if isinstance(value, str) else _head(value, FIELD_HEAD_BYTES)
    tail = value if isinstance(value, str) else _tail(value, FIELD_TAIL_BYTES)
    return f"{_first(head, FIELD_HEAD_BYTES)}{MARK} {_last(tail, FIELD_TAIL_BYTES)}", whole_bytes


def _head(value: Json, most_bytes: int) -> str:
    return "".join(_until(_pieces(value, most_bytes), most_bytes))


def _tail(value: Json, most_bytes: int) -> str:
    return "".join(reversed(list(_until(_pieces_from_end(value, most_bytes), most_bytes))))


def _until(pieces: Iterator[str], most: int) -> Iterator[str]:
    made = 0
    for piece in pieces:
        yield piece
        made += len(piece)
        if made >= most:
            return


def _is_small(value: Json) -> bool:
    """Tell whether a value has few parts, in a time that does not grow with it."""
    waiting, left = [value], _SMALL_PARTS
    while waiting:
        part = waiting.pop()
        if isinstance(part, (dict, list)):
            left -= 1 + len(part)
            if left < 0:
                return False
            if isinstance(part, list):
                waiting += part
                continue
            waiting += part.values()
            if any(len(key) > _SMALL_CHARS for key in part):
                return False
        elif isinstance(part, str) and len(part) > _SMALL_CHARS:
            return False
    return True


def _pieces(value: Json, most: int) -> Iterator[str]:
    """The canonical text of a value bit by bit: only as much is made as is read."""
    if isinstance(value, (dict, list)) and _is_small(value):
        yield text_of(value)
    elif isinstance(value, dict):
        for index, key in enumerate(sorted(value, key=key_order)):
            yield f"{',' if index else '{'}{text_of(key)}:"
            yield from _pieces(value[key], most)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _pieces(item, most)
        yield "]" if value else "[]"
    else:
        yield text_of(value[:most]) if isinstance(value, str) and len(value) > most else text_of(value)


def _pieces_from_end(value: Json, most: int) -> Iterator[str]:
    """The same text's pieces from its end on; of a long text, its end."""
    if isinstance(value, (dict, list)) and _is_small(value):
        yield text_of(value)
    elif isinstance(value, dict):
        yield "}" if value else "{}"
        keys = sorted(value, key=key_order)
        for index in range(len(keys) - 1, -1, -1):
            yield from _pieces_from_end(value[keys[index]], most)
            yield f"{',' if index else '{'}{text_of(keys[index])}:"
    elif isinstance(value, list):
        yield "]" if value else "[]"
        for index in range(len(value) - 1, -1, -1):
            yield from _pieces_from_end(value[index], most)
            yield "," if index else "["
    else:
        yield text_of(value[-most:]) if isinstance(value, str) and len(value) > most else text_of(value)
