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

_TEST_FOLDERS: Final = ("tests", "test", "spec", "__tests__")
_SCRIPT_FOLDERS: Final = frozenset({"bin", "ci", ".ci", "script", "scripts", "tools", "hack"})
_SCRIPT_SUFFIXES: Final = (".sh", ".bash")
_WORD: Final = re.compile(r"[\w./@+-]+")
_SETTINGS: Final = {
    "pytest": ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"),
    "ruff": ("pyproject.toml", "**/ruff.toml", "**/.ruff.toml"),
    "mypy": ("pyproject.toml", "mypy.ini", ".mypy.ini", "setup.cfg"),
    "pyright": ("pyproject.toml", "pyrightconfig.json"),
    "cargo": (".cargo/**",),
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
    root: Path, paths: Iterable[str], programs: Iterable[str], texts: Sequence[str]
) -> list[ProposedProtection]:
    """What should be protected.

    Args:
        root: The repository.
        paths: Its files.
        programs: Those that the proposed checks start.
        texts: What these read for their commands: a Makefile, scripts of package.json.
    """
    listed = frozenset(paths)
    used = [name for name in _programs(programs, texts) if name != "npm" or "package.json" in listed]
    found = [*_tests(root, listed, used), *_settings(used), *_scripts(listed, texts)]
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


def _scripts(listed: frozenset[str], texts: Sequence[str]) -> Iterator[ProposedProtection]:
    """Scripts of the repository that the checks' commands name, where they lie in a folder for such, or are shell scripts."""
    for text in texts:
        for word in _WORD.findall(text):
            path = word.removeprefix("./")
            if path in listed and (path.split("/")[0] in _SCRIPT_FOLDERS or path.endswith((*_SCRIPT_SUFFIXES, ".mk"))):
                yield ProposedProtection(path, "the checks run it")
