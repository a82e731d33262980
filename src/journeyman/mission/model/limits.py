"""What bounds single calls and scripts of a mission."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from journeyman.mission.criteria.schema import Bytes, Seconds, Strict


class Limits(Strict):
    """Bounds on single calls and scripts."""

    call_timeout_s: Annotated[Seconds, Field(gt=0)] = 60
    """Seconds that one try of a call may take."""
    retries: Annotated[StrictInt, Field(ge=0, le=10)] = 2
    """Further tries of a call that certainly did not happen, or may safely happen twice."""
    concurrency: Annotated[StrictInt, Field(ge=1, le=256)] = 8
    """Most calls at once."""
    result_bytes: Annotated[Bytes, Field(ge=1024)] = 1 << 20
    """Most bytes of one result; a larger one fails its call."""
    script_s: Annotated[Seconds, Field(gt=0)] = 30
    """Seconds that a script may compute; waiting for its calls does not count."""
    script_memory_bytes: Annotated[Bytes, Field(ge=1 << 20)] = 200_000_000
    """Most memory of a script."""
    script_calls: Annotated[StrictInt, Field(ge=0)] = 1000
    """Most calls that a script may make."""
    script_source_bytes: Annotated[Bytes, Field(ge=1)] = 64 * 1024
    """Longest source of a script."""
    script_recorded_bytes: Annotated[Bytes, Field(ge=0)] = 1 << 20
    """Most that a script may print and observe."""
