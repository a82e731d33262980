"""Tasks: stable names, splits that cannot overlap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.gym.tasks import MAX_NUMBER, Split, Task, Tier, seeds, task, tasks
from journeyman.mission.values.errors import InvalidInput

_ANY = st.builds(Task, st.sampled_from(Tier), st.sampled_from(Split), st.integers(0, MAX_NUMBER))


@given(_ANY)
def test_an_id_names_its_task(one: Task) -> None:
    """Ids are the only way tasks travel."""
    assert task(one.id) == one


@given(_ANY, _ANY)
def test_two_tasks_of_a_tier_never_share_a_seed(first: Task, second: Task) -> None:
    """Splits are residues, so they are disjoint by construction."""
    if first != second and first.tier == second.tier:
        assert first.seed != second.seed


@pytest.mark.parametrize(
    "text", ["", "easy", "easy-train", "easy-train-", "easy-train--1", "easy-train-01", "easy-train-x", "huge-train-1"]
)
def test_a_malformed_id_is_refused_with_a_hint(text: str) -> None:
    """The message says what a good id looks like."""
    with pytest.raises(InvalidInput, match="tier-split-number"):
        task(text)


def test_numbers_beyond_the_last_are_refused() -> None:
    """A seed must fit into 64 bits with room for the split."""
    with pytest.raises(InvalidInput):
        task(f"easy-train-{MAX_NUMBER + 1}")


def test_tasks_are_numbered_from_the_first() -> None:
    """The array of seeds keeps the order."""
    some = tasks(Tier.EASY, Split.HELD_OUT, 3, first=5)
    assert [one.number for one in some] == [5, 6, 7]
    assert seeds(some).tolist() == [17, 20, 23]
