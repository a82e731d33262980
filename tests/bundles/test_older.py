"""Tasks out of an older runner's bundles and data set: a made sample of the forms, its known damage included."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from journeyman.bundles.older.tasks import older_tasks
from journeyman.bundles.older.tree import FileTree
from journeyman.mission.values.errors import InvalidInput

PACKET = {
    "task_id": "task_501", "title": "Stolen token", "domain": "security", "difficulty": "hard", "task_family": "incident",
    "instruction": "Write a report as Report.MD and tests as iam_tests.yaml. Do not touch report.md.bak.",
    "deliverables": ["report.md", {"name": "iam_tests.yaml", "kind": "yaml"}], "constraints": ["No network."],
    "expected_economic_value": 900, "task_status": "completed",
}  # fmt: skip
RUBRIC = {
    "rubric_items": [
        {"id": "ri_1", "criterion_name": "Facts", "criterion_description": "Quotes the packet.", "weight": 0.18,
         "observable_evidence": ["a quote"]},
        {"criterion": "Form", "weight": "much"},
    ]
}  # fmt: skip


def _put(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def test_the_data_set_gives_tasks_with_rubrics_and_feedback(tmp_path: Path) -> None:
    """Names of files are as the deliverables have them; statuses and values are not taken."""
    place = _put(
        tmp_path / "seed_dataset",
        {
            "tasks/501/task_packet.json": PACKET, "tasks/501/rubric.json": RUBRIC,
            "tasks/502/task_packet.json": {**PACKET, "task_id": "TASK_501", "instruction": "Another."},
            "evaluation/501/feedback.json": {"actionable_feedback": ["Register the file.", "Quote the fields.", "Register the file."]},
            "evaluation/grades.jsonl": '{"task_id": "task_501", "actionable_feedback": ["Show rival sets."]}\nnot json\n[1]\n',
            "learning_signals/501/lesson_pack.json": {"lesson_summary": "Always the same."},
        },
    )  # fmt: skip
    [(task, assets), (other, _)] = older_tasks(FileTree(place))
    assert (task.id, task.title, task.difficulty, dict(assets)) == ("task_501", "Stolen token", "hard", {})
    assert task.task == "Write a report as report.md and tests as iam_tests.yaml. Do not touch report.md.bak."
    assert task.deliverables == ["report.md", "iam_tests.yaml"]
    assert [(item.name, item.weight, item.evidence) for item in task.rubric] == [
        ("Facts", 0.18, ["a quote"]),
        ("Form", 0.0, []),
    ]
    assert task.feedback == ["Register the file.", "Quote the fields.", "Show rival sets."]
    assert other.id == "TASK_501-2", "ids that differ in case alone would be one folder somewhere"
    assert "completed" not in task.model_dump_json()


def test_a_bundle_gives_its_task_with_its_files(tmp_path: Path) -> None:
    """Of a folder as of a ZIP archive of it."""
    files = {
        "contribution_manifest.json": {"bundle_id": "aa-bundle-../x", "title": "Cats", "domains": ["pets"], "task_status": "completed"},
        "task/task_instruction.md": "Save it as cats.md\n", "task/task_instruction_assets/data/in.csv": "a,b\n",
        "rubric/rubric.json": RUBRIC, "evaluation/evaluator_feedback.jsonl": '{"actionable_feedback": ["Add a cat."]}\n',
    }  # fmt: skip
    place = _put(tmp_path / "contribution_bundle", files)
    packed = tmp_path / "bundle.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.write(place / name, name)
    for one in (place, packed):
        [(task, assets)] = older_tasks(FileTree(one))
        assert (task.id, task.task, task.feedback) == ("aa-bundle-..-x", "Save it as cats.md", ["Add a cat."])
        assert dict(assets) == {"data/in.csv": "task/task_instruction_assets/data/in.csv"}


@pytest.mark.parametrize("name", ["../contribution_manifest.json", "/etc/task_packet.json", "a\\task_packet.json"])
def test_hostile_archives_are_refused(name: str, tmp_path: Path) -> None:
    """Before anything of them is read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "{}")
    (tmp_path / "bad.zip").write_bytes(out.getvalue())
    with pytest.raises(InvalidInput, match="its name"):
        list(older_tasks(FileTree(tmp_path / "bad.zip")))


@pytest.mark.parametrize(
    "files",
    [
        {}, {"tasks/1/task_packet.json": "no json"}, {"tasks/1/task_packet.json": "[]"}, {"tasks/1/task_packet.json": {"title": "x"}},
        {"contribution_manifest.json": {}},
    ],
)  # fmt: skip
def test_what_holds_no_task_is_refused(files: dict[str, Any], tmp_path: Path) -> None:
    """With the file and what is missing."""
    with pytest.raises(InvalidInput) as caught:
        list(older_tasks(FileTree(_put(tmp_path / "x", {"readme.md": "", **files}))))
    assert caught.value.code == "bundle_refused"
