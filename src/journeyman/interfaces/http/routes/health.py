"""Whether the server lives, is ready, and what it counts."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from journeyman.interfaces.error_status import Refusal
from journeyman.interfaces.http.admission import Reader
from journeyman.interfaces.http.metrics import CONTENT_TYPE
from journeyman.interfaces.http.server_state import METRICS, ServerState

router = APIRouter(tags=["server"])


@router.get("/healthz", summary="Whether the process lives")
async def health() -> dict[str, str]:
    """Always the same, as long as there is somebody to answer."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether requests can be served")
async def ready(request: Request) -> dict[str, str]:
    """503 while the server stops, or where a store of its tenants cannot be read."""
    server: ServerState = request.app.state.server
    if server.stopping.is_set():
        raise Refusal(503, "stopping", "this server is stopping; ask another, or again", retry_after_s=5.0)
    for tenant in server.tenants.opened.values():
        await tenant.host.journeyman.store.sessions(limit=1)
    return {"status": "ready"}


@router.get(METRICS, summary="Counts for Prometheus", response_class=Response)
async def metrics(reader: Reader) -> Response:
    """Of all tenants together: no tenant, name or session is told."""
    server = reader.server
    server.metrics.streams.set(server.counted.open_streams)
    server.metrics.driving.set(sum(tenant.host.driving for tenant in server.tenants.opened.values()))
    return Response(server.metrics.text(), media_type=CONTENT_TYPE)
