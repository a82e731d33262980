"""What only a shell would understand in a line that none reads."""

from __future__ import annotations

import pytest

from journeyman.mission.values.shell_words import joining_words, shell_operators, shell_patterns


@pytest.mark.parametrize(
    ("line", "operators", "patterns"),
    [
        ("pytest -q", [], []),
        ("pytest -q | tail -1", ["|"], []),
        ("a && b || c; d &", ["&&", "||", "c;", "&"], []),
        ("a > out 2>&1 <in", [">", "2>&1", "<in"], []),
        ("cat *.txt $HOME `date` $(ls) ~/x", [], ["*.txt", "$HOME", "`date`", "$(ls)", "~/x"]),
        ("grep -c 'a | b' \"x > *\" a\\|b --opt='$X'", [], []),
        ("curl http://x?a=b&c=d --format=%H {n} -j4 a|b", [], []),
    ],
)
def test_only_what_stands_outside_of_quotes_counts(line: str, operators: list[str], patterns: list[str]) -> None:
    """Words that run as they are meant without a shell are none of them."""
    assert (shell_operators(line), shell_patterns(line)) == (operators, patterns)


def test_in_a_list_a_delimiter_is_no_pipe() -> None:
    """`cut -d '|'` is written so."""
    assert joining_words(["cut", "-d", "|", "&&", "a > b", "2>&1"]) == ["&&", "2>&1"]
