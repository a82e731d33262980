"""The report page as text: self-contained, safe, complete without JavaScript, bounded in size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.interfaces.pages.embedded_report import CHART_POINTS, LIST_BYTES, embedded, script_data
from journeyman.mission.report.model import from_json
from journeyman.mission.values.canonical import Json, JsonObject
from tests.interfaces.pages.reports import busy_report, empty_report, hostile_report, long_report, open_report, page_of


class _Page(HTMLParser):
    """Elements, attributes and text of a page, as a browser without JavaScript sees them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.words: list[str] = []
        self._inside: list[tuple[str, str | None]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._inside.append((tag, dict(attrs).get("type")))

    def handle_data(self, data: str) -> None:
        tag, kind = self._inside[-1] if self._inside else ("", None)
        if tag == "script":
            self.scripts.append((kind, data))
        elif tag != "style":
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1][0] == tag:
            self._inside.pop()


def test_nothing_outside_the_file_is_asked_for() -> None:
    """A report opens on a machine without network and tells nobody that it was opened."""
    source = page_of(busy_report())
    page = _Page(source)
    assert not re.search(r"(?i)https?:|//[a-z]|@import|url\(", re.sub(r"(?m)^\s*// .*$", "", source))
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(page.elements)
    assert all(value.startswith("#") for name, value in page.attributes if name in {"href", "src", "action", "data"})


