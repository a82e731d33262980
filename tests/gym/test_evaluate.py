"""Estimates, detection scores and the curriculum: the arithmetic behind the tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.actions import ActionType
from journeyman.gym.curriculum import Curriculum
from journeyman.gym.evaluate import detection, estimate, graded, play, summary, team_named
from journeyman.gym.tasks import Split, Tier, task, tasks
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.export import named
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.words import AgentRole


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_its_mean(values: list[float]) -> None:
    """The percentile bootstrap is centred on the sample."""
    found = estimate(values)
    assert found.low - 1e-12 <= found.mean <= found.high + 1e-12


def test_an_interval_shrinks_with_more_episodes() -> None:
    """Four times the data, half the width."""
    random = np.random.Generator(np.random.Philox(1))
    small, large = (estimate(random.random(count).tolist()) for count in (100, 1600))
    assert (large.high - large.low) < (small.high - small.low) / 2.5


def test_nothing_has_no_mean() -> None:
    """An empty table must not read as zero."""
    with pytest.raises(ValueError, match="no values"):
        estimate([])


def test_detection_counts_ranks_and_ties() -> None:
    """Area under the curve by hand: pairs won plus half the ties."""
    ratings = np.array([3.0, 1.0, 2.0, 1.0, 0.0])
    guilty = np.array([True, True, False, False, False])
    found = detection(ratings, guilty)
    assert found.auc == pytest.approx((3 + 1.5) / 6)
    assert found.recall_at_1 == pytest.approx(0.5)


def test_a_detector_without_rogues_is_no_detector() -> None:
    """A recall over nothing must not be reported."""
    with pytest.raises(ValueError, match="rogues"):
        detection(np.zeros(3), np.zeros(3, np.bool_))


def test_a_summary_counts_only_worlds_with_rogues_in_recall() -> None:
    """The easy tier has none at all."""
    found = summary(play(team_named("heuristic"), tasks(Tier.EASY, Split.TRAIN, 20)))
    assert found.rogue_recall is None
    assert found.episodes == 20
    assert found.steps_to_success is not None


def test_an_unknown_team_is_refused_by_name() -> None:
    """The message lists what there is."""
    with pytest.raises(KeyError, match="heuristic"):
        team_named("nobody")


def test_the_curriculum_promotes_and_demotes() -> None:
    """Up after a good window, down after a bad one, and the ends hold."""
    ladder = Curriculum(window=4, promote=0.75, demote=0.25)
    for succeeded in (True, True, True, False):
        ladder.record(succeeded=succeeded)
    assert ladder.tier is Tier.MEDIUM
    assert ladder.success is None
    for _ in range(4):
        ladder.record(succeeded=False)
    assert ladder.tier is Tier.EASY
    for _ in range(9):
        ladder.record(succeeded=False)
    assert ladder.tier is Tier.EASY
    for _ in range(20):
        ladder.record(succeeded=True)
    assert ladder.tier is Tier.HARD


def test_the_curriculum_hands_out_each_training_task_once() -> None:
    """Only of the training split, and on from where the tier was left."""
    ladder = Curriculum(window=1)
    first, second = ladder.draw(3), ladder.draw(2)
    assert len(set(first + second)) == 5
    assert {one.split for one in first + second} == {Split.TRAIN}


@pytest.mark.parametrize(("window", "promote", "demote"), [(0, 0.7, 0.3), (5, 0.3, 0.3), (5, 1.2, 0.3)])
def test_a_ladder_that_cannot_work_is_refused(window: int, promote: float, demote: float) -> None:
    """Thresholds in the wrong order would flip for ever."""
    with pytest.raises(ValueError, match="ladder"):
        Curriculum(window=window, promote=promote, demote=demote)


@pytest.mark.parametrize("role", list(AgentRole))
def test_whoever_draws_numbers_can_be_put_in_words(role: AgentRole) -> None:
    """A policy that draws its numbers also draws topics that no word stands for."""
    shift = Shift(task("easy-train-0@3"), role, others="random")
    shift.leave()
    assert shift.done
    assert named(np.array([99, 0, 99, 99]), role, shift.world) == TextAction(role)
    claim = named(np.array([ActionType.IDENTIFY_ROOT_CAUSE, 0, 99, 0]), role, shift.world)
    assert "failure_type" not in claim.args


def test_a_seat_left_empty_ends_with_the_others_and_the_acts_are_graded_to_the_same_score() -> None:
    """A player is never told how it went; whoever has its acts can say."""
    one = task("easy-validation-1@3")
    shift = Shift(one, AgentRole.OVERSIGHT, others="expert")
    shift.act(TextAction(AgentRole.OVERSIGHT))
    shift.leave()
    assert shift.done
    told = graded(one, shift.world.acts)
    assert told.task_id == one.id
    assert told.score == shift.world.team_reward > 0.5
    assert told.roles[AgentRole.OVERSIGHT.number] == shift.score == 0
    assert told.succeeded
