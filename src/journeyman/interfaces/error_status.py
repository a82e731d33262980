"""The HTTP status of our errors, the same for programs and for pages."""

from __future__ import annotations

from typing import Final

from journeyman.mission.values.errors import (
    BugError,
    CallerError,
    InvalidInput,
    JourneymanError,
    NotAllowed,
    NotFound,
    Unavailable,
    WorldError,
)

_STATUS: Final[dict[type[Exception], int]] = {
    InvalidInput: 422,
    NotFound: 404,
    NotAllowed: 409,
    CallerError: 400,
    Unavailable: 503,
    WorldError: 409,
    BugError: 500,
}
"""Of the nearest kind that an error is one of."""
_STATUS_BY_CODE: Final = {"scope_missing": 403, "other_origin": 403, "precondition_failed": 412, "store_closed": 503}


class Refusal(CallerError):
    """A request that is refused with a status of its own."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after_s: float | None = None, challenge: str = ""
    ) -> None:
        super().__init__(message, code=code, retry_after_s=retry_after_s)
        self.status = status
        self.challenge = challenge
        """Value of `WWW-Authenticate`."""


def status_of(error: JourneymanError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refusal):
        return error.status
    by_code = _STATUS_BY_CODE.get(error.code)
    return by_code or next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
