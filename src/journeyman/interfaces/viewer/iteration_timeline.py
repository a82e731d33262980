"""The iterations, newest first, each from its plan to the reason of its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from journeyman.interfaces.pages.elements import none, pill, table, terms
from journeyman.interfaces.pages.markup import NOTHING, Html, joined, tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.frame import section
from journeyman.interfaces.viewer.pager import paged, pager
from journeyman.mission.report.call_text import call_text
from journeyman.mission.report.criterion_text import TONES, criterion_word
from journeyman.mission.report.iteration_text import IterationText, iteration_texts
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import person_action, proposer_text
from journeyman.mission.report.plain_text import duration_text, evidence_text, one_line, time_text
from journeyman.mission.report.rows import EffectRow, IterationRow, JudgedRow, PersonRow

_ROWS: Final = 20
_MOST_MARKS: Final = 8
VERDICT_TONES: Final = {"complete": "good", "terminate": "bad", "adjust": "warn"}
EFFECT_TONES: Final = {"done": "good", "failed": "bad", "unknown": "unsure", "intended": "going"}
_SIGNS: Final = {"good": "✓", "bad": "✕"}


def iterations_section(report: Report, page: str) -> Html:
    """A page of the timeline."""
    rows = list(reversed(report.iterations))
    if not rows:
        return section("iterations", "Iterations", none("None was proposed yet."))
    chosen = paged(rows, page, _ROWS)
    texts = iteration_texts(report)
    effects: dict[int, list[EffectRow]] = {}
    for effect in report.effects:
        effects.setdefault(effect.iteration, []).append(effect)
    aborts = frozenset(row.id for row in report.criteria if row.abort_when_met)
    answers: dict[str, list[PersonRow]] = {}
    for person in report.people:
        answers.setdefault(str(person.details.get("approval", "")), []).append(person)
    items = [
        _item(report.session_id, row, texts[row.index], effects.get(row.index, []), answers, aborts)
        for row in chosen.rows
    ]
    left = report.left_out.iterations
    more = tag("p", text(f"{left:,} iterations between the first and the newest are in the events alone."),
               class_="left-out") if left else NOTHING  # fmt: skip
    name = report.session_id
    pages = pager(chosen, "iterations", lambda at: of_session(name, iterations=at) + "#iterations")
    return section("iterations", "Iterations", tag("ol", *items, class_="rows"), pages, more)


def _item(
    session_id: str,
    row: IterationRow,
    words: IterationText,
    effects: Sequence[EffectRow],
    answers: Mapping[str, Sequence[PersonRow]],
    aborts: frozenset[str],
) -> Html:
    summary = tag("summary", *_summary(row, words, aborts))
    parts = [
        _step("Plan", _plan(row, words)),
        _step("Approval", _approval(answers.get(f"iteration-{row.index}", []))),
        _step("Effects", _effects(row, effects)),
        _step("Errors", _errors(row)),
        _step("Verdict", _evaluation(row, aborts)),
        _step("Decision", _decision(session_id, row, words)),
    ]
    body = tag("div", tag("ol", *(part for part in parts if part), class_="steps"), class_="body")
    return tag("li", tag("details", summary, body, id=f"iteration-{row.index}"))


def _summary(row: IterationRow, words: IterationText, aborts: frozenset[str]) -> list[Html]:
    chips = [tag("span", text(word), class_=f"pill small {tone}") for word, tone in words.trouble]
    title = tag("span", tag("span", text(words.line), class_="line"), *chips, class_="title")
    verdict = [pill("open", "going")]
    if row.verdict:
        reason = tag("span", text(row.reason.replace("_", " ")), class_="quiet")
        verdict = [pill(row.verdict, VERDICT_TONES.get(row.verdict, "plain-tone")), reason]
    marks = [_mark(one, aborts) for one in row.evaluation]
    if len(marks) > _MOST_MARKS:
        well = sum(_tone(one, aborts)[1] == "good" for one in row.evaluation)
        marks = [text(f"{well}/{len(row.evaluation)}")]
    return [
        tag("span", text(f"#{row.index}"), class_="number"),
        title,
        tag("span", *verdict, class_="verdict-cell"),
        tag("span", *marks, class_="marks"),
    ]


def _tone(one: JudgedRow, aborts: frozenset[str]) -> tuple[str, str]:
    word = criterion_word(one.status.value, aborts=one.id in aborts)
    return word, TONES.get(word, "going")


def _mark(one: JudgedRow, aborts: frozenset[str]) -> Html:
    word, tone = _tone(one, aborts)
    told = f"{one_line(one.id, 60)}: {word}"
    return tag("span", text(_SIGNS.get(tone, "?")), class_=f"mark {tone}", role="img", aria_label=told, title=told)


def _step(title: str, content: Html) -> Html:
    return tag("li", tag("h3", text(title)), content) if content else NOTHING


def _plan(row: IterationRow, words: IterationText) -> Html:
    if row.strategy is None:
        return tag("p", text("Only judged."))
    rows = [
        ("By", proposer_text(row)),
        ("Strategy", one_line(row.strategy.text, 600)),
        ("Why", one_line(row.strategy.rationale, 1000)),
        ("Changed", words.changed),
        ("Started", time_text(row.started_at)),
    ]
    return tag("dl", *terms((name, value) for name, value in rows if value), class_="facts")


def _approval(rows: Sequence[PersonRow]) -> Html:
    told: list[Html] = []
    for row in rows:
        verb, said = person_action(row)
        told.append(tag("li", text(f"{time_text(row.at)}: {row.actor} {verb}{f': {said}' if said else ''}")))
    return tag("ul", *told) if told else NOTHING


def _effects(row: IterationRow, effects: Sequence[EffectRow]) -> Html:
    if not effects:
        return NOTHING
    cells = [
        [
            tag("a", text(one.effect), href=f"#effect-{one.effect}"),
            tag("code", text(call_text(one.tool, one.args, 300))),
            pill(one.state.value, EFFECT_TONES.get(one.state.value, "going")),
            tag("span", text(_came(one)), class_="evidence"),
            text("" if one.duration_s is None else duration_text(one.duration_s)),
        ]
        for one in effects
    ]
    return table(
        f"Effects of iteration {row.index}", ["Effect", "Call", "State", "What came back", "Took"], cells, "plain"
    )


def _came(one: EffectRow) -> str:
    if one.error_class:
        return f"{one.error_class}: {one_line(one.error)}"
    return "" if one.value is None else evidence_text(one.value)


def _errors(row: IterationRow) -> Html:
    rows = [
        tag("li", text(f"{one.get('tool') or 'the iteration'}: {one.get('error_class')}: {one_line(one.get('error'))}"))
        for one in row.errors
    ]
    return tag("ul", *rows) if rows else NOTHING


def _evaluation(row: IterationRow, aborts: frozenset[str]) -> Html:
    if not row.evaluation:
        return NOTHING
    cells: list[list[Html]] = []
    for one in row.evaluation:
        word, tone = _tone(one, aborts)
        shown = "" if one.id in aborts else f"{one.progress:.0%}"
        stale = tag("span", text("not measured now"), class_="stale") if one.carried else NOTHING
        seen = tag("span", text(evidence_text(one.evidence)), class_="evidence")
        cells.append([tag("b", text(one.id), class_="name"), pill(word, tone), text(shown), tag("div", seen, stale)])
    return table(
        f"Evaluation of iteration {row.index}", ["Criterion", "Status", "Progress", "Evidence"], cells, "plain"
    )


def _decision(session_id: str, row: IterationRow, words: IterationText) -> Html:
    rows = [
        ("Verdict", f"{row.verdict}, because {row.reason.replace('_', ' ')}" if row.verdict else "still open"),
        ("Checkpoint", "yes" if row.checkpoint else "no"),
        ("Took", words.took),
    ]
    link = tag("a", text("Its events"), href=of_session(session_id, "events", iteration=row.index))
    fork = tag("code", text(f"journeyman fork {session_id} --at {row.index}"))
    ways = tag("p", link, text(" · another way from here: "), fork, class_="quiet")
    return joined([tag("dl", *terms((name, value) for name, value in rows if value), class_="facts"), ways])
