"""`make demo`: make the repository, run the mission, check the record, write the report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from make_repo import CULPRIT, make_repo  # this folder is no package

HERE = Path(__file__).parent


def journeyman(*words: str) -> None:
    """Run a command as a user would, and show it."""
    print(f"\n$ journeyman {' '.join(words)}", flush=True)
    ended = subprocess.run([str(Path(sys.executable).parent / "journeyman"), *words], cwd=HERE, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def main() -> None:
    """Run the demo."""
    build = HERE.parents[1] / ".build" / "demo"
    os.environ.setdefault("JOURNEYMAN_DATA_DIR", str(build / "data"))
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    print(f"made a repository of 64 commits; number {CULPRIT} is the bad one: {make_repo(HERE / 'repo')}")
    journeyman("run", "mission.yaml")
    journeyman("history", "last", "--kind", "ScriptAdvanced")
    journeyman("verify", "last")
    journeyman("replay", "last")
    build.mkdir(parents=True, exist_ok=True)
    journeyman("report", "last", "--output", str(build / "report.html"))


if __name__ == "__main__":
    main()
