"""Check one file in this process and end: what `checks.apart` starts, with a folder as its only argument.

The folder holds the request when this begins, and the answer at the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, cast

from journeyman.engine.checks.file_check import MAX_PARSE_BYTES, check_file
from journeyman.mission.criteria.engine_check import FileCheck

REQUEST: Final = "request.json"
ANSWER: Final = "answer.json"


def main(folder: Path) -> None:
    """Answer the request in `folder`."""
    request = cast("dict[str, Any]", json.loads((folder / REQUEST).read_text("utf-8")))
    result = check_file(
        FileCheck(**request["check"]), Path(request["base_dir"]), lambda: False, here_bytes=MAX_PARSE_BYTES
    )
    assert result is not None  # noqa: S101 - nothing that is parsed is larger
    told = {"met": result.met, "evidence": result.evidence, "taken_bytes": result.taken_bytes}
    draft = folder / f"{ANSWER}.draft"
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(folder / ANSWER)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
