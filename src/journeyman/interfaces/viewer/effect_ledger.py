"""Every call from its intent to what became of it: done, failed, unknown or reconciled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from journeyman.interfaces.pages.elements import none, pill, terms
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.frame import section
from journeyman.interfaces.viewer.iteration_timeline import EFFECT_TONES
from journeyman.interfaces.viewer.pager import paged, pager
from journeyman.mission.model.effects import CallPurpose
from journeyman.mission.report.call_text import call_text
from journeyman.mission.report.iteration_text import argument_changes
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import duration_text, one_line, time_text
from journeyman.mission.report.rows import EffectRow
from journeyman.mission.values.canonical import Json

_ROWS: Final = 25
_RECONCILED: Final = "reconciled"
_LONGEST: Final = 20_000
_PURPOSES: Final = {
    CallPurpose.CALL: "part of the strategy",
    CallPurpose.PROBE: "probe: fetches evidence",
    CallPurpose.REFRESH: "repeats a look that became stale",
    CallPurpose.CONTEXT: "context: no evidence",
}


def effects_section(report: Report, page: str, state: str) -> Html:
    """A page of the ledger, newest first, of one state or of all."""
    rows = [row for row in reversed(report.effects) if _is_in(row, state)]
    if not report.effects:
        return section("effects", "Effects", none("No call was made yet."))
    chosen = paged(rows, page, _ROWS)
    changes = argument_changes(report.effects)
    items = [_item(row, changes.get(row.effect, "")) for row in chosen.rows]
    shown = tag("ol", *items, class_="rows") if items else none("No effect is in this state.")
    name = report.session_id
    left = report.left_out.effects
    more = tag("p", text(f"{left:,} more are in the events alone."), class_="left-out") if left else NOTHING
    pages = pager(chosen, "effects", lambda at: of_session(name, effects=at, state=state) + "#effects")
    return section("effects", "Effects", _states(report, state), shown, pages, more)


def _is_in(row: EffectRow, state: str) -> bool:
    return state in ("", row.state.value) or (state == _RECONCILED and bool(row.reconciled_by))


def _states(report: Report, state: str) -> Html:
    reconciled = sum(bool(row.reconciled_by) for row in report.effects)
    counts = {**report.effects_by_state, **({_RECONCILED: reconciled} if reconciled else {})}
    rows = [
        ("", f"All {sum(report.effects_by_state.values()):,}"),
        *((one, f"{one} {n:,}") for one, n in counts.items()),
    ]
    links = [
        tag("a", text(words), href=of_session(report.session_id, state=one) + "#effects", class_="choice",
            aria_current="true" if one == state else None)
        for one, words in rows
    ]  # fmt: skip
    return tag("div", *links, class_="states tools", role="group", aria_label="Effects in state")


def _item(row: EffectRow, changed: str) -> Html:
    failed = f"{row.error_class}: {one_line(row.error)}" if row.error_class else ""
    more = " · ".join(
        part for part in (f"reconciled by {row.reconciled_by}" if row.reconciled_by else "", failed or changed) if part
    )
    summary = [
        pill(row.state.value, EFFECT_TONES.get(row.state.value, "going")),
        tag("span", text(call_text(row.tool, row.args, 200)), class_="title mono"),
        tag("span", text(more), class_="title quiet args"),
        tag("span", text("" if row.duration_s is None else duration_text(row.duration_s)), class_="quiet"),
    ]
    body = tag("div", *_body(row, changed), class_="body")
    return tag("li", tag("details", tag("summary", *summary), body, id=f"effect-{row.effect}"))


def _body(row: EffectRow, changed: str) -> Sequence[Html]:
    facts = [
        ("Effect", row.effect),
        ("Iteration", str(row.iteration)),
        ("Class", row.effect_class.value),
        ("Purpose", _PURPOSES.get(row.purpose, row.purpose.value)),
        ("Intended", time_text(row.intended_at)),
        ("Settled", time_text(row.settled_at) if row.settled_at else "not yet"),
        ("Tries", str(row.tries) if row.tries else ""),
        ("Questions whether it happened", str(row.extra_calls) if row.extra_calls else ""),
        ("Result", f"{row.result_bytes:,} bytes" if row.result_bytes else ""),
        ("Reconciled by", row.reconciled_by),
        ("Note", row.note),
        ("Different from the call before", changed),
    ]
    parts = [
        tag("dl", *terms((name, value) for name, value in facts if value), class_="facts"),
        block("Arguments", row.args),
    ]
    if row.error_class:
        parts.append(block(f"Error: {row.error_class}", row.error))
    if row.value is not None:
        parts.append(block("Result", row.value))
    return parts


def block(title: str, value: Json) -> Html:
    """A value as it is, in full but for very long ones."""
    shown = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    if isinstance(value, dict) and "$blob" in value:
        shown = f"kept in the record as blob {value['$blob']} ({value.get('bytes', '?')} bytes)"
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}… [{len(shown) - _LONGEST:,} more characters in the record]"
    return tag("div", tag("h3", text(title)), tag("pre", text(shown), tabindex="0", aria_label=title))
