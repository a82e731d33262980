"""Messy model answers: how many each library reads right, and how often something valid but false comes out.

The corpus is `tests/answers/corpus/*.json`, written by hand, and documents damaged at every byte (`damage.py` beside it),
whose right readings follow from how they were made. A peer's value is checked with the same pydantic type, and a peer is
scored on the items that need no more than text and type; it runs in a process of its own with limits on time and memory,
so that its crash or hang is counted and not ours.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, cast

from benchmarks.report import Meter, Row
from journeyman.answers import extract
from tests.answers.cases import Case, load

FLOOR: Final = 0.97
LIMIT_MS: Final = 100.0
_RUNS: Final = 5
_CASE_S: Final = 10.0
_PEER_BYTES: Final = 4 * 1024**3
_PEERS: Final = {
    "json-repair": "json_repair",
    "jiter partial": "jiter",
    "pydantic from_json partial": "pydantic_core",
    "partial-json-parser": "partial_json_parser",
    "baml schema-aligned": "baml_py",
}
_KINDS: Final = {"string": "string", "integer": "int", "number": "float", "boolean": "bool"}


def _as_text(case: Case) -> str:
    return case.text if isinstance(case.text, str) else case.text.decode("utf-8", "replace")


def _fits(case: Case, found: Any) -> Any:
    if case.model is None:
        return cast("Any", found) if isinstance(found, dict) else None
    return found if isinstance(found, case.model) else case.model.model_validate(found)


def _reader(peer: str) -> Callable[[Case], Any]:
    """What the peer makes of a case, as its users would call it; it raises where it gives up."""
    library = importlib.import_module(_PEERS[peer])
    if peer == "json-repair":
        return lambda case: library.loads(_as_text(case))
    if peer == "jiter partial":
        return lambda case: library.from_json(_as_text(case).encode(), partial_mode=True, allow_inf_nan=False)
    if peer == "partial-json-parser":
        return lambda case: library.loads(_as_text(case))
    if peer == "baml schema-aligned":
        return _baml(library)
    return lambda case: library.from_json(_as_text(case), allow_partial=True, allow_inf_nan=False)


def _baml(library: Any) -> Callable[[Case], Any]:
    """Declare each type of the corpus in BAML's own language, and parse with its runtime."""
    models = {case.model.__name__: case.model for case in load() if case.model is not None}
    seen: dict[str, str] = {}
    for model in models.values():
        schema = model.model_json_schema()
        for name, part in {**schema.get("$defs", {}), schema["title"]: schema}.items():
            fields = "\n".join(f"  {key} {_baml_type(value)}" for key, value in part["properties"].items())
            seen[name] = f"class {name} {{\n{fields}\n}}"
    functions = [f'function Get{name}() -> {name} {{\n  client "openai/x"\n  prompt #"x"#\n}}' for name in models]
    runtime = library.BamlRuntime.from_files("/", {"all.baml": "\n".join([*seen.values(), *functions])}, {})
    context = runtime.create_context_manager()

    classes, nothing = ModuleType("classes"), ModuleType("nothing")
    for name, model in vars(importlib.import_module("tests.answers.cases")).items():
        if name in seen:
            setattr(classes, name, model)

    def read(case: Case) -> Any:
        if case.model is None:
            raise ValueError("it needs a type")
        name, text = f"Get{case.model.__name__}", _as_text(case)
        return runtime.parse_llm_response(name, text, nothing, classes, classes, False, context, None, None, {})

    return read


def _baml_type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return "(" + " | ".join(json.dumps(choice) for choice in schema["enum"]) + ")"
    if "anyOf" in schema:
        return "string?"
    if schema["type"] == "array":
        return _baml_type(schema["items"]) + "[]"
    return _KINDS[schema["type"]] + ("?" if "default" in schema else "")


