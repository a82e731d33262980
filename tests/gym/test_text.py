"""The gym in words: what is rendered, what is read, and that neither tells what a role must not know."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, NOOP, Action, Topic
from journeyman.gym.catalog import PROBE_LOGS, Failure
from journeyman.gym.names import Names
from journeyman.gym.tasks import Split, Tier, task, tasks
from journeyman.gym.text import (
    ACTION_JSON_SCHEMA,
    ActionType,
    AgentRole,
    FailureType,
    TextAction,
    TextWorld,
    TopicName,
    action_to_training_target,
    anthropic_tool_spec,
    build_anthropic_messages,
    build_openai_messages,
    build_prompt,
    load_role_prompt,
    openai_tool_spec,
    parse_action,
    read_action,
    render_observation,
)
from journeyman.gym.text.action import to_world
from journeyman.gym.text.reading import MESSAGE_CHARS
from journeyman.gym.text.render import LEAST_CHARS, MAX_CHARS
from journeyman.gym.world import World

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).map(str.strip).filter(bool)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def _actions(draw: st.DrawFn) -> TextAction:
    role = draw(st.sampled_from(AgentRole))
    kind = draw(st.sampled_from(ActionType))
    args: dict[str, str | int] = {}
    if kind is ActionType.COMMUNICATE:
        args["message"] = draw(_NAMES)
        if draw(st.booleans()):
            args["to"] = draw(st.sampled_from(["all", "sre", "dev"]))
        if draw(st.booleans()):
            args["topic"] = draw(st.sampled_from(sorted(map(str, TopicName))))
    if kind is ActionType.SCALE:
        args["replicas"] = draw(st.integers(1, MAX_REPLICAS))
    if kind is ActionType.IDENTIFY_ROOT_CAUSE:
        args["failure_type"] = draw(st.sampled_from(sorted(map(str, FailureType))))
    return TextAction(role, kind, draw(_NAMES), dict(sorted(args.items())))


@given(_actions())
def test_reading_a_training_target_gives_the_action_back(action: TextAction) -> None:
    """What a model is trained to write must mean what it was made from."""
    target = json.loads(action_to_training_target(action))
    read = read_action(target, action.role)
    assert read.action == action
    assert read.reason == ""
    assert jsonschema_rs.is_valid(ACTION_JSON_SCHEMA, target)


@given(_JSON, st.sampled_from(AgentRole))
def test_no_value_makes_reading_fail(value: Any, role: AgentRole) -> None:
    """Anything gives an action for this role; what is refused comes as a no-op with a reason."""
    read = read_action(value, role)
    assert read.action.role is role
    if read.reason:
        assert read.action == TextAction(role)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"action_type": " Restart ", "target": " db "}, TextAction(AgentRole.SRE, ActionType.RESTART, "db")),
        (
            {"action_type": "SCALE", "target": "db", "args": {"replicas": "4.0"}},
            TextAction(AgentRole.SRE, ActionType.SCALE, "db", {"replicas": 4}),
        ),
        (
            {"action_type": "scale", "target": "db", "replicas": 3},
            TextAction(AgentRole.SRE, ActionType.SCALE, "db", {"replicas": 3}),
        ),
        (
            {"Action_Type": "identify_root_cause", "target": "db", "args": {"failure_type": "DB_DEADLOCK"}},
            TextAction(AgentRole.SRE, ActionType.IDENTIFY_ROOT_CAUSE, "db", {"failure_type": "db_deadlock"}),
        ),
    ],
)
def test_common_slips_are_put_right(written: dict[str, Any], expected: TextAction) -> None:
    """Case, space, numbers as text, arguments at the top."""
    assert read_action(written, AgentRole.SRE).action == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"action_type": "resolve"}, "not for sre"),
        ({"action_type": "restart"}, "needs a target"),
        ({"action_type": "scale", "target": "db", "args": {"replicas": "lots"}}, "whole number"),
        ({"action_type": "scale", "target": "db", "args": {"replicas": float("inf")}}, "whole number"),
        ({"action_type": "scale", "target": "db", "args": {"replicas": 0}}, "whole number"),
        ({"action_type": "identify_root_cause", "target": "db", "args": {"failure_type": "gremlins"}}, "failure_type"),
        ({"action_type": "communicate"}, "message"),
        ({"type": "restart"}, "none of"),
        ([1, 2], "object"),
        (None, "object"),
    ],
)
def test_what_cannot_be_carried_out_is_a_no_op_with_a_reason(written: Any, reason: str) -> None:
    """Garbage never becomes a confident action: reading refuses what has no form, the world what has no sense."""
    read = read_action(written, AgentRole.SRE)
    action, refused = to_world(read.action, Names(("db", "web"), ("bot",)))
    assert action == NOOP
    assert reason in (read.reason or refused)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"action_type": "restart", "target": "db"}, ""),
        ({"action_type": "restart", "target": "db", "args": {}, "role": " SRE "}, ""),
        ({"action_type": "noop", "target": None, "args": None, "role": None}, ""),
        ({"action_type": "restart", "target": "db", "thought": "so be it"}, 'read without "thought"'),
        ({"action_type": "restart", "target": "db", "args": {"force": True}}, 'read without args."force"'),
        (
            {"action_type": "restart", "target": "db", "args": {"replicas": 3}},
            "read without args.replicas, which restart does not take",
        ),
        ({"action_type": "restart", "target": "db", "args": ["db"]}, "read without args, which is no object"),
        ({"action_type": "noop", "target": 7}, "read without target 7, which is no text"),
        (
            {"action_type": "communicate", "args": {"message": "hi", "to": "boss", "topic": "gossip"}},
            'read without args.to "boss"; args.topic "gossip"',
        ),
        (
            {"action_type": "communicate", "args": {"message": "x" * 301}},
            "read without what is beyond 300 characters of args.message",
        ),
        (
            {"action_type": "scale", "target": "db", "replicas": 2, "args": {"replicas": 3}},
            "read without replicas 2, which args has otherwise",
        ),
        ({"action_type": "noop", **{f"k{n}": n for n in range(9)}}, '"k5"; 3 more'),
        ({"action_type": "restart", "target": "x" * 101}, "read without what is beyond 100 characters of target"),
        (
            {"action_type": "resolve", "role": "manager"},
            'not carried out: you are sre, and the action is for role "manager"',
        ),
        ({"action_type": "restart", "target": "db", "role": 7}, "read without role"),
    ],
)
def test_what_is_not_used_of_an_action_is_named(written: dict[str, Any], told: str) -> None:
    """A player that is told nothing writes it again."""
    notice = read_action(written, AgentRole.SRE).action.notice
    assert notice == told or (told.startswith('"k5"') and notice.endswith(told))
    assert len(notice) < 500


def test_an_agents_name_among_the_arguments_is_a_target() -> None:
    """The older adapter's form; a target beside it counts more, and the other is named."""
    flag = {"action_type": "flag_rogue", "args": {"agent_name": "tidy-bot"}}
    read = read_action(flag, AgentRole.OVERSIGHT).action
    assert read == TextAction(AgentRole.OVERSIGHT, ActionType.FLAG_ROGUE, "tidy-bot")
    assert read.notice == ""
    both = read_action({**flag, "target": "job-bot"}, AgentRole.OVERSIGHT).action
    assert both.target == "job-bot"
    assert '"tidy-bot"' in both.notice
    assert jsonschema_rs.is_valid(ACTION_JSON_SCHEMA, flag)


