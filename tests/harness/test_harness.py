"""What `python -m benchmarks` prints and how it exits."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as harness
from benchmarks import tamper
from benchmarks.report import Meter, Row, as_table, meter


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two benchmarks, of which one does not hold."""

    def run(rows: list[Row]) -> SimpleNamespace:
        def measured(progress: Meter) -> list[Row]:
            progress.start("steps", 2)
            progress.step()
            return rows

        return SimpleNamespace(run=measured, __doc__="One line.\nMore.")

    found = {
        "good": run([Row("speed", 12_345.678, "events/s", ">= 100"), Row("note", "as seen")]),
        "bad": run([Row("losses", 3, "events", "= 0", holds=False)]),
    }
    monkeypatch.setattr(harness, "names", lambda: sorted(found))
    monkeypatch.setattr(harness, "_load", found.__getitem__)


def test_json_is_one_object_with_machine_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Other programs read it."""
    assert harness.main(["good", "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert set(given) == {"name", "machine", "rows"}
    assert set(given["machine"]) == {"cores", "cpu", "python", "os"}
    assert given["rows"][0] == {"what": "speed", "value": 12345.678, "unit": "events/s", "bar": ">= 100", "holds": True}


def test_a_row_that_does_not_hold_is_an_exit_of_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Also when others hold; all of them are run."""
    assert harness.main(["all"]) == 1
    shown = capsys.readouterr().out
    assert "NO" in shown
    assert "12,345.678" in shown


def test_an_unknown_name_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    """With the names that there are."""
    assert harness.main(["god"]) == 2
    assert "there are: bad, good, all" in capsys.readouterr().err


def test_the_list_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line of its docstring."""
    assert harness.main(["--list"]) == 0
    assert capsys.readouterr().out.split("\n")[1].split() == ["good", "One", "line."]


def test_a_row_without_bar_neither_holds_nor_fails() -> None:
    """It only informs."""
    column = as_table("x", [Row("note", 5), Row("rule", 5, "", "= 5")]).columns[4]
    assert list(column.cells) == ["", "yes"]


def test_a_small_tamper_run_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change is found where it was made; speed is measured elsewhere."""
    monkeypatch.setattr(tamper, "MUTATIONS", 400)
    monkeypatch.setattr(tamper, "LARGE", 2_000)
    with meter("tamper") as progress:
        rows = tamper.run(progress)
    assert [row for row in rows if not row.holds and row.unit == "changes"] == []