def _peer_main(peer: str, first: int) -> None:
    """Judge the cases from `first` on, one line each; runs in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (_PEER_BYTES, _PEER_BYTES))
    read = _reader(peer)
    for case in _plain(load())[first:]:
        started = time.perf_counter()
        failed = False
        try:
            value = _fits(case, read(case))
        except BaseException as error:  # noqa: BLE001 — a peer may raise anything; that is what is counted
            value, failed = None, isinstance(error, RecursionError | MemoryError | SystemError)
        took_ms = (time.perf_counter() - started) * 1000
        right = case.expect is None if failed else case.right(value)
        print(json.dumps({"right": right, "false": value is not None and not right, "ms": took_ms}), flush=True)


def _plain(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.plain]


def _peer(peer: str, cases: int) -> list[dict[str, Any]]:
    """One result per case; a case on which the peer dies or hangs is wrong, and the next one goes on."""
    results: list[dict[str, Any]] = []
    while len(results) < cases:
        command = [sys.executable, "-m", "benchmarks.messy_answers", peer, str(len(results))]
        environment = {**os.environ, "BAML_LOG": "off"}
        try:
            done = subprocess.run(command, capture_output=True, timeout=_CASE_S * 3, check=False, env=environment)
            printed, error = done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            printed, error = late.stdout or b"", b""
        lines = printed.splitlines()
        if not lines and not results and b"Error" in error:
            raise RuntimeError(error.decode(errors="replace").splitlines()[-1])
        results += [json.loads(line) for line in lines]
        if len(results) < cases:
            results.append({"right": False, "false": False, "ms": _CASE_S * 1000, "died": True})
    return results


def _ours(cases: list[Case], progress: Meter) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for case in cases:
        took_ms, value, raised = LIMIT_MS * 1000, None, False
        for _ in range(_RUNS):
            started = time.perf_counter()
            try:
                value = extract(case.text, case.model, finish_reason=case.finish_reason, several=case.several).value
            except Exception:  # noqa: BLE001 — the bar is that none comes
                raised = True
            took_ms = min(took_ms, (time.perf_counter() - started) * 1000)
        right = not raised and case.right(value)
        false = value is not None and not right
        given = value is not None
        results.append({"right": right, "false": false, "ms": took_ms, "raised": raised, "given": given})
        progress.step()
    return results


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    cases = load()
    progress.start("ours", len(cases))
    ours = _ours(cases, progress)
    share = sum(result["right"] for result in ours) / len(cases)
    rows: list[Row] = []
    best = 0.0
    progress.start("peers", len(_PEERS))
    for peer, module in _PEERS.items():
        if find_spec(module) is None:
            rows.append(Row(f"{peer}: not installed", "make .venv/.bench", "to compare"))
            continue
        results = _peer(peer, len(_plain(cases)))
        theirs = sum(result["right"] for result in results) / len(results)
        best = max(best, theirs)
        false, died = sum(result["false"] for result in results), sum("died" in result for result in results)
        median_us = statistics.median(result["ms"] for result in results) * 1000
        rows.append(Row(f"{peer}: right", round(theirs * 100, 1), "%"))
        rows.append(Row(f"{peer}: valid but false / died or hung / median", f"{false} / {died} / {median_us:.0f} µs"))
        progress.step()
    false, raised = sum(result["false"] for result in ours), sum(result["raised"] for result in ours)
    either = [result for case, result in zip(cases, ours, strict=True) if case.either]
    given = sum(result["given"] for result in either)
    slowest_ms = max(result["ms"] for result in ours)
    median_us = statistics.median(result["ms"] for result in ours) * 1000
    return [
        Row(f"ours: right, of {len(cases)} items", round(share * 100, 1), "%", ">= 97", share >= FLOOR),
        Row("ours: ahead of the best peer", round((share - best) * 100, 1), "points", "> 0", share > best),
        Row("ours: valid but false", false, "items", "= 0", not false),
        Row("ours: damaged items where a value or none is right", f"{given} of {len(either)} with a value"),
        Row("ours: exceptions", raised, "items", "= 0", not raised),
        Row("ours: slowest item", round(slowest_ms, 2), "ms", "<= 100", slowest_ms <= LIMIT_MS),
        Row("ours: median", round(median_us, 1), "µs"),
        *_by_category(cases, ours),
        *rows,
    ]


def _by_category(cases: list[Case], results: list[dict[str, Any]]) -> list[Row]:
    rows: list[Row] = []
    for category in sorted({case.category for case in cases}):
        mine = [result["right"] for case, result in zip(cases, results, strict=True) if case.category == category]
        rows.append(Row(f"ours: {category}", f"{sum(mine)} of {len(mine)}"))
    return rows


if __name__ == "__main__":
    _peer_main(sys.argv[1], int(sys.argv[2]))