@pytest.mark.parametrize("target", [None, "db"])
def test_no_target_fits_the_schema_as_null(target: str | None) -> None:
    """Models fill every field that they are told of; a name that is longer than any does not fit."""
    action = {"action_type": "noop", "target": target, "args": {}}
    for spec in (openai_tool_spec()["function"]["parameters"], anthropic_tool_spec()["input_schema"]):
        assert jsonschema_rs.is_valid(spec, action)
        assert not jsonschema_rs.is_valid(spec, {**action, "target": "x" * 101})
    assert read_action(action, AgentRole.SRE).action.notice == ""


def test_another_roles_action_is_refused_with_a_notice() -> None:
    """Whether the model says whose it is or a caller hands it in for somebody else."""
    world = TextWorld(task("easy-train-2@3"))
    world.step({AgentRole.SRE: TextAction(AgentRole.MANAGER, ActionType.RESOLVE)})
    assert not world.done
    assert world.observe(AgentRole.SRE).notice == "not carried out: you are sre, and the action is for manager"
    assert world.refusals[AgentRole.SRE]
    world.step({AgentRole.SRE: parse_action('{"action_type": "resolve", "role": "manager"}', AgentRole.SRE)})
    assert "you are sre" in world.observe(AgentRole.SRE).notice
    assert not world.refusals[AgentRole.SRE]


