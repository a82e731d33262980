"""A server of the 2025-11-25 era over stdio that dies of its first calls as told; each start takes the next death.

Arguments: the deaths, separated by commas, and a folder, in which `starts` and `arrived` hold one byte for each.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dying_words import result_of  # pyright: ignore[reportMissingImports, reportUnknownVariableType] - it lies beside this script

DEATHS = sys.argv[1].split(",")
FOLDER = Path(sys.argv[2])


def count(name: str) -> int:
    """Add one to a count and give what it was."""
    with (FOLDER / name).open("ab") as file:
        before = file.tell()
        file.write(b".")
    return before


def main() -> None:
    """Answer until it is time to die."""
    started = count("starts")
    death = DEATHS[started] if started < len(DEATHS) else "never"
    for line in sys.stdin:
        message = json.loads(line)
        if message["method"] == "tools/call":
            count("arrived")
            if death in {"during", "after"}:
                os._exit(3)
        if "id" in message:
            found = result_of(message)
            reply = {"error": {"code": -32601, "message": "unknown"}} if found is None else {"result": found}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}), flush=True)  # noqa: T201 - the transport
        if message["method"] == "tools/list" and death == "before":
            os._exit(3)


if __name__ == "__main__":
    main()
