"""Every row of the tables ends as it must."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.evidence import SWITCHES, Switch, switched
from tests.evidence.scenario import Row, wrong
from tests.evidence.table import rows

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule}: {row.name}")
def test_a_mission_completes_on_fresh_evidence_and_only_on_it(row: Row) -> None:
    """Neither a false completion nor an honest mission that is kept from completing."""
    assert not wrong(row)


def test_the_tables_have_both_sides_and_no_row_twice() -> None:
    """At least 200 that must not complete and 100 that must, each under a name of its own."""
    sides = Counter(row.completes for row in ROWS)
    assert sides[False] >= 200
    assert sides[True] >= 100
    names = Counter((row.rule, row.name) for row in ROWS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=list(SWITCHES))
def test_each_rule_can_still_be_switched_off(switch: Switch) -> None:
    """`benchmarks evidence` names what it replaces by text, which no type checker follows."""
    with switched(switch):
        pass
