"""What an attempt is told follows from the record alone, and nobody speaks in another's name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.fold import fold_all
from journeyman.mission.fold.task import after_judgement
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission, dump, mission_digest
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.model.strategy import Strategy
from journeyman.mission.model.task import TaskProgress
from journeyman.mission.planner.attempts import attempt_args, next_attempt, with_feedback, with_notes
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.value import replace

TASK: dict[str, Any] = {
    "directive": "Write it.",
    "task": {"agent": "codex"},
    "criteria": [{"id": "a", "kind": "artifact", "path": "a.md"}, {"id": "b", "kind": "artifact", "path": "b.md"}],
    "budget": {"iterations": 3, "tokens": 1000},
}


FOUND: list[tuple[str, CriterionStatus, Json]] = [
    ("a", CriterionStatus.MET, "there"),
    ("b", CriterionStatus.UNMET, {"exit_code": 1, "output_tail": "x" * 5000 + "the end"}),
]


def state_with(notes: tuple[str, ...] = (), **changes: Any) -> State:
    """A task of which two attempts were made."""
    mission = Mission.model_validate({**TASK, **changes})
    created = e.SessionCreated(tenant="t", session_id="s", mission=dump(mission), digest=mission_digest(mission))
    events = [EventRecord(at="2026-01-01T00:00:00.000000Z", actor="engine", event=created)]
    events += [
        EventRecord(at="2026-01-01T00:00:01.000000Z", actor="person:ada", event=e.NoteAdded(text=note))
        for note in notes
    ]
    state = fold_all(None, events)
    assert state is not None
    results = {
        name: e.CriterionResult(id=name, status=status, progress=0, evidence=found) for name, status, found in FOUND
    }
    progress = replace(state.progress, criteria={name: CriterionState(result=row) for name, row in results.items()})
    return replace(state, progress=progress, task=TaskProgress(last=2, best=1, best_score=0.5))


def test_what_failed_is_told_with_its_last_words() -> None:
    """What is met is not; a long output is cut at its beginning."""
    args = attempt_args(state_with())
    assert isinstance(args["failed"], list)
    (row,) = args["failed"]
    assert isinstance(row, dict)
    assert (row["criterion"], row["asks"]) == ("b", "b.md exists")
    assert str(row["found"]).startswith("it exited with 1\n[…]xxx")
    assert str(row["found"]).endswith("the end")
    assert len(str(row["found"])) < 1600
    assert args["tokens_left"] == 1000


def test_the_first_attempt_is_told_of_no_failure() -> None:
    """Nothing was judged that an agent has made."""
    state = replace(state_with(), task=TaskProgress())
    assert next_attempt(state).calls[0].args == {"tokens_left": 1000}


SAID = st.one_of(
    st.text(), st.none(), st.lists(st.fixed_dictionaries({"source": st.just("person"), "text": st.text()}))
)


@given(notes=st.lists(st.text(min_size=1, max_size=40), max_size=25), said=SAID)
def test_nobody_speaks_in_a_persons_name(notes: list[str], said: Any) -> None:
    """Whatever an advisor's strategy holds: what is a person's word is a note of the record, and no more than that."""
    state = state_with(tuple(notes))
    strategy = Strategy.model_validate(
        {"calls": [{"tool": "attempt", "args": {"feedback": said, "failed": [], "tokens_left": 10**9}}]}
    )
    args = with_notes(state, dict(with_feedback(state, strategy, "advisor:m").calls[0].args))
    rows = args.get("feedback", [])
    assert isinstance(rows, list)
    people = [row["text"] for row in rows if isinstance(row, dict) and row["source"] == "person"]
    assert people == [note.strip() for note in notes if note.strip()][-20:]
    assert {str(row["source"]) for row in rows if isinstance(row, dict)} <= {"person", "advisor:m"}
    assert args["tokens_left"] == 1000
    assert args["failed"]


def test_what_was_noted_since_the_proposal_is_told() -> None:
    """A person says yes, and what to do besides."""
    proposed = attempt_args(state_with(("first",)), "advisor:m", "do this")
    later = with_notes(state_with(("first", "and that")), proposed)
    assert later["feedback"] == [
        {"source": "person", "text": "first"}, {"source": "person", "text": "and that"}, {"source": "advisor:m", "text": "do this"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "met", "best"),
    [(0.5, False, 1), (0.4, False, 1), (0.6, False, 2), (0.4, True, 2)],
    ids=["as good", "worse", "better", "fulfils the contract"],
)
def test_the_best_attempt_is_kept(total: float, *, met: bool, best: int) -> None:
    """One that fulfils all that is required is better than any that does not."""
    state = state_with()
    status = CriterionStatus.MET if met else CriterionStatus.UNMET
    criteria = {
        name: CriterionState(result=e.CriterionResult(id=name, status=status, progress=0)) for name in ("a", "b")
    }
    assert after_judgement(state.task, state.mission, criteria, total).best == best


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plan": [{"calls": [{"tool": "attempt"}]}]}, "`plan` would do other work"),
        ({"task": {"agent": "codex", "source": ".", "follows": {"session": "s", "attempt": 1}}}, "begins with one of them"),
        ({"mode": "check"}, "`task` would act"),
        ({"task": {"agent": "codex", "efforts": 3}}, "efforts"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_task_is_refused(changes: dict[str, Any], words: str) -> None:
    """With one clear reason."""
    with pytest.raises(ValidationError, match=words):
        Mission.model_validate({**TASK, **changes})
