"""Malformed inputs: files, fields, criteria, names, paths, folders, options and answers of tools, made deterministically."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GOOD: Final[dict[str, Any]] = {
    "name": "good",
    "directive": "Look.",
    "functions": ["lying:good"],
    "tools": ["good"],
    "effects": {"good": "pure"},
    "criteria": [{"id": "seen", "kind": "tool_call_succeeded", "tool": "good"}],
    "budget": {"iterations": 3},
}


@dataclass(frozen=True, slots=True)
class Case:
    """One malformed input on its way through the command line."""

    name: str
    arguments: Callable[[Path, str], list[str]]
    """Gives the command line, from a fresh folder and the id of a good session."""
    says: tuple[str, ...] = ()
    """What the answer must hold: file, line, value, what to do next."""
    code: int = 2
    """With which it ends: 4 where the input is well formed and what it names cannot be started."""


def cases() -> list[Case]:
    """Every case that goes through the command line."""
    return [*_files(), *_fields(), *_criteria(), *_names(), *_paths(), *_folders(), *_options()]


def _file(name: str, suffix: str, content: str | bytes, command: str = "run") -> Case:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")

    def arguments(folder: Path, _: str) -> list[str]:
        path = folder / f"mission{suffix}"
        path.write_bytes(data)
        return [command, str(path), *(["--quiet", "--no-input"] if command == "run" else [])]

    return Case(f"file: {name} {suffix}", arguments)


def _mission(name: str, plain: object) -> Iterator[Case]:
    try:
        text = json.dumps(plain)
    except RecursionError:
        return
    yield _file(name, ".json", text)


_YAML_ONLY: Final[dict[str, str]] = {
    "an alias": "a: &x [1]\nb: *x\n",
    "an alias of itself": "&x a: *x\n",
    "a bomb": "a: &a [1]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "a python object": "!!python/object/apply:os.system ['echo bad']\n",
    "an unknown tag": "directive: !secret x\n",
    "a merge key": "base: &b {name: x}\n<<: *b\n",
    "a tab": "directive: Look.\n\tname: x\n",
    "a key that is a list": "? [a, b]\n: 1\n",
    "a key that is a number": "1: 2\n",
    "a key that is null": "~: 2\n",
    "a date": "directive: 2026-01-01\n",
    "a set": "tools: !!set {a, b}\n",
    "binary data": "directive: !!binary aGk=\n",
    "an octal": "budget: {iterations: 0o17x}\n",
    "NaN as YAML knows it": "directive: x\nbudget: {wall_clock_s: .nan}\n",
    "infinity as YAML knows it": "directive: x\nbudget: {wall_clock_s: .inf}\n",
    "a bad escape": 'directive: "\\q"\n',
    "bad indentation": "directive: x\n  name: y\n name: z\n",
}


def _files() -> Iterator[Case]:
    good = json.dumps(GOOD)
    texts: dict[str, str | bytes] = {
        "empty": "",
        "white space": " \n\t\n ",
        "a comment": "# nothing\n",
        "a number": "42",
        "a text": '"mission"',
        "a list": "[1, 2]",
        "null": "null",
        "true": "true",
        "binary": bytes(range(256)) * 4,
        "not UTF-8": good.encode().replace(b"Look", b"L\xff\xfek"),
        "UTF-16": good.encode("utf-16"),
        "a NUL": good.replace("Look", "Lo\0ok"),
        "a lone surrogate": good.encode().replace(b"Look", "Lo\ud800k".encode("utf-8", "surrogatepass")),
        "an escaped lone surrogate": good.replace("Look", "Lo\\ud800k"),
        "cut off": good[: len(good) // 2],
        "an open quote": good.replace('"Look."', '"Look.'),
        "two documents": f"{good}\n---\n{good}",
        "a trailing brace": f"{good}}}",
        "deep lists": "[" * 5000 + "]" * 5000,
        "deep objects": '{"a":' * 3000 + "1" + "}" * 3000,
        "huge": good.replace("Look", "x" * (2 << 20)),
        "NaN": good.replace('"iterations": 3', '"iterations": 3, "wall_clock_s": NaN'),
        "infinity": good.replace('"iterations": 3', '"iterations": 3, "wall_clock_s": Infinity'),
        "a float too large": good.replace('"iterations": 3', '"iterations": 3, "wall_clock_s": 1e999'),
        "an integer too large": good.replace('"iterations": 3', '"iterations": ' + "9" * 5000),
        "a key twice": good.replace('"name": "good"', '"name": "good", "name": "better"'),
        "a deep key twice": good.replace('"iterations": 3', '"iterations": 3, "iterations": 4'),
    }
    for name, text in texts.items():
        yield _file(name, ".yaml", text)
        yield _file(name, ".json", text, "check")
        yield _file(name, ".toml", text)
    for name, text in _YAML_ONLY.items():
        yield _file(name, ".yaml", text)
        yield _file(name, ".yml", text, "check")
    toml_only = {
        "a date": 'directive = 2026-01-01\nname = "x"\n',
        "a table twice": "[budget]\niterations = 1\n[budget]\niterations = 2\n",
        "NaN": 'directive = "x"\n[budget]\nwall_clock_s = nan\n',
        "no value": "directive =\n",
    }
    for name, text in toml_only.items():
        yield _file(name, ".toml", text)


_WRONG: Final[dict[str, list[Any]]] = {
    "name": [7, "", " x", "a/b", "x" * 200, [], {}, None, "../up"],
    "directive": [7, "", "   ", [], {}, None, True, "x" * 9000],
    "functions": [7, "lying:good", [7], ["lying"], ["lying:"], [":good"], ["no_such_module:f"], ["lying:gone"], ["os:environ"], [""], ["../up:f"], {"a": 1}],
    "tools": [7, "good", [7], [], ["no_such_tool"], [""], None, {"good": 1}, [["good"]]],
    "effects": [7, [], {"good": "harmless"}, {"good": 7}, {"good": {"class": "probed"}}, {"good": {}}, {"good": {"class": "pure", "colour": 1}}, {"": "pure"}],
    "criteria": [7, [], {}, None, "seen", [7], [None], [[]], [{}]],
    "budget": [7, [], {}, None, {"iterations": 0}, {"iterations": -1}, {"iterations": 1.5}, {"iterations": "3"}, {"iterations": True}, {"wall_clock_s": 0}, {"wall_clock_s": "1 minute"}, {"tool_calls": 5}, {"iterations": 3, "iteration": 4}, {"iterations": 3, "tokens": -1}, {"iterations": 3, "cost_usd": -0.1}],
    "servers": [7, [], {"git": 7}, {"git": {}}, {"git": {"command": "x", "url": "http://x"}}, {"git": {"command": 7}}, {"a b": {"command": "x"}}, {"git": {"command": "x", "args": "y"}}, {"git": {"command": "x", "env": {"A": 1}}}, {"git": {"url": 7}}],
    "plan": [7, "plan.py", {"script": 7}, {"script": "no_such_file.py"}, {"script": "../../etc/passwd\0"}, [7], [{}], [{"calls": [{"tool": "good"}], "script": "x\n"}], [{"calls": [{"tool": "good"}], "sleep_s": -1}], [{"calls": [{}]}], [{"calls": [{"tool": "good", "args": []}]}], [{"calls": "good"}], [{"sleep_s": 1e9}], [{"calls": [{"tool": "good"}] * 200}], [{"calls": [{"tool": "no_such_tool"}]}]],
    "explore": ["yes", 1, 0.5, []],  # null means: only where there is no plan
    "repeat": ["yes", 1, None, [], True],  # there is no plan to repeat
    "metrics": [7, [], {"m": {}}, {"m": {"tool": "good"}}, {"m": {"tool": "good", "regex": "("}}],
    "advisor": [7, [], {"chain": []}, {"chain": [7]}, {"chains": ["a"]}, ""],
    "approve": ["sometimes", 7, [], {"good": "perhaps"}, None, True],
    "cadence": [7, {}, {"every_iterations": 0}, {"every_s": -1}, {"every_iterations": 1, "every_s": 1}, {"often": 1}, []],
    "stagnation": [7, {"threshold": 0}, {"threshold": "3"}, {"treshold": 3}, []],
    "scripts": ["maybe", True, 7, None],
    "pause_s": [-1, "1", 1e9, None, []],
    "on_unknown": ["guess", 7, None],
    "on_exhausted": ["stop", 7, None],
    "limits": [7, {"call_timeout_s": 0}, {"retries": 11}, {"retries": -1}, {"concurrency": 0}, {"result_bytes": 1}, {"script_s": 0}, {"speed": 1}, []],
    "surprise": [1],
    "directiv": ["x"],
}  # fmt: skip


def _fields() -> Iterator[Case]:
    for field, values in _WRONG.items():
        for index, value in enumerate(values):
            yield from _mission(f"{field} #{index}", {**copy.deepcopy(GOOD), field: value})
    for field in ("directive", "criteria", "budget"):
        yield from _mission(f"no {field}", {key: value for key, value in GOOD.items() if key != field})


_CRITERIA: Final[list[dict[str, Any]]] = [
    {"kind": "event", "event": "x"},
    {"id": "a"},
    {"id": "a", "kind": "wish"},
    {"id": "a", "kind": "metric_treshold", "metric": "m", "op": "<", "target": 1},
    {"id": "a", "kind": "rubric"},
    {"id": "", "kind": "event", "event": "x"},
    {"id": 7, "kind": "event", "event": "x"},
    {"id": "a b/c", "kind": "event"},
    {"id": "a", "kind": "event", "event": 7},
    {"id": "a", "kind": "event", "event": "x", "where": []},
    {"id": "a", "kind": "metric_threshold", "metric": "m", "op": "~", "target": 1},
    {"id": "a", "kind": "metric_threshold", "metric": "m", "op": "<"},
    {"id": "a", "kind": "metric_threshold", "metric": "m", "op": "<", "target": "1"},
    {"id": "a", "kind": "metric_threshold", "metric": "m", "op": "<", "target": math.nan},
    {"id": "a", "kind": "metric_threshold", "metric": "m", "op": "<", "target": math.inf},
    {"id": "a", "kind": "metric_threshold", "metric": "", "op": "<", "target": 1},
    {"id": "a", "kind": "metric_threshold", "metric": 7, "op": "<", "target": 1},
    {"id": "a", "kind": "metric_trend", "metric": "m", "direction": "sideways"},
    {"id": "a", "kind": "metric_trend", "metric": "m", "direction": "flat", "window": 1},
    {"id": "a", "kind": "metric_trend", "metric": "m", "direction": "flat", "window": 5, "min_points": 6},
    {"id": "a", "kind": "metric_trend", "metric": "m", "direction": "flat", "tolerance": -1},
    {"id": "a", "kind": "tool_call_succeeded", "tool": 7},
    {"id": "a", "kind": "tool_call_succeeded", "tool": "good", "min_count": 0},
    {"id": "a", "kind": "tool_call_succeeded", "tool": "no_such_tool"},
    {"id": "a", "kind": "predicate", "expression": ""},
    {"id": "a", "kind": "predicate", "expression": 7},
    {"id": "a", "kind": "predicate", "expression": "x" * 20_000},
    {"id": "a", "kind": "predicate", "expression": "1 +"},
    {"id": "a", "kind": "predicate", "expression": "import os"},
    {"id": "a", "kind": "predicate", "expression": "x = 1"},
    {"id": "a", "kind": "predicate", "expression": "obs['metrics'"},
    {"id": "a", "kind": "artifact"},
    {"id": "a", "kind": "artifact", "path": 7},
    {"id": "a", "kind": "artifact", "path": ""},
    {"id": "a", "kind": "artifact", "path": "x", "regex": "("},
    {"id": "a", "kind": "artifact", "path": "x", "sha256": "abc"},
    {"id": "a", "kind": "artifact", "path": "x", "json": {"path": "a"}},
    {"id": "a", "kind": "artifact", "path": "x", "json": {"op": "<", "target": 1}},
    {"id": "a", "kind": "artifact", "path": "x", "csv": {"header": "name"}},
    {"id": "a", "kind": "artifact", "path": "x", "csv": {"min_rows": -1}},
    {"id": "a", "kind": "artifact", "path": "x", "command": {"argv": []}},
    {"id": "a", "kind": "artifact", "path": "x", "command": {"argv": "ls -l"}},
    {"id": "a", "kind": "artifact", "path": "x", "command": {"argv": ["x"], "timeout_s": 0}},
    {"id": "a", "kind": "approval"},
    {"id": "a", "kind": "approval", "by": ""},
    {"id": "a", "kind": "all_of", "criteria": []},
    {"id": "a", "kind": "all_of", "criteria": [7]},
    {"id": "a", "kind": "any_of", "criteria": [{"id": "a", "kind": "event", "event": "x"}]},
    {"id": "a", "kind": "event", "event": "x", "weight": 0},
    {"id": "a", "kind": "event", "event": "x", "weight": -1},
    {"id": "a", "kind": "event", "event": "x", "hold_for": 0},
    {"id": "a", "kind": "event", "event": "x", "abort_when_met": True},
    {"id": "a", "kind": "event", "event": "x", "required": False},
    {"id": "a", "kind": "event", "event": "x", "required": "yes"},
    {"id": "a", "kind": "event", "event": "x", "probe": "good"},
    {"id": "a", "kind": "event", "event": "x", "probe": {"args": {}}},
    {"id": "a", "kind": "event", "event": "x", "probe": {"tool": "no_such_tool"}},
    {"id": "a", "kind": "event", "event": "x", "hold_fro": 2},
]


def _criteria() -> Iterator[Case]:
    for index, criterion in enumerate(_CRITERIA):
        yield from _mission(f"criterion #{index}", {**GOOD, "criteria": [criterion]})
    same = {"id": "a", "kind": "event", "event": "x"}
    yield from _mission("two criteria of one id", {**GOOD, "criteria": [same, same]})
    deep: dict[str, Any] = same
    for level in range(120):
        deep = {"id": f"g{level}", "kind": "all_of", "criteria": [deep]}
    yield from _mission("criteria in criteria, 120 deep", {**GOOD, "criteria": [deep]})
    yield from _mission("a thousand criteria", {**GOOD, "criteria": [{**same, "id": f"c{n}"} for n in range(1000)]})


_IDS: Final = ("../../etc/passwd", "..", "/", "no-such-session", "s" * 5000, "s%00", "naïve", "🎃", "a b", "'; DROP TABLE event; --", "*", "last ")  # fmt: skip


def _names() -> Iterator[Case]:
    for command in ("show", "resume", "pause", "verify", "history"):
        for bad in _IDS[:6] if command != "show" else _IDS:
            yield Case(f"{command} {bad[:20]}", lambda _, __, command=command, bad=bad: [command, bad])
    for bad in ("", "0.0", "9.9", "../x", "x" * 3000, "🎃"):
        yield Case(f"resolve {bad[:10]!r}", lambda _, session, bad=bad: ["resolve", session, bad, "--done"])
    for bad in ("no-such", "", "../x"):
        yield Case(f"approve {bad!r}", lambda _, session, bad=bad: ["approve", session, bad])
    for bad in ("../up", "Tenant", "a b", "", "x" * 100, "ä", ".", "a/b")[:8]:
        if bad:
            yield Case(f"tenant {bad[:10]}", lambda _, __, bad=bad: ["--tenant", bad, "list"])


def _paths() -> Iterator[Case]:
    def made(path: Path, link: Path | None = None) -> str:
        if link is not None:
            path.symlink_to(link)
        return str(path)

    yield Case("no such file", lambda folder, _: ["run", str(folder / "gone.yaml")])
    yield Case("a folder", lambda folder, _: ["run", str(folder)])
    yield Case("a folder called .yaml", lambda folder, _: ["run", _folder(folder / "x.yaml")])
    yield Case("a dangling link", lambda folder, _: ["run", made(folder / "x.yaml", folder / "gone")])
    yield Case("a link to itself", lambda folder, _: ["run", made(folder / "x.yaml", folder / "x.yaml")])
    yield Case("no suffix", lambda folder, _: ["run", _written(folder / "mission", "{}")])
    yield Case("another suffix", lambda folder, _: ["run", _written(folder / "mission.txt", "{}")])
    yield Case("a NUL in the path", lambda folder, _: ["run", f"{folder}/a\0b.yaml"])
    yield Case("a path too long", lambda folder, _: ["run", f"{folder}/{'x' * 5000}.yaml"])
    yield Case("a name too long", lambda folder, _: ["run", f"{folder}/{'x' * 300}.yaml"])
    yield Case("the null device", lambda _, __: ["run", "/dev/null"])
    yield Case("an empty path", lambda _, __: ["run", ""])
    yield Case("a lone surrogate in the path", lambda folder, _: ["run", f"{folder}/\udcff.yaml"])
    yield Case("check of nothing", lambda folder, _: ["check", str(folder / "gone.yaml")])
    yield Case(
        "a data directory that is a file", lambda folder, _: ["--data-dir", _written(folder / "file", ""), "list"]
    )
    yield Case(
        "a data directory below a file", lambda folder, _: ["--data-dir", f"{_written(folder / 'file', '')}/x", "list"]
    )
    yield Case("new over a file", lambda folder, _: ["new", _written(folder / "mission.yaml", "kept")])
    yield Case("new below a file", lambda folder, _: ["new", f"{_written(folder / 'file', '')}/mission.yaml"])
    yield Case("export over a file", lambda folder, session: ["export", session, _written(folder / "out", "kept")])
    yield Case(
        "export below a file", lambda folder, session: ["export", session, f"{_written(folder / 'file', '')}/out"]
    )
    yield Case("import of nothing", lambda folder, _: ["import", str(folder / "gone")])
    yield Case("import of a file", lambda folder, _: ["import", _written(folder / "file", "x")])
    yield Case("import of an empty folder", lambda folder, _: ["import", _folder(folder / "empty")])


def _written(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def _folder(path: Path) -> str:
    path.mkdir()
    return str(path)


def _folders() -> Iterator[Case]:
    """Exports that were damaged; `EXPORT` in the arguments' folder is made by the benchmark beforehand."""

    def damaged(name: str, change: Callable[[Path], None]) -> Case:
        def arguments(folder: Path, _: str) -> list[str]:
            change(folder / "export")
            return ["import", str(folder / "export")]

        return Case(f"export: {name}", arguments)

    def record(path: Path) -> Path:
        return path / "record.jsonl"

    yield damaged("no record", lambda path: record(path).unlink())
    yield damaged("an empty record", lambda path: _ignored(record(path).write_bytes(b"")))
    yield damaged("binary", lambda path: _ignored(record(path).write_bytes(bytes(range(256)))))
    yield damaged("cut in a line", lambda path: _ignored(record(path).write_bytes(record(path).read_bytes()[:-40])))
    yield damaged("a line dropped", lambda path: _ignored(_lines(record(path), lambda rows: rows[:3] + rows[4:])))
    yield damaged(
        "lines swapped", lambda path: _ignored(_lines(record(path), lambda rows: [rows[1], rows[0], *rows[2:]]))
    )
    yield damaged(
        "a letter changed",
        lambda path: _ignored(record(path).write_bytes(record(path).read_bytes().replace(b"Look", b"Lock", 1))),
    )
    yield damaged("a line of another kind", lambda path: _ignored(_lines(record(path), lambda rows: [*rows, b"[]"])))
    yield damaged("deep JSON", lambda path: _ignored(_lines(record(path), lambda rows: [b"[" * 100_000, *rows])))
    yield damaged("the record is a folder", lambda path: (record(path).unlink(), record(path).mkdir())[1])


