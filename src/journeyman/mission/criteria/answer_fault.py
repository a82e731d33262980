"""What a program's or a server's own answer says against it, though the call was made: failing tests are a result, too."""

from __future__ import annotations

from journeyman.mission.values.canonical import Json

_FIRST_ERROR = 400
"""From this status on an HTTP answer tells of an error."""


def answer_fault(own: Json) -> str:
    """How a call ended that did not go well, such as `ended with exit code 2`; empty where it did.

    Args:
        own: What the call measured of itself, in the record under its tool's name.
    """
    if not isinstance(own, dict):
        return ""
    code, status = own.get("exit_code"), own.get("status")
    if isinstance(code, int) and code != 0:
        return f"ended with exit code {code}"
    return f"was answered with status {status}" if isinstance(status, int) and status >= _FIRST_ERROR else ""
