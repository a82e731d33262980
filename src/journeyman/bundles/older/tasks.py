"""Maps the older runner's tasks, rubrics and feedback to tasks of ours."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, cast

from journeyman.bundles.manifest import refused
from journeyman.bundles.older.tree import FileTree
from journeyman.mission.files.task_lines import RubricItem, TaskLine

_PACKET: Final = "task_packet.json"
_MANIFEST: Final = "contribution_manifest.json"
_INSTRUCTION: Final = "task/task_instruction.md"
_ASSETS: Final = "task/task_instruction_assets/"
_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")
MOST_FEEDBACK: Final = 50
"""Of one task."""


def older_tasks(tree: FileTree) -> Iterator[tuple[TaskLine, Mapping[str, str]]]:
    """Each task in a bundle or a data set of the older runner, with its assets: file in the tree by name for the agent.

    Raises:
        InvalidInput: There is no task in it, or it is hostile (`bundle_refused`).
    """
    names = tree.names()
    packets = [name for name in names if PurePosixPath(name).name == _PACKET]
    bundles = [name for name in names if PurePosixPath(name).name == _MANIFEST]
    if not packets and not bundles:
        raise refused(
            tree.place.name, f"holds neither {_PACKET} nor {_MANIFEST}", "name a bundle or the data set's folder"
        )
    taken: set[str] = set()
    feedback = _Feedback(tree, names)
    for name in packets:
        task = _from_packet(tree, name, names, feedback)
        yield _unique(task, taken), {}
    for name in bundles:
        task, assets = _from_bundle(tree, name.removesuffix(_MANIFEST), names, feedback)
        yield _unique(task, taken), assets


def _unique(task: TaskLine, taken: set[str]) -> TaskLine:
    """The task under an id that no task before it has, also where systems do not tell case."""
    number, name = 1, task.id
    while name.casefold() in taken:
        number += 1
        name = f"{task.id}-{number}"
    taken.add(name.casefold())
    return task.model_copy(update={"id": name})


def _from_packet(tree: FileTree, name: str, names: Sequence[str], feedback: _Feedback) -> TaskLine:
    packet = _object(tree, name)
    folder = name.removesuffix(_PACKET)
    deliverables = [_named(row) for row in _rows(packet, "deliverables")] or _texts(packet, "expected_deliverable")
    instruction = _text(packet, "instruction", "normalized_instruction", "raw_description")
    if not instruction:
        raise refused(name, "has no instruction")
    key = _text(packet, "task_id", "seed_task_id", "bundle_id", "raw_task_id") or PurePosixPath(name).parent.name
    return TaskLine(
        id=_id(key), task=_with_case(instruction, deliverables), title=_text(packet, "title", "normalized_title", "raw_title"),
        deliverables=[row for row in deliverables if row], rubric=_rubric(tree, f"{folder}rubric.json", names),
        constraints=_texts(packet, "constraints"), feedback=feedback.of_task(key, PurePosixPath(name).parent.name),
        domain=_text(packet, "domain", "normalized_domain"), difficulty=_text(packet, "difficulty", "difficulty_tier"),
        source=f"older data set, {name}",
    )  # fmt: skip


def _from_bundle(
    tree: FileTree, folder: str, names: Sequence[str], feedback: _Feedback
) -> tuple[TaskLine, Mapping[str, str]]:
    manifest = _object(tree, f"{folder}{_MANIFEST}")
    where = f"{folder}{_INSTRUCTION}"
    if where not in names:
        raise refused(where, "is missing: the bundle does not say what the task was")
    under = f"{folder}{_ASSETS}"
    assets = {name.removeprefix(under): name for name in names if name.startswith(under)}
    key = _text(manifest, "bundle_id", "run_id") or "older"
    rubric = next((name for name in names if name.startswith(folder) and name.endswith("rubric/rubric.json")), "")
    domains = _texts(manifest, "domains")
    task = TaskLine(
        id=_id(key), task=tree.read(where).decode("utf-8", "replace").strip(), title=_text(manifest, "title"),
        assets=sorted(assets), rubric=_rubric(tree, rubric, names), feedback=feedback.under(folder), domain=", ".join(domains),
        source=f"older bundle {key}",
    )  # fmt: skip
    return task, assets


class _Feedback:
    """What reviewers asked for: the actionable items, each once, with where they stand and which task they name."""

    def __init__(self, tree: FileTree, names: Sequence[str]) -> None:
        self._rows: list[tuple[str, str, list[str]]] = []
        for name in names:
            path = PurePosixPath(name)
            if path.suffix in {".json", ".jsonl"} and ("evaluation" in path.parts or "feedback" in path.name):
                for row in _any_rows(tree, name):
                    if items := _texts(row, "actionable_feedback"):
                        self._rows.append((name, _text(row, "task_id", "package_id"), items))

    def of_task(self, *keys: str) -> list[str]:
        """What was asked for of a task by one of its names: in the row, or as a part of its path."""
        return self._first(
            items
            for name, task, items in self._rows
            if task in keys
            or any(key in {part, PurePosixPath(part).stem} for part in PurePosixPath(name).parts for key in keys)
        )

    def under(self, folder: str) -> list[str]:
        """What was asked for in a folder."""
        return self._first(items for name, _, items in self._rows if name.startswith(folder))

    def _first(self, found: Iterable[list[str]]) -> list[str]:
        return [*dict.fromkeys(item for items in found for item in items)][:MOST_FEEDBACK]


def _rubric(tree: FileTree, name: str, names: Sequence[str]) -> list[RubricItem]:
    if name not in names:
        return []
    document = _object(tree, name)
    rows = _objects(document, "rubric_items") or _objects(document, "criteria") or _objects(document, "items")
    return [
        RubricItem(
            name=_text(row, "criterion_name", "name", "criterion", "id") or f"item {number}",
            description=_text(row, "criterion_description", "description", "observable_evidence"), weight=_number(row, "weight"),
            evidence=_texts(row, "observable_evidence"),
        )
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip


def _with_case(instruction: str, deliverables: Sequence[str]) -> str:
    """The instruction with the names of its files as the list of deliverables has them: their letter case was changed once."""
    for name in deliverables:
        if name:
            form = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
            instruction = form.sub(lambda _, name=name: name, instruction)
    return instruction


def _named(row: Any) -> str:
    if isinstance(row, str):
        return row
    return _text(cast("dict[str, Any]", row), "name", "filename", "file_name", "path") if isinstance(row, dict) else ""


def _id(text: str) -> str:
    return _ID.sub("-", text).strip("-._")[:100] or "task"


def _object(tree: FileTree, name: str) -> dict[str, Any]:
    found = _parsed(tree.read(name), name)
    if not isinstance(found, dict):
        raise refused(name, "is no JSON object")
    return cast("dict[str, Any]", found)


def _any_rows(tree: FileTree, name: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON file, or of each line of one; what is none is passed over, since it is only added to a task."""
    data = tree.read(name)
    for part in data.splitlines() if name.endswith(".jsonl") else [data]:
        try:
            found: Any = json.loads(part)
        except (ValueError, RecursionError):
            continue
        for row in cast("list[Any]", found) if isinstance(found, list) else [found]:
            if isinstance(row, dict):
                yield cast("dict[str, Any]", row)


def _parsed(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise refused(name, "is no JSON") from None


def _text(row: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def _rows(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    return cast("list[Any]", value) if isinstance(value, list) else []


def _objects(row: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", item) for item in _rows(row, key) if isinstance(item, dict)]


def _texts(row: Mapping[str, Any], key: str) -> list[str]:
    value = row.get(key)
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    return (
        [item.strip() for item in cast("list[Any]", value) if isinstance(item, str) and item.strip()]
        if isinstance(value, list)
        else []
    )


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return 0.0
