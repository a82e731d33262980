"""Makes the example's repository: 64 commits of a small shop, one of which breaks a test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

COMMITS = 64
CULPRIT = 41
"""Number of the commit that breaks the test, from 1."""

PRICES = '''\
"""Prices of the shop."""

VAT = {vat}


def total(net: list[float]) -> float:
    """Give the sum with tax."""
    return round(sum(net) * (1 + VAT), 2)
'''
TESTS = """\
import unittest

from shop import prices


class PricesTest(unittest.TestCase):
    def test_total_includes_tax(self) -> None:
        self.assertEqual(prices.total([10.0, 20.0]), 35.7)
"""


def make_repo(folder: Path) -> str:
    """Make the repository in `folder`, anew, and give the hash of the commit that breaks the test."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "shop").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    culprit = ""
    for number in range(1, COMMITS + 1):
        change(folder, number)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", subject(number), when=number)
        if number == CULPRIT:
            culprit = git(folder, "rev-parse", "HEAD").strip()
    return culprit


def change(folder: Path, number: int) -> None:
    """Write what commit `number` changes."""
    if number == 1:
        (folder / "shop" / "__init__.py").write_text("")
        (folder / "test_prices.py").write_text(TESTS)
    if number in (1, CULPRIT):
        (folder / "shop" / "prices.py").write_text(PRICES.format(vat=0.19 if number == 1 else 0.16))
    (folder / "shop" / f"item_{number % 12}.py").write_text(
        f'"""An item of the shop."""\n\nSTOCK = {number * 7 % 50}\n'
    )


def subject(number: int) -> str:
    """The first line of commit `number`."""
    if number == CULPRIT:
        return "Tidy up constants"
    return f"Update stock of item {number % 12}"


def git(folder: Path, *words: str, when: int = 0) -> str:
    """Run git in `folder` and give what it prints."""
    stamp = f"2026-01-01T{when // 60:02}:{when % 60:02}:00 +0000"
    who = {"NAME": "Ada", "EMAIL": "ada@example.com", "DATE": stamp}
    environment = {
        **os.environ,
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
    }
    ended = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return ended.stdout


if __name__ == "__main__":
    print(make_repo(Path(__file__).parent / "repo"))
