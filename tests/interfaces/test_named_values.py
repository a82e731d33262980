"""Values under a name on the command line."""

from __future__ import annotations

import pytest

from journeyman.interfaces.cli.named_values import named_values
from journeyman.mission.values.errors import InvalidInput


def test_what_stands_behind_the_first_equals_sign_is_the_value() -> None:
    """Commands, addresses and JSON hold equals signs of their own."""
    words = ["a=1", "url=http://x/?q=2", "empty="]
    assert named_values(words, "--arg", example="a=1") == [("a", "1"), ("url", "http://x/?q=2"), ("empty", "")]


def test_every_word_without_a_name_or_a_value_is_told() -> None:
    """With what would be right."""
    with pytest.raises(InvalidInput) as raised:
        named_values(["a", "b=1", "=2"], "--arg", example="path=tests")
    assert [(one.where, one.message, one.hint) for one in raised.value.problems] == [
        ("--arg", "'a' is not NAME=VALUE", "as in path=tests"),
        ("--arg", "'=2' is not NAME=VALUE", "as in path=tests"),
    ]
