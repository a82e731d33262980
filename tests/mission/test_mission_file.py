"""Mission files: every problem at once, with its line and the nearest key."""

from __future__ import annotations

import json

import pytest

from journeyman.mission.files.mission_file import parse_mission
from journeyman.mission.model.mission import Function, dump, mission_digest
from journeyman.mission.values.errors import InvalidInput

GOOD = """\
name: a
directive: do it
functions: ["m:f"]
tools: [f]
criteria: [{id: c, kind: metric_threshold, metric: n, op: ">=", target: 1}]
budget: {iterations: 3}
"""


def told(text: str) -> list[str]:
    """The problems of a file."""
    with pytest.raises(InvalidInput) as caught:
        parse_mission(text)
    return [str(problem) for problem in caught.value.problems]


def test_yaml_json_and_toml_mean_the_same() -> None:
    """Three forms, one digest."""
    mission = parse_mission(GOOD)
    as_json = parse_mission(json.dumps(dump(mission)), "json")
    as_toml = parse_mission(
        'name="a"\ndirective="do it"\nfunctions=["m:f"]\ntools=["f"]\nbudget={iterations=3}\n'
        '[[criteria]]\nid="c"\nkind="metric_threshold"\nmetric="n"\nop=">="\ntarget=1\n',
        "toml",
    )
    assert mission_digest(mission) == mission_digest(as_json) == mission_digest(as_toml)


def test_functions_and_metrics_are_read_in_both_forms() -> None:
    """A name, or how it is run; a path, a pattern, or both."""
    text = GOOD.replace('["m:f"]', '["m:f", {function: "m:g", isolate: true}]')
    metrics = {"a": {"tool": "f", "path": "x.y"}, "b": {"tool": "*", "path": "log", "regex": "n=(.*)"}}
    mission = parse_mission(f"{text}metrics: {json.dumps(metrics)}\n")
    assert mission.functions == ["m:f", Function(function="m:g", isolate=True)]
    assert dump(mission)["metrics"] == metrics
    assert dump(mission)["functions"] == ["m:f", {"function": "m:g", "isolate": True}]


def test_every_problem_is_told_at_once_with_its_line_and_the_nearest_key() -> None:
    """One look at the file mends it."""
    text = GOOD.replace("directive", "directve").replace(">=", "=>").replace("iterations", "iteration")
    assert told(text) == [
        "line 1: directive: is missing",
        "line 2: directve: is not a known key (did you mean 'directive'?)",
        "line 5: criteria.0.op: input should be '<', '<=', '>', '>=', '==' or '!=', not '=>'",
        "line 6: budget.iteration: is not a known key (did you mean 'iterations'?)",
    ]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("target: 1", "target: .nan"), "not a finite number"),
        (("target: 1", "target: true"), "target"),
        (("{iterations: 3}", "{}"), "needs a limit"),
        (("{iterations: 3}", "{iterations: -1}"), "greater than or equal to 1"),
        (("kind: metric_threshold", "kind: rubric"), "mentor"),
        (("kind: metric_threshold", "kind: metric_treshold"), "did you mean 'metric_threshold'?"),
        (("tools: [f]", "tools: []"), "`tools` is empty"),
        (('functions: ["m:f"]', 'functions: [{function: "m:f", isolat: true}]'), "did you mean 'isolate'?"),
        (('functions: ["m:f"]', "functions: [5]"), "functions.0: input should be"),
        (("name: a", "name: a\nmetrics: {n: {tool: f, regx: '(a)'}}"), "did you mean 'regex'?"),
        (("name: a", "name: a\nmetrics: {n: {tool: f}}"), "metrics.n: needs `path`"),
        (("name: a", "name: a\nmetrics: {n: {tool: f, regex: '(a)(?=b)'}}"), "runs in linear time"),
        (("name: a", "name: a\nname: b"), "stands twice"),
        (("name: a", "name: &x a\nplan: *x"), "aliases"),
        (("directive: do it", "directive: '  '"), "is empty"),
    ],
)
def test_a_fault_is_told_in_words(change: tuple[str, str], word: str) -> None:
    """What it is and what to do."""
    assert any(word in line for line in told(GOOD.replace(*change))), told(GOOD.replace(*change))


def test_duplicate_ids_are_named() -> None:
    """Also inside groups."""
    text = GOOD.replace("criteria: [", "criteria: [{id: g, kind: any_of, criteria: [{id: c, kind: event, event: x}]}, ")
    assert any("'c' stands more than once" in line for line in told(text))


@pytest.mark.parametrize(
    "text", ["", "[]", "- a", "null", "just text", "{", "\x00", "a: [1", "? a\n: {b", "!!python/object:os.system x"]
)
def test_what_is_no_mission_at_all_is_said_so(text: str) -> None:
    """No traceback for any text."""
    assert told(text)


@pytest.mark.parametrize(
    "server",
    [
        "{url: 'https://here/mcp', type: http}",
        "{url: 'http://here', type: streamable-http}",
        "{command: x, type: stdio}",
    ],
)
def test_a_server_may_say_its_type_as_other_clients_write_it(server: str) -> None:
    """An entry that is copied from another client's file works as it is."""
    assert parse_mission(f"{GOOD}servers: {{s: {server}}}\n").servers["s"].type


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("{url: 'https://here', type: stdio}", "'stdio' is not spoken here"),
        ("{command: x, type: sse}", "'sse' is not spoken here"),
        ("{command: x, headers: {a: b}}", "has a command, so headers mean nothing"),
        ("{url: 'http:///x'}", "is not an http or https address"),
    ],
)
def test_a_servers_entry_is_checked_when_the_file_is_read(server: str, said: str) -> None:
    """The file's fault, with its place, not a surprise at the start."""
    assert said in told(f"{GOOD}servers: {{s: {server}}}\n")[0]
