"""What strangers meet first: imports, help, the map."""

from __future__ import annotations

import os
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import journeyman
from journeyman.interfaces.cli.registry import COMMANDS

ROOT = Path(__file__).parents[2]
VENDORS = ("mcp", "pydantic_monty", "sqlite3", "typer", "rich", "numpy", "anthropic", "openai", "boto3", "pydantic")


def test_importing_journeyman_does_nothing(tmp_path: Path) -> None:
    """No output, no files, no vendor loaded."""
    code = f"import sys, journeyman; print([name for name in {VENDORS!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
    assert ended.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_public_names_are_few_and_all_there() -> None:
    """A stranger can read the list; each name leads somewhere."""
    assert len(journeyman.__all__) <= 20
    for name in journeyman.__all__:
        assert getattr(journeyman, name) is not None


def test_the_package_shows_its_names() -> None:
    """`dir` and `help` are where people look first."""
    assert dir(journeyman) == sorted(journeyman.__all__)
    shown = pydoc.plain(pydoc.render_doc(journeyman))
    assert [name for name in journeyman.__all__ if name not in shown] == []


def test_the_example_of_the_package_runs(tmp_path: Path) -> None:
    """It has a tool of its own, and it ends achieved."""
    code = (journeyman.__doc__ or "").partition("```python\n")[2].partition("```")[0]
    (tmp_path / "example.py").write_text(code, "utf-8")
    ended = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env={**os.environ, "JOURNEYMAN_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("achieved criteria_met\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_help_that_the_list_promises(name: str) -> None:
    """The quick list of commands and the commands themselves say the same."""
    argv = [sys.executable, "-m", "journeyman", name, "--help"]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"journeyman {name}" in ended.stdout


@pytest.mark.parametrize("option", ["--version", "-h", "--help"])
def test_an_option_that_asks_for_words_needs_no_command(option: str) -> None:
    """The quick list promises these before any command."""
    argv = [sys.executable, "-m", "journeyman", option]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "journeyman" in ended.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a place without room to write to is needed")
@pytest.mark.parametrize("words", [["-h"], ["--version"], ["list"], ["list", "--json"], ["config", "show"]])
def test_output_that_cannot_be_written_is_no_fault_of_ours(words: list[str], tmp_path: Path) -> None:
    """A full disk behind standard output gets one clear error, from help as from commands."""
    argv = [sys.executable, "-m", "journeyman", *words]
    env = {**os.environ, "JOURNEYMAN_DATA_DIR": str(tmp_path)}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=env)
    assert ended.returncode == 1
    assert ended.stderr.startswith("journeyman: the output cannot be written: ")
    assert ended.stderr.count("\n") == 1


def test_the_map_is_short_and_names_every_package() -> None:
    """AGENTS.md is read first: at most 80 lines, with every package that exists."""
    text = (ROOT / "AGENTS.md").read_text("utf-8")
    assert len(text.splitlines()) <= 80
    for folder in sorted((ROOT / "src" / "journeyman").iterdir()):
        if folder.is_dir() and (folder / "__init__.py").exists():
            assert f"{folder.name}/" in text, folder.name


def test_no_file_names_a_registry_host_or_a_machine_path() -> None:
    """Lock files install from wherever the reader's own client is set up to look."""
    told = r"pypi\.org|pythonhosted\.org|registry\.npmjs|--index-url|--extra-index-url|find-links|/root/|/home/[a-z]"
    grep = ["git", "grep", "-lE", told, "--", ".", ":!tests/shape"]
    for name in subprocess.run(grep, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines():
        assert "no-emit-index-url" in (ROOT / name).read_text("utf-8"), name


def test_no_large_file_is_kept() -> None:
    """A clone is small, and nothing that was built or fetched came along."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).is_file()}
    assert {name: size for name, size in sizes.items() if size > 1_000_000} == {}


def test_the_arguments_of_a_call_stand_where_a_catalog_is_defined_and_nowhere_else() -> None:
    """A new keyword opens that file and the one that uses it, not every stand-in."""
    files = [path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    word = "again: Again" + " |"
    assert [path.name for path in files if word in path.read_text()] == ["base.py"]
