"""Every call form of the older adapter works with its names imported from here."""

from __future__ import annotations

import json

import pytest

from journeyman.gym import task
from journeyman.gym.actions import ALLOWED_ACTIONS
from journeyman.gym.text import (
    ACTION_JSON_SCHEMA,
    ActionType,
    AgentRole,
    FailureType,
    GenerateFn,
    Observation,
    StreamingActionParser,
    TextWorld,
    action_to_training_target,
    anthropic_tool_spec,
    build_anthropic_messages,
    build_openai_messages,
    build_prompt,
    generate_action_with_retry,
    load_role_prompt,
    openai_tool_spec,
    parse_action,
    parse_anthropic_response,
    parse_openai_response,
    parse_streaming_action,
    render_observation,
)

ROLLBACK = {"action_type": "rollback", "target": "db", "args": {}}


@pytest.fixture(params=list(AgentRole))
def obs(request: pytest.FixtureRequest) -> Observation:
    """What a role sees after two steps."""
    world = TextWorld(task("hard-train-0@3"))
    for _ in range(2):
        world.step({})
    return world.observe(request.param)


def test_a_view_is_rendered_with_its_step(obs: Observation) -> None:
    """The view alone reads like the observation, less what it does not know."""
    text = render_observation(obs.view, step=obs.step)
    whole = render_observation(obs)
    assert text.splitlines()[:2] == ["STEP 2", f"ROLE {obs.turn_role}"]
    assert text.splitlines()[2:] == whole.splitlines()[2:]
    assert render_observation(obs.view).startswith(f"ROLE {obs.turn_role}\n")


def test_prompts_take_other_instructions(obs: Observation) -> None:
    """In one text, and in both providers' messages; the view says how to answer, since the instructions may not."""
    own = render_observation(obs)
    _, form = load_role_prompt(obs.turn_role).split("\nYou may: ")
    body = f"{own}\n\nYou may: {form}".rstrip()
    assert '{"action_type": "...", "target": "...", "args": {...}}' in form
    assert all(allowed.label in form for allowed in ALLOWED_ACTIONS[obs.turn_role.number])
    assert build_prompt(obs, system_prompt="You are on call.") == f"You are on call.\n\n{body}\n"
    assert build_prompt(obs, system_prompt="") == f"{body}\n"
    assert build_prompt(obs) == f"{load_role_prompt(obs.turn_role)}\n{own}\n"
    system, user = build_openai_messages(obs, system_prompt="You are on call.")
    assert (system["content"], user["content"]) == ("You are on call.", body)
    assert build_anthropic_messages(obs, system_prompt="You are on call.") == {
        "system": "You are on call.",
        "messages": [user],
    }


def test_tools_take_another_name() -> None:
    """The name that callers force a model to call."""
    assert openai_tool_spec("act")["function"] == {
        "name": "act",
        "description": openai_tool_spec()["function"]["description"],
        "parameters": ACTION_JSON_SCHEMA,
    }
    assert anthropic_tool_spec(name="act")["name"] == "act"
    assert set(ACTION_JSON_SCHEMA["properties"]["action_type"]["enum"]) == {one.value for one in ActionType}


def test_texts_and_responses_are_parsed() -> None:
    """Role and fallback by keyword, as everywhere."""
    raw, dev = json.dumps(ROLLBACK), AgentRole.DEV
    call = {"function": {"name": "act", "arguments": raw}}
    used = {"type": "tool_use", "name": "act", "input": ROLLBACK}
    for action in (
        parse_action(raw, role=dev, fallback=ActionType.NOOP),
        parse_openai_response({"choices": [{"message": {"content": None, "tool_calls": [call]}}]}, role=dev),
        parse_anthropic_response({"content": [used]}, role=dev, fallback=ActionType.NOOP),
        parse_streaming_action(iter([raw[:9], raw[9:]]), role=dev),
    ):
        assert (action.role, action.action_type, action.target, action.args) == (dev, ActionType.ROLLBACK, "db", {})
        assert json.loads(action_to_training_target(action)) == {"action_type": "rollback", "target": "db"}
    claim = parse_action('{"action_type":"identify_root_cause","args":{"failure_type":"DB_deadlock"}}', role=dev)
    assert claim.args["failure_type"] == FailureType.DB_DEADLOCK.value
    assert parse_action("nope", role=dev, fallback=ActionType.ESCALATE).action_type is ActionType.ESCALATE


def test_a_stream_knows_whose_it_is() -> None:
    """It was a dataclass of a role and a fallback."""
    parser = StreamingActionParser(AgentRole.SRE, ActionType.COMMUNICATE)
    assert (parser.role, parser.fallback) == (AgentRole.SRE, ActionType.COMMUNICATE)
    assert not parser.feed("Sure: ")
    assert not parser.finished
    assert parser.action().action_type is ActionType.COMMUNICATE
    assert parser.feed('{"action_type":"scale","target":"db","args":{"replicas":3}}')
    assert parser.finished
    assert parser.raw.startswith("Sure: {")
    assert parser.action().args == {"replicas": 3}


def test_a_retry_tells_its_reminder_and_asks_at_least_once() -> None:
    """After the prompt, beside what was wrong."""
    asked: list[str] = []

    def generate(prompt: str) -> str:
        asked.append(prompt)
        return "no idea"

    for attempts in (2, 0):
        action = generate_action_with_retry(
            "go", role=AgentRole.DEV, generate=generate, max_attempts=attempts, reminder="JSON only!"
        )
        assert action.action_type is ActionType.NOOP
    first, second, third = asked
    assert first == third == "go"
    assert second.startswith("go\n\nJSON only!\n\nPrevious reply did not")


@pytest.mark.parametrize("choice", [{"content": json.dumps(ROLLBACK)}, {"text": json.dumps(ROLLBACK)}])
def test_a_choice_without_a_message_is_read_too(choice: dict[str, str]) -> None:
    """Completions of the older form, and servers that leave the envelope out, hold the text in the choice itself."""
    action = parse_openai_response({"choices": [choice]}, AgentRole.DEV)
    assert (action.action_type, action.target) == (ActionType.ROLLBACK, "db")


def test_what_generates_has_a_name() -> None:
    """Callers that annotate their function find its type where they found it before."""
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return json.dumps(ROLLBACK)

    ask: GenerateFn = answer
    assert generate_action_with_retry("go", role=AgentRole.DEV, generate=ask).target == "db"
    assert asked == ["go"]
