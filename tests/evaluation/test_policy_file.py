"""The file of a trained policy: what is written is read back, and what is not of it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.evaluation.policy_file import read_standing, read_tuning, write_policy
from journeyman.gym.tasks import Tier
from journeyman.gym.train import Course, train
from journeyman.mission.values.errors import InvalidInput

COURSE = Course(tier=Tier.EASY, population=4, tasks_each=4, validation_tasks=4)


def test_a_standing_is_read_back_to_the_last_digit(tmp_path: Path) -> None:
    """A training that goes on from a file must be the one that was cut."""
    path = tmp_path / "small.json"
    standing = train(COURSE, 1)
    write_policy(path, COURSE, standing)
    assert read_standing(path, COURSE) == standing
    assert read_tuning(path) == standing.tuning
    assert [one.name for one in tmp_path.iterdir()] == ["small.json"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(COURSE, tier=Tier.HARD), "say --tier easy to go on with it"),
        (replace(COURSE, tasks_each=9), "say --tasks 4 to go on with it"),
        (replace(COURSE, validation_tasks=9), "train again without --resume"),
    ],
)
def test_another_course_does_not_go_on_with_it(tmp_path: Path, other: Course, said: str) -> None:
    """Scores of other tasks cannot be compared with those in the file."""
    path = tmp_path / "small.json"
    write_policy(path, COURSE, train(COURSE, 0))
    with pytest.raises(InvalidInput, match=said):
        read_standing(path, other)


@pytest.mark.parametrize("text", ["dear diary", "[]", "{}", json.dumps({"tuning": {"errors": 1}})])
def test_a_foreign_file_is_no_policy(tmp_path: Path, text: str) -> None:
    """Whatever it holds, the answer says what writes such files."""
    path = tmp_path / "small.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match="journeyman gym train"):
        read_tuning(path)
    with pytest.raises(InvalidInput, match="train"):
        read_standing(path, COURSE)
