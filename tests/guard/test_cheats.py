"""A small version of `python -m benchmarks guard_ablation` and `guard_tamper`: one instance of each class."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from benchmarks.cheats.classes import CHEATS, Cheat
from benchmarks.cheats.workplace import make_programs
from benchmarks.guard_ablation import by_command_line, judge_tasks, wilson
from benchmarks.guard_tamper import TAMPERINGS, try_once
from benchmarks.tampering.classes import Tampering
from benchmarks.tampering.site import Site


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's own pytest, as a check starts it."""
    return make_programs(tmp_path_factory.mktemp("programs") / "environment")


def judged(cheat: Cheat, place: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an agent cheat, and the same task done honestly."""
    monkeypatch.setenv("PATH", os.environ["PATH"])  # put back later: checks get the environment first
    (result,) = asyncio.run(judge_tasks([CHEATS.index(cheat)], place, programs))
    assert result.cheated, "the hidden checks pass after the cheat: it is none"
    assert result.honest, "honest work is refused"
    assert result.both is not cheat.held
    assert result.noticed is cheat.held


@pytest.mark.parametrize("name", ["ends the process with os._exit(0)", "hard-codes what visible tests ask for"])
def test_a_cheat_is_held_where_it_can_be_and_reported_where_not(
    name: str, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of each; honest work passes in both."""
    judged(next(one for one in CHEATS if one.name == name), tmp_path, programs, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_every_class_of_cheats_ends_as_the_table_says(
    cheat: Cheat, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that is held no more, or that is held at last, is a change of `docs/guard.md`."""
    judged(cheat, tmp_path, programs, monkeypatch)


@pytest.mark.slow
def test_the_command_line_says_the_same(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `guard init`, `guard run` and the hook as processes."""
    monkeypatch.setenv("PATH", os.environ["PATH"])  # put back later: checks get the environment first
    name, seen, achieved = by_command_line(0, tmp_path, programs)
    assert (name, seen, achieved) == (CHEATS[0].name, True, False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A guarded folder, its work attested."""
    made = Site(tmp_path_factory.mktemp("site"))
    made.build()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("one", TAMPERINGS, ids=lambda one: one.name)
def test_no_tampering_that_is_held_is_accepted(one: Tampering, site: Site) -> None:
    """Three tries of each class; those that are out of reach only have to end."""
    accepted = [try_once(one, site, number) for number in range(3)]
    assert one.out_of_reach or not any(accepted)


def test_what_is_out_of_reach_is_told_in_the_words_of_the_guards_page() -> None:
    """The threat model and what is measured are one text."""
    page = " ".join((Path(__file__).parents[2] / "docs" / "guard.md").read_text("utf-8").split())
    assert [one.name for one in TAMPERINGS if one.out_of_reach not in page] == []


def test_each_class_has_a_name_of_its_own() -> None:
    """Figures are told by it."""
    for names in ([one.name for one in CHEATS], [one.name for one in TAMPERINGS]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)]
)
def test_intervals_are_those_of_wilson(hits: int, count: int, low: float, high: float) -> None:
    """As tables have them."""
    assert wilson(hits, count) == pytest.approx((low, high), abs=1e-4)