@given(_JSON | st.fixed_dictionaries({"action_type": st.sampled_from(ActionType), "target": _JSON, "args": _JSON}))
@settings(max_examples=300)
def test_a_notice_is_bounded_and_one_line(value: Any) -> None:
    """Whatever a model writes, its next view keeps its form."""
    world = TextWorld(task("easy-train-2@3"))
    world.step({AgentRole.SRE: read_action(value, AgentRole.SRE).action})
    seen = world.observe(AgentRole.SRE)
    assert len(seen.notice) <= 1000
    assert seen.notice.isprintable()
    assert render_observation(seen).splitlines()[2].startswith(("NOTICE your last action was ", "METRICS"))


def test_a_topic_names_an_agent_where_it_is_about_one() -> None:
    """The suspect is a fleet agent; every other topic is about a service."""
    names = Names(("db", "web"), ("bot", "clerk"))
    said = TextAction(AgentRole.OVERSIGHT, ActionType.COMMUNICATE, "Clerk", {"topic": "suspect", "to": "dev"})
    assert to_world(said, names) == (Action(ActionType.COMMUNICATE.number, 1, int(Topic.SUSPECT), 2), "")
    wrong = TextAction(AgentRole.SRE, ActionType.COMMUNICATE, "clerk", {"topic": "symptom"})
    assert "no service" in to_world(wrong, names)[1]


def test_the_words_are_those_of_the_arrays() -> None:
    """Each closed set says the same in both forms."""
    assert [role.number.label for role in AgentRole] == [str(role) for role in AgentRole]
    assert [one.number.label for one in ActionType] == [str(one) for one in ActionType]
    assert [one.number for one in FailureType] == [one for one in Failure if one <= Failure.ROGUE_BATCH_JOB]
    assert {one.number for one in TopicName} == set(Topic) - {Topic.CLAIM}


def test_the_schemas_are_valid_and_shared() -> None:
    """Both providers get the same properties, as copies that a caller may change."""
    jsonschema_rs.meta.validate(ACTION_JSON_SCHEMA)
    openai, anthropic = openai_tool_spec(), anthropic_tool_spec()
    assert openai["function"]["parameters"] == anthropic["input_schema"] == ACTION_JSON_SCHEMA
    anthropic["input_schema"]["properties"].clear()
    assert ACTION_JSON_SCHEMA["properties"]


@pytest.mark.parametrize("role", list(AgentRole))
def test_role_prompts_hold_no_answers(role: AgentRole) -> None:
    """No failure is named beside a cure, nor any at all."""
    text = load_role_prompt(role)
    for failure in Failure:
        if failure is not Failure.NONE:
            assert failure.label not in text
    for allowed in ALLOWED_ACTIONS[role.number]:
        assert allowed.label in text


def test_messages_carry_prompt_and_view_where_providers_want_them() -> None:
    """System text apart from the view, and one prompt for models without roles."""
    observation = TextWorld(task("easy-train-0@3")).observe(AgentRole.DEV)
    system, user = build_openai_messages(observation)
    assert system == {"role": "system", "content": load_role_prompt(AgentRole.DEV)}
    assert build_anthropic_messages(observation) == {"system": system["content"], "messages": [user]}
    assert build_prompt(observation).startswith(system["content"])


def _look(world: TextWorld, service: str) -> None:
    looks = {role: TextAction(role, ActionType.NOOP, service) for role in (AgentRole.SRE, AgentRole.DEV)}
    world.step(looks)


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("max_chars", [LEAST_CHARS, MAX_CHARS])
def test_every_kind_of_log_line_survives_any_budget(tier: Tier, max_chars: int) -> None:
    """The one line that tells must not be hidden behind decoys, for either role that reads logs."""
    told = 0
    for one in tasks(tier, Split.TRAIN, 12):
        truth = World(tier, 1, reveal=True)
        truth.play([one])
        for cause in truth.truth().causes:
            world = TextWorld(one)
            for _ in range(6):
                _look(world, world.services[cause.service])
            for role in (AgentRole.SRE, AgentRole.DEV):
                observation = world.observe(role)
                text = render_observation(observation, max_chars=max_chars)
                assert len(text) <= max_chars
                plain = re.sub("[0-9]+", "#", text)
                assert all(re.sub("[0-9]+", "#", line.message) in plain for line in observation.view.visible_logs)
                told += any(_is_telling(line.message) for line in observation.view.visible_logs)
    assert told >= 6


