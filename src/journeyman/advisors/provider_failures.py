"""What went wrong at a provider, as one of our failures: by class, status and code, never by text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from journeyman.advisors.base import Answer, Failure, Usage
from journeyman.advisors.provider_settings import Kind

_BY_CLASS: Final[Mapping[str, Failure]] = {
    "ModelTimeoutError": Failure.TIMEOUT,
    "ModelRateLimitError": Failure.RATE_LIMITED,
    "ModelQuotaExceededError": Failure.RATE_LIMITED,
    "ModelAuthenticationError": Failure.AUTH,
    "ContentFilterError": Failure.REFUSED,
    "ModelContextWindowExceededError": Failure.UNSUPPORTED,
    "OutputTokenLimitExceeded": Failure.TRUNCATED,
    "UnexpectedModelBehavior": Failure.MALFORMED,
    "UserError": Failure.UNSUPPORTED,
    "NoCredentialsError": Failure.AUTH,
    "PartialCredentialsError": Failure.AUTH,
    "CredentialRetrievalError": Failure.AUTH,
    "NoRegionError": Failure.UNSUPPORTED,
    "ReadTimeoutError": Failure.TIMEOUT,
    "JSONDecodeError": Failure.MALFORMED,
    "UnicodeDecodeError": Failure.MALFORMED,
    "ResponseParserError": Failure.MALFORMED,
    "EventStreamParserError": Failure.MALFORMED,
    "ChecksumMismatch": Failure.MALFORMED,
    "InvalidPayloadLength": Failure.MALFORMED,
    "InvalidHeadersLength": Failure.MALFORMED,
    "APIResponseValidationError": Failure.MALFORMED,
    "ValidationError": Failure.MALFORMED,
}
"""First match wins along the classes of an error and of what caused it."""
_BY_STATUS: Final[Mapping[int, Failure]] = {
    401: Failure.AUTH, 403: Failure.AUTH, 408: Failure.TIMEOUT, 429: Failure.RATE_LIMITED, 504: Failure.TIMEOUT,
}  # fmt: skip
_BY_CODE: Final[Mapping[str, Failure]] = {
    "ThrottlingException": Failure.RATE_LIMITED,
    "TooManyRequestsException": Failure.RATE_LIMITED,
    "ServiceQuotaExceededException": Failure.RATE_LIMITED,
    "AccessDeniedException": Failure.AUTH,
    "UnrecognizedClientException": Failure.AUTH,
    "ExpiredTokenException": Failure.AUTH,
    "InvalidSignatureException": Failure.AUTH,
    "ModelTimeoutException": Failure.TIMEOUT,
    "ValidationException": Failure.UNSUPPORTED,
    "ResourceNotFoundException": Failure.UNSUPPORTED,
}
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")


def failed(error: BaseException, kind: Kind, used: Usage) -> Answer:
    """Give the answer of a try that ended with an error of the SDK or of what lies under it.

    Args:
        error: What was raised.
        kind: Whose it is.
        used: What the try may have cost, if the provider said nothing: a call that broke off may be billed.
    """
    chain = _chain(error)
    status = next((row.status_code for row in chain if isinstance(getattr(row, "status_code", None), int)), None)
    code = next((found for found in map(_code, chain) if found), "")
    failure = _BY_CODE.get(code) or _failure(chain, status)
    spoke = bool(code) or (status is not None and status >= 400)
    unsent = failure in {Failure.AUTH, Failure.UNSUPPORTED}
    return Answer(
        failure=failure,
        reason=_reason(kind, failure, status, code, chain),
        usage=Usage() if spoke or unsent else used,
        retry_after_s=_retry_after_s(chain),
    )


def _failure(chain: list[Any], status: int | None) -> Failure:
    if status is not None and status >= 400:
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        return Failure.TRANSPORT if status >= 500 else Failure.UNSUPPORTED
    if [type(row).__name__ for row in chain] == ["ModelAPIError"]:
        return Failure.MALFORMED  # the wire library found no message in the body; broken connections have a cause
    for row in chain:
        for cls in type(row).__mro__:
            if cls.__name__ in _BY_CLASS:
                return _BY_CLASS[cls.__name__]
    return Failure.TRANSPORT


def _reason(kind: Kind, failure: Failure, status: int | None, code: str, chain: list[Any]) -> str:
    prefix = kind.value
    if kind is Kind.BEDROCK:
        if any(type(row).__name__ in {"NoCredentialsError", "PartialCredentialsError"} for row in chain):
            return "bedrock_no_credentials"
        if code:
            return f"bedrock_{code}"
        if failure is Failure.MALFORMED:
            return "bedrock_malformed_response"
        if failure is Failure.TRUNCATED:
            return "bedrock_truncated_response"
    if status is not None and status >= 400:
        return f"{prefix}_http_{status}"
    return f"{prefix}_{failure.value}"


def _chain(error: BaseException) -> list[Any]:
    """Give the error and what caused it, outermost first."""
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
    """Give the AWS error code, checked to be an identifier."""
    code = str(_response(error).get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else ""


def _response(error: Any) -> dict[str, Any]:
    """Give what botocore keeps of a response; empty for other errors."""
    response: Any = getattr(error, "response", None)
    return cast("dict[str, Any]", response) if isinstance(response, dict) else {}


def _header(headers: Any) -> str:
    return str(headers["retry-after"])


def _retry_after_s(chain: list[Any]) -> float | None:
    for row in chain:
        amazon: Any = _response(row).get("ResponseMetadata", {}).get("HTTPHeaders")
        headers: Any = getattr(row, "headers", None) or getattr(getattr(row, "response", None), "headers", None)
        try:
            wait_s = float(_header(headers or amazon))
        except (TypeError, KeyError, ValueError):
            continue
        if 0 <= wait_s < float("inf"):
            return wait_s
    return None
