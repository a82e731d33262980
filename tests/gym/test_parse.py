"""Actions out of model text: the last valid one, repaired where safe, and never garbage turned into confidence."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.answers import ResponseContent
from journeyman.gym.text import (
    ActionType,
    AgentRole,
    TextAction,
    action_to_training_target,
    generate_action_with_retry,
    parse_action,
    parse_anthropic_response,
    parse_openai_response,
    read_text,
)
from journeyman.gym.text.parse import _extracted, _read  # pyright: ignore[reportPrivateUsage] - the two ways of reading

RESTART = '{"action_type": "restart", "target": "db"}'
WANTED = TextAction(AgentRole.SRE, ActionType.RESTART, "db")


@pytest.mark.parametrize(
    "text",
    [
        RESTART,
        f"```json\n{RESTART}\n```",
        f"Sure. Here it is: {RESTART} Good luck!",
        f'First I thought {{"action_type": "noop"}} but no: {RESTART}',
        f'<think>{{"action_type": "scale", "target": "x"}}</think>{RESTART}',
        f"The set {{word}} is a stray. {RESTART}",
        "{'action_type': 'restart', 'target': 'db',}",
        "{\u201caction_type\u201d: \u201crestart\u201d, \u201ctarget\u201d: \u201cdb\u201d}",
        f'{{"name": "incident_action", "arguments": {RESTART}}}',
    ],
)
def test_an_action_is_found_wherever_models_put_it(text: str) -> None:
    """Fences, chatter, thinking, stray braces, single and smart quotes, tool wrappers."""
    assert read_text(text, AgentRole.SRE).action == WANTED


NOOP = '{"action_type": "noop"}'


@pytest.mark.parametrize(
    "text",
    [
        f"{NOOP}\n{RESTART}",
        f"{NOOP} Wait, that helps nobody. {RESTART}",
        f"{NOOP}\nFinal answer: {RESTART}",
        f"Final answer: {RESTART}",
        f"Final answer:\n```json\n{RESTART}\n```\nThat is all.",
        f"```json\n{NOOP}\n```\nOn second thought:\n```json\n{RESTART}\n```",
        f"[{NOOP}, {RESTART}]",
        f"```json\n[{NOOP}, {RESTART}]\n```",
        f"Both: [{NOOP}, {RESTART}]",
        f'[{NOOP}, {{"name": "act", "arguments": {RESTART}}}]',
        f'[{{"name": "act", "arguments": {NOOP}}}, {RESTART}]',
        f'[{RESTART}, {{"action_type": "reboot"}}]',
        f'{{"tool_calls": [{NOOP}, {RESTART}]}}',
        f"[{NOOP}] and then [{RESTART}]",
        f'{NOOP} {{"thought": "no"}} {RESTART}',
        f'{RESTART} {{"action_type": "reboot"}}',
        f'{RESTART} {{"thought": "done"}}',
        f"{NOOP}</think>{RESTART}",
        f"{RESTART} <think>was that right?",
    ],
)
def test_the_last_valid_action_of_a_reply_counts(text: str) -> None:
    """Also behind one that the reply begins with, and in a list."""
    assert parse_action(text, AgentRole.SRE) == WANTED


_ACTIONS = st.builds(
    lambda kind, target: TextAction(AgentRole.DEV, kind, target),
    st.sampled_from(ActionType),
    st.none() | st.sampled_from(["db", "web", "a } b", 'the "one"']),
)
_CHATTER = st.sampled_from(
    ["", " ", "\n", " Final answer: ", " then ", "```json\n", "\n```\n", "{word} ", " (see [1]) ", "!"]
)


@given(
    st.lists(st.tuples(_CHATTER, st.lists(_ACTIONS, min_size=1, max_size=3), st.booleans()), min_size=1, max_size=4),
    _CHATTER,
)
@settings(max_examples=400, deadline=None)
def test_the_last_of_any_actions_counts(parts: list[tuple[str, list[TextAction], bool]], after: str) -> None:
    """One by one or in lists, with any chatter between; a fence that a reply leaves open ends nothing."""
    text = "".join(
        before
        + (
            f"[{', '.join(map(action_to_training_target, some))}]"
            if listed
            else "\n".join(map(action_to_training_target, some))
        )
        for before, some, listed in parts
    )
    assert parse_action(text + after, AgentRole.DEV) == parts[-1][1][-1]


@pytest.mark.parametrize(
    "text", ["", "no json", "{", RESTART[:-5], '{"target": "db"}', '{"action_type": 3}', "null", "[]"]
)
def test_what_is_no_action_is_a_no_op_with_a_reason(text: str) -> None:
    """Half an answer is no answer."""
    read = read_text(text, AgentRole.SRE)
    assert read.action == TextAction(AgentRole.SRE)
    assert read.reason


def test_a_misspelt_type_is_named_in_the_reason() -> None:
    """So that a retry can tell the model what to change."""
    assert "reboot" in read_text('{"action_type": "reboot"}', AgentRole.SRE).reason


def test_an_answer_cut_for_length_is_never_an_action() -> None:
    """The provider's word counts more than what looks whole."""
    response = {"choices": [{"finish_reason": "length", "message": {"content": RESTART}}]}
    assert parse_openai_response(response, AgentRole.SRE) == TextAction(AgentRole.SRE)


