"""What a check found, as data for programs."""

from __future__ import annotations

from journeyman.guard.checking import CheckOutcome, shown_path
from journeyman.guard.reasons import observed_words
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.values.canonical import Json, JsonObject


def result_json(outcome: CheckOutcome, *, head: str, note: str = "") -> JsonObject:
    """The whole result; `head` is the record's head, `note` how the file differs from what was pinned."""
    state = outcome.state
    rows: list[Json] = []
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        check = state.world.checks.get(criterion.id)
        rows.append(
            {
                "id": criterion.id,
                "status": known.status.value if known is not None else "inconclusive",
                "required": criterion.required,
                "wanted": criterion.sentence(),
                "observed": observed_words(known.result.evidence) if known is not None else "",
                "evidence": known.result.evidence if known is not None else None,
                "kept_from": check.kept_from if check is not None else "",
            }
        )
    touched: list[Json] = [{"path": shown_path(one.path), "how": one.how} for one in outcome.touched]
    return {
        "session_id": state.session_id,
        "status": state.status.value,
        "outcome": state.outcome.value if state.outcome is not None else None,
        "verdict": state.label.value if state.label is not None else None,
        "reason": state.reason.value if state.reason is not None else None,
        "waits_for_person": state.status is SessionStatus.WAITING,
        "workspace": state.check.workspace,
        "contract": state.check.contract,
        "mission": state.digest,
        "head": head,
        "criteria": rows,
        "touched": touched,
        "note": note,
        "silent_hooks": [*outcome.silent],
    }
