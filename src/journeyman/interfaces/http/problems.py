"""Errors as problem details (RFC 9457): a stable code, words that say what to do next, never a traceback."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from journeyman.interfaces.error_status import Refusal, status_of
from journeyman.mission.values.errors import InvalidInput, JourneymanError

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:journeyman:problem:"


class FaultRow(BaseModel):
    """One thing that is wrong with an input."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    where: str
    """Dotted place in the input; empty for the whole."""
    message: str
    hint: str = ""


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """`urn:journeyman:problem:` and the code."""
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    """What happened, the value, and what to do next."""
    code: str
    """Stable: programs go by this."""
    problems: list[FaultRow] = []
    """Every fault of an input, not only the first."""
    retry_after_s: float | None = None


def problem_of(error: JourneymanError) -> ProblemDetails:
    """An error as callers are told it."""
    status = status_of(error)
    faults = error.problems if isinstance(error, InvalidInput) else ()
    return ProblemDetails(
        type=f"{TYPE}{error.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(error),
        code=error.code,
        problems=[FaultRow(where=row.where, message=row.message, hint=row.hint) for row in faults],
        retry_after_s=error.retry_after_s,
    )


def problem_response(error: JourneymanError) -> JSONResponse:
    """An error as a response."""
    problem = problem_of(error)
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(problem.retry_after_s)))
    if isinstance(error, Refusal) and error.challenge:
        headers["www-authenticate"] = error.challenge
    body = problem.model_dump(mode="json", exclude_defaults=True)
    return JSONResponse(body, problem.status, headers, MEDIA_TYPE)