def _is_telling(message: str) -> bool:
    return any(message.startswith(text.split("{n}")[0]) and text.split("{n}")[0] for _, text in PROBE_LOGS.values())


def test_too_small_a_budget_is_refused() -> None:
    """Silence about what was dropped would be worse."""
    observation = TextWorld(task("hard-train-0@3")).observe(AgentRole.SRE)
    with pytest.raises(ValueError, match="characters cannot hold an observation; give at least"):
        render_observation(observation, max_chars=LEAST_CHARS - 1)


def test_a_long_table_keeps_the_worst_and_tells_the_others_in_short() -> None:
    """Every service stays, whatever the budget."""
    observation = next(
        seen
        for one in tasks(Tier.HARD, Split.TRAIN, 40, first=40)
        if len((seen := TextWorld(one).observe(AgentRole.SRE)).view.services) == 32
    )
    table = render_observation(observation, max_chars=LEAST_CHARS).partition("METRICS worst first\n")[2]
    *rows, short = table.splitlines()
    told = short.removeprefix("  in short: healthy ").split(", ")
    assert 0 < len(told) < 32
    assert {row.strip().split(":")[0] for row in rows} | set(told) == set(observation.view.services)
    assert len(rows) + len(told) == 32
    assert "in short" not in render_observation(observation, max_chars=6000)


def test_an_alert_says_how_bad_it_is_what_for_and_since_when() -> None:
    """In words and never in numbers: who sees alerts alone asks for the rest."""
    since: dict[str, int] = {}
    told = 0
    for one in tasks(Tier.MEDIUM, Split.TRAIN, 6):
        world = TextWorld(one)
        since.clear()
        for step in range(1, 25):
            world.step({})
            alerts = world.observe(AgentRole.MANAGER).view.visible_alerts
            assert alerts == world.observe(AgentRole.SRE).view.visible_alerts
            for alert in alerts:
                assert alert.triggered_at_step == since.setdefault(alert.service, step)
                assert alert.severity in ("page", "warn")
                assert (alert.severity == "page") == ("requests" in alert.message)
                assert not any(sign.isdigit() for sign in alert.message)
                told += 1
                shown = render_observation(world.observe(AgentRole.MANAGER))
                assert (
                    f"  {alert.severity} {alert.service} since step {alert.triggered_at_step}: {alert.message}" in shown
                )
            for gone in set(since) - {alert.service for alert in alerts}:
                del since[gone]
    assert told > 20


def test_each_role_sees_only_what_is_for_it() -> None:
    """Eyes are disjoint: the manager has no metrics, the SRE no fleet, the developer no alerts."""
    world = TextWorld(task("hard-train-3@3"))
    for _ in range(5):
        world.step({})
    seen = {role: world.observe(role).view for role in AgentRole}
    assert [role for role, view in seen.items() if view.visible_metrics] == [AgentRole.SRE]
    assert [role for role, view in seen.items() if view.visible_changes] == [AgentRole.DEV]
    assert [role for role, view in seen.items() if view.customers] == [AgentRole.MANAGER]
    assert [role for role, view in seen.items() if view.visible_fleet_actions] == [AgentRole.OVERSIGHT]


def test_texts_reach_those_they_are_for() -> None:
    """Shared to all, private to two; nothing when the channel is off."""
    said = TextAction(AgentRole.SRE, ActionType.COMMUNICATE, None, {"message": "look at the ledger", "to": "dev"})
    told = TextAction(AgentRole.DEV, ActionType.COMMUNICATE, None, {"message": "will do"})
    world = TextWorld(task("easy-train-1@3"))
    world.step({AgentRole.SRE: said, AgentRole.DEV: told})
    assert [len(world.observe(role).view.private_inbox) for role in AgentRole] == [1, 1, 0, 0]
    assert [len(world.observe(role).view.shared_chat) for role in AgentRole] == [1, 1, 1, 1]
    silent = TextWorld(task("easy-train-1@3"), chat=False)
    silent.step({AgentRole.SRE: said, AgentRole.DEV: told})
    assert not silent.observe(AgentRole.DEV).view.private_inbox


