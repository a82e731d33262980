"""The changelog is made of the fragments, all of them, and a release leaves none behind."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.fenced_blocks import ROOT
from website.changes_page import changes_page


def test_every_fragment_has_a_name_that_is_read() -> None:
    """NUMBER.name.KIND.md, or the changelog would leave it out."""
    names = [path.name for path in (ROOT / "changes").iterdir()]
    assert [name for name in names if not re.fullmatch(r"\d+\.[\w-]+\.(added|changed|fixed|removed)\.md", name)] == []


def test_a_release_moves_the_fragments_into_the_changelog(tmp_path: Path) -> None:
    """What waited is released, under its kind, and the page shows it still."""
    shutil.copytree(ROOT / "changes", tmp_path / "changes")
    shutil.copytree(ROOT / "website", tmp_path / "website")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "changes" / "1.one.added.md").write_text("A thing that can be done.\n", "utf-8")
    before = changes_page(tmp_path)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (
        [*git, "init", "--quiet"],
        [*git, "add", "--all"],
        [*git, "commit", "--quiet", "--message", "x"],
        [sys.executable, "-m", "towncrier", "build", "--yes", "--version", "7.0.0", "--date", "2026-11-22"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert list((tmp_path / "changes").glob("*.md")) == []
    after = changes_page(tmp_path)
    assert "## 7.0.0 (2026-11-22)" in after
    for page in (before, after):
        assert page.count("- A thing that can be done.\n") == 1
        assert page.index("### Added") < page.index("- A thing that can be done.") < page.index("### Changed")
    assert [line for line in before.splitlines() if line.startswith("- ")] == [
        line for line in after.splitlines() if line.startswith("- ")
    ]
