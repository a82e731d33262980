"""An agent's process: makes the edits that stand in a JSON file, and says that the work is done.

With `--hook COMMAND…` it is its own host: it calls that stop hook as a host does, makes its edits again when it is kept from
stopping (or others, where it heeds), and lets itself go after `CAP` blocks, with success, as hosts do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

CAP = 8


def make_edits(steps: list[list[str]]) -> None:
    """Write, append, delete, link, make executable, or run git."""
    for word, path, *more in steps:
        place = Path(path)
        if word == "git":  # there may be no repository any more
            subprocess.run(["git", path, *more], check=False, capture_output=True)
        elif word in {"delete", "link"}:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
            if word == "link":
                place.symlink_to(more[0])
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("a" if word == "append" else "w", encoding="utf-8") as file:
                file.write(more[0])
            if word == "program":
                place.chmod(0o755)


def is_blocked(hook: list[str]) -> bool:
    """Tell whether the hook keeps us from stopping."""
    asked = {"session_id": "scripted", "cwd": str(Path.cwd()), "hook_event_name": "Stop", "stop_hook_active": False}
    done = subprocess.run(hook, input=json.dumps(asked).encode(), capture_output=True, check=False)
    try:
        return done.returncode == 0 and json.loads(done.stdout).get("decision") == "block"
    except ValueError:
        return False


def main(words: list[str]) -> None:
    """Work, and stop as a host lets it."""
    plan: dict[str, list[list[str]]] = json.loads(Path(words[0]).read_text("utf-8"))
    make_edits(plan["edits"])
    blocks = 0
    if words[1:2] == ["--hook"]:
        while blocks < CAP and is_blocked(words[2:]):
            blocks += 1
            make_edits(plan["heeded"] or plan["edits"])
    print(f"All tests pass, the work is done. ({blocks} blocks)")


main(sys.argv[1:])
