"""The parts of the page that stand without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journeyman.interfaces.pages.elements import bar, icon, none, pill, plain_table, table, terms
from journeyman.interfaces.pages.embedded_report import MOST_PEOPLE
from journeyman.interfaces.pages.markup import NOTHING, Html, joined, tag, text
from journeyman.mission.report.best import best_words
from journeyman.mission.report.criterion_text import TONES, criterion_word
from journeyman.mission.report.document import Document, advice_table
from journeyman.mission.report.margins import margin_text
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import (
    BUDGETS,
    ClaimCheck,
    advice_totals,
    checking_commands,
    context_cells,
    criterion_rule,
    group_depths,
    person_action,
    role,
    writer,
)
from journeyman.mission.report.plain_text import amount_text, elapsed_text, evidence_text, one_line, time_text
from journeyman.mission.report.section import Section


def header(report: Report, how: ClaimCheck, above: str = "Journeyman report") -> Html:
    """The verdict header: what was asked, what the run claims, what its evidence shows; `above` stands over the name."""
    tone = TONES.get(how.word, "going")
    took = elapsed_text(report.started_at, report.ended_at)
    facts = [
        ("Session", one_line(report.session_id)),
        ("Tenant", one_line(report.tenant)),
        ("Forked from", one_line(report.parent) if report.parent else ""),
        ("Started", time_text(report.started_at)),
        ("Ended", time_text(report.ended_at)),
        ("Took", took),
        ("Iterations", f"{report.iterations_run:,}"),
    ]
    claims = [*how.facts]
    claims += [("Best", best_words(report.best))] if report.best is not None else []
    doubt = tag("p", icon("unsure"), text(how.doubt), class_="doubt", role="note") if how.doubt else NOTHING
    return tag(
        "header",
        tag("p", text(above), class_="eyebrow"),
        tag("h1", text(one_line(report.name, 200))),
        tag("p", text(report.directive), class_="directive"),
        tag(
            "div",
            tag("p", icon(tone), tag("strong", text(how.title)), class_="outcome"),
            tag("p", text(how.summary), class_="summary"),
            tag("dl", *terms(claims), class_="claims"),
            class_=f"verdict {tone}",
        ),
        doubt,
        tag("dl", *terms((name, value) for name, value in facts if value), class_="facts"),
    )


def document_header(found: Document, above: str = "Journeyman report") -> Html:
    """The header of a document that has no form of its own: how it comes out in one sentence, and its facts."""
    tone = found.outcome.tone or "going"
    return tag(
        "header",
        tag("p", text(above), class_="eyebrow"),
        tag("h1", text(found.name)),
        tag(
            "div",
            tag("p", icon(tone), tag("strong", text(found.outcome.text)), class_="outcome"),
            tag("p", text(found.summary), class_="summary"),
            tag("dl", *terms(found.facts), class_="claims stacked"),
            class_=f"verdict {tone}",
        ),
    )


def criteria(report: Report, lines: Mapping[str, Html] | None = None) -> Html:
    """The criteria with status, progress, evidence and freshness; `lines` are drawings of how each came there, by its id."""
    rows: list[list[Html]] = []
    judged = any(row.evaluation for row in report.iterations)
    depth = group_depths(report.mission.get("criteria"))
    told = [] if report.left_out.iterations else report.iterations
    for row in report.criteria:
        word = criterion_word(row.status.value, aborts=row.abort_when_met)
        about = one_line(row.definition.get("description", ""), 1000)
        rows.append(
            [
                pill(word, TONES.get(word, "going")),
                tag(
                    "div",
                    tag("b", text(row.id), class_="name"),
                    tag("span", text(role(row)), class_="chip"),
                    tag("code", text(criterion_rule(row)), class_="rule"),
                    tag("span", text(about), class_="about") if about else NOTHING,
                    style=f"--depth:{depth.get(row.id, 0)}",
                ),
                # An abort condition has no way to go: how far it is from striking stands beside its evidence.
                NOTHING if row.abort_when_met else bar(row.progress, f"Progress of {row.id}", TONES.get(word, "going")),
                joined(
                    [
                        tag("span", text(evidence_text(row.evidence, 600)), class_="evidence"),
                        tag("span", text(near), class_="margin") if (near := margin_text(row, told)) else NOTHING,
                        _freshness(fresh=not row.carried) if judged else NOTHING,
                    ]
                ),
                *([] if lines is None else [lines.get(row.id, NOTHING)]),
            ]
        )
    columns = ["Status", "Criterion", "Progress", "Evidence", *([] if lines is None else ["Trend"])]
    return table("Criteria", columns, rows, "criteria-table")


def _freshness(*, fresh: bool) -> Html:
    if fresh:
        return tag("span", text("fresh"), class_="fresh")
    return tag("span", text("not measured in the last iteration"), class_="stale")


def budget(report: Report, reserved: Mapping[str, float] | None = None) -> Html:
    """What was used of each budget, as bars; what of it is only `reserved` is told besides."""
    rows: list[Html] = []
    for kind, title in BUDGETS.items():
        spent, ceiling = report.used.of(kind), report.budget.of(kind)
        told = (
            f"{amount_text(kind, spent)} of {amount_text(kind, ceiling)}"
            if ceiling is not None
            else f"{amount_text(kind, spent)}, no limit"
        )
        if held := (reserved or {}).get(kind):
            told += f", {amount_text(kind, held)} of it reserved"
        drawn = NOTHING
        if spent is not None and ceiling is not None:
            share = spent / ceiling if ceiling else float(spent > 0)
            tone = "bad" if share >= 1 else "warn" if share >= 0.8 else "calm"
            drawn = bar(min(1.0, share), f"{title} used", tone)
        rows.append(tag("li", tag("span", text(title), class_="name"), tag("span", text(told), class_="amount"), drawn))
    return tag("ul", *rows, class_="card bars")


def words(report: Report) -> Html:
    """Lessons, follow-ups and notes, and who wrote them."""
    parts: list[Html] = []
    said = (
        ("Follow-ups", writer(report.followups_by), report.recommended_followups),
        ("Lessons", writer(report.lessons_by), report.lessons),
        ("Notes", "people", report.notes),
    )
    for title, who, rows in said:
        if rows:
            items = [tag("li", text(row)) for row in rows]
            heading = tag("h3", text(f"{title} "), tag("small", text(f"by {who}")))
            parts.append(tag("div", heading, tag("ul", *items), class_="card"))
    return tag("div", *parts, class_="charts") if parts else none("None.")


def people(report: Report) -> Html:
    """Who did what, when, and what they saw or said."""
    found = report.people
    rows: list[list[Html]] = []
    for row in found[:MOST_PEOPLE]:
        verb, said = person_action(row)
        rows.append([text(time_text(row.at)), text(row.actor), text(verb), tag("span", text(said), class_="evidence")])
    if not rows:
        return none("No person acted on this session, and none was asked.")
    more = len(found) - len(rows)
    told = tag("p", text(f"{more:,} later actions are left out here."), class_="left-out") if more > 0 else NOTHING
    return joined([table("People's actions", ["When", "Who", "Did", "Words"], rows, "plain"), told])


def advice(report: Report) -> Html:
    """What models were asked: in sum, and each question with how it ended and what it cost."""
    found = advice_table(report)
    if not found.rows:
        return none("No model was asked.")
    totals = [tag("p", text(row), class_="totals") for row in advice_totals(report)]
    return joined([*totals, plain_table("Questions to models", found)])


def plain_section(section: Section) -> Html:
    """A section that has no form of its own here: its sentences and its table, as every other form of the report has them."""
    parts = [tag("h2", text(section.title), id=f"{section.name}-title")]
    if section.table is not None:
        parts.append(plain_table(section.title, section.table))
    if section.sentences:
        parts.append(tag("ul", *(tag("li", text(row)) for row in section.sentences), class_="card"))
    if section.commands:
        parts.append(tag("pre", tag("code", text("\n".join(section.commands))), tabindex="0"))
    if section.after:
        parts.append(tag("p", text(section.after), class_="left-out"))
    return tag("section", *parts, id=section.name, aria_labelledby=f"{section.name}-title")


_CADENCE: Final = {
    "every_iterations": "judged after every {} iterations",
    "every_s": "judged every {} s",
    "on_event": "judged when {} is reported",
}


def mission(report: Report) -> Html:
    """What the mission allowed: tools, cadence and patience."""
    cadence = ", ".join(_CADENCE[name].format(value) for name, value in report.cadence.items())
    cadence = cadence.replace("every 1 iterations", "every iteration").replace("every 1 s", "every second")
    facts = [
        ("Allowed tools", ", ".join(report.allowlist) or "none"),
        ("Cadence", cadence),
        ("Stagnation", f"{report.stagnation_threshold} evaluations without progress"),
        ("Mission digest", report.mission_digest),
    ]
    rows = [
        [
            tag("b", text(row.name), class_="name"),
            text(row.effect + (", destructive" if row.destructive else "")),
            text(f"{row.calls:,}"),
            tag("code", text(one_line(row.pin, 200))),
        ]
        for row in report.tools
    ]
    pinned = (
        table("Tools as pinned at the start", ["Tool", "Effect", "Calls", "Pin"], rows, "plain") if rows else NOTHING
    )
    return joined([tag("dl", *terms(facts), class_="facts wide"), pinned, _context(report)])


def _context(report: Report) -> Html:
    """What was looked at for planner and advisors."""
    rows: list[list[Html]] = []
    for row in report.context:
        often, last, shown = context_cells(row)
        name, args = tag("b", text(row.tool), class_="name"), tag("code", text(one_line(row.args, 200)))
        rows.append([name, args, text(f"{often}; {last}"), tag("span", text(shown), class_="evidence")])
    columns = ["Tool", "Arguments", "When", "Result"]
    return table("Context: looked at, and no evidence", columns, rows, "plain") if rows else NOTHING


def record(report: Report) -> Html:
    """The record line and the commands that check it."""
    facts = [
        ("Events", f"{report.events:,}, each sealed with the hash of the one before"),
        ("Head", report.head_hash),
        ("Mission digest", report.mission_digest),
    ]
    return joined(
        [
            tag("dl", *terms(facts), class_="facts wide"),
            tag("p", text("This page cannot prove itself. These commands check the record that it was made from:")),
            *(_command(command) for command in checking_commands(report)),
        ]
    )


def _command(line: str) -> Html:
    shown = tag("pre", tag("code", text(line)), tabindex="0", aria_label="Command")
    return tag("div", shown, tag("span", data_copy="this command", data_copy_text=line), class_="command")
