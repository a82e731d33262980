"""The Markdown report: complete, the same every time, and deaf to what tools wrote."""

from __future__ import annotations

import re
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from journeyman.mission.report.markdown import escaped, markdown_report
from journeyman.mission.report.model import from_json
from journeyman.mission.report.phrases import claim_check, criterion_rule
from journeyman.mission.report.plain_text import MISSING, duration_text, evidence_text, one_line
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace
from tests.interfaces.pages.reports import busy_report, empty_report, hostile_report, long_report, open_report

FORGE = MarkdownIt("gfm-like", {"html": True, "linkify": False})
_HEADINGS = [
    "Criteria",
    "Budget",
    "Iterations",
    "Effects that are not simply done",
    "People",
    "Lessons",
    "Recommended follow-ups",
    "Record",
]


def _cells(line: str) -> list[str]:
    return line.removeprefix("| ").removesuffix(" |").split(" | ")


def test_every_part_of_a_report_stands_in_the_text() -> None:
    """Readers find what was asked, claimed, verified, done, spent and learned."""
    report = busy_report()
    told = markdown_report(from_json(report))
    calls = cast("dict[str, int]", report["used"])["tool_calls"]
    places = [told.index(f"\n## {heading}") for heading in _HEADINGS]
    assert places == sorted(places)
    for words in (
        "# tune-checkout-latency: Achieved",
        "**Verdict:** complete (criteria_met) by engine, verified by ",
        "> and hold it there for three evaluations.",
        "| fast_enough | required | latency_ms &lt;= 200, 3 measurements in a row | met | 100% | 181 | 19 (9.5%) to spare |",
        f"| orders_lost | abort condition | orders_lost > 5 | clear | {MISSING} | 0 | 5 (100%) from striking |",
        "**At #9: ",
        "; 1 call failed**",
        f"| Tool calls | {calls} | 150 | {calls / 150:.0%} |",
        "409 another rollout is in progress",
        "reconciled by person:mira",
        "amended the budget",
        f"{report['events']} events, head 000102",
        f"    journeyman verify s --head {report['events']}:000102",
    ):
        assert words in told, words


def test_the_same_report_gives_the_same_text() -> None:
    """A report is kept as evidence: its text must not depend on when it was written."""
    assert markdown_report(from_json(hostile_report(busy_report()))) == markdown_report(
        from_json(hostile_report(busy_report()))
    )


def test_sessions_that_go_on_or_have_not_begun_are_told_too() -> None:
    """Reports are asked for at any time."""
    assert "# tune-checkout-latency: Waiting" in markdown_report(from_json(open_report()))
    assert "Waiting" in markdown_report(from_json(open_report()))
    assert "never evaluated" in markdown_report(from_json(empty_report()))


def test_hundreds_of_iterations_are_folded() -> None:
    """The first and last twenty are told, and how many lie between."""
    told = markdown_report(from_json(long_report(437)))
    assert "… 397 iterations lie between …" in told
    numbers = [
        int(found)
        for found in re.findall(r"^\| (\d+) \|", told.split("## Iterations")[1].split("\n## ")[0], re.MULTILINE)
    ]
    assert numbers == [*range(20), *range(417, 437)]


def test_hostile_text_stays_text_on_a_forge() -> None:
    """Rendered, a report full of markup has the elements of a plain one: no link, image or HTML."""
    plain, hostile = (
        FORGE.parse(markdown_report(from_json(one))) for one in (busy_report(), hostile_report(busy_report()))
    )
    kinds = {token.type for block in hostile for token in (block, *(block.children or []))}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "code_inline"}
    assert [t.type for t in plain if t.type.startswith(("t", "h"))] == [
        t.type for t in hostile if t.type.startswith(("t", "h"))
    ]


@given(st.text(max_size=400))
def test_no_text_breaks_a_table_cell(text: str) -> None:
    """A cell holds no border, tag or line break, whatever a tool wrote."""
    cell = escaped(text)
    assert not set(cell) & set("<|\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    assert "://" not in cell
    assert len(cell) <= 300 * 6


@given(st.text(alphabet="<>&|`*_[]()!\\~#-+=:/@w.$1 \nahtps", max_size=60))
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    """Rendering gives back the words, without markup of their own."""
    blocks = FORGE.parse(f"| a |\n| --- |\n| {escaped(text)} |")
    assert [block.type for block in blocks].count("td_open") == 1
    inline = [block for block in blocks if block.type == "inline"][1]
    assert {token.type for token in inline.children or []} <= {"text", "text_special"}
    assert "".join(token.content for token in inline.children or []).replace("\u2060", "") == one_line(text)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4))
def test_tables_keep_their_shape(args: dict[str, str]) -> None:
    """Every row of the effects table has six cells, whatever the arguments."""
    report = open_report(20)
    row: JsonObject = {
        "effect": "0.0",
        "iteration": 0,
        "tool": "t",
        "class": "pure",
        "purpose": "call",
        "state": "failed",
    }
    report["effects"] = [{**row, "args": {**args}}]
    rows = [
        line
        for line in markdown_report(from_json(report)).split("simply done")[1].split("\n## ")[0].splitlines()
        if line.startswith("| ")
    ]
    assert [len(_cells(row)) for row in rows] == [6, 6, 6]


def test_a_claim_that_evidence_denies_is_pointed_out() -> None:
    """Readers must not have to compare two lines to see that a run is wrong about itself."""
    report: JsonObject = busy_report() | {"outcome_now": "unknown"}
    assert "now says unknown" in claim_check(from_json(report)).doubt
    assert "**Look here:**" in markdown_report(from_json(report))
    assert claim_check(from_json(busy_report())).doubt == ""


def test_values_are_worded_for_people() -> None:
    """Times, evidence and rules read as a person would write them."""
    assert [duration_text(s) for s in (0.0196, 4.25, 200, 7500)] == ["20 ms", "4.25 s", "3 min 20 s", "2 h 05 min"]
    assert evidence_text({"first": 1, "slope": 0.5}) == "first 1, slope 0.5"
    assert one_line({"$blob": "ab" * 32, "bytes": 5000}) == "blob abababababab… (5000 bytes)"
    criterion = from_json(busy_report()).criteria[0]
    assert (
        criterion_rule(replace(criterion, sentence="out.csv exists", hold_for=2))
        == "out.csv exists, 2 measurements in a row"
    )
