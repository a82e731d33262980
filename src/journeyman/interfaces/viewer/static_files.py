"""Style and script of the viewer: those of the report page and a little of its own, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from journeyman.interfaces.pages.resources import as_script, resource


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the viewer."""

    name: str
    media_type: str
    content: str

    @property
    def address(self) -> str:
        """Where browsers find it, and may keep it for ever: other bytes have another address."""
        return f"/viewer/{hashlib.sha256(self.content.encode()).hexdigest()[:16]}/{self.name}"


def _viewer_file(name: str) -> str:
    return resource(name, __package__ or "")


STYLE: Final = StaticFile("viewer.css", "text/css; charset=utf-8", resource("page.css") + _viewer_file("viewer.css"))
SCRIPT: Final = StaticFile(
    "viewer.js",
    "text/javascript; charset=utf-8",
    as_script(*map(resource, ("charts.js", "links.js", "overview.js")), _viewer_file("viewer.js")),
)
_FILES: Final = {one.address: one for one in (STYLE, SCRIPT)}


async def static_file(request: Request) -> Response:
    """A file by its address."""
    found = _FILES.get(request.url.path)
    if found is None:
        return Response("not here", 404, media_type="text/plain")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=headers)
