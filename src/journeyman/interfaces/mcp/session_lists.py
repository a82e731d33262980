"""Pages of a tenant's sessions, newest first, for the tool and for the list of resources."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.hosting.host import SessionHost
from journeyman.interfaces.mcp.cursors import cursor_of, parts_of
from journeyman.stores.base import Summary


async def session_page(
    host: SessionHost, cursor: str, limit: int, wanted: Callable[[Summary], bool] = lambda _row: True
) -> tuple[list[Summary], str]:
    """The rows of a page and the cursor of the next one, empty where this is the last.

    Sessions that begin meanwhile are newer than the first page, so that no page shows one twice or leaves one out.
    """
    behind = parts_of(cursor, 2)
    rows = [
        row
        for row in await host.journeyman.store.sessions()
        if (behind is None or (row.created_at, row.session_id) < behind) and wanted(row)
    ]
    rows.sort(key=lambda row: (row.created_at, row.session_id), reverse=True)
    page = rows[:limit]
    more = cursor_of(page[-1].created_at, page[-1].session_id) if len(rows) > limit else ""
    return page, more
