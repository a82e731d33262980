"""Text out of any bytes."""

from __future__ import annotations

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(head: bytes) -> str:
    """The encoding that the first four bytes tell, UTF-8 where they tell none (JSON's own rule, RFC 4627)."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    zeros = [byte == 0 for byte in head[:4]]
    if zeros == [True, True, True, False]:
        return "utf-32-be"
    if zeros == [False, True, True, True]:
        return "utf-32-le"
    if zeros[:2] == [True, False]:
        return "utf-16-be"
    return "utf-16-le" if zeros[:2] == [False, True] else "utf-8"


def decode_text(data: bytes) -> str:
    """The text of `data`. Bytes that are no text become lone surrogates, which no value may hold."""
    return TextDecoder().feed(data, final=True)


class TextDecoder:
    """Decodes a stream of bytes; gives the same text for every way to cut it."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text that is whole so far; `final` says that nothing follows."""
        if self._decoder is None:
            self._head += data
            if len(self._head) < 4 and not final:
                return ""
            name = encoding_of(self._head)
            # `surrogateescape` knows single bytes only: in wide encodings what is no text becomes U+FFFD.
            errors = "surrogateescape" if name.startswith("utf-8") else "replace"
            self._decoder = codecs.getincrementaldecoder(name)(errors)
            data = self._head
        return self._decoder.decode(data, final)
