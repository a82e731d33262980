"""Whoever adds a kind of something opens few files: `docs/contributing.md` says which, and these hold it true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers import PROVIDERS
from journeyman.interfaces.cli.rendering import console, report_page
from journeyman.interfaces.pages.html import html_report
from journeyman.mission.criteria import KIND_TYPES
from journeyman.mission.model.effects import EFFECT_RULES, EffectClass
from journeyman.mission.model.events import EVENT_TYPES, PersonEvent
from journeyman.mission.model.servers import Transport
from journeyman.mission.report import document as report_document
from journeyman.mission.report.markdown import markdown_report
from journeyman.mission.report.model import Report, from_json
from journeyman.mission.report.section import Section, Table, row_of
from tests.interfaces.pages.reports import busy_report

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "journeyman"


def naming(names: set[str], *, aside: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """The modules in whose code one of these names stands, but those under `aside`, with the names."""
    found: dict[str, set[str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        path = file.relative_to(SOURCE).as_posix()
        if not path.startswith(aside):
            said = {
                node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
                for node in ast.walk(ast.parse(file.read_text("utf-8")))
            }
            if said & names:
                found[path] = said & names
    return found


def test_nobody_outside_their_package_asks_which_kind_a_criterion_is_of() -> None:
    """What rules, planner, checks, drafts and reports need to know, a kind tells by a method of `Criterion`."""
    assert naming({kind.__name__ for kind in KIND_TYPES}, aside=("mission/criteria/",)) == {}


def test_what_people_do_is_told_by_the_event_itself() -> None:
    """Reports and displays know no list of such events."""
    assert all(kind.verb for kind in EVENT_TYPES.values() if issubclass(kind, PersonEvent))


def test_a_new_section_stands_in_every_form_of_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a row in the table of sections, and nothing else has to know it."""

    def slowest(report: Report) -> Section:
        rows = [row_of(row.tool, f"{row.duration_s} s") for row in report.effects[:1]]
        return Section("slowest", "Slowest calls", Table(("tool", "took"), rows), ["There was one."], "Below.", ["ls"])

    monkeypatch.setattr(report_document, "SECTIONS", (*report_document.SECTIONS, slowest))
    report = from_json(busy_report())
    tool = report.effects[0].tool
    page = html_report(report)
    assert '<a href="#slowest">Slowest calls</a>' in page
    [shown] = re.findall(r'<section id="slowest".*?</section>', page, re.DOTALL)
    console().print(report_page(report))
    for told in (shown, markdown_report(report), capsys.readouterr().out):
        for words in ("Slowest calls", tool, "There was one.", "Below.", "ls"):
            assert words in told, words


def test_every_provider_has_a_file_that_tells_of_it() -> None:
    """A kind without one would fail when somebody asks it."""
    assert set(PROVIDERS) == set(ProviderKind)
    files = {path.stem for path in (SOURCE / "advisors" / "providers").glob("*.py")}
    assert {kind.value for kind in ProviderKind} <= files


def test_nobody_outside_their_package_asks_which_provider_it_is() -> None:
    """What differs between them stands in their files."""
    names = {kind.name for kind in ProviderKind}
    assert naming(names, aside=("advisors/providers/", "advisors/kinds.py", "answers/", "testing/")) == {}


def test_nobody_but_their_schema_and_the_connection_asks_for_a_transport() -> None:
    """A new one is a form in the schema and a case where connections begin, which does not type-check without it."""
    found = naming({way.name for way in Transport} - {"STDIO"} | {"Transport"}, aside=("advisors/", "gym/"))
    assert set(found) <= {"mission/model/servers.py", "tools/servers/connection.py"}


def test_nobody_but_their_table_names_an_effect_class() -> None:
    """What follows from a class is a column of `EFFECT_RULES`; each class has a row there."""
    assert set(EFFECT_RULES) == set(EffectClass)
    assert set(naming({kind.name for kind in EffectClass})) == {"mission/model/effects.py"}
