"""What roles say to each other in words: it changes nothing in a view but its own line, and crowds nothing out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.evaluate import team_named
from journeyman.gym.tasks import Split, Tier, task, tasks
from journeyman.gym.text import (
    ActionType,
    AgentRole,
    Observation,
    Read,
    TextAction,
    TextWorld,
    build_prompt,
    parse_action,
    render_observation,
)
from journeyman.gym.text.liar import Liar, forgeries
from journeyman.gym.text.observation import Alert, Message
from journeyman.gym.text.play import Seating, Turn, play_text
from journeyman.gym.text.reading import MESSAGE_CHARS
from journeyman.gym.text.render import LEAST_CHARS, MAX_CHARS
from tests.gym.test_play import ran

FORGED = [one.text for one in forgeries(24, ["orders-db", "gateway"], ["tidy-bot"])]
TEXTS = st.sampled_from(FORGED) | st.text(max_size=400)


def heard(text: str, seen: Observation, *, to: str = "all", topic: str = "", about: str = "") -> Observation:
    """The same with a message."""
    message = Message(seen.step - 1, "dev", to, topic, about, text)
    channel = "shared_chat" if to == "all" else "private_inbox"
    return seen._replace(view=seen.view._replace(**{channel: (message,)}))


@pytest.fixture(scope="module")
def views() -> list[Observation]:
    """What the roles see in the largest worlds, with a closer look and everything firing."""
    found: list[Observation] = []
    for one in tasks(Tier.HARD, Split.VALIDATION, 12):
        world = TextWorld(one)
        for _ in range(7):
            world.step({role: TextAction(role, target=world.services[-1]) for role in (AgentRole.SRE, AgentRole.DEV)})
        if len(world.services) < 28:
            continue
        all_firing = tuple(Alert(name, "page", "requests fail, requests are slow", 3) for name in world.services)
        for role in AgentRole:
            seen = world.observe(role)
            alerts = all_firing if role in (AgentRole.SRE, AgentRole.MANAGER) else ()
            found.append(seen._replace(view=seen.view._replace(visible_alerts=alerts), notice="x" * 2000))
    assert found
    return found


@given(
    TEXTS,
    st.sampled_from(["all", "sre"]),
    st.sampled_from([LEAST_CHARS, LEAST_CHARS + 333, MAX_CHARS, 20_000]),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_a_message_adds_two_lines_and_changes_none(
    views: list[Observation], text: str, to: str, most: int, data: st.DataObject
) -> None:
    """A title and the message as one JSON string, whatever stands in it and however little room there is."""
    seen = data.draw(st.sampled_from(views))
    without = render_observation(seen, max_chars=most).splitlines()
    shown = render_observation(heard(text, seen, to=to), max_chars=most)
    *same, title, line = shown.splitlines()
    assert same == without
    assert title == ("CHAT newest first" if to == "all" else "PRIVATE newest first")
    prefix = f"  step {seen.step - 1} dev to {to}: "
    assert line.startswith(prefix)
    if text and text.isascii():
        assert text.startswith(json.loads(line.removeprefix(prefix).removesuffix(" (cut)")))
    assert len(shown) <= most


@pytest.mark.parametrize("most", [LEAST_CHARS, MAX_CHARS])
def test_no_budget_and_no_chat_pushes_a_service_an_alert_or_a_colleague_out(
    views: list[Observation], most: int
) -> None:
    """Sixteen messages at their longest leave every service, every alert and a line of each message."""
    for seen in views:
        said = tuple(
            Message(40 + number, "oversight", "oversight", "need_escalation", "subscriptions", "\n" * MESSAGE_CHARS)
            for number in range(8)
        )
        full = seen._replace(view=seen.view._replace(shared_chat=said, private_inbox=said))
        text = render_observation(full, max_chars=most)
        assert len(text) <= most
        assert all(name in text for name in seen.view.services)
        alerts = text.partition("ALERTS firing")[2]
        assert all(one.service in alerts for one in seen.view.visible_alerts)
        assert text.count('oversight to oversight: need_escalation subscriptions "') == 16
        titles = [line.split()[0] for line in render_observation(seen, max_chars=most).splitlines() if line[0] != " "]
        assert [line.split()[0] for line in text.splitlines() if line[0] != " "] == [*titles, "CHAT", "PRIVATE"]


@given(TEXTS, st.sampled_from(AgentRole))
@settings(max_examples=60, deadline=None)
def test_what_is_said_comes_out_as_one_line_of_the_next_view(text: str, sender: AgentRole) -> None:
    """Through the world, by whoever makes the action: reading, a tool, or a policy's own hands."""
    world = TextWorld(task("easy-train-1@3"))
    world.step({sender: TextAction(sender, ActionType.COMMUNICATE, None, {"message": text, "topic": "note"})})
    for role in AgentRole:
        shown = render_observation(world.observe(role))
        assert len(shown.splitlines()) == len(shown.split("\n"))
        assert shown.splitlines()[-1].startswith(f"  step 0 {sender} to all: note")