def test_only_the_pages_own_script_may_run() -> None:
    """The policy names the script by its hash and allows nothing else."""
    page = _Page(page_of(hostile_report(busy_report())))
    policy = next(value for name, value in page.attributes if name == "content" and "default-src" in value)
    kinds = [kind for kind, _ in page.scripts]
    assert kinds == ["application/json", None]
    known = base64.b64encode(hashlib.sha256(page.scripts[1][1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{known}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "innerHTML" not in page.scripts[1][1]
    assert not [name for name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize("made", [busy_report, open_report, empty_report])
def test_hostile_text_adds_no_element(made: Any) -> None:
    """The page of a report full of markup has the elements of the plain one."""
    plain, hostile = _Page(page_of(made())), _Page(page_of(hostile_report(made())))
    assert Counter(plain.elements) == Counter(hostile.elements)
    assert {name for name, _ in plain.attributes} == {name for name, _ in hostile.attributes}


def test_the_report_is_embedded_once_and_reads_back() -> None:
    """What the page draws is the report itself."""
    report = hostile_report(busy_report())
    page = _Page(page_of(report))
    data = [text for kind, text in page.scripts if kind == "application/json"]
    assert len(data) == 1
    told = json.loads(data[0])
    charts = {"series", "budget_series", "left_out"}
    assert {key: told[key] for key in report if key not in charts} == {
        key: report[key] for key in report if key not in charts
    }
    assert [row["iteration"] for row in told["budget_series"]] == list(range(10))
    assert set(told) - set(report) == {"overview", "texts", "effect_texts"}


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_embedded_data_never_ends_its_element(value: Any) -> None:
    """No JSON holds a character that an HTML parser would act on, and all of it reads back."""
    told = script_data(value)
    assert not set(told) & set("<>&\u2028\u2029")
    assert json.loads(told) == value


def test_the_main_things_stand_without_javascript() -> None:
    """Mail viewers and locked-down browsers still show verdict, criteria, budget, people and record."""
    report = busy_report()
    calls = f"{cast('dict[str, int]', report['used'])['tool_calls']} of 150"
    words = " ".join(_Page(page_of(report)).words)
    for told in ("Achieved", "complete (criteria_met) by engine", "over fresh evidence", "fast_enough", "latency_ms <= 200",
                 "approved by person:mira", calls, "The dashboard shows the rollout", "amended the budget", "321, each sealed",
                 "journeyman replay s", "need JavaScript"):  # fmt: skip
        assert told in words, told
    stale = " ".join(_Page(page_of(open_report())).words)
    assert "Waiting" in stale


def test_the_same_report_gives_the_same_page() -> None:
    """Pages are kept as evidence."""
    assert page_of(busy_report()) == page_of(busy_report())


def test_ten_thousand_iterations_stay_a_reasonable_file() -> None:
    """What does not fit is counted and told; both ends and what went wrong stay."""
    report = long_report(10_000, value_bytes=3_000)
    rows: Any = report["effects"]
    rows[12_345] |= {"state": "unknown", "error": "lost"}
    told: Any = embedded(from_json(report))
    assert len(page_of(report).encode()) < 2.5 * LIST_BYTES
    for key in ("iterations", "effects"):
        full: Any = report[key]
        assert told["left_out"][key] == len(full) - len(told[key]) > 0
    kept = [row["index"] for row in told["iterations"]]
    assert kept == sorted(kept)
    assert {0, 1, 500, 9_500, 9_998, 9_999} <= set(kept)
    assert [row["effect"] for row in told["effects"] if row["state"] == "unknown"] == [rows[12_345]["effect"]]
    assert len(told["overview"]["columns"]) == 160
    assert told["overview"]["columns"][-1]["to"] == 9_999
    assert max(len(told["series"]["latency_ms"]), len(told["budget_series"])) <= CHART_POINTS


def test_short_reports_lose_nothing() -> None:
    """Thinning starts only where a file would grow large."""
    told: Any = embedded(from_json(long_report(300)))
    assert set(told["left_out"].values()) == {0}
    assert len(told["iterations"]) == 300


@given(st.dictionaries(st.integers(0, 4_999), st.floats(-1e9, 1e9), max_size=20), st.integers(CHART_POINTS + 1, 5_000))
def test_thinned_lines_keep_their_extremes(outliers: dict[int, float], count: int) -> None:
    """A single outlier among thousands of points is still drawn."""
    heights = [outliers.get(at, at % 7) for at in range(count)]
    points: list[Json] = [[at, height] for at, height in enumerate(heights)]
    report = empty_report()
    report["series"] = {"m": points}
    series: Any = embedded(from_json(report))["series"]
    drawn = [height for _, height in series["m"]]
    assert len(drawn) <= CHART_POINTS
    assert (min(drawn), max(drawn), drawn[0], drawn[-1]) == (min(heights), max(heights), heights[0], heights[-1])


def test_long_values_are_clipped_and_say_so() -> None:
    """A megabyte of output in one effect does not become a megabyte of page."""
    report = busy_report()
    effects: Any = report["effects"]
    effects[0] |= {"value": "x" * 1_000_000, "args": {"body": "y" * 9_000}}
    told: Any = embedded(from_json(report))
    assert told["effects"][0]["value"].endswith("more characters in the record]")
    assert len(json.dumps(told["effects"][0])) < 6_000


def test_colours_are_readable_in_both_schemes() -> None:
    """Every text colour has a contrast of at least 4.5 (WCAG 2.2 AA) on each ground it stands on."""
    style = (
        files("journeyman.interfaces.pages").joinpath("page.css").read_text(encoding="utf-8").split("*, ::before")[0]
    )
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", part)) for part in style.split("@media screen", 1))
    for scheme in (light, {**light, **dark}):
        pairs = [(ink, ground) for ink in ("ink", "soft") for ground in ("paper", "card", "calm-wash")]
        pairs += [
            (tone, ground) for tone in ("good", "bad", "unsure", "warn", "calm") for ground in ("card", f"{tone}-wash")
        ]
        pairs += [(ink, f"{tone}-wash") for ink in ("ink", "soft") for tone in ("good", "bad", "unsure")]
        for ink, ground in pairs:
            assert _contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground, _contrast(scheme[ink], scheme[ground]))


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, section 1.4.3."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_questions_to_models_stand_on_the_page() -> None:
    """Used, rejected or failed, and why; a page of a session that asked nobody says so."""
    row: JsonObject = {"at": "2026-01-01T00:00:00Z", "purpose": "strategy", "advisor": "claude", "iteration": 0}
    asked: list[Json] = [
        {
            **row,
            "ask": "s1#1",
            "state": "rejected",
            "failure": "schema_mismatch",
            "reason": "calls.0.tool",
            "answer_bytes": 64,
        },
        {**row, "ask": "s1#2", "state": "used", "input_tokens": 1200, "output_tokens": 34, "usage_source": "provider"},
    ]
    report: JsonObject = {**busy_report(), "advice": asked}
    words = " ".join(_Page(page_of(report)).words)
    assert "claude was asked 2 times: 1 accepted, 1 refused; 1,234 tokens." in words
    assert "0 claude strategy refused (schema_mismatch: calls.0.tool)" in words
    assert "No model was asked." in " ".join(_Page(page_of(busy_report())).words)
