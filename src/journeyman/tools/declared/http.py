"""HTTP requests as tools: the request filled in, sent, and its answer read and timed."""

from __future__ import annotations

import math
import os
import ssl
import statistics
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import anyio

from journeyman.mission.model.declared_tool import KEY_NAME, PLACEHOLDER
from journeyman.mission.model.http_requests import HttpTool
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, canonical, checked
from journeyman.mission.values.documents import document
from journeyman.mission.values.errors import Problem
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.declared.definition import ArgumentRefused, as_text, filled_text, metrics_of, schema_problems
from journeyman.tools.metrics import MetricMapping, with_mapped
from journeyman.tools.processes.environment import missing_variables
from journeyman.tools.results import ResultCaps, classify_value, failed_result
from journeyman.tools.send_state import SendState

if TYPE_CHECKING:
    import httpx2

_MOST_REDIRECTS: Final = 5
_KEY_HEADER: Final = "Idempotency-Key"
_SHOWN_HEADERS: Final = 50


@cache
def _client_library() -> Any:
    """The HTTP client (httpx2, BSD: the one that the MCP SDK brings), imported when the first request is sent: it takes 0.1 s."""
    import httpx2  # noqa: PLC0415  # see above

    return httpx2


@cache
def _trust(*_places: str | None) -> ssl.SSLContext:
    """The certificates of the system, or at the places that the environment names: reading them takes longer than a request."""
    return _client_library().create_ssl_context()


@dataclass(frozen=True, slots=True)
class _HttpAnswer:
    """What one request gave."""

    status: int
    headers: Mapping[str, str]
    text: str
    whole: bool
    took_ms: float
    expires_in_days: float | None


