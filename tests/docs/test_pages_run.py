"""What pages tell to type is typed, in order, in an empty folder, and prints what they show."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.fenced_blocks import ROOT, Block, agrees, blocks_of, commands_of, pages
from tests.docs.shell_session import ShellSession

RUN: Final = {"sh", "console", "python"}
TUTORIAL: Final = ROOT / "docs" / "tutorial.md"
"""It begins with an installation: `test_quickstart.py` types it."""
PAGES: Final = [
    page
    for page in pages()
    if page != TUTORIAL and any(block.language in RUN and not block.not_run for block in blocks_of(page))
]

AS_TYPED: Final = (
    "import ast, asyncio, inspect; "
    'code = compile(open("program.py").read(), "program.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT); '
    'made = eval(code, {"__name__": "__main__"}); '
    "inspect.iscoroutine(made) and asyncio.run(made)"
)
"""Runs a page's Python as `python -m asyncio` would: `await` may stand at the top."""


@pytest.mark.timeout(600)  # a page may wait for leases and servers, beside other load
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """Titled blocks become files, commands are run, and the Python of a page is one program."""
    folder = tmp_path / "work"
    folder.mkdir()
    config = tmp_path / "config" / "journeyman" / "config.toml"
    config.parent.mkdir(parents=True)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "USER": "ada",
        "JOURNEYMAN_DATA_DIR": str(tmp_path / "data"),
        "JOURNEYMAN_CONFIG": str(config),
        "LANG": "C.UTF-8",
        "COLUMNS": "160",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = ""
    with ShellSession(folder, environment) as shell:
        for block in blocks_of(page):
            if block.not_run:
                continue
            if block.title:
                path = config if block.title == "config.toml" else folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, "utf-8")
            elif block.language in ("sh", "console"):
                type_block(shell, block)
            elif block.language == "python":
                program += block.text
        if program:
            (folder / "program.py").write_text(program, "utf-8")
            code, printed = shell.run(f"python -c '{AS_TYPED}'")
            assert code == 0, f"{page}: {printed[-3000:]}"


def type_block(shell: ShellSession, block: Block) -> None:
    """Type the commands of a block and compare what they print with what the page shows."""
    commands = commands_of(block)
    for command in commands:
        code, printed = shell.run(command.line)
        wanted = block.exit_code if command is commands[-1] else 0
        assert code == wanted, f"{block.place}: {command.line!r} ended with {code}: {printed[-3000:]}"
        assert "Traceback" not in printed, f"{block.place}: {printed[-3000:]}"
        if command.expected is not None:
            assert agrees(command.expected, printed), f"{block.place}: {command.line!r} printed\n{printed}"