def test_an_unknown_name_is_said_and_nothing_else_is() -> None:
    """The notice tells about form, never whether an act helped."""
    world = TextWorld(task("easy-train-2@3"))
    world.step({AgentRole.SRE: TextAction(AgentRole.SRE, ActionType.RESTART, "no-such-thing")})
    assert "no-such-thing" in world.observe(AgentRole.SRE).notice
    world.step({AgentRole.SRE: TextAction(AgentRole.SRE, ActionType.RESTART, world.services[1])})
    assert world.observe(AgentRole.SRE).notice == ""
    assert world.observe(AgentRole.SRE).reward == 0


def test_words_after_the_end_change_nothing() -> None:
    """Neither what is seen and what was paid, nor what can be graded."""
    world = TextWorld(task("easy-train-2@3"))
    said = TextAction(AgentRole.SRE, ActionType.COMMUNICATE, None, {"message": "too late"})
    while not world.done:
        world.step({})
    seen = {role: world.observe(role) for role in AgentRole}
    before = world.rewards, world.team_reward, world.acts.tolist(), world.refusals
    for move in (said, TextAction(AgentRole.SRE, ActionType.RESTART, "no-such-thing")):
        assert set(world.step({AgentRole.SRE: move}).values()) == {0.0}
    assert {role: world.observe(role) for role in AgentRole} == seen
    assert (world.rewards, world.team_reward, world.acts.tolist(), world.refusals) == before


def test_symptoms_never_name_a_fleet_agent_or_a_failure() -> None:
    """In the older gym alert and log text named the culprit."""
    for one in tasks(Tier.HARD, Split.TRAIN, 6):
        world = TextWorld(one)
        agents = {name for name, _, _ in world.observe(AgentRole.OVERSIGHT).view.fleet_agents}
        for service in world.services:
            _look(world, service)
            for role in (AgentRole.SRE, AgentRole.DEV, AgentRole.MANAGER):
                text = render_observation(world.observe(role), max_chars=6000)
                assert not any(name in text for name in agents)
                assert not any(failure.label in text for failure in Failure if failure)


@given(st.integers(0, 10**6), st.sampled_from(Tier))
@settings(max_examples=20, deadline=None)
def test_names_are_unique_and_stable(number: int, tier: Tier) -> None:
    """A name is how everybody speaks about a service, so it must mean one thing."""
    world, again = World(tier, 1), World(tier, 2)
    world.reset([number])
    again.reset([5, number])
    names = world.names()
    assert names == again.names(1)
    assert len(set(names.services)) == len(names.services) == int(world.observe().sre().common.services[0])
    assert len(set(names.agents)) == len(names.agents)


def test_reading_logs_twice_gives_the_same_lines() -> None:
    """Lines are written when read, yet are a fact of the world."""
    world = TextWorld(task("medium-train-4@3"))
    for _ in range(5):
        _look(world, world.services[2])
    assert world.observe(AgentRole.SRE).view.visible_logs
    assert world.observe(AgentRole.SRE) == world.observe(AgentRole.SRE)


def test_half_a_character_is_joined_or_replaced() -> None:
    """JSON can say halves of characters, but no file, socket or terminal takes them."""
    halves = {"action_type": "communicate", "target": "\ud800", "args": {"message": "\ud83d\ude00 caf\u00e9 \udfff"}}
    action = read_action(halves, AgentRole.DEV).action
    assert (action.target, action.args["message"]) == ("\ufffd", "\U0001f600 caf\u00e9 \ufffd")
    assert parse_action(action_to_training_target(action), AgentRole.DEV) == action


def test_a_long_message_is_cut() -> None:
    """A channel is no place for novels."""
    read = read_action({"action_type": "communicate", "args": {"message": "x" * 5000}}, AgentRole.DEV)
    assert len(str(read.action.args["message"])) == MESSAGE_CHARS
