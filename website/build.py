"""Build the site: pages of `docs/`, reference pages made from the code, strict rendering, and a look at every link.

`python -m website.build` writes `.build/site`. Nothing here needs a network, and nothing in the pages does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from website.built_pages import faults_of
from website.changes_page import changes_page
from website.command_reference import commands_page
from website.mission_reference import mission_keys_page
from website.python_reference import python_page

ROOT: Final = Path(__file__).parents[1]
BUILD: Final = ROOT / ".build"
SOURCE: Final = BUILD / "site-source"
SITE: Final = BUILD / "site"
GENERATED: Final = {
    "reference/mission-keys.md": mission_keys_page,
    "reference/commands.md": commands_page,
    "reference/python.md": python_page,
    "changes.md": changes_page,
}
"""Pages that are made from the code each time, and never kept."""


def write_sources() -> None:
    """Lay the pages and the configuration out as the generator wants them."""
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SOURCE / "docs")
    shutil.copytree(Path(__file__).parent / "theme", SOURCE / "docs", dirs_exist_ok=True)
    shutil.copy(Path(__file__).parent / "zensical.toml", SOURCE / "zensical.toml")
    for name, page in GENERATED.items():
        path = SOURCE / "docs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(), encoding="utf-8")


def render() -> None:
    """Turn the pages into HTML; a link to a page or heading that is not there ends it."""
    zensical = Path(sys.executable).parent / "zensical"
    subprocess.run([zensical, "build", "--strict", "--clean"], cwd=SOURCE, check=True)  # noqa: S603 - the generator itself
    (SOURCE / "site").rename(SITE)


def main() -> None:
    """Build, and end with 1 where a page leads nowhere or to other machines."""
    write_sources()
    render()
    faults = faults_of(SITE)
    for fault in faults:
        print(fault, file=sys.stderr)  # noqa: T201 - a program's output
    if faults:
        sys.exit(1)
    print(f"{SITE.relative_to(ROOT)}: {len(list(SITE.rglob('*.html')))} pages, every link leads somewhere")  # noqa: T201


if __name__ == "__main__":
    main()
