"""What is written where a hosted session ends: its report and its outputs, as the command line writes them."""

from __future__ import annotations

from journeyman.interfaces.pages.report_files import write_at_ending
from journeyman.tasks.outputs import put_out_at_ending
from journeyman.wiring import Journeyman


async def write_out(journeyman: Journeyman, session_id: str) -> str:
    """Write the report and the outputs that a mission asks for; say where, or why not."""
    wrote = [await write_at_ending(journeyman, session_id), await put_out_at_ending(journeyman, session_id)]
    return "; ".join(filter(None, wrote)) or "no file was asked for"
