"""Tasks: stable names, splits that cannot overlap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.gym.tasks import GENERATOR, MAX_NUMBER, Split, Task, Tier, task, tasks, world_key
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
    "text",
    ["", "easy", "easy-train", "easy-train-", "easy-train--1", "easy-train-01@3", "easy-train-x", "huge-train-1"],
)
def test_a_malformed_id_is_refused_with_a_hint(text: str) -> None:
    """The message says what a good id looks like."""
    with pytest.raises(InvalidInput, match="tier-split-number"):
        task(text)


def test_numbers_beyond_the_last_are_refused() -> None:
    """A seed must fit into 64 bits with room for the split."""
    with pytest.raises(InvalidInput, match="names no task"):
        task(f"easy-train-{MAX_NUMBER + 1}@{GENERATOR}")


def test_tasks_are_numbered_from_the_first() -> None:
    """The order is kept, and so is a salt."""
    some = tasks(Tier.EASY, Split.HELD_OUT, 3, first=5)
    assert [one.number for one in some] == [5, 6, 7]
    assert [one.seed for one in some] == [17, 20, 23]
    assert tasks(Tier.EASY, Split.HELD_OUT, 1, salt=b"secret")[0].salt == b"secret"


@pytest.mark.parametrize("text", ["easy-train-6", "hard-held_out-17@", "medium-train-0@1", "easy-train-6@22"])
def test_an_id_without_the_current_generator_is_refused_and_told_what_is_current(text: str) -> None:
    """Another generator would make another world under the same name."""
    with pytest.raises(InvalidInput, match=f"the current version is {GENERATOR}: {text.partition('@')[0]}@{GENERATOR}"):
        task(text)


def test_a_salt_is_in_the_key_and_nowhere_else() -> None:
    """Neither in the id nor in what is printed; and tier, seed and salt all make another key."""
    salted = task("easy-train-6@3", salt=b"secret")
    assert salted.id == "easy-train-6@3"
    assert "secret" not in repr(salted)
    keys = [
        world_key(tier, seed, salt) for tier in Tier for seed in range(50) for salt in (b"", b"a", b"b", b"x" * 1000)
    ]
    assert len(set(keys)) == len(keys)