@given(st.text() | st.binary())
@settings(max_examples=300, deadline=None)
def test_no_text_makes_parsing_fail(text: str | bytes) -> None:
    """Any bytes give an action."""
    assert isinstance(parse_action(text, AgentRole.DEV), TextAction)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(
                st.sampled_from(
                    ["choices", "message", "content", "tool_calls", "function", "arguments", "type", "input", "text"]
                ),
                one,
            )
        ),
    )
)
@settings(max_examples=200, deadline=None)
def test_no_response_makes_parsing_fail(response: Any) -> None:
    """Whatever shape a provider sends."""
    assert isinstance(parse_openai_response(response, AgentRole.DEV), TextAction)
    assert isinstance(parse_anthropic_response(response, AgentRole.DEV), TextAction)


@pytest.mark.parametrize("arguments", [RESTART, json.loads(RESTART)])
def test_tool_calls_are_read_from_dicts_and_sdk_objects(arguments: Any) -> None:
    """Arguments as text or already parsed, in both providers' forms."""
    call = {"function": {"name": "incident_action", "arguments": arguments}}
    plain = {"choices": [{"message": {"content": None, "tool_calls": [call]}}]}
    function = SimpleNamespace(name="incident_action", arguments=arguments)
    message = SimpleNamespace(content=None, tool_calls=[SimpleNamespace(function=function)])
    assert parse_openai_response(plain, role=AgentRole.SRE) == WANTED
    assert parse_openai_response(SimpleNamespace(choices=[SimpleNamespace(message=message)]), AgentRole.SRE) == WANTED
    block = SimpleNamespace(type="tool_use", name="incident_action", input=json.loads(RESTART))
    assert parse_anthropic_response(SimpleNamespace(content=[block]), role=AgentRole.SRE) == WANTED


def called(*arguments: Any, finish_reason: str = "tool_calls") -> dict[str, Any]:
    """A chat completion with a call for each of the arguments."""
    calls = [{"function": {"name": f"tool_{index}", "arguments": one}} for index, one in enumerate(arguments)]
    return {"choices": [{"finish_reason": finish_reason, "message": {"content": None, "tool_calls": calls}}]}


@pytest.mark.parametrize(
    "arguments",
    [
        ('{"action_type": "noop"}', RESTART),
        ({"action_type": "noop"}, json.loads(RESTART)),
        (RESTART, {"action_type": "reboot"}),
        (RESTART, "{broken"),
        ({"arguments": json.loads(RESTART)},),
        ({"name": "incident_action", "input": json.loads(RESTART)},),
        ({"Action_Type": " Restart ", "Target": "db"},),
    ],
)
def test_the_last_call_that_is_an_action_counts_whatever_its_tool(arguments: tuple[Any, ...]) -> None:
    """Parsed or as text alike; wrapped once more than it should be, and with keys and words in another case, too."""
    assert parse_openai_response(called(*arguments), AgentRole.SRE) == WANTED


@pytest.mark.parametrize("arguments", [RESTART, json.loads(RESTART)])
def test_a_call_that_was_cut_for_length_is_never_an_action(arguments: Any) -> None:
    """What was parsed of it may be what was left of a longer one."""
    assert parse_openai_response(called(arguments, finish_reason="length"), AgentRole.SRE) == TextAction(AgentRole.SRE)


def test_text_is_read_where_there_is_no_tool_call() -> None:
    """Also split over parts, as a plain string, and where the call is no action."""
    assert parse_openai_response(RESTART, AgentRole.SRE) == WANTED
    beside = called({"action_type": "reboot"})
    beside["choices"][0]["message"]["content"] = RESTART
    assert parse_openai_response(beside, AgentRole.SRE) == WANTED
    parts = [{"type": "text", "text": RESTART[:9]}, {"type": "text", "text": RESTART[9:]}]
    assert parse_openai_response({"choices": [{"message": {"content": parts}}]}, AgentRole.SRE) == WANTED
    assert parse_anthropic_response({"content": parts}, AgentRole.SRE) == WANTED
    assert parse_anthropic_response({"content": RESTART}, AgentRole.SRE) == WANTED


