"""Text of models and tools that may be shown."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.values.printable import visible, visible_line

ODD = st.sampled_from(
    ["\x1b[2J", "\x9b1m", "\r", "\x08", "\u202e", "\u2066", "\u061c", "\u2028", "\ud800", "\x00", "\x7f"]
)


@given(st.lists(ODD | st.text(max_size=5)).map("".join))
def test_nothing_shown_moves_a_cursor_or_turns_the_text(text: str) -> None:
    """By what Unicode says of each character, not by our list."""
    shown = visible(text)
    for sign in shown:
        assert sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(sign) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    shown.encode()
    assert "\n" not in visible_line(text)
    assert len(visible_line(text, 20)) <= 20


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"], codec="utf-8")))
def test_plain_text_stays_as_it_is(text: str) -> None:
    """Letters of all scripts, signs and emoji among them."""
    assert visible(text) == text
