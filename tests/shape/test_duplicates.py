"""No code stands twice, and the list that says so would see it."""

from __future__ import annotations

from pathlib import Path

from tests.shape.duplicates import duplicates


def test_no_code_stands_twice() -> None:
    """Forty tokens or more in a row."""
    assert duplicates() == []


def test_a_copied_block_is_seen(tmp_path: Path) -> None:
    """Also inside one file; what is only imported, declared or described alike is not."""
    block = "".join(f"    total += scale({number}, weight)\n" for number in (3, 5, 7, 9, 11))
    (tmp_path / "one.py").write_text(f"def one(weight: int) -> None:\n    total = 0\n{block}", "utf-8")
    assert duplicates(tmp_path) == []
    (tmp_path / "two.py").write_text(f"def two() -> None:\n    weight, total = 1, 1\n{block}", "utf-8")
    [(first, second)] = duplicates(tmp_path)
    assert (first.path.name, first.line, second.path.name, second.line) == ("one.py", 3, "two.py", 3)
    imports = f"from somewhere import {', '.join(f'name_{number}' for number in range(30))}\n"
    for name in ("three.py", "four.py"):
        (tmp_path / name).write_text(imports, "utf-8")
    assert len(duplicates(tmp_path)) == 1