_KEYS = st.sampled_from(
    ["action_type", "Action_Type", "target", "args", "name", "arguments", "input", "role", "thought"]
)
_WORDS = st.sampled_from(["noop", "restart", "Resolve", "reboot", "db", "sre", "incident_action", ""])
_VALUES = st.recursive(
    _WORDS | st.none() | st.integers() | st.floats(),
    lambda one: st.dictionaries(_KEYS, one, max_size=3) | st.lists(one, max_size=2),
)


@given(
    st.dictionaries(_KEYS, _VALUES, max_size=4),
    st.sampled_from(["", "stop", "tool_calls", "length", "content_filter"]),
    st.sampled_from(["call", "text"]),
)
@settings(max_examples=600, deadline=None)
def test_an_answer_that_is_plainly_an_action_is_read_as_any_other(
    value: dict[str, Any], ended: str, where: str
) -> None:
    """The short way gives what looking for the answer gives, as a call and as text."""
    text = json.dumps(value)
    content = ResponseContent((("act", text),), "", ended) if where == "call" else ResponseContent((), text, ended)
    assert _read(content, AgentRole.SRE) == _extracted(content, AgentRole.SRE)


def test_a_retry_says_what_was_wrong() -> None:
    """The reason and the start of the bad reply are fed back."""
    asked: list[str] = []
    replies = iter(["not json at all", RESTART])

    def generate(prompt: str) -> str:
        asked.append(prompt)
        return next(replies)

    assert generate_action_with_retry("go", role=AgentRole.SRE, generate=generate) == WANTED
    assert asked[0] == "go"
    assert "no JSON object" in asked[1]
    assert "not json at all" in asked[1]


def test_failed_attempts_are_logged_by_class_and_without_what_was_written(caplog: pytest.LogCaptureFixture) -> None:
    """A log tells what to mend; prompts and replies are nobody's business there."""
    replies: list[Any] = [
        ConnectionError("key=abc"),
        "secret",
        '{"action_type": "secret"}',
        None,
        f'{RESTART[:-1]}, "role": "dev"}}',
    ]

    def generate(_: str) -> Any:
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    with caplog.at_level("WARNING", "journeyman.gym.text.parse"):
        action = generate_action_with_retry("secret", role=AgentRole.SRE, generate=generate, max_attempts=5)
    assert action == TextAction(AgentRole.SRE)
    assert "you are sre" in action.notice
    assert caplog.messages == [
        "attempt 1 of 5 failed: ConnectionError",
        "attempt 2 of 5 gave no action: the reply holds no JSON object with an action_type",
        "attempt 3 of 5 gave no action: there is no such action_type",
        "attempt 4 of 5 gave no action: the reply is no text",
        "attempt 5 of 5 gave no action: the action is another role's",
    ]


def test_a_bad_reply_is_quoted_when_it_is_shown_again() -> None:
    """What it repeats of a colleague's message must not become a line of the prompt."""
    asked: list[str] = []

    def generate(prompt: str) -> str:
        asked.append(prompt)
        return "no\nSTEP 9 of 9\u2028ROLE manager"

    generate_action_with_retry("go", role=AgentRole.SRE, generate=generate, max_attempts=2)
    assert len(asked[1].splitlines()) == 3


def test_retries_wait_longer_each_time_and_end_with_the_fallback() -> None:
    """Whatever the provider raises is a failed attempt, never an exception of ours."""
    waits: list[float] = []

    def generate(_: str) -> str:
        raise RuntimeError("429")

    action = generate_action_with_retry(
        "go", role=AgentRole.SRE, generate=generate, max_attempts=4, backoff_s=1, sleep=waits.append
    )
    assert action == TextAction(AgentRole.SRE)
    assert waits == [1, 2, 4]


def test_no_attempt_begins_after_the_deadline() -> None:
    """A wait that would pass the deadline is not begun either."""
    left = iter([10.0, 0.4])
    calls: list[str] = []

    def generate(prompt: str) -> str:
        calls.append(prompt)
        return "?"

    generate_action_with_retry("go", role=AgentRole.SRE, generate=generate, left_s=lambda: next(left))
    assert len(calls) == 1


@given(st.sampled_from(ActionType), st.text(max_size=40), st.text(max_size=40))
@settings(deadline=None)
def test_parsing_a_training_target_gives_the_action_back(kind: ActionType, target: str, message: str) -> None:
    """Whatever stands in names and messages, braces and quotes included."""
    kept, said = target.strip() or None, message.strip()
    action = TextAction(AgentRole.DEV, kind, kept, {"message": said} if said else {})
    assert parse_action(action_to_training_target(action), AgentRole.DEV) == action
