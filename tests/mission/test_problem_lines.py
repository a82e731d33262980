"""Faults that are found after a file was read get the line of what they speak of."""

from __future__ import annotations

import pytest

from journeyman.mission.files.documents import read_document
from journeyman.mission.files.problem_lines import with_lines
from journeyman.mission.values.errors import Problem

TEXT = """name: x
tools: [look,
  git.status]
servers:
  git:
    command: git-server
    env:
      TOKEN: "${TOKEN}"
criteria:
  - {id: a, kind: event}
  - id: group
    kind: any_of
    criteria:
      - {id: inside, kind: event}
advisor: gpt
plan:
  - calls:
      - {tool: lok}
"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("advisor", 15),
        ("advisor.chain.0", 15),
        ("git.status", 3),
        ("git.env.TOKEN", 8),
        ("criterion a", 10),
        ("criterion inside: expression", 14),
        ("plan.0.calls.0.tool", 18),
        ("plan.0.script", 17),
        ("budget.tool_calls", None),
        ("criterion gone", None),
        ("", None),
    ],
)
def test_a_fault_gets_the_line_of_what_it_speaks_of(where: str, line: int | None) -> None:
    """The nearest thing around it that stands in the file; none where nothing of it does."""
    data, positions = read_document(TEXT, "yaml", "x.yaml")
    (found,) = with_lines([Problem(where=where, message="is wrong")], data, positions)
    assert (found.line, found.message) == (line, "is wrong")


def test_a_line_that_is_known_stays() -> None:
    """Whoever found it with the file open knows better."""
    data, positions = read_document(TEXT, "yaml", "x.yaml")
    problem = Problem(where="advisor", message="is wrong", line=3)
    assert with_lines([problem], data, positions) == (problem,)
