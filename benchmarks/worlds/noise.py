"""A tool whose results are large and hardly compress."""

from __future__ import annotations

import base64
import random

from journeyman.tools.functions import tool

RAW_BYTES = 4096
"""Base 85 makes 5,120 characters of it."""
_draw = random.Random(1)
_calls = 0


@tool(effect="pure")
def sample() -> dict[str, object]:
    """5 KB that were never given before."""
    global _calls  # noqa: PLW0603  # a world that counts
    _calls += 1
    text = base64.b85encode(_draw.randbytes(RAW_BYTES)).decode()
    return {"data": text, "metrics": {"samples": _calls}}
