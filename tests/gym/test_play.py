"""Episodes in words: graded like any other, whoever answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import pytest

from journeyman.gym.evaluate import Replay, graded, play, team_named
from journeyman.gym.policies.expert import EXPERT
from journeyman.gym.policies.role_team import Idle, RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, task, tasks
from journeyman.gym.text import AgentRole, Read, TextAction, TextWorld, parse_action
from journeyman.gym.text.export import expert_examples
from journeyman.gym.text.play import Played, Seating, Turn, play_text

TASKS = tuple(next(one for one in tasks(tier, Split.VALIDATION, 20, first=2) if expert_examples(one)) for tier in Tier)


def ran(work: Coroutine[Any, Any, Played]) -> Played:
    """Drive a coroutine that never waits, without a loop: the gym needs none."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waited")


def written(answer: Callable[[Turn], str], seen: list[Turn] | None = None) -> Any:
    """What answers each turn with a text."""

    async def answers(turns: Sequence[Turn]) -> list[Read]:
        if seen is not None:
            seen.extend(turns)
        return [Read(parse_action(answer(turn), turn.role)) for turn in turns]

    return answers


@pytest.mark.parametrize("one", TASKS, ids=lambda one: one.id)
def test_who_answers_like_the_expert_reaches_its_score(one: Task) -> None:
    """The views are those of the training rows, and the grade is that of the policy in numbers."""
    plan = {row.prompt[-1]["content"]: row.chosen for row in expert_examples(one)}
    played = ran(play_text(one, written(lambda turn: plan[turn.messages[-1]["content"]])))
    assert (played.episode,) == play(team_named("expert"), [one])
    assert played.turns == 4 * played.episode.steps
    assert (played.unreadable, played.not_carried_out) == ({}, 0)


def test_an_episode_in_words_is_graded_as_the_world_in_words_scored_it() -> None:
    """Grading plays the acts again where the truth is known; both worlds agree to the digit."""
    world = TextWorld(task("medium-validation-2@3"))
    while not world.done:
        world.step({AgentRole.SRE: TextAction(AgentRole.SRE, target=world.services[0])})
    episode = graded(world.task, world.acts)
    assert episode.score == world.team_reward
    assert episode.roles == tuple(world.rewards.values())
    assert play(lambda _: Replay(world.acts), [world.task]) == (episode,)


def test_the_others_play_the_seats_that_are_not_asked() -> None:
    """A silent oversight beside the expert is the expert without its oversight, and alone it is nothing."""
    one = task("easy-validation-1@3")
    seating = Seating(roles=(AgentRole.OVERSIGHT,), others=team_named("expert"))
    seen: list[Turn] = []
    played = ran(play_text(one, written(lambda _: '{"action_type": "noop"}', seen), seating))
    assert {turn.role for turn in seen} == {AgentRole.OVERSIGHT}
    assert played.turns == played.episode.steps
    silent = replace(EXPERT, oversight=Idle)
    assert played.episode == play(lambda worlds: RoleTeam("silent", silent, worlds), [one])[0]
    assert played.episode.score > 0.5
    alone = ran(play_text(one, written(lambda _: '{"action_type": "noop"}'), Seating(roles=(AgentRole.OVERSIGHT,))))
    assert alone.episode.score == 0


def test_a_role_is_shown_its_last_turns_again() -> None:
    """Views and answers alternate as chats do, oldest first, and no more of them than asked for."""
    seen: list[Turn] = []
    seating = Seating(roles=(AgentRole.DEV,), memory=2, view_chars=4400)
    ran(play_text(task("easy-validation-0@3"), written(lambda _: 'Hm. {"action_type": "noop"}', seen), seating))
    first, late = seen[0], seen[9]
    assert [one["role"] for one in first.messages] == ["system", "user"]
    assert [one["role"] for one in late.messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert [one["content"].split()[1] for one in late.messages if one["role"] == "user"] == ["7", "8", "9"]
    assert late.messages[2]["content"] == '{"action_type": "noop"}'
    assert all(len(one["content"]) <= 4400 for turn in seen for one in turn.messages[1:])


def test_no_ops_with_a_reason_are_counted() -> None:
    """What could not be read, and what could be but may not be done."""

    async def answers(turns: Sequence[Turn]) -> list[Read]:
        late = turns[0].step >= 3
        return [
            Read(TextAction(turn.role), "the model refused")
            if turn.role is AgentRole.SRE
            else Read(parse_action('{"action_type": "resolve"}' if late else '{"action_type": "noop"}', turn.role))
            for turn in turns
        ]

    played = ran(play_text(task("easy-validation-0@3"), answers))
    assert played.episode.steps == 4
    assert played.unreadable == {"the model refused": 4}
    assert played.not_carried_out == 2


def test_whatever_answering_raises_ends_the_episode_ungraded() -> None:
    """A provider that failed is no bad player."""

    async def answers(turns: Sequence[Turn]) -> list[Read]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        ran(play_text(task("easy-validation-0@3"), answers))
