"""Mistakes that people make in missions and on the command line, each with what the answer must say.

A good answer names the file, the line, the value and what to do next. `{line}` in a mission's text marks the line that must be
named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks._malformed_inputs import Case

_MARK: Final = "  # <-"
_BODY: Final = r"""directive: Make it fast.
commands:
  look: {run: echo 30, effect: pure, metrics: {latency_ms: {regex: '(\d+)'}}}
"""
_CRITERIA: Final = """criteria:
  - {id: fast, kind: metric_threshold, metric: latency_ms, op: "<=", target: 20, from: look}
"""
_BUDGET: Final = "budget: {iterations: 2}\n"
GOOD_MISSION: Final = _BODY + _CRITERIA + _BUDGET
COULD_NOT_START: Final = 4


def wrong_missions() -> Iterator[Case]:
    """Every mistake with what its answer must say."""
    yield from _advisors()
    yield from _expressions()
    yield from _types()
    yield from _units()
    yield from _parameters()
    yield from _includes()
    yield from _servers()
    yield from _tools()
    yield from _commands()
    yield from _command_lines()
    yield from _measuring()
    yield from _several_at_once()


def _case(name: str, more: str, *says: str, line: tuple[str, ...] = ("check",), code: int = 2, body: str = "") -> Case:
    """A mission with lines added behind a good one; `MISSION` in the command line is its path, which comes last otherwise."""
    text = body or (GOOD_MISSION + more)
    marked = next((number for number, row in enumerate(text.splitlines(), 1) if row.endswith(_MARK)), None)
    wanted = (*says, f"line {marked}:", "mission.yaml") if marked is not None else says

    def arguments(folder: Path, _: str) -> list[str]:
        path = folder / "mission.yaml"
        path.write_text(text.replace(_MARK, ""), encoding="utf-8")
        return [line[0], str(path), *line[1:]]

    return Case(f"mission: {name}, {' '.join(line)}", arguments, says=wanted, code=code)


def _advisors() -> Iterator[Case]:
    for command in ("check", "run"):
        yield _case("unknown advisor", f"advisor: clawde{_MARK}", "'clawde'", "[advisors.NAME]", line=(command,))
        chain = f"advisor:\n  chain: [none, gpt]{_MARK}"
        yield _case("unknown advisor in a chain", chain, "'gpt'", "[advisors.NAME]", line=(command,))
    yield _case(
        "unknown advisor of one run", "", "--advisor", "'gpt'", "`none` asks nobody", line=("run", "--advisor", "gpt")
    )
    yield _case("a model without advisor", "", "--model", "'m'", "--advisor", line=("run", "--model", "m"))


def _expressions() -> Iterator[Case]:
    for name, source, say in (
        ("open bracket", "obs['metrics'['x'] < 3", "'[' was never closed"),
        ("half a comparison", "obs['metrics']['x'] <", "invalid syntax"),
        ("a statement", "x = 1", "x = 1"),
    ):
        more = f'criteria:\n  - {{id: a, kind: event, event: e}}\n  - id: b\n    kind: predicate\n    expression: "{source}"{_MARK}\n'
        for command in ("check", "run"):
            yield _case(
                f"predicate, {name}", "", "criteria.1.expression", say, line=(command,), body=_BODY + more + _BUDGET
            )
    until = f'plan:\n  - calls: [{{tool: look}}]\n    until: "obs["{_MARK}'
    yield _case("a strategy's `until`", until, "plan.0.until", "never closed")


def _types() -> Iterator[Case]:
    server = f"tools: [s.*]\nservers:\n  s: {{type: sse, url: 'http://x/y'}}{_MARK}"
    yield _case("an old type of server", server, "'sse'", "stdio", "http")
    yield _case("a type of parameter", f"parameters:\n  n: intager{_MARK}", "'intager'", "integer, number, boolean")
    yield _case("a long type of parameter", f"parameters:\n  n: {{type: int}}{_MARK}", "'int'", "'integer'")
    body = f"directive: x\ncommands:\n  look: {{run: 'echo {{a}}', parameters: {{a: strin}}}}{_MARK}\n"
    yield _case("a type of a command's parameter", "", "strin", "string, integer", body=body + _CRITERIA + _BUDGET)
    kind = f"directive: x\n{_BUDGET}criteria:\n  - {{id: a, kind: metric_treshold}}{_MARK}\n"
    yield _case("a kind of criterion", "", "metric_treshold", "metric_threshold", body=kind)
    effect = f"directive: x\ncommands:\n  look: {{run: echo 1, effect: read}}{_MARK}\n{_CRITERIA}{_BUDGET}"
    yield _case("an effect class", "", "'read'", "'pure'", "'unsafe'", body=effect)
    key = f"maximise: latency_ms{_MARK}"
    yield _case("a key in other words", key, "maximise", "did you mean 'maximize'")


def _units() -> Iterator[Case]:
    for value in ("10 minutes", "5q", "-3s", "1h 30m", "ten"):
        yield _case(f"duration {value!r}", f"pause_s: {value}{_MARK}", repr(value), "500ms, 30s, 10m")
    for value in ("10 bananas", "1..5MB", "large"):
        yield _case(f"size {value!r}", f"limits: {{result_bytes: {value}}}{_MARK}", repr(value), "64KiB, 10MB")
    yield _case("a duration too long", f"pause_s: 3d{_MARK}", "pause_s", "86400")
    yield _case("a budget of one run", "", "wall_clock_s", "soon", line=("run", "--budget", "wall_clock_s=soon"))


def _parameters() -> Iterator[Case]:
    declared = "parameters:\n  workers: {type: integer, minimum: 1, maximum: 8}"
    of_one = (
        ("no value", (), "--set workers=…"),
        ("no number", ("--set", "workers=ten"), "'ten' is no integer"),
        ("below its least", ("--set", "workers=0"), "'0' is below 1"),
        ("above its most", ("--set", "workers=9"), "'9' is above 8"),
    )
    for name, given, say in of_one:
        for command in ("check", "run"):
            yield _case(
                f"parameter with {name}", f"{declared}{_MARK}", "parameters.workers", say, line=(command, *given)
            )
    more = f"{declared}\n  place: {{enum: [eu, us], default: eu}}{_MARK}"
    yield _case(
        "a parameter that is none of its values",
        more,
        "'as' is none of eu, us",
        line=("check", "--set", "place=as", "--set", "workers=2"),
    )
    yield _case(
        "a parameter that is not declared",
        declared,
        "'worker'",
        "did you mean 'workers'",
        line=("check", "--set", "worker=2"),
    )
    yield _case(
        "--set without a value",
        declared,
        "'workers' is not NAME=VALUE",
        "--set workers=4",
        line=("check", "--set", "workers"),
    )
    named = f"{declared}\nat_end: {{tool: look, args: {{x: '${{worker}}'}}}}{_MARK}"
    yield _case(
        "a name that is nearly a parameter",
        named,
        "'worker'",
        "did you mean 'workers'",
        line=("check", "--set", "workers=2"),
    )


def _includes() -> Iterator[Case]:
    yield _case("a file that includes itself", f"include: mission.yaml{_MARK}", "includes itself", "take one out")
    yield _case(
        "an included file that is not there", f"include: gone.yaml{_MARK}", "'gone.yaml'", "relative to the file"
    )
    yield _case("an include that is no name", f"include: 7{_MARK}", "7 is no file name", "include: common.yaml")

    def around(folder: Path, _: str) -> list[str]:
        (folder / "mission.yaml").write_text(f"{GOOD_MISSION}include: a.yaml\n", "utf-8")
        (folder / "a.yaml").write_text("include: b.yaml\n", "utf-8")
        (folder / "b.yaml").write_text("name: b\ninclude: a.yaml\n", "utf-8")
        return ["check", str(folder / "mission.yaml")]

    yield Case(
        "mission: includes in a circle", around, says=("b.yaml: line 2:", "'a.yaml' includes itself by", "take one out")
    )

    def fault_inside(folder: Path, _: str) -> list[str]:
        (folder / "mission.yaml").write_text(f"{GOOD_MISSION}include: shared.yaml\n", "utf-8")
        (folder / "shared.yaml").write_text("name: shared\npause_s: soon\n", "utf-8")
        return ["check", str(folder / "mission.yaml")]

    yield Case("mission: a fault in an included file", fault_inside, says=("shared.yaml: line 2:", "pause_s", "'soon'"))


def _servers() -> Iterator[Case]:
    gone = "tools: [look, s.*]\nservers:\n  s: {command: no-such-program-of-mine}"
    ends = "tools: [look, s.*]\nservers:\n  s: {command: 'false'}"
    for line in (("run",), ("run", "--dry-run"), ("check",)):
        say = ("server 's' cannot be started", "no-such-program-of-mine", "check its command")
        yield _case("a server that is not there", gone, *say, line=line, code=COULD_NOT_START)
    yield _case(
        "a server that ends at once",
        ends,
        "it ended with code 1",
        "check its command",
        line=("run",),
        code=COULD_NOT_START,
    )
    variable = "tools: [look, s.*]\nservers:\n  s: {command: cat, env: {TOKEN: '${NO_SUCH_VARIABLE_OF_MINE}'}}" + _MARK
    yield _case("a variable that is not set", variable, "NO_SUCH_VARIABLE_OF_MINE", "export", line=("run",))


def _tools() -> Iterator[Case]:
    for command in ("check", "run"):
        yield _case("a tool that is none", f"tools: [look, lok]{_MARK}", "lok", "nearest: look", line=(command,))
    plan = f"plan:\n  - calls: [{{tool: lok}}]{_MARK}"
    yield _case("a call of no tool", plan, "'lok' is not an allowed tool", "did you mean 'look'")
    body = f"{_BODY}criteria:\n  - {{id: fast, kind: tool_call_succeeded, tool: lok}}{_MARK}\n{_BUDGET}"
    yield _case("a criterion on no tool", "", "'lok' is not an allowed tool", body=body)
    probe = f"{_BODY}criteria:\n  - {{id: fast, kind: event, event: e, probe: {{tool: lok}}}}{_MARK}\n{_BUDGET}"
    yield _case("a probe by no tool", "", "'lok' is not an allowed tool", body=probe)


def _commands() -> Iterator[Case]:
    def new(*words: str) -> Case:
        return Case(
            f"options new {' '.join(words)}",
            lambda folder, _: ["new", str(folder / "x.yaml"), *words],
            says=("python", "http-slo", words[-1]),
        )

    yield new("--template", "test")
    yield new("-t", "http")
    yield _case("an id that is none", "", "'../x'", "1 to 128 of A-Z", line=("run", "--id", "../x"))
    yield _case("an output that is none", "", "'xml'", "ndjson", line=("run", "--output", "xml"))


def _command_lines() -> Iterator[Case]:
    """What stands in a command's own section."""
    rows = {
        "a type that is none": ('{run: [echo, "{n}"], parameters: {n: {type: intger}}}', "'intger'", "'integer'"),
        "bounds the wrong way round": (
            '{run: [echo, "{n}"], parameters: {n: {type: integer, minimum: 9, maximum: 2}}}',
            "`minimum` 9 is above `maximum` 2",
        ),
        "a default out of bounds": (
            '{run: [echo, "{n}"], parameters: {n: {type: integer, maximum: 2, default: 7}}}',
            "`default` 7 is above",
        ),
        "a pipe without a shell": ("pytest -q | tail -1", "'|'", "shell: true"),
        "a redirection without a shell": ("pytest -q 2>&1", "'2>&1'", "shell: true"),
        "a key that is almost one": ("{run: echo, efect: pure}", "did you mean 'effect'?"),
    }
    for name, (command, *says) in rows.items():
        body = f"{_BODY}  wrong: {command}{_MARK}\n{_CRITERIA}{_BUDGET}"
        yield _case(name, "", *says, body=body)


