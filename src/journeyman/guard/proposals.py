"""What a repository's own files say of how its work is checked: nothing is invented."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from journeyman.guard.counted_tests import count_node_tests, count_python_tests, words_of
from journeyman.guard.proposed_protection import ProposedProtection, propose_protection
from journeyman.mission.criteria.command import REPORT
from journeyman.workspaces.file_listing import file_text, listed_files

_MAKE_TARGET: Final = re.compile(r"^([A-Za-z0-9_.-]+)\s*:(?!=)", re.MULTILINE)
_NO_TEST: Final = "no test specified"
_MANAGERS: Final = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"))
_SCRIPTS: Final = ("lint", "typecheck", "type-check", "check-types")
_REPORTS: Final = (
    (re.compile(r"node --test\b[^&|;]*"), ("--test-reporter=junit", f"--test-reporter-destination={REPORT}")),
    (re.compile(r"vitest( run)?( -[^&|;]*)?"), ("--reporter=junit", f"--outputFile={REPORT}")),
)
"""Scripts whose test program writes a report when it is given more words."""


@dataclass(frozen=True, slots=True)
class ProposedCheck:
    """A command that the repository has settings for."""

    id: str
    run: tuple[str, ...]
    because: str
    """Where that stands."""
    timeout_s: int = 600
    passed_at_least: int | None = None
    """Tests that must pass by its report; `None` where it writes none."""


@dataclass(frozen=True, slots=True)
class GuardProposal:
    """What a guard's file could say."""

    checks: tuple[ProposedCheck, ...]
    protect: tuple[ProposedProtection, ...]
    mount: tuple[str, ...]


def propose_guard(root: Path) -> GuardProposal:
    """What the files of a repository say. Blocks."""
    paths = listed_files(root)
    python, node = _python(root, paths), _node(root, paths)
    checks = [*python, *node, *_rust_and_go(root)]
    make, recipes = _make(root, has_tests=any(check.id.startswith("tests") for check in checks))
    found = _distinct([*checks, *make])
    texts = [recipes, *map(str, _table(_json(root / "package.json").get("scripts")).values())] if make or node else []
    protect = propose_protection(root, paths, (check.run[0] for check in found), texts)
    mount = ("node_modules",) if node and (root / "node_modules").is_dir() else ()
    return GuardProposal(tuple(found), tuple(protect), mount)


def guard_text(checks: Sequence[ProposedCheck], protect: Sequence[ProposedProtection], mount: Sequence[str]) -> str:
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
            *_report_lines(check),
            f"    timeout_s: {check.timeout_s}",
            "    # paths: [src/**]   # run again only where these changed",
        ]
    lines += [
        "",
        "# Judged as they were when a person confirmed them, whatever an agent does to them. Take out what an agent has to",
        "# change for its work to pass the checks; what it changes elsewhere in these files is only not seen by them.",
    ]
    rows = (f"  - {json.dumps(one.pattern)}   # {one.because}" for one in protect)
    lines += ["protect:", *rows] if protect else ["protect: []"]
    if mount:
        lines += ["", "# Ignored by git, and needed by the checks: copied read-only.", "mount:"]
        lines += [f"  - {json.dumps(name)}" for name in mount]
    return "\n".join([*lines, ""])


def _report_lines(check: ProposedCheck) -> list[str]:
    if check.passed_at_least is None:
        return []
    why = "tests that nothing skips, as the files show"
    if check.passed_at_least == 1:
        why = "how many are never skipped cannot be told from the files: raise it to what must pass"
    return [f"    junit: {{passed_at_least: {check.passed_at_least}}}   # {why}"]


def _distinct(checks: Sequence[ProposedCheck]) -> list[ProposedCheck]:
    """Checks whose ids differ: of two of one name the second one gets its program's."""
    taken: set[str] = set()
    found: list[ProposedCheck] = []
    for check in checks:
        name = check.id if check.id not in taken else f"{check.id}_{re.sub(r'[^A-Za-z0-9_]', '_', check.run[0])}"
        if name not in taken:
            taken.add(name)
            found.append(replace(check, id=name))
    return found


def _python(root: Path, paths: Sequence[str]) -> list[ProposedCheck]:
    tool = _table(_toml(root / "pyproject.toml").get("tool"))
    found: list[ProposedCheck] = []
    because, settings = _pytest_settings(root, tool)
    if not because:
        because = next((path for path in paths if _is_near_test(path)), "")
    if because:
        # Not `python -m pytest`, which would take a `pytest.py` of the folder for pytest; the folder is found all the same.
        folders = [*dict.fromkeys([".", *words_of(settings.get("pythonpath"))])]
        run = ("pytest", "-q", "-o", f"pythonpath={' '.join(folders)}", f"--junitxml={REPORT}")
        least = count_python_tests(root, paths, settings)
        found.append(ProposedCheck("tests", run, because, passed_at_least=least))
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


def _pytest_settings(root: Path, tool: dict[str, object]) -> tuple[str, dict[str, object]]:
    """Where pytest is set up, and how; nothing where it is not."""
    if "pytest" in tool:
        own = _table(tool["pytest"])
        return "[tool.pytest] in pyproject.toml", {**own, **_table(own.get("ini_options"))}
    for name, section in (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest")):
        found = _section(root / name, section)
        if found is not None:
            return name, found
    return "", {}


def _is_near_test(path: str) -> bool:
    """Tell whether it is a Python test at the top, or in a folder for tests."""
    folder, _, name = path.rpartition("/")
    return name.startswith("test_") and name.endswith(".py") and folder.split("/")[0] in {"", "tests", "test"}


def _node(root: Path, paths: Sequence[str]) -> list[ProposedCheck]:
    scripts = _table(_json(root / "package.json").get("scripts"))
    manager = next((name for file, name in _MANAGERS if (root / file).is_file()), "npm")
    found: list[ProposedCheck] = []
    test = scripts.get("test")
    if isinstance(test, str) and _NO_TEST not in test:
        run = (manager, "test") if manager != "bun" else ("bun", "run", "test")
        more = next((words for form, words in _REPORTS if manager == "npm" and form.fullmatch(test.strip())), ())
        least = count_node_tests(root, paths) if more else None
        run = (*run, "--", *more) if more else run
        found.append(ProposedCheck("tests", run, "scripts.test in package.json", passed_at_least=least))
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


def _make(root: Path, *, has_tests: bool) -> tuple[list[ProposedCheck], str]:
    """What a Makefile has targets for, and its text."""
    name = next((name for name in ("GNUmakefile", "makefile", "Makefile") if (root / name).is_file()), "")
    text = file_text(root / name) if name else ""
    targets = set(_MAKE_TARGET.findall(text))
    wanted = (("tests", "test"), ("checks", "check"), ("lint", "lint"))
    found = [
        ProposedCheck(id_, ("make", target), f"target {target} in {name}")
        for id_, target in wanted
        if target in targets and not (target == "test" and has_tests)
    ]
    return found, text if found else ""


def _first(root: Path, names: Sequence[str]) -> str:
    return next((name for name in names if (root / name).is_file()), "")


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file_text(file))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _json(file: Path) -> dict[str, object]:
    try:
        return _table(json.loads(file_text(file).removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return {}


def _section(file: Path, section: str) -> dict[str, object] | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file_text(file))
    except ConfigError:
        return None
    return dict(parser[section]) if parser.has_section(section) else None


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
