"""What a repository's own files say of how its work is checked: nothing is invented."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

_MOST_BYTES: Final = 1 << 20
_MAKE_TARGET: Final = re.compile(r"^([A-Za-z0-9_.-]+)\s*:(?!=)", re.MULTILINE)
_NO_TEST: Final = "no test specified"
_MANAGERS: Final = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"))
_SCRIPTS: Final = ("lint", "typecheck", "type-check", "check-types")
_TEST_FOLDERS: Final = ("tests", "test", "spec", "__tests__")
_TEST_SETTINGS: Final = (
    "conftest.py", "pytest.ini", "tox.ini", "ruff.toml", ".ruff.toml", "mypy.ini", "pyrightconfig.json", "jest.config.js",
    "jest.config.ts", "vitest.config.ts", "vitest.config.js", ".eslintrc.json", ".eslintrc.js", "eslint.config.js",
    "eslint.config.mjs",
)  # fmt: skip
_HOST_SETTINGS: Final = (".claude", ".codex", ".gemini", ".cursor", ".opencode", ".github/hooks", "opencode.json")


@dataclass(frozen=True, slots=True)
class ProposedCheck:
    """A command that the repository has settings for."""

    id: str
    run: tuple[str, ...]
    because: str
    """Where that stands."""
    timeout_s: int = 600


@dataclass(frozen=True, slots=True)
class GuardProposal:
    """What a guard's file could say."""

    checks: tuple[ProposedCheck, ...]
    protect: tuple[str, ...]
    mount: tuple[str, ...]


def propose_guard(root: Path) -> GuardProposal:
    """What the files of a repository say. Blocks."""
    python, node = _python(root), _node(root)
    checks = [*python, *node, *_rust_and_go(root)]
    make = _make(root, has_tests=any(check.id.startswith("tests") for check in checks))
    found = _distinct([*checks, *make])
    mount = ("node_modules",) if node and (root / "node_modules").is_dir() else ()
    return GuardProposal(tuple(found), tuple(_protected(root)), mount)


def guard_text(checks: Sequence[ProposedCheck], protect: Sequence[str], mount: Sequence[str]) -> str:
    """The file, with a comment on where each line comes from."""
    lines = [
        "# What must hold before a coding agent may call its work done: journeyman guard check",
        "# All keys: journeyman schema --guard",
        "criteria:",
    ]
    for check in checks:
        words = ", ".join(json.dumps(word) for word in check.run)
        lines += [
            f"  - id: {check.id}   # {check.because}",
            "    kind: command",
            f"    run: [{words}]",
            f"    timeout_s: {check.timeout_s}",
            "    # paths: [src/**]   # run again only where these changed",
        ]
    lines += ["", "# Judged as they were when a person confirmed them, whatever an agent does to them:"]
    lines += ["protect:", *(f"  - {json.dumps(pattern)}" for pattern in protect)] if protect else ["protect: []"]
    if mount:
        lines += ["", "# Ignored by git, and needed by the checks: copied read-only.", "mount:"]
        lines += [f"  - {json.dumps(name)}" for name in mount]
    return "\n".join([*lines, ""])


def _distinct(checks: Sequence[ProposedCheck]) -> list[ProposedCheck]:
    """Checks whose ids differ: of two of one name the second one gets its program's."""
    taken: set[str] = set()
    found: list[ProposedCheck] = []
    for check in checks:
        name = check.id if check.id not in taken else f"{check.id}_{re.sub(r'[^A-Za-z0-9_]', '_', check.run[0])}"
        if name not in taken:
            taken.add(name)
            found.append(ProposedCheck(name, check.run, check.because, check.timeout_s))
    return found


def _python(root: Path) -> list[ProposedCheck]:
    tool = _table(_toml(root / "pyproject.toml").get("tool"))
    found: list[ProposedCheck] = []
    because = _pytest_settings(root, tool)
    if because:
        found.append(ProposedCheck("tests", ("python", "-m", "pytest", "-q"), because))
    for name, run, files in (
        ("lint", ("ruff", "check", "."), ("ruff.toml", ".ruff.toml")),
        ("types", ("pyright",), ("pyrightconfig.json",)),
    ):
        program = run[0]
        because = f"[tool.{program}] in pyproject.toml" if program in tool else _first(root, files)
        if because:
            found.append(ProposedCheck(name, run, because))
    if "mypy" in tool or (root / "mypy.ini").is_file():
        where = "[tool.mypy] in pyproject.toml" if "mypy" in tool else "mypy.ini"
        run = ("mypy",) if _table(tool.get("mypy")).get("files") else ("mypy", ".")
        found.append(ProposedCheck("types", run, where))
    return found


def _pytest_settings(root: Path, tool: dict[str, object]) -> str:
    if "pytest" in tool:
        return "[tool.pytest] in pyproject.toml"
    for name, section in (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest")):
        if _has_section(root / name, section):
            return name
    named = [*root.glob("test_*.py"), *root.glob("tests/**/test_*.py"), *root.glob("test/**/test_*.py")]
    return str(min(named).relative_to(root)) if named else ""


def _node(root: Path) -> list[ProposedCheck]:
    scripts = _table(_json(root / "package.json").get("scripts"))
    manager = next((name for file, name in _MANAGERS if (root / file).is_file()), "npm")
    found: list[ProposedCheck] = []
    test = scripts.get("test")
    if isinstance(test, str) and _NO_TEST not in test:
        run = (manager, "test") if manager != "bun" else ("bun", "run", "test")
        found.append(ProposedCheck("tests", run, "scripts.test in package.json"))
    for script in _SCRIPTS:
        if isinstance(scripts.get(script), str):
            name = "lint" if script == "lint" else "types"
            found.append(ProposedCheck(name, (manager, "run", script), f"scripts.{script} in package.json"))
    return found


def _rust_and_go(root: Path) -> list[ProposedCheck]:
    found: list[ProposedCheck] = []
    if (root / "Cargo.toml").is_file():
        found.append(ProposedCheck("tests", ("cargo", "test", "--quiet"), "Cargo.toml", 1800))
    if (root / "go.mod").is_file():
        found += [ProposedCheck("tests", ("go", "test", "./..."), "go.mod")]
    return found


def _make(root: Path, *, has_tests: bool) -> list[ProposedCheck]:
    name = next((name for name in ("GNUmakefile", "makefile", "Makefile") if (root / name).is_file()), "")
    targets = set(_MAKE_TARGET.findall(_text(root / name))) if name else set[str]()
    wanted = (("tests", "test"), ("checks", "check"), ("lint", "lint"))
    return [
        ProposedCheck(id_, ("make", target), f"target {target} in {name}")
        for id_, target in wanted
        if target in targets and not (target == "test" and has_tests)
    ]


def _protected(root: Path) -> list[str]:
    folders = [f"{name}/**" for name in _TEST_FOLDERS if (root / name).is_dir()]
    if next(root.glob("*_test.go"), None) or next(root.glob("*/**/*_test.go"), None):
        folders.append("**/*_test.go")
    files = [name for name in _TEST_SETTINGS if (root / name).is_file()]
    return [*folders, *files, *(name for name in _HOST_SETTINGS if (root / name).exists())]


def _first(root: Path, names: Sequence[str]) -> str:
    return next((name for name in names if (root / name).is_file()), "")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace") if file.stat().st_size <= _MOST_BYTES else ""
    except OSError:
        return ""


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_text(file))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _json(file: Path) -> dict[str, object]:
    try:
        return _table(json.loads(_text(file).removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return {}


def _has_section(file: Path, section: str) -> bool:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(file))
    except ConfigError:
        return False
    return parser.has_section(section)


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
