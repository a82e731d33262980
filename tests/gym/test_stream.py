"""Streams: done where the action closes, however the text is cut, and never stuck on a stray brace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.gym.text import ActionType, AgentRole, StreamingActionParser, TextAction, parse_streaming_action

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


@given(st.text(st.sampled_from('{}"\\<think>/ax:,'), max_size=60), st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_no_stream_makes_the_parser_fail(text: str, size: int) -> None:
    """Any text in any pieces; what was fed can be read back until it is done."""
    parser, used = _fed(text, size)
    assert isinstance(parser.action(), TextAction)
    assert parser.raw == text[:used]


def test_a_stream_that_never_closes_gives_the_fallback() -> None:
    """Half an action is none."""
    action = parse_streaming_action(iter([RESTART[:10], RESTART[10:-9]]), role=AgentRole.DEV)
    assert action == TextAction(AgentRole.DEV)


def test_a_stream_with_slips_is_read_as_a_whole_at_its_end() -> None:
    """Single quotes are not worth stopping early for, but they are repaired."""
    assert parse_streaming_action(["{'action_type': ", "'restart', 'target': 'db'}"], role=AgentRole.SRE) == WANTED


def test_what_follows_the_action_is_not_taken() -> None:
    """The stream may be closed as soon as the action is known."""
    chunks = iter([RESTART[:20], RESTART[20:] + " and", "more"])
    assert parse_streaming_action(chunks, role=AgentRole.SRE) == WANTED
    assert list(chunks) == ["more"]
