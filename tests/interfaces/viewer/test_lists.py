"""Events, comparisons, questions, missions and episodes, as a browser without JavaScript gets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeyman.engine.event_search import EventFilter, find_events
from journeyman.engine.records import newest_events
from journeyman.hosting.access import AccessScope
from tests.interfaces.viewer.demo import OFFERED
from tests.interfaces.viewer.served import Served, mission, served
from tests.interfaces.viewer.test_pages import words

FOREVER = {
    "criteria": [{"id": "never", "kind": "metric_threshold", "metric": "latency_ms", "op": "<", "target": 0}],
    "plan": [{"calls": [{"tool": "measure"}]}],
    "repeat": True,
    "explore": False,
    "budget": {"iterations": 120},
    "stagnation": {"threshold": 1000},
}


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One viewer for the file, with a session of a few hundred events."""
    with served(tmp_path_factory.mktemp("viewer")) as one:
        (one.folder / "missions").mkdir()
        (one.folder / "missions" / "roll-out.yaml").write_text(OFFERED)
        (one.folder / "gym").mkdir()
        one.run(mission("long", **FOREVER), "long")
        one.run(mission("short"), "short")
        one.run(mission("asks", approve="always"), "asks")
        yield one


def _seqs(source: str) -> list[int]:
    return [int(part.partition('"')[0]) for part in source.split('id="event-')[1:]]


def test_all_pages_together_hold_each_event_once(viewer: Served) -> None:
    """Backwards from the newest one, and forwards from the first one."""
    last = viewer.call(lambda host: newest_events(host.journeyman.store, "long", 1))[0].seq
    for cursor, name in (("", "older"), ("?after=0", "newer")):
        seen: list[int] = []
        path = f"/sessions/long/events{cursor}"
        while path:
            source = viewer.get(path).text
            seen += _seqs(source)
            word = "Older" if name == "older" else "Newer"
            links = [part for part in source.split("<a ") if part.partition("</a>")[0].endswith(f">{word}")]
            path = links[0].split('href="')[1].partition('"')[0].replace("&amp;", "&") if links else ""
        assert sorted(seen) == list(range(1, last + 1))


def test_events_are_found_by_kind_text_and_iteration(viewer: Served) -> None:
    """Each alone and together; the text has no case, and stands for itself."""
    source = viewer.get("/sessions/long/events?iteration=7").text
    assert source.count('class="kind">Proposed<') == source.count('class="kind">Decided<') == 1
    assert "iteration 7" in source
    kinds = viewer.get("/sessions/long/events?kind=Decided").text
    assert kinds.count('class="kind">Decided<') == 100
    assert 'class="kind">Settled<' not in kinds
    assert "No event fits" in words(viewer.get("/sessions/long/events?q=%3Cscript%3E"))
    assert viewer.get("/sessions/short/events?q=HALVE+THE&kind=Settled").text.count('class="kind">Settled<') == 4
    assert _seqs(viewer.get("/sessions/long/events?kind=Decided&iteration=7").text)
    assert viewer.get("/sessions/long/events?iteration=7&before=3").status_code == 200
    assert viewer.get("/sessions/long/events?before=x&after=-1&iteration=1e9").status_code == 200
    assert viewer.get("/sessions/none/events").status_code == 404


def test_an_iteration_is_found_as_a_whole_reading_finds_it(viewer: Served) -> None:
    """Halving gives the very events that a walk through the record counts with an iteration."""

    async def both(host: object) -> None:
        store = host.journeyman.store  # type: ignore[attr-defined]
        everything = await newest_events(store, "long", 100_000)
        for index in (0, 1, 58, 119, 120, 5000):
            found = await find_events(store, "long", EventFilter(iteration=index), 1000)
            assert [row.seq for row in found.rows] == [row.seq for row in everything if row.iteration == index], index
            assert {row.iteration for row in found.rows} <= {index}

    viewer.call(both)


def test_two_sessions_are_laid_beside_each_other(viewer: Served) -> None:
    """From the first event at which they differ; whoever names one that is not there is told."""
    told = words(viewer.get("/compare?left=long&right=short"))
    assert "First difference" in told
    assert "Where the missions differ" in told
    assert viewer.get("/compare?left=long&right=nobody").status_code == 404
    assert "Choose two sessions" in words(viewer.get("/compare?left=long"))


def test_what_waits_is_answered_in_one_place(viewer: Served) -> None:
    """With the call and all its arguments; afterwards it is not there any more."""
    session = viewer.run(mission("asks too", approve="always"))
    page = viewer.get("/waiting")
    assert "asks too" in words(page)
    assert page.text.count('class="card asked"') == 2
    fields = {"act": "answer", "approval": "iteration-0", "granted": "no", "back": "waiting"}
    done = viewer.post(f"/sessions/{session}/act", **fields)
    assert done.headers["location"] == "/waiting"
    viewer.call(lambda host: host.rest(session, 30))
    assert viewer.post(f"/sessions/{session}/act", **fields | {"back": "//evil.example"}).headers.get("location") in (
        None,
        f"/sessions/{session}",
    )


