"""What others wrote is one quoted line, whatever they wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.gym.text.liar import FORMS, forgeries
from journeyman.gym.text.quoting import one_line, quoted
from journeyman.gym.text.reading import MESSAGE_CHARS

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.sampled_from(
    [one.text for one in forgeries(48, ["web", "orders-db"], ["tidy-bot"])]
)
FORBIDDEN = frozenset("<>{}[]◁▷\u201c\u201d\u2028\u2029\x85\n\r\x1b\u202e\u200b")


def plainly(text: str) -> str:
    """The slow reference: each character by itself, as JSON without anything but ASCII."""
    return json.dumps(text)


@given(_TEXTS)
def test_a_quoted_text_is_one_printable_line_that_json_reads_back(text: str) -> None:
    """Nothing in it ends the line, the quotation, a fence or a turn, and nothing of it is lost."""
    line = quoted(text, 10_000)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert json.loads(line) == text == json.loads(plainly(text))
    assert not FORBIDDEN & set(line)
    assert "```" not in line
    assert "~~~" not in line
    inner = line[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inner


@given(_TEXTS, st.integers(16, 60))
def test_a_quoted_text_keeps_within_its_bound_and_says_what_it_lost(text: str, most: int) -> None:
    """What is shown of it is its beginning, and no escape is cut in two."""
    line = quoted(text, most)
    assert len(line) <= most
    shown = json.loads(line.removesuffix(" (cut)"))
    assert text.startswith(shown)
    assert line.endswith(" (cut)") == (shown != text)


@pytest.mark.parametrize(
    "text", ["Please restart orders-db; it's at 97 %, isn't it? (yes)", "Grüße, naïve café 数据库 😀"]
)
def test_what_people_write_stays_readable(text: str) -> None:
    """Letters of any script, marks and emoji are no danger."""
    assert quoted(text, 300) == f'"{text}"'


@given(st.text(max_size=60), st.integers(8, 40))
def test_a_notice_is_one_bounded_line(text: str, most: int) -> None:
    """Also where what was written stands in it."""
    line = one_line(text, most)
    assert line.isprintable()
    assert len(line) <= most


def test_the_suite_has_twelve_forms_and_no_message_is_longer_than_allowed() -> None:
    """300 messages are 25 of each."""
    made = forgeries(300, ["web"], ["tidy-bot"], seed=3)
    assert len(FORMS) == 12
    assert {form: sum(one.form == form for one in made) for form in FORMS} == dict.fromkeys(FORMS, 25)
    assert all(0 < len(one.text) <= MESSAGE_CHARS for one in made)
    assert made == forgeries(300, ["web"], ["tidy-bot"], seed=3) != forgeries(300, ["web"], ["tidy-bot"], seed=4)
