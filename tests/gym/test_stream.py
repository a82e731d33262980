"""Streams: told where an action closes, however the text is cut, and read as the whole text is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.text import (
    ActionType,
    AgentRole,
    StreamingActionParser,
    TextAction,
    parse_action,
    parse_streaming_action,
)

RESTART = '{"action_type": "restart", "target": "db", "args": {}}'
WANTED = TextAction(AgentRole.SRE, ActionType.RESTART, "db")
TEXTS = (
    RESTART,
    f"Sure, here it is: {RESTART}",
    f"A stray {{word}} and {{another}}. {RESTART}",
    f'<think>{{"action_type": "scale"}}</think>{RESTART}',
    f'<thinking>maybe {{ or "</thinking>\n```json\n{RESTART}\n```',
    f'{{"note": "a }} in a \\"string\\" {{"}} {RESTART}',
)


def _fed(text: str, size: int) -> tuple[StreamingActionParser, int]:
    parser = StreamingActionParser(role=AgentRole.SRE)
    for at in range(0, len(text), size):
        if parser.feed(text[at : at + size]):
            return parser, min(at + size, len(text))
    return parser, len(text)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_the_action_is_done_in_the_chunk_that_closes_it(text: str, size: int) -> None:
    """However the text is cut, tags and escapes included."""
    parser, used = _fed(text, size)
    closes = text.rindex("}") + 1
    assert parser.finished
    assert parser.action() == WANTED
    assert used == min(-(-closes // size) * size, len(text))


_PIECES = st.sampled_from(
    [
        RESTART,
        '{"action_type": "noop"}',
        '{"action_type": "scale", "target": "db", "args": {"replicas": 3}}',
        '[{"action_type": "noop"}, {"action_type": "resolve"}]',
        '{"action_type": "reboot"}',
        '{"thought": "a } in a string"}',
        '{"name": "act", "arguments": {"action_type": "noop", "target": "web"}}',
        '{"action_type": "rest',
        "```json\n",
        "\n```\n",
        "Final answer: ",
        "<think>",
        "</think>",
        "{word}",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "\\",
        " ",
        "\n",
        ", then ",
    ]
)


@given(st.lists(_PIECES, max_size=9).map("".join) | st.text('{}"\\<think>/ax:,[] ', max_size=60), st.integers(1, 12))
@settings(max_examples=600, deadline=None)
def test_a_stream_is_read_as_its_text_is(text: str, size: int) -> None:
    """At every moment, and at the end: there is one way of reading, and who stops early has an action."""
    parser = StreamingActionParser(AgentRole.SRE)
    fed = ""
    for at in range(0, len(text), size):
        was_finished = parser.finished
        fed += text[at : at + size]
        finished = parser.feed(text[at : at + size])
        assert parser.raw == fed
        assert parser.action() == parse_action(fed, AgentRole.SRE)
        assert finished == parser.finished >= was_finished
        if finished and not was_finished:
            assert parser.action().notice == parse_action(fed, AgentRole.SRE).notice
            assert not parser.action().notice.startswith("not carried out")
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert parse_streaming_action(chunks, AgentRole.SRE) == parse_action(text, AgentRole.SRE)


def test_a_stream_that_never_closes_gives_the_fallback() -> None:
    """Half an action is none."""
    action = parse_streaming_action(iter([RESTART[:10], RESTART[10:-9]]), role=AgentRole.DEV)
    assert action == TextAction(AgentRole.DEV)


def test_a_stream_with_slips_is_read_as_a_whole_at_its_end() -> None:
    """Single quotes are not worth stopping early for, but they are repaired."""
    assert parse_streaming_action(["{'action_type': ", "'restart', 'target': 'db'}"], role=AgentRole.SRE) == WANTED


def test_who_reads_on_gets_the_last_action() -> None:
    """As in the whole text; who stops where `feed` says so has the first."""
    text = f'{RESTART} No: {{"action_type": "noop"}}'
    chunks = [text[at : at + 4] for at in range(0, len(text), 4)]
    parser = StreamingActionParser(AgentRole.SRE)
    assert [parser.feed(chunk) for chunk in chunks].index(True) == len(RESTART) // 4
    assert parser.action() == parse_streaming_action(chunks, AgentRole.SRE) == TextAction(AgentRole.SRE)
    early, _ = _fed(text, 4)
    assert early.action() == WANTED


def test_a_stream_of_many_brackets_is_read_a_bounded_number_of_times() -> None:
    """Beyond the budget an action is found at the end, and only then."""
    text = 'The action_type matters. {"a": 1}' * 20_000 + RESTART
    parser, used = _fed(text, 33)
    assert used == len(text)
    assert parser.action() == WANTED
