"""Which files decide how a repository's checks end, so that they are proposed to be judged as they were pinned.

Settings are named although they are not there yet: a file that is added takes precedence over those that are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.guard.counted_tests import is_node_test
from journeyman.workspaces.file_listing import file_text

_TEST_FOLDERS: Final = ("tests", "test", "spec", "__tests__")
_SCRIPT_FOLDERS: Final = frozenset({"bin", "ci", ".ci", "script", "scripts", "tools", "hack"})
_SCRIPT_SUFFIXES: Final = (".sh", ".bash")
_WORD: Final = re.compile(r"[\w./@+-]+")
_RUN: Final = re.compile(
    r"(?<![\w./-])(?:python[\d.]*|node|deno run|bun|bash|sh|zsh|ruby|perl|php|tsx|ts-node|make)(?:\.exe)?"
    r"(?:[ \t]+-{1,2}\w[\w-]*(?:=\S+)?)*[ \t]+([\w./@+-]+)"
)
"""A file that an interpreter is given: the program of a check. `python -m mypy FILE` gives it a module instead."""
_STARTED: Final = re.compile(r"(?:^|[;&|(`])[ \t@-]*([\w./@+-]+)", re.MULTILINE)
"""The first word of a command."""
_MODULE: Final = re.compile(r"(?<!\S)-m[ \t]")
_INCLUDED: Final = re.compile(r"^-?include[ \t]+(.+)$", re.MULTILINE)
_MOST_SCRIPTS: Final = 100
_SETTINGS: Final = {
    "pytest": ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"),
    "ruff": ("pyproject.toml", "**/ruff.toml", "**/.ruff.toml"),
    "mypy": ("pyproject.toml", "mypy.ini", ".mypy.ini", "setup.cfg"),
    "pyright": ("pyproject.toml", "pyrightconfig.json"),
    "cargo": (".cargo/**", "**/Cargo.toml", "**/build.rs"),
    "tox": ("tox.ini", "pyproject.toml", "setup.cfg"),
    "nox": ("noxfile.py",),
    "rspec": (".rspec",),
    "rake": ("Rakefile", "rakefile", "Rakefile.rb"),
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "npm": ("package.json", ".npmrc"),
    "jest": ("jest.config.*",),
    "vitest": ("vitest.config.*", "vitest.workspace.*"),
    "mocha": (".mocharc*",),
    "eslint": ("eslint.config.*", ".eslintrc*", ".eslintignore"),
    "tsc": ("tsconfig*.json",),
}
_MANAGERS: Final = frozenset({"npm", "pnpm", "yarn", "bun"})
_HOST_SETTINGS: Final = (".claude", ".codex", ".gemini", ".cursor", ".opencode", ".github/hooks", "opencode.json")


@dataclass(frozen=True, slots=True)
class ProposedProtection:
    """A pattern of files that are judged as they were pinned."""

    pattern: str
    because: str
    """What they decide."""


def propose_protection(
    root: Path, paths: Iterable[str], programs: Iterable[str], texts: Sequence[str], lines: Sequence[str] = ()
) -> list[ProposedProtection]:
    """What should be protected.

    Args:
        root: The repository.
        paths: Its files.
        programs: Those that the proposed checks start.
        texts: What these read for their commands: a Makefile, scripts of package.json.
        lines: Checks that a person wrote: what they give to an interpreter is no part of the work.
    """
    listed = frozenset(paths)
    used = [name for name in _programs(programs, [*texts, *lines]) if name != "npm" or "package.json" in listed]
    found = [
        *_tests(root, listed, used),
        *_settings(used),
        *_scripts(root, listed, texts, lines),
        *_unittests([*texts, *lines]),
    ]
    found += [ProposedProtection(name, "a host's settings") for name in _HOST_SETTINGS if (root / name).exists()]
    distinct: dict[str, ProposedProtection] = {}
    for one in found:
        distinct.setdefault(one.pattern, one)
    return [*distinct.values()]


def _programs(programs: Iterable[str], texts: Sequence[str]) -> list[str]:
    """The programs whose settings are known, in order: those that are started, and those that they name."""
    named = {"npm" if name in _MANAGERS else name for name in programs}
    named |= {name for name in _SETTINGS if any(re.search(rf"(?<![\w./-]){name}(?![\w./-])", text) for text in texts)}
    return [name for name in _SETTINGS if name in named]


def _tests(root: Path, listed: frozenset[str], used: Sequence[str]) -> Iterator[ProposedProtection]:
    yield from (ProposedProtection(f"{name}/**", "tests") for name in _TEST_FOLDERS if (root / name).is_dir())
    if "pytest" in used:
        for pattern in ("**/test_*.py", "**/*_test.py"):
            yield ProposedProtection(pattern, "tests")
        yield ProposedProtection("**/conftest.py", "pytest loads it")
        for pattern in ("**/*.dist-info/**", "**/*.egg-info/**"):
            yield ProposedProtection(pattern, "names plugins that pytest loads")
    if any(path.endswith("_test.go") for path in listed):
        yield ProposedProtection("**/*_test.go", "tests")
    if any(is_node_test(path) for path in listed):
        for pattern in ("**/*.test.*", "**/*.spec.*"):
            yield ProposedProtection(pattern, "tests")


def _settings(used: Sequence[str]) -> Iterator[ProposedProtection]:
    for program in used:
        because = f"says what {program} runs" if program in {"make", "npm"} else f"settings of {program}"
        yield from (ProposedProtection(pattern, because) for pattern in _SETTINGS[program])


def _unittests(texts: Sequence[str]) -> Iterator[ProposedProtection]:
    if any(re.search(r"\bunittest\b", text) for text in texts):
        yield ProposedProtection("**/test*.py", "tests")


def _scripts(
    root: Path, listed: frozenset[str], texts: Sequence[str], lines: Sequence[str]
) -> Iterator[ProposedProtection]:
    """Files of the repository that the checks' commands run, and those that these run or include in turn."""
    found = dict.fromkeys(path for line in lines for path in _started_by(line, listed))
    waiting = [*texts, *lines, *(file_text(root / path) for path in found)]
    while waiting and len(found) < _MOST_SCRIPTS:
        for path in _run_by(waiting.pop(), listed):
            if path not in found:
                found[path] = None
                waiting.append(file_text(root / path))
    yield from (ProposedProtection(path, "the checks run it") for path in found)


def _run_by(text: str, listed: frozenset[str]) -> Iterator[str]:
    """The scripts that a text of commands names, by where they lie or how they end, and the files that it includes.

    Another program of the repository may be what the checks are about.
    """
    for word in _WORD.findall(text):
        path = word.removeprefix("./")
        is_script = path.split("/")[0] in _SCRIPT_FOLDERS or path.endswith((*_SCRIPT_SUFFIXES, ".mk"))
        if path in listed and is_script:
            yield path
    for line in _INCLUDED.findall(text):
        yield from (path for word in line.split() if (path := word.removeprefix("./")) in listed)


def _started_by(line: str, listed: frozenset[str]) -> Iterator[str]:
    """The files that a command starts, or gives to an interpreter."""
    words = [
        *_STARTED.findall(line),
        *(run.group(1) for run in _RUN.finditer(line) if not _MODULE.search(run.group(0))),
    ]
    yield from (path for word in words if (path := word.removeprefix("./")) in listed)