@dataclass(frozen=True, slots=True)
class HttpBackend:
    """A request of the mission with all that a call of it needs."""

    name: str
    spec: HttpTool
    caps: ResultCaps
    running: anyio.CapacityLimiter
    mapped: tuple[MetricMapping, ...] = ()
    """What the mission maps out of its results."""

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Send it, as often as it has samples; cancelling closes the connection."""
        httpx = _client_library()
        given: JsonObject = {**self.spec.with_defaults(args), KEY_NAME: key}
        try:
            made = filled_request(self.spec, given, key)
        except ArgumentRefused as refused:
            return failed_result("invalid_arguments", str(refused))
        async with self.running, AsyncExitStack() as open_client:
            client = httpx.AsyncClient(
                verify=_trust(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))),
                timeout=None,
                follow_redirects=False,
            )
            await open_client.enter_async_context(client)
            try:
                with anyio.fail_after(None if self.spec.timeout_s is None else float(self.spec.timeout_s)):
                    answers = [await self._sent(client, made, sending) for _ in range(self.spec.samples)]
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
                sending.sent = False
                return failed_result("server_unreachable", f"{self.spec.words}: {_reason(error)}")
            except TimeoutError:
                text = f"{self.spec.words} gave no answer within {self.spec.timeout_s:g} s"
                return failed_result("timeout", text, status=CallStatus.UNKNOWN)
            except (httpx.HTTPError, ssl.SSLError) as error:
                text = f"{self.spec.words}: the connection ended before the answer: {_reason(error)}"
                return failed_result("server_died", text, status=CallStatus.UNKNOWN)
        return self._judged(answers)

    async def _sent(self, client: httpx2.AsyncClient, made: _HttpRequest, sending: SendState) -> _HttpAnswer:
        """One request, and those to the same server that its answer leads to, where it only looks."""
        request = client.build_request(made.method, made.url, headers=made.headers, content=made.content)
        client.cookies.clear()
        began_s = anyio.current_time()
        sending.sent = True
        response = await client.send(request, stream=True)
        for _ in range(_MOST_REDIRECTS):
            leads = response.next_request
            if leads is None or not self.spec.only_looks or not is_same_server(response.request.url, leads.url):
                break
            await response.aclose()
            response = await client.send(leads, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self.spec.body_bytes:
                    break
        finally:
            await response.aclose()
        took_ms = 1000 * (anyio.current_time() - began_s)
        kept = bytes(body[: self.spec.body_bytes])
        return _HttpAnswer(
            status=response.status_code,
            headers=response.headers,
            text=kept.decode(response.encoding or "utf-8", "replace"),
            whole=len(body) <= self.spec.body_bytes,
            took_ms=round(took_ms, 3),
            expires_in_days=_expires_in_days(response),
        )

    def _judged(self, answers: list[_HttpAnswer]) -> Result:
        answer, took = answers[-1], [one.took_ms for one in answers]
        own: JsonObject = {
            "status": answer.status,
            "latency_ms": round(statistics.median(took), 3),
            "p50_ms": round(percentile(took, 0.5), 3),
            "p95_ms": round(percentile(took, 0.95), 3),
            "failed_ratio": sum(one.status >= 400 for one in answers) / len(answers),
        }
        if answer.expires_in_days is not None:
            own["certificate_days"] = answer.expires_in_days
        body = _json(answer)
        rows = metrics_of(self.spec, self.mapped, fine=200 <= answer.status < 300)
        found = with_mapped({self.name: own}, rows, body, answer.text)
        value: JsonObject = {
            "status": answer.status, "body": body, "headers": _shown(answer.headers), **own, "metrics": found,
        }  # fmt: skip
        result = classify_value(value, self.caps)
        if result.status is not CallStatus.DONE or answer.status in accepted_statuses(self.spec, answer.status):
            return result
        text = f"{self.spec.words} was answered with status {answer.status}: {' '.join(answer.text.split())[:300]}"
        return replace(failed_result("http_status", text), value=result.value, original_bytes=result.original_bytes)


@dataclass(frozen=True, slots=True)
class _HttpRequest:
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


def is_same_server(ours: httpx2.URL, other: httpx2.URL) -> bool:
    """Whether a redirect may be followed: what goes along, secrets among it, is for one origin, or for its https."""
    if ours.host != other.host:
        return False
    first, second = ((url.scheme, url.port or {"http": 80, "https": 443}.get(url.scheme)) for url in (ours, other))
    return first == second or (first, second) == (("http", 80), ("https", 443))


def filled_request(spec: HttpTool, given: JsonObject, key: str) -> _HttpRequest:
    """The request of one call; raises `ArgumentRefused`."""
    texts = {name: filled_text(value, given, variables=os.environ) for name, value in spec.headers.items()}
    headers = {name: text for name, text in texts.items() if text is not None}
    for name, text in headers.items():
        if not text.isprintable():
            raise ArgumentRefused(f"header {name}: holds a control character, which would begin another header")
    content = None
    if spec.json_body is not None:
        content = canonical(_filled(spec.json_body, given))
        headers = {"Content-Type": "application/json", **headers}
    elif spec.body is not None:
        content = (filled_text(spec.body, given) or "").encode()
    if not spec.only_looks:
        headers = {_KEY_HEADER: key, **headers}
    return _HttpRequest(spec.method, filled_url(spec, given), headers, content)


def filled_url(spec: HttpTool, given: JsonObject) -> str:
    """The address of one call: a value is one segment of the path, or one value of the query, whatever it holds.

    A part of the query whose parameter was left out is left out, too.
    """
    path, mark, query = spec.url.partition("?")
    filled = filled_text(path, given, _segment, os.environ)
    if filled is None:
        raise ArgumentRefused(f"{' '.join(PLACEHOLDER.findall(path))}: is part of the path, and has no value")
    parts = (filled_text(part, given, _query_value, os.environ) for part in query.split("&"))
    kept = "&".join(part for part in parts if part is not None)
    return f"{filled}{mark}{kept}" if kept else filled


def _query_value(_name: str, value: Json) -> str:
    return quote(as_text(value), safe="")


def _segment(name: str, value: Json) -> str:
    text = as_text(value)
    if text in {"", ".", ".."}:
        raise ArgumentRefused(f"{name}: {text!r} would lead to another path")
    return quote(text, safe="")


def _filled(template: Json, given: JsonObject) -> Json:
    if isinstance(template, str):
        whole = PLACEHOLDER.fullmatch(template)
        return given[whole[1]] if whole and whole[1] in given else filled_text(template, given)
    if isinstance(template, list):
        return [_filled(item, given) for item in template]
    if isinstance(template, dict):
        return {name: _filled(item, given) for name, item in template.items()}
    return template


def accepted_statuses(spec: HttpTool, status: int) -> tuple[int, ...]:
    """The statuses that mean that it was done, of which `status` may be one."""
    if spec.statuses is not None:
        return (status,) if spec.statuses == "any" else tuple(spec.statuses)
    return (status,) if spec.only_looks or 200 <= status < 300 else ()


def percentile(values: list[float], share: float) -> float:
    """The least value that at least this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(share * len(ordered), 9)) - 1)]


def _expires_in_days(response: httpx2.Response) -> float | None:
    """How long the server's certificate holds yet; `None` without one."""
    stream = response.extensions.get("network_stream")
    secured = None if stream is None else stream.get_extra_info("ssl_object")
    certificate = None if secured is None else secured.getpeercert()
    if not certificate or "notAfter" not in certificate:
        return None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    now = datetime.now(UTC)  # noqa: TID251  # the time by which the connection was verified, whatever clock a mission has
    return round((ends - now).total_seconds() / 86_400, 2)


def _json(answer: _HttpAnswer) -> Json:
    """The answer's JSON, or its text where it is none."""
    if answer.whole and answer.text[:1] in tuple('{["-0123456789tfn'):
        try:
            return checked(document(answer.text))
        except (ValueError, NotJson, RecursionError):
            return answer.text
    return answer.text


def _shown(headers: Mapping[str, str]) -> JsonObject:
    return {name: headers[name] for name in sorted(headers)[:_SHOWN_HEADERS] if name != "set-cookie"}


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def http_problems(where: str, spec: HttpTool) -> Iterator[Problem]:
    """What keeps a request from being sent."""
    yield from missing_variables(where, {"url": spec.url})
    yield from missing_variables(f"{where}.headers", spec.headers)
    yield from schema_problems(where, spec)
