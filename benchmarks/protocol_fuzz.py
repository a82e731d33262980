"""Requests that nobody meant well: out of the OpenAPI document by schemathesis, against `journeyman serve`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from benchmarks.serving.api_fuzz import fuzzed

EXAMPLES: Final = 100
"""Requests of each operation in the phase that draws them; coverage and sequences come on top."""


def run(progress: Meter) -> list[Row]:
    """One server."""
    progress.start("requests out of the OpenAPI document", 1)
    with tempfile.TemporaryDirectory() as place:
        found = fuzzed(Path(place), EXAMPLES)
    progress.step()
    for line in found.failures:
        print(line)
    return [
        Row("operations", found.operations, "of the API", ">= 25", found.operations >= 25),
        Row("requests", found.cases, "", ">= 5000", found.cases >= 5_000),
        Row("checks that failed", len(found.failures), "of all of schemathesis'", "= 0", not found.failures),
        Row("server errors", found.server_errors, "in the server's log", "= 0", found.server_errors == 0),
    ]