def _measuring() -> Iterator[Case]:
    """Numbers that nobody would ever give."""

    def asked(name: str, old: str, new: str, *says: str) -> Case:
        return _case(name, "", *says, body=f"{_BODY}{_CRITERIA.replace(old, new)[:-1]}{_MARK}\n{_BUDGET}")

    yield asked("a source that is no tool", "from: look", "from: loook", "'loook' is no allowed tool", "'look'")
    yield asked("a metric of nobody", "metric: latency_ms", "metric: latency", "reports no 'latency'", "'latency_ms'")
    yield asked("a part of the observation", "metric: latency_ms", "metric: errors", "no number", "`metrics.errors`")
    yield _case("an objective of nobody", f"minimize: latency{_MARK}", "'latency'", "'latency_ms'")
    yield _case("an end of no tool", f"at_end: {{tool: lok}}{_MARK}", "'lok' is not an allowed tool", "'look'")
    body = f'{_BODY}  set: {{run: [echo, "{{n}}"], parameters: {{n: integer}}}}\n{_CRITERIA}{_BUDGET}'
    yield _case("an end without its arguments", "", '"n" is a required', body=f"{body}at_end: {{tool: set}}{_MARK}\n")
    body = f"{_BODY}{_CRITERIA}  - {{id: done, kind: plan_finished}}{_MARK}\n{_BUDGET}"
    yield _case("a plan that is not there", "", "criterion 'done'", "without a `plan`", body=body)


def _several_at_once() -> Iterator[Case]:
    """Faults of which none may hide another."""
    twice = f"budget: {{iterations: 3}}{_MARK}\npause_s: soon"
    yield _case("a key twice and a wrong value", twice, "stands twice, first in line 6", "'soon'")
    lost = f"include: gone.yaml{_MARK}\npause_s: soon"
    yield _case("a lost include and a wrong value", lost, "'gone.yaml'", "'soon'")

    def json_file(folder: Path, _: str) -> list[str]:
        (folder / "mission.json").write_text('{"directive": "d",\n "budget": {"iterations": 3},\n}', "utf-8")
        return ["check", str(folder / "mission.json")]

    yield Case("mission: JSON with a comma too many", json_file, says=("line 3:", "is not JSON", "column 1"))
