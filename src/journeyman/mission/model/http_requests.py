"""HTTP requests as tools: what a mission file says of one."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictInt, StrictStr, field_validator, model_validator

from journeyman.mission.criteria.schema import AS_RECORDED, IN_ORDER, Bytes
from journeyman.mission.model.declared_tool import PLACEHOLDER, DeclaredTool
from journeyman.mission.model.effects import LOOKING
from journeyman.mission.values.canonical import Json

Method: TypeAlias = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110, 9.2.1); whoever offers another kind of GET says so with `effect`."""
SCHEMES: Final = ("http", "https")


def _names_in(value: Json) -> set[str]:
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for part in parts for name in _names_in(part)}


def _whole(url: str) -> str:
    address = urlsplit(url)
    if address.scheme not in SCHEMES or not address.netloc:
        raise ValueError(f"{url!r} is not an http or https address")
    if PLACEHOLDER.search(address.scheme + address.netloc):
        raise ValueError(f"{url!r} lets a parameter choose the host; write one request for each host")
    if "@" in address.netloc:
        raise ValueError(
            "holds a password or user name: put it into `headers`, as in {Authorization: 'Bearer ${TOKEN}'}"
        )
    return url


class HttpTool(DeclaredTool):
    """A request, and what is read out of its answer.

    `metrics` are found by `path` in an answer that is JSON, by `regex` in its text. GET, HEAD and OPTIONS are `pure`
    unless `effect` says otherwise; of others nobody knows.
    """

    own_metrics = ("status", "latency_ms", "p50_ms", "p95_ms", "failed_ratio", "certificate_days")
    url: Annotated[StrictStr, AfterValidator(_whole)]
    """Address; `{NAME}` in path and query is a parameter, percent-encoded, `${NAME}` a variable of the environment."""
    method: Method = "GET"
    """Of the request; GET, HEAD and OPTIONS only look."""
    headers: Annotated[dict[StrictStr, StrictStr], IN_ORDER] = Field(default_factory=dict)
    """`${NAME}` in values is read from the environment, so no secret is recorded."""
    json_body: Annotated[Json, AS_RECORDED] = Field(default=None, alias="json")
    """What is sent as JSON; a text that is only `{NAME}` becomes the parameter's value with its type."""
    body: StrictStr | None = None
    """What is sent as text."""
    statuses: Literal["any"] | list[StrictInt] | None = None
    """Those that mean that it was done. Where it is not said: any for a request that is pure, 2xx for all others."""
    samples: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    """Requests that one call makes in turn, for the latency's percentiles; more than one only for what is pure."""
    body_bytes: Annotated[Bytes, Field(ge=256, le=16 << 20)] = 1 << 20
    """How much of an answer is read."""

    @field_validator("method", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _safe_methods_look(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        plain = cast("dict[str, object]", value)
        safe = str(plain.get("method", "GET")).upper() in _SAFE
        return {"effect": LOOKING.value, **plain} if safe else plain

    @model_validator(mode="after")
    def _sendable(self) -> HttpTool:
        if self.body is not None and self.json_body is not None:
            raise ValueError("has `json` and `body`: send one of them")
        if (self.body is not None or self.json_body is not None) and self.method in _SAFE:
            raise ValueError(f"{self.method} sends nothing: take `json` and `body` out, or say `method: POST`")
        if self.samples > 1 and not self.only_looks:
            raise ValueError("`samples` sends the request several times: only one with `effect: pure` may be")
        used = _names_in([self.url, self.body, self.json_body, *self.headers.values()])
        self.refuse_unused(used, "{{{}}} in `url`, `headers`, `json` or `body`")
        return self

    @property
    def takes_any_answer(self) -> str:
        """Where an error page is a result."""
        any_status = self.statuses == "any" or (self.statuses is None and self.only_looks)
        return "`statuses: [200]`" if any_status else ""

    @property
    def words(self) -> str:
        """Method and address, without its query."""
        return f"{self.method} {self.url.partition('?')[0]}"
