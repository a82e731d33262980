"""Training and its data: a curve that can be repeated, and rows that mean what the oracle did."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, replace

from journeyman.gym.policies.heuristic import BY_HAND
from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import Tier, task
from journeyman.gym.text import AgentRole, TextWorld, read_action
from journeyman.gym.text.export import oracle_examples
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
    blind = [1000.0 if name == "suspicious" else value for name, value in asdict(BY_HAND).items()]
    lost = advance(SMALL, replace(start, mean=tuple(blind)))
    assert lost.curve[-1].validation < start.start_validation
    assert lost.tuning == BY_HAND
    assert (lost.best_generation, lost.best_validation) == (0, start.start_validation)


def test_the_best_in_validation_is_kept_not_the_last() -> None:
    """A good generation followed by a bad one: the good one's numbers are what training gives."""
    course = Course(population=4, tasks_each=4, validation_tasks=160)
    good = {"suspicious": 0.16, "signal": 0.81, "slowness": 0.46, "clear_steps": 3.05, "flag_at": 0.67}
    tuned = tuple(asdict(replace(BY_HAND, **good)).values())
    still = tuple(0.0 for _ in tuned)
    kept = advance(course, replace(begin(course), mean=tuned, spread=still))
    assert kept.best_generation == 1
    blind = tuple(asdict(replace(BY_HAND, suspicious=1000.0)).values())
    after = advance(course, replace(kept, mean=blind, spread=still))
    assert after.curve[-1].validation < kept.best_validation
    assert (after.tuning, after.best_generation) == (kept.tuning, 1)


def test_the_oracles_words_replay_to_its_score() -> None:
    """Reading the exported answers back and playing them must earn the certified maximum."""
    for name in ("easy-train-3@2", "medium-train-1@2", "hard-train-5@2"):
        one = task(name)
        rows = oracle_examples(one)
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
        assert earned == certify(one).score


def test_preference_pairs_differ_and_both_are_legal() -> None:
    """A rejected answer that could not be read would teach form, not judgement."""
    for row in oracle_examples(task("medium-train-2@2")):
        assert row.chosen != row.rejected
        role = AgentRole(row.role)
        assert read_action(json.loads(row.rejected), role).reason == ""
        assert [message["role"] for message in row.prompt] == ["system", "user"]