def test_a_mission_is_started_with_its_parameters(viewer: Served) -> None:
    """A form asks for them by their types; what is wrong with a value is told, and files outside do not exist."""
    assert "roll-out.yaml" in words(viewer.get("/missions"))
    form = viewer.get("/missions?file=roll-out.yaml")
    assert '<option value="search">' in form.text
    assert "number from 0 to 1" in words(form)
    wrong = viewer.post("/missions", file="roll-out.yaml", **{"value-share": "7", "value-ticket": "T-1"})
    assert wrong.status_code == 422
    assert "is above 1" in words(wrong)
    assert "has no value" in words(viewer.post("/missions", file="roll-out.yaml"))
    started = viewer.post("/missions", file="roll-out.yaml", **{"value-ticket": "T-1", "value-service": "search"})
    assert started.status_code == 303
    assert "Roll the new version of search out to 0.1" in words(viewer.get(started.headers["location"]))
    for name in ("../data/x.yaml", "/etc/passwd", "none.yaml"):
        assert viewer.get("/missions?file=" + name).status_code == 404
    assert viewer.post("/missions", "cross-site", file="roll-out.yaml", **{"value-ticket": "x"}).status_code == 403
    viewer.scopes = frozenset({AccessScope.READ})
    try:
        assert viewer.get("/missions").status_code == 403
        assert "Start" not in words(viewer.get("/compare"))
    finally:
        viewer.scopes = frozenset(AccessScope)


def test_logs_of_the_gym_are_listed_and_their_episodes_told(viewer: Served, tmp_path: Path) -> None:
    """Files of other programs are passed over; nothing outside of the folder is read; nothing that looking starts is code."""
    del tmp_path
    row = {"policy": "heuristic", "task_id": "easy-validation-0@3", "score": 0.5, "roles": [0.1, 0.2, 0.3, 0.4],
           "succeeded": True, "steps": 9, "availability": 0.75, "failures": 1, "rogues": 2, "caught": 1, "false_flags": 0,
           "wrong_acts": 0}  # fmt: skip
    code = {**row, "policy": "evil.py:play"}
    folder = viewer.folder / "gym"
    (folder / "scores.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(code) + "\n" + '{"policy": "cut')
    (folder / "other.jsonl").write_text('{"a": 1}\nnothing\n')
    (folder / "wrong.jsonl").write_text('{"policy": 1, "task_id": 2, "score": "x"}\n')
    listed = words(viewer.get("/gym"))
    assert "scores.jsonl" in listed
    assert "other.jsonl" not in listed
    page = viewer.get("/gym?log=scores.jsonl")
    assert "2 episodes" in words(page)
    assert "1 of 2 rogues" in words(page)
    assert page.text.count("/gym/episode?") == 1
    assert viewer.get("/gym?log=../data/x.jsonl").status_code == 404
    assert viewer.get("/gym?log=wrong.jsonl").status_code == 422
    asked = "/gym/episode?log=scores.jsonl&task=easy-validation-0@3&policy="
    assert viewer.get(asked + "oracle").status_code == 404
    assert viewer.get(asked + "evil.py:play").status_code == 409
    assert viewer.get("/gym/episode?trace=scores.jsonl").status_code == 422


def test_an_episode_is_drawn_with_its_messages(viewer: Served) -> None:
    """Who calls whom, metrics over time, who said what to whom, reward per role; a score that differs is told."""
    pytest.importorskip("numpy")
    row = {"policy": "heuristic", "task_id": "easy-validation-0@3", "score": 0.1, "roles": [0, 0, 0, 0], "succeeded": True,
           "steps": 9, "availability": 0.75, "failures": 1, "rogues": 0, "caught": 0, "false_flags": 0, "wrong_acts": 0}  # fmt: skip
    (viewer.folder / "gym" / "drawn.jsonl").write_text(json.dumps(row) + "\n")
    page = viewer.get("/gym/episode?log=drawn.jsonl&task=easy-validation-0@3&policy=heuristic&step=99999")
    told = words(page)
    for part in (
        "Services after step 17",
        "front-door",
        "everybody",
        "all clear",
        "Reward per role",
        "sre",
        "another play",
    ):
        assert part in told, part
    assert page.text.count('class="call-line"') == 5


def test_a_session_that_asks_for_more_budget_is_told_of(viewer: Served) -> None:
    """It asks nothing that yes or no would answer, and still waits for somebody."""
    session = viewer.run(mission("out of budget", budget={"iterations": 1}, on_exhausted="ask"))
    page = viewer.get("/waiting")
    assert "It asks for more budget" in words(page)
    assert f"/sessions/{session}#act" in page.text
    assert viewer.post(f"/sessions/{session}/act", act="amend", **{"budget-iterations": "20"}).status_code == 303
    viewer.call(lambda host: host.rest(session, 30))
    assert "Achieved" in words(viewer.get(f"/sessions/{session}"))
    assert "out of budget" not in words(viewer.get("/waiting"))
