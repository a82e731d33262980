"""What is proposed for a repository: what its files say, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.guard.contract import read_guard_file
from journeyman.guard.proposals import guard_text, propose_guard


def proposed(root: Path, files: dict[str, str]) -> dict[str, str]:
    """The commands that are proposed for these files, by id."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return {check.id: " ".join(check.run) for check in propose_guard(root).checks}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, {}),
        ({"README.md": "run pytest"}, {}),
        ({"pyproject.toml": "[project]\nname='x'\n"}, {}),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, {"tests": "python -m pytest -q"}),
        ({"pytest.ini": "[pytest]\n"}, {"tests": "python -m pytest -q"}),
        ({"setup.cfg": "[tool:pytest]\n"}, {"tests": "python -m pytest -q"}),
        ({"tox.ini": "[tox]\n"}, {}),
        ({"tests/unit/test_a.py": ""}, {"tests": "python -m pytest -q"}),
        (
            {"pyproject.toml": "[tool.ruff]\n[tool.pyright]\n[tool.mypy]\nfiles='src'\n"},
            {"lint": "ruff check .", "types": "pyright", "types_mypy": "mypy"},
        ),
        ({"mypy.ini": "[mypy]\n"}, {"types": "mypy ."}),
        ({"package.json": '{"scripts": {"test": "vitest", "lint": "eslint ."}}'}, {"tests": "npm test", "lint": "npm run lint"}),
        ({"package.json": '{"scripts": {"test": "x", "typecheck": "tsc"}}', "pnpm-lock.yaml": ""}, {"tests": "pnpm test", "types": "pnpm run typecheck"}),
        ({"package.json": '{"scripts": {"test": "bun test"}}', "bun.lock": ""}, {"tests": "bun run test"}),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, {}),
        ({"package.json": '{"scripts": {"test": 3}}'}, {}),
        ({"package.json": "{"}, {}),
        ({"package.json": "[]", "pyproject.toml": "=", "setup.cfg": "[", "Makefile": "test := 1\n"}, {}),
        ({"Cargo.toml": "[package]\n"}, {"tests": "cargo test --quiet"}),
        ({"go.mod": "module x\n", "a_test.go": ""}, {"tests": "go test ./..."}),
        ({"Makefile": ".PHONY: test\ntest: build\n\tx\nlint:\n\ty\n"}, {"tests": "make test", "lint": "make lint"}),
        ({"Makefile": "test:\n\tx\ncheck:\n\ty\n", "pytest.ini": "[pytest]\n"}, {"tests": "python -m pytest -q", "checks": "make check"}),
        ({"Cargo.toml": "", "go.mod": ""}, {"tests": "cargo test --quiet", "tests_go": "go test ./..."}),
    ],
)  # fmt: skip
def test_a_command_is_proposed_where_the_repository_is_set_up_for_it(
    tmp_path: Path, files: dict[str, str], wanted: dict[str, str]
) -> None:
    """Two of one kind have two names."""
    assert proposed(tmp_path, files) == wanted


def test_the_file_that_is_written_is_one_that_is_read(tmp_path: Path) -> None:
    """With what is protected: tests, their settings, and what hosts are told."""
    files = {
        "tests/test_a.py": "", "pytest.ini": "[pytest]\n", ".claude/settings.json": "{}", "package.json": '{"scripts": {"test": "x"}}',
        "node_modules/x.js": "", "web/a_test.go": "", 'odd "name".py': "",
    }  # fmt: skip
    proposed(tmp_path, files)
    found = propose_guard(tmp_path)
    guard = read_guard_file(guard_text(found.checks, found.protect, found.mount).encode(), "guard.yaml", tmp_path)
    assert guard.protect == ["tests/**", "**/*_test.go", "pytest.ini", ".claude"]
    assert guard.mount == ["node_modules"]
    assert [criterion.id for criterion in guard.criteria] == ["tests", "tests_npm"]
