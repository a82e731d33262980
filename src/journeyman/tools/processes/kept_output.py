"""The beginning and the end of what a program writes, however much it is."""

from __future__ import annotations


class KeptOutput:
    """Takes in a stream, and keeps so many bytes of its beginning and of its end."""

    def __init__(self, head_bytes: int, tail_bytes: int) -> None:
        self.total_bytes = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes

    def add(self, chunk: bytes) -> None:
        """Take in what came next."""
        self.total_bytes += len(chunk)
        room = self._head_bytes - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        del self._tail[: -self._tail_bytes or None]

    def kept(self) -> bytes:
        """What was kept; a line in its middle says how much was not, where a beginning is kept, too."""
        left_out = self.total_bytes - len(self._head) - len(self._tail)
        if not left_out or not self._head_bytes:
            return bytes(self._head + self._tail)
        return b"%b\n... %d bytes left out ...\n%b" % (self._head, left_out, self._tail)
