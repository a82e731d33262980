"""Training and its data: a curve that can be repeated, and rows that mean what the oracle did."""

from __future__ import annotations

import json

from journeyman.gym.policies.heuristic import BY_HAND
from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import Tier, task
from journeyman.gym.text import AgentRole, TextWorld, read_action
from journeyman.gym.text.export import oracle_examples
from journeyman.gym.train import train


def test_training_is_repeatable_and_moves() -> None:
    """The same seed gives the same policy; a few generations leave the numbers by hand."""
    told: list[int] = []
    first = train(
        Tier.EASY, generations=2, population=4, tasks_each=20, on_generation=lambda at: told.append(at.generation)
    )
    second = train(Tier.EASY, generations=2, population=4, tasks_each=20)
    assert first == second
    assert told == [0, 1]
    assert first.tuning != BY_HAND
    assert all(0 <= point.mean <= point.best <= 1 for point in first.curve)


def test_the_oracles_words_replay_to_its_score() -> None:
    """Reading the exported answers back and playing them must earn the certified maximum."""
    for name in ("easy-train-3", "medium-train-1", "hard-train-5"):
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
    for row in oracle_examples(task("medium-train-2")):
        assert row.chosen != row.rejected
        role = AgentRole(row.role)
        assert read_action(json.loads(row.rejected), role).reason == ""
        assert [message["role"] for message in row.prompt] == ["system", "user"]
