"""`serve`: the HTTP API, MCP and the viewer in one process, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.hosting.access import AccessScope
from journeyman.hosting.tenants import HostingOptions
from journeyman.hosting.tokens import AccessTokens, NewToken, TokenFile, new_token
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.serve_options import (
    AllowedHostOption,
    AllowedOriginOption,
    HostOption,
    LinkOption,
    MissionsOption,
    MostAtOnceOption,
    OtelOption,
    PortOption,
    RateOption,
)
from journeyman.interfaces.cli.shared import INTERRUPTED, CommandGroup, person, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.listening import listening
from journeyman.interfaces.session_endings import write_out
from journeyman.mission.values.errors import CallerError, InvalidInput, NotAllowed, Problem
from journeyman.stores.validation import check_tenant

if TYPE_CHECKING:
    from types import ModuleType

    from journeyman.interfaces.http.traces import SessionTraces

app = CommandGroup()
_OTLP: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXTRA: Final = frozenset({"fastapi", "starlette", "uvicorn", "prometheus_client", "mcp"})


@app.command("serve")
def serve(
    ctx: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8484,
    missions: MissionsOption = None,
    most_at_once: MostAtOnceOption = 64,
    requests_per_s: RateOption = 200.0,
    allowed_hosts: AllowedHostOption = None,
    allowed_origins: AllowedOriginOption = None,
    link: LinkOption = False,
    otel: OtelOption = False,
    as_json: JsonOption = False,
) -> None:
    """Serve sessions over HTTP until interrupted: the viewer at /, the API at /api/v1, MCP at /mcp, for callers with tokens.

    On this machine's loopback, where no token was made, it draws one for this start and prints a link that lets a
    browser in. On any other address it needs tokens: `journeyman token new`. It speaks plain HTTP; beyond this machine,
    put a proxy with TLS before it.

    At SIGTERM and Ctrl-C it puts its sessions down in order; the next start goes on with them. The log, one line a
    request, goes to standard error.
    """
    settings, serving = settings_of(ctx), _serving()
    from journeyman.interfaces.http.allowed_names import AllowedNames, is_loopback  # noqa: PLC0415  # comes with the extra
    from journeyman.interfaces.http.limits import HttpLimits  # noqa: PLC0415  # as above
    from journeyman.interfaces.http.metrics import HttpMetrics  # noqa: PLC0415  # as above

    folders = _folders(missions or ["."], settings.tenant)
    own = _own_token(settings, loopback=is_loopback(host), wanted=link)
    listener = listening(host, port)
    _log_to_standard_error()
    metrics, traces = HttpMetrics(), _traces(wanted=otel)
    hosting = HostingOptions(
        settings=settings,
        folders=folders,
        at_ending=write_out,
        most_at_once=most_at_once,
        listeners=(metrics.take,) if traces is None else (metrics.take, traces.take),
    )
    options = serving.ServeOptions(
        hosting=hosting,
        metrics=metrics,
        tokens=AccessTokens(TokenFile(settings.data_dir), None if own is None else own.token),
        names=AllowedNames(
            loopback=is_loopback(host),
            hosts=frozenset(name.lower() for name in allowed_hosts or ()),
            origins=frozenset(allowed_origins or ()),
        ),
        limits=HttpLimits(requests_per_s=requests_per_s),
        traces=None if traces is None else traces.provider,
    )
    address = _Address(host, listener.getsockname()[1], own, folders)
    ended_by = run_async(lambda: serving.serve(options, listener, lambda: address.show(as_json=as_json)))
    if traces is not None:
        traces.close()
    say("stopped; the next start goes on with what was driven", err=True)
    if ended_by == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def _serving() -> ModuleType:
    """What serves, which comes with an extra."""
    try:
        from journeyman.interfaces.http import serving  # noqa: PLC0415  # brings FastAPI, which other commands need not wait for
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise CallerError(
            f"serving needs {error.name}, which is not installed: pip install 'journeyman[serve]'", code="extra_missing"
        ) from None
    return serving


def _traces(*, wanted: bool) -> SessionTraces | None:
    """Traces, where somebody asks for them; raises where the extra for them is missing."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    if not wanted and (off or not any(os.environ.get(name) for name in _OTLP)):
        return None
    try:
        from journeyman.interfaces.http.traces import SessionTraces  # noqa: PLC0415  # comes with an extra of its own
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise CallerError(
            f"traces need {error.name}, which is not installed: pip install 'journeyman[otel]'", code="extra_missing"
        ) from None
    return SessionTraces()


@dataclass(frozen=True, slots=True)
class _Address:
    """Where the server can be reached."""

    host: str
    port: int
    own: NewToken | None
    folders: dict[str, Path]

    def show(self, *, as_json: bool) -> None:
        """Print it, once requests are answered."""
        shown = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104  # only compared
        url = f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"
        if as_json:
            own = None if self.own is None else self.own.secret
            print_json({"url": url, "token": own, "missions": {name: str(path) for name, path in self.folders.items()}})
        elif self.own is None:
            say(f"{url} serves callers with tokens; `journeyman token list` shows them")
        else:
            say(f"{url}/?token={self.own.secret}")
            say("whoever has this link may do everything here until the server stops; Ctrl-C stops it", err=True)
        sys.stdout.flush()


def _folders(given: Sequence[str], tenant: str) -> dict[str, Path]:
    """Tenant to its folder of missions."""
    folders: dict[str, Path] = {}
    for text in given:
        name, _, rest = text.rpartition("=")
        path = Path(rest)
        if not path.is_dir():
            problem = Problem(where="--missions", message=f"{rest!r} is no folder", hint="name one that is there")
            raise InvalidInput("the command line", (problem,))
        folders[check_tenant(name or tenant)] = path.resolve()
    folders.setdefault(tenant, Path.cwd())
    return folders


def _own_token(settings: Settings, *, loopback: bool, wanted: bool) -> NewToken | None:
    """A token for this start: where nobody else could get in, or a person asks for one; never beyond this machine."""
    now = SystemClock().now()
    usable = any(token.is_usable(now) for token in TokenFile(settings.data_dir).tokens())
    if not loopback:
        if usable and not wanted:
            return None
        raise NotAllowed(
            "beyond this machine's loopback only tokens let anybody in, and none can be used; make one first: "
            "journeyman token new NAME --scope read --scope run"
            if not usable
            else "a link is drawn on this machine's loopback only; make a token: journeyman token new NAME",
            code="tokens_needed",
        )
    if usable and not wanted:
        return None
    return new_token(person(settings, ""), settings.tenant, list(AccessScope), now)


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("journeyman", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO if name == "journeyman" else logging.WARNING)
        logger.addHandler(handler)
        logger.propagate = False