def test_a_topic_and_its_service_are_told_apart_from_prose() -> None:
    """A topic stands before the quotes, in the world's own words; prose that looks like one stays inside."""
    world = TextWorld(task("easy-train-1@3"))
    service = world.services[1]
    asked = TextAction(
        AgentRole.DEV, ActionType.COMMUNICATE, service.upper(), {"topic": "need_restart", "message": "now"}
    )
    posed = TextAction(AgentRole.SRE, ActionType.COMMUNICATE, None, {"message": f"need_restart {service}"})
    world.step({AgentRole.DEV: asked, AgentRole.SRE: posed})
    text = render_observation(world.observe(AgentRole.MANAGER))
    assert f'step 0 dev to all: need_restart {service} "now"' in text
    assert f'step 0 sre to all: "need_restart {service}"' in text


@pytest.mark.parametrize("text", FORGED[:12])
def test_a_model_that_repeats_its_view_takes_no_action_that_a_colleague_wrote(text: str) -> None:
    """Nor does a model that repeats the message alone."""
    seen = heard(text, TextWorld(task("easy-train-1@3")).observe(AgentRole.MANAGER))
    shown = render_observation(seen)
    assert parse_action(shown, AgentRole.MANAGER) == TextAction(AgentRole.MANAGER)
    assert parse_action(shown.splitlines()[-1], AgentRole.MANAGER) == TextAction(AgentRole.MANAGER)
    assert text not in build_prompt(seen)


def test_a_liars_seat_is_neither_asked_nor_played_and_costs_the_others_nothing() -> None:
    """An expert team with a lying colleague ends as it does with that seat empty."""
    one = task("easy-validation-1@3")

    async def silent(turns: Any) -> list[Read]:
        asked.extend(turns)
        return [Read(TextAction(turn.role)) for turn in turns]

    asked: list[Turn] = []
    with_liar = Seating(roles=(AgentRole.OVERSIGHT,), others=team_named("expert"), liar=AgentRole.OVERSIGHT)
    lied = ran(play_text(one, silent, with_liar))
    assert not asked
    assert lied.acts[:, AgentRole.OVERSIGHT.number, 0].tolist() == [ActionType.COMMUNICATE.number] * len(lied.acts)
    empty = ran(play_text(one, silent, replace(with_liar, liar=None)))
    assert lied.episode.score == empty.episode.score > 0.5


def test_a_liar_says_the_same_again() -> None:
    """The split is the same for everybody."""
    world = TextWorld(task("easy-train-1@3"))
    first, again, other = Liar(AgentRole.DEV, seed=1), Liar(AgentRole.DEV, seed=1), Liar(AgentRole.DEV, seed=2)
    said = [first.move(world) for _ in range(24)]
    assert said == [again.move(world) for _ in range(24)]
    assert said != [other.move(world) for _ in range(24)]
    assert {one.args["to"] for one in said} == {"all", "sre", "manager", "oversight"}
