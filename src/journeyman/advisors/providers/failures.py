"""What went wrong at a provider, as one of our failures: by class, status and code, never by text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

from journeyman.advisors.base import Answer, FailureClass, TokenUsage
from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers import PROVIDERS

_BY_CLASS: Final[Mapping[str, FailureClass]] = {
    "ModelTimeoutError": FailureClass.TIMEOUT,
    "ModelRateLimitError": FailureClass.RATE_LIMITED,
    "ModelAuthenticationError": FailureClass.AUTH,
    "ContentFilterError": FailureClass.REFUSED,
    "ModelContextWindowExceededError": FailureClass.UNSUPPORTED,
    "OutputTokenLimitExceeded": FailureClass.TRUNCATED,
    "UnexpectedModelBehavior": FailureClass.MALFORMED,
    "UserError": FailureClass.UNSUPPORTED,
    "NoCredentialsError": FailureClass.AUTH,
    "PartialCredentialsError": FailureClass.AUTH,
    "CredentialRetrievalError": FailureClass.AUTH,
    "NoRegionError": FailureClass.UNSUPPORTED,
    "ReadTimeoutError": FailureClass.TIMEOUT,
    "JSONDecodeError": FailureClass.MALFORMED,
    "UnicodeDecodeError": FailureClass.MALFORMED,
    "ResponseParserError": FailureClass.MALFORMED,
    "EventStreamParserError": FailureClass.MALFORMED,
    "ChecksumMismatch": FailureClass.MALFORMED,
    "InvalidPayloadLength": FailureClass.MALFORMED,
    "InvalidHeadersLength": FailureClass.MALFORMED,
    "APIResponseValidationError": FailureClass.MALFORMED,
    "ValidationError": FailureClass.MALFORMED,
}
"""First match wins along the classes of an error and of what caused it."""
_BY_STATUS: Final[Mapping[int, FailureClass]] = {
    401: FailureClass.AUTH, 402: FailureClass.AUTH, 403: FailureClass.AUTH, 408: FailureClass.TIMEOUT, 429: FailureClass.RATE_LIMITED, 504: FailureClass.TIMEOUT,
}  # fmt: skip
_BY_CODE: Final[Mapping[str, FailureClass]] = {
    "ThrottlingException": FailureClass.RATE_LIMITED,
    "TooManyRequestsException": FailureClass.RATE_LIMITED,
    "AccessDeniedException": FailureClass.AUTH,
    "UnrecognizedClientException": FailureClass.AUTH,
    "ExpiredTokenException": FailureClass.AUTH,
    "InvalidSignatureException": FailureClass.AUTH,
    "ModelTimeoutException": FailureClass.TIMEOUT,
    "ValidationException": FailureClass.UNSUPPORTED,
    "ResourceNotFoundException": FailureClass.UNSUPPORTED,
}
_UNCONNECTED: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}
)
"""Errors of connections that were never there: no prompt left, so that nothing can have been used."""
_QUOTA: Final = "ModelQuotaExceededError"
"""The account has no credit or quota left: waiting does not help, so it is as good as a wrong key."""
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")


def failure_answer(error: BaseException, kind: ProviderKind, used: TokenUsage) -> Answer:
    """The answer of a try that ended with an error of the SDK or of what lies under it.

    Args:
        error: What was raised.
        kind: Whose it is.
        used: What the try may have cost, if the provider said nothing: a call that broke off may be billed.
    """
    chain = _chain(error)
    status = _status(chain)
    code = next((found for found in map(_code, chain) if found), "")
    quota = any(_QUOTA in {cls.__name__ for cls in type(row).__mro__} for row in chain)
    failure = FailureClass.AUTH if quota else _BY_CODE.get(code) or _failure(chain, status)
    spoke = bool(code) or (status is not None and status >= 400)
    unconnected = status is None and any(_UNCONNECTED & {cls.__name__ for cls in type(row).__mro__} for row in chain)
    unsent = unconnected or failure in {FailureClass.AUTH, FailureClass.UNSUPPORTED}
    reason = "quota" if quota else "unreachable" if unconnected else ""
    return Answer(
        failure=failure,
        reason=f"{kind.value}_{reason}" if reason else _reason(kind, failure, status, code, chain),
        usage=TokenUsage() if spoke or unsent else used,
        retry_after_s=_retry_after_s(chain),
    )


def is_form_refusal(error: BaseException, answer: Answer) -> bool:
    """Tell whether a failure may be about the form that was asked in, so that a lower one is worth a try."""
    status = _status(_chain(error))
    return answer.failure is FailureClass.UNSUPPORTED and status in {None, 400, 422}


def _status(chain: list[Any]) -> int | None:
    """The HTTP status; a redirect counts before what a library makes of it."""
    told = [row.status_code for row in chain if isinstance(getattr(row, "status_code", None), int)]
    return next((status for status in told if 300 <= status < 400), told[0] if told else None)


def _failure(chain: list[Any], status: int | None) -> FailureClass:
    if status is not None and status >= 300:
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        return FailureClass.TRANSPORT if status >= 500 else FailureClass.UNSUPPORTED
    if [type(row).__name__ for row in chain] == ["ModelAPIError"]:
        return FailureClass.MALFORMED  # the wire library found no message in the body; broken connections have a cause
    for row in chain:
        for cls in type(row).__mro__:
            if cls.__name__ in _BY_CLASS:
                return _BY_CLASS[cls.__name__]
    return FailureClass.TRANSPORT


def _reason(kind: ProviderKind, failure: FailureClass, status: int | None, code: str, chain: list[Any]) -> str:
    if any(type(row).__name__ in {"NoCredentialsError", "PartialCredentialsError"} for row in chain):
        return f"{kind.value}_no_credentials"
    if code:
        return f"{kind.value}_{code}"
    own = PROVIDERS[kind].reasons.get(failure)
    if own is None and status is not None and status >= 300:
        return f"{kind.value}_http_{status}"
    return f"{kind.value}_{own or failure.value}"


def _chain(error: BaseException) -> list[Any]:
    """The error and what caused it, outermost first."""
    found: list[Any] = []
    waiting: Any = error
    while waiting is not None and len(found) < 10:
        if isinstance(waiting, BaseExceptionGroup):
            waiting = cast("BaseExceptionGroup[BaseException]", waiting).exceptions[0]
            continue
        found.append(waiting)
        waiting = waiting.__cause__ or waiting.__context__
    return found


def _code(error: Any) -> str:
    """The AWS error code, checked to be an identifier."""
    code = str(_response(error).get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else ""


def _response(error: Any) -> dict[str, Any]:
    """What botocore keeps of a response; empty for other errors."""
    response: Any = getattr(error, "response", None)
    return cast("dict[str, Any]", response) if isinstance(response, dict) else {}


def _retry_after_s(chain: list[Any]) -> float | None:
    for row in chain:
        amazon: Any = _response(row).get("ResponseMetadata", {}).get("HTTPHeaders")
        headers: Any = getattr(row, "headers", None) or getattr(getattr(row, "response", None), "headers", None)
        wait_s = retry_after_s(headers or amazon)
        if wait_s is not None:
            return wait_s
    return None


def retry_after_s(headers: Any, now: Callable[[], float] = time.time) -> float | None:
    """The seconds that a provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date.

    A date is read against the provider's own `date` where it tells one: clocks differ. `None` for what is no time.
    """
    try:
        plain = {str(name).lower(): str(value).strip() for name, value in dict(headers).items()}
    except (TypeError, ValueError):
        return None
    in_ms = _seconds(plain.get("retry-after-ms", ""))
    if in_ms is not None:
        return in_ms / 1000
    told = plain.get("retry-after", "")
    until = _http_date_s(told)
    if until is None:
        return _seconds(told)
    there = _http_date_s(plain.get("date", ""))
    return max(0.0, until - (now() if there is None else there))


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _http_date_s(text: str) -> float | None:
    """An HTTP date as seconds since 1970."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
