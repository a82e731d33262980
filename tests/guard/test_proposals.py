"""What is proposed for a repository: what its files say, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.guard.contract import read_guard_file
from journeyman.guard.proposals import guard_text, propose_guard
from journeyman.guard.proposed_protection import propose_protection
from journeyman.workspaces.path_patterns import PathPatterns

PYTEST = "pytest -q -o pythonpath=. --junitxml={report}"
NODE = "npm test -- --test-reporter=junit --test-reporter-destination={report}"


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
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, {"tests": PYTEST}),
        ({"pytest.ini": "[pytest]\n"}, {"tests": PYTEST}),
        ({"setup.cfg": "[tool:pytest]\n"}, {"tests": PYTEST}),
        ({"tox.ini": "[tox]\n"}, {}),
        ({"tests/unit/test_a.py": ""}, {"tests": PYTEST}),
        (
            {"pyproject.toml": "[tool.ruff]\n[tool.pyright]\n[tool.mypy]\nfiles='src'\n"},
            {"lint": "ruff check .", "types": "pyright", "types_mypy": "mypy"},
        ),
        ({"mypy.ini": "[mypy]\n"}, {"types": "mypy ."}),
        ({"package.json": '{"scripts": {"test": "jest", "lint": "eslint ."}}'}, {"tests": "npm test", "lint": "npm run lint"}),
        ({"package.json": '{"scripts": {"test": "x", "typecheck": "tsc"}}', "pnpm-lock.yaml": ""}, {"tests": "pnpm test", "types": "pnpm run typecheck"}),
        ({"package.json": '{"scripts": {"test": "bun test"}}', "bun.lock": ""}, {"tests": "bun run test"}),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, {}),
        ({"package.json": '{"scripts": {"test": 3}}'}, {}),
        ({"package.json": '{"scripts": {"test": "node --test"}}'}, {"tests": NODE}),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, {"tests": "npm test -- --reporter=junit --outputFile={report}"}),
        ({"package.json": '{"scripts": {"test": "vitest && true"}}'}, {"tests": "npm test"}),
        ({"pyproject.toml": "[tool.pytest.ini_options]\npythonpath='src .'\n"}, {"tests": PYTEST.replace("=.", "=. src")}),
        ({"pytest.ini": "[pytest]\npythonpath=lib\n"}, {"tests": PYTEST.replace("=.", "=. lib")}),
        ({"package.json": "{"}, {}),
        ({"package.json": "[]", "pyproject.toml": "=", "setup.cfg": "[", "Makefile": "test := 1\n"}, {}),
        ({"Cargo.toml": "[package]\n"}, {"tests": "cargo test --quiet"}),
        ({"go.mod": "module x\n", "a_test.go": ""}, {"tests": "go test ./..."}),
        ({"Makefile": ".PHONY: test\ntest: build\n\tx\nlint:\n\ty\n"}, {"tests": "make test", "lint": "make lint"}),
        ({"Makefile": "test:\n\tx\ncheck:\n\ty\n", "pytest.ini": "[pytest]\n"}, {"tests": PYTEST, "checks": "make check"}),
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
    assert guard.protect[:3] == ["tests/**", "**/test_*.py", "**/*_test.py"]
    assert {"**/*_test.go", "pytest.ini", ".claude", "package.json", "**/conftest.py"} < {*guard.protect}
    assert len(guard.protect) == len({*guard.protect})
    assert guard.mount == ["node_modules"]
    assert [criterion.id for criterion in guard.criteria] == ["tests", "tests_npm"]


def test_what_says_what_runs_is_protected_and_what_only_might_is_not(tmp_path: Path) -> None:
    """Also where it is not there yet: `GNUmakefile` would be taken before `Makefile`."""
    files = {
        "Makefile": "include more.mk\ntest:\n\t./scripts/check && bash ci.sh && python src/main.py && nothing.sh\n",
        "more.mk": "", "scripts/check": "", "ci.sh": "", "src/main.py": "", "scripts/other": "",
    }  # fmt: skip
    proposed(tmp_path, files)
    found = {one.pattern: one.because for one in propose_guard(tmp_path).protect}
    assert {"Makefile", "GNUmakefile", "makefile", "more.mk", "scripts/check", "ci.sh"} == {*found}
    assert found["GNUmakefile"] == "says what make runs"


TWO = "def test_a(): pass\ndef test_b(): pass\n"
COUNTED: list[tuple[dict[str, str], int]] = [
    ({"test_a.py": f"{TWO}def other(): pass\n"}, 2),
    ({"test_a.py": "class TestA:\n def test_a(self): pass\n def test_b(self): pass\n"}, 2),
    (
        {
            "test_a.py": f"class A(unittest.TestCase):\n async def test_a(self): pass\n{TWO}class B:\n def test_b(self): pass\n"
        },
        3,
    ),
    ({"test_a.py": f"@pytest.mark.parametrize('x', [1])\ndef test_c(x): pass\n{TWO}"}, 3),
    ({"test_a.py": f"@pytest.mark.slow\ndef test_c(): pass\ndef test_d(): pytest.skip()\n{TWO}"}, 2),
    ({"test_a.py": f"pytestmark = x\n{TWO}"}, 1),
    ({"test_a.py": f"pytest.importorskip('x')\n{TWO}"}, 1),
    ({"test_a.py": f'TEXT = """\ndef test_x(): pass\n"""\n{TWO}'}, 2),
    ({"test_a.py": TWO, "conftest.py": "def pytest_collection_modifyitems(): pass\n"}, 1),
    ({"test_a.py": TWO, "pytest.ini": "[pytest]\naddopts = -m 'not slow'\n"}, 1),
    ({"test_a.py": TWO, "pytest.ini": "[pytest]\naddopts = -q --maxfail=1\n"}, 2),
    ({"test_a.py": TWO, "pytest.ini": "[pytest]\ntestpaths = tests\n"}, 1),
    ({"test_a.py": TWO, "pytest.ini": "[pytest]\npython_functions = check_*\n"}, 1),
    ({"test_a.py": "def", "tests/test_b.py": TWO, "build/test_c.py": TWO}, 2),
]


@pytest.mark.parametrize(("files", "count"), COUNTED)
def test_only_tests_that_nothing_keeps_from_passing_are_counted(
    tmp_path: Path, files: dict[str, str], count: int
) -> None:
    """Whoever works honestly must not be refused by a number."""
    proposed(tmp_path, files)
    (check,) = propose_guard(tmp_path).checks
    assert check.passed_at_least == count


@pytest.mark.parametrize(
    ("check", "held", "free"),
    [
        ("python -m unittest", {"test_calc.py", "deep/test_more.py"}, {"calc.py"}),
        ("python -m unittest discover -s .", {"test_calc.py"}, {"calc.py"}),
        ("python check.py calc.py", {"check.py"}, {"calc.py"}),
        ("./verify calc.py", {"verify"}, {"calc.py"}),
        ("node --enable-source-maps prove.mjs", {"prove.mjs"}, set[str]()),
        ("mypy calc.py", set[str](), {"calc.py"}),
        ("python -m mypy calc.py", set[str](), {"calc.py"}),
        ("python -m doctest calc.py", set[str](), {"calc.py"}),
        ("mypy ./calc.py", set[str](), {"calc.py"}),
        ("bash -e scripts/all.sh", {"scripts/all.sh", "scripts/part.sh"}, {"calc.py"}),
        ("make -f rules.mk test", {"rules.mk", "more.mk"}, {"calc.py"}),
        ("cargo test", {"Cargo.toml", "inner/Cargo.toml"}, {"calc.py"}),
        ("tox -e py", {"tox.ini"}, {"calc.py"}),
    ],
)
def test_what_a_check_runs_is_protected_and_what_it_looks_at_is_not(
    check: str, held: set[str], free: set[str], tmp_path: Path
) -> None:
    """Also what its scripts run and include in turn; a file that is given to a tool is the work."""
    texts = {
        "calc.py": "", "test_calc.py": "", "deep/test_more.py": "", "check.py": "", "verify": "", "prove.mjs": "",
        "scripts/all.sh": "node prove.mjs && . scripts/part.sh\n", "scripts/part.sh": "bash scripts/all.sh",
        "rules.mk": "include more.mk\ntest:\n\tmypy calc.py\n", "more.mk": "all:\n\t@python3 check.py calc.py\n",
        "Cargo.toml": "", "inner/Cargo.toml": "", "tox.ini": "",
    }  # fmt: skip
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    rows = propose_protection(tmp_path, sorted(texts), [check.split(maxsplit=1)[0]], [], [check])
    meant = {*PathPatterns([row.pattern for row in rows]).filtered(texts)}
    assert held <= meant
    assert not free & meant