def _ignored(_: object) -> None:
    return None


def _lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")


def _options() -> Iterator[Case]:
    lines: list[list[str]] = [
        ["fly"], ["run"], ["run", "--fast"], ["--json"], ["show"], ["show", "a", "b"], ["resolve"], ["amend"],
        ["list", "--limit", "x"], ["new", "a", "b"], ["--data-dir"], ["--tenant"], ["config", "fly"],
        ["history", "last", "--json=maybe"], ["fork", "last", "--at", "x"],
    ]  # fmt: skip
    for line in lines:
        yield Case(f"options {' '.join(line)}", lambda _, __, line=line: list(line))
    for budget in ("", "=", "iterations", "iterations=", "iterations=x", "iterations=-1", "iterations=0", "steps=3", "cost_usd=nan", "wall_clock_s=inf", "iterations=1e3", "iterations=none"):  # fmt: skip
        yield Case(
            f"--budget {budget}",
            lambda folder, _, budget=budget: [
                "run",
                _written(folder / "m.json", json.dumps(GOOD)),
                "--budget",
                budget,
                "-q",
            ],
        )
        if budget != "iterations=none":
            yield Case(f"amend {budget}", lambda _, session, budget=budget: ["amend", session, budget])
    yield Case("resolve both ways", lambda _, session: ["resolve", session, "0.0", "--done", "--not-done"])
    yield Case("resolve no way", lambda _, session: ["resolve", session, "0.0"])
    yield Case("an empty note", lambda _, session: ["note", session, "  "])
