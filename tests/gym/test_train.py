"""Training and its data: a curve that can be repeated, and rows that mean what the expert did."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, replace

import pytest

from journeyman.gym.evaluate import play, team_named
from journeyman.gym.policies.casework import BY_HAND
from journeyman.gym.rules.score import PASSED
from journeyman.gym.tasks import Split, Tier, task, tasks
from journeyman.gym.text import ActionType, AgentRole, TextWorld, read_action
from journeyman.gym.text.export import expert_examples
from journeyman.gym.train import Course, advance, begin, train

SMALL = Course(tier=Tier.EASY, population=4, tasks_each=10, validation_tasks=20)


def test_training_is_repeatable_and_moves() -> None:
    """The same seed gives the same standing, another seed another; a few generations leave the numbers by hand."""
    told: list[int] = []
    first = train(SMALL, 2, on_generation=lambda at: told.append(at.generation))
    assert first == train(SMALL, 2)
    assert first != train(replace(SMALL, seed=1), 2)
    assert told == [1, 2]
    assert first.mean != astuple(BY_HAND)
    assert all(0 <= point.mean <= point.best <= 1 for point in first.curve)


def test_training_that_goes_on_ends_where_one_run_would() -> None:
    """Nothing but the standing is carried from generation to generation, so it can be stored in between."""
    assert advance(SMALL, train(SMALL, 1)) == train(SMALL, 2)


def test_a_generation_that_does_not_beat_the_start_is_not_kept() -> None:
    """From numbers under which nobody is ever suspected no candidate is good: the numbers by hand stay."""
    start = begin(SMALL)
    assert start.tuning == BY_HAND
    blind = [1000.0 if name in ("suspicious", "unseen") else value for name, value in asdict(BY_HAND).items()]
    lost = advance(SMALL, replace(start, mean=tuple(blind)))
    assert lost.curve[-1].validation < start.start_validation
    assert lost.tuning == BY_HAND
    assert (lost.best_generation, lost.best_validation) == (0, start.start_validation)


def test_the_best_in_validation_is_kept_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good generation followed by a bad one: the good one's numbers are what training gives."""
    course = Course(tier=Tier.EASY, population=4, tasks_each=4, validation_tasks=40, seed=77)
    monkeypatch.setattr("journeyman.gym.train.BY_HAND", replace(BY_HAND, signal=0.9))
    tuned, still = astuple(BY_HAND), tuple(0.0 for _ in astuple(BY_HAND))
    kept = advance(course, replace(begin(course), mean=tuned, spread=still))
    assert kept.best_generation == 1
    blind = astuple(replace(BY_HAND, suspicious=1000.0, unseen=1000.0))
    after = advance(course, replace(kept, mean=blind, spread=still))
    assert after.curve[-1].validation < kept.best_validation
    assert (after.tuning, after.best_generation) == (kept.tuning, 1)


def test_the_experts_words_replay_to_its_score() -> None:
    """Reading the exported answers back and playing them must earn what the expert earned in numbers."""
    for tier in Tier:
        one, rows = next((one, rows) for one in tasks(tier, Split.TRAIN, 20) if (rows := expert_examples(one)))
        world = TextWorld(one)
        earned = 0.0
        for step in range(max(row.step for row in rows) + 1):
            moves = {
                AgentRole(row.role): read_action(json.loads(row.chosen), AgentRole(row.role)).action
                for row in rows
                if row.step == step
            }
            world.step(moves)
            earned += world.team_reward
        assert world.done
        assert earned == play(team_named("expert"), [one])[0].score >= PASSED


def test_the_rows_teach_to_look_and_to_tell_before_acting() -> None:
    """The oracle's rows had no look at all, and acts before anything was to be seen."""
    rows = [row for one in tasks(Tier.MEDIUM, Split.TRAIN, 8) for row in expert_examples(one)]
    kinds = [(row, read_action(json.loads(row.chosen), AgentRole(row.role)).action) for row in rows]
    looks = [row.step for row, action in kinds if action.action_type is ActionType.NOOP and action.target]
    told = [row.step for row, action in kinds if action.action_type is ActionType.COMMUNICATE]
    acts = [row.step for row, action in kinds if action.action_type in (ActionType.RESTART, ActionType.ROLLBACK)]
    assert len(looks) > len(acts) > 0
    assert len(told) > len(acts)
    assert min(acts) > min(looks)


def test_where_the_expert_fails_there_is_nothing_to_learn() -> None:
    """Rows of an incident that was lost would teach how to lose it."""
    some = tasks(Tier.HARD, Split.TRAIN, 12)
    lost = [one for one, row in zip(some, play(team_named("expert"), some), strict=True) if row.score < PASSED]
    assert lost
    assert expert_examples(lost[0]) == ()


def test_preference_pairs_differ_and_both_are_legal() -> None:
    """A rejected answer that could not be read would teach form, not judgement."""
    for row in expert_examples(task("medium-train-2@3")):
        assert row.chosen != row.rejected
        role = AgentRole(row.role)
        assert read_action(json.loads(row.rejected), role).reason == ""
        assert [message["role"] for message in row.prompt] == ["system", "user"]
