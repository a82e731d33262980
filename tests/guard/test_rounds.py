"""The command of a further round, and what a run says that it cost."""

from __future__ import annotations

import pytest

from journeyman.guard.rounds import command_with, cost_of


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["claude", "-p", "Fix it", "--model", "x"], ["claude", "-p", "Fix it\n\nWHY", "--model", "x"]),
        (["/usr/bin/claude", "--print", "Fix it"], ["/usr/bin/claude", "--print", "Fix it\n\nWHY"]),
        (["codex", "exec", "--json", "Fix it"], ["codex", "exec", "--json", "Fix it\n\nWHY"]),
        (["gemini", "-o", "json", "-p", "Fix it"], ["gemini", "-o", "json", "-p", "Fix it\n\nWHY"]),
        (["opencode", "run", "Fix it"], ["opencode", "run", "Fix it\n\nWHY"]),
        (["cursor-agent", "-p", "Fix it"], ["cursor-agent", "-p", "Fix it\n\nWHY"]),
        (["codex", "exec", "--json"], ["codex", "exec", "--json", "WHY"]),
        (["claude"], ["claude", "WHY"]),
        (["claude", "-p", "{reasons} more"], ["claude", "-p", "WHY more"]),
        (["mine", "{reasons}"], ["mine", "WHY"]),
        (["mine", "Fix it"], ["mine", "Fix it"]),
    ],
)
def test_reasons_stand_where_the_agent_reads_its_prompt(command: list[str], wanted: list[str]) -> None:
    """For programs that nobody knows they are in the environment alone."""
    assert command_with(command, "WHY") == wanted


def test_the_first_round_is_the_command_as_it_was_given() -> None:
    """There are no reasons yet."""
    assert command_with(["claude", "-p", "Fix it"], "") == ["claude", "-p", "Fix it"]
    assert command_with(["mine", "x{reasons}"], "") == ["mine", "x"]


@pytest.mark.parametrize(
    ("output", "cost"),
    [
        (b'{"total_cost_usd":0.25}', 0.25),
        (b'{"total_cost_usd": 0.1}\n{"total_cost_usd": 1e-3}', 0.001),
        (b"", None),
        (b'{"total_cost_usd": null}', None),
    ],
)
def test_what_a_run_cost_is_what_it_said_last(output: bytes, cost: float | None) -> None:
    """As Claude Code's JSON forms have it."""
    assert cost_of(output) == cost
