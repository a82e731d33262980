"""Every block of the pages is what its language says, and nearly every one can be run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final, cast

import pytest
import yaml

from journeyman.config import load_settings
from journeyman.mission.files.mission_file import validate_as, validate_mission
from journeyman.mission.model.guard_file import GuardFile
from journeyman.testing.model_server.script import load_script
from tests.docs.fenced_blocks import ROOT, Block, agrees, blocks_of, pages

LANGUAGES: Final = {"yaml", "toml", "json", "python", "sh", "console", "text"}
"""`text` is for what nobody types: output, forms, drawings."""
MOST_NOT_RUN: Final = 12
"""Blocks that say why they cannot be run here; to be lowered, not raised."""
BASE: Final[dict[str, Any]] = {
    "directive": "As a page shows it.",
    "budget": {"iterations": 5},
    "criteria": [{"id": "shown", "kind": "event", "event": "shown"}],
}
"""What a block that shows some keys of a mission leaves out."""
VALUES: Final = {"string": "x", "integer": 1, "number": 1.5, "boolean": True}
"""For parameters that must be set."""
BLOCKS: Final = [block for page in pages() for block in blocks_of(page)]


def ids(block: Block) -> str:
    """A block by its place."""
    return block.place


def test_every_block_says_what_it_is() -> None:
    """A block without a language would be run by nobody."""
    assert [block.place for block in BLOCKS if block.language not in LANGUAGES] == []


def test_few_blocks_are_left_out_and_each_says_why() -> None:
    """An example that nobody runs is wrong some day."""
    left_out = [block.place for block in BLOCKS if block.not_run]
    assert len(left_out) <= MOST_NOT_RUN, left_out


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "yaml"], ids=ids)
def test_yaml_is_a_mission_or_part_of_one(block: Block, tmp_path: Path) -> None:
    """It reads as a mission, keys that a page leaves out filled in; or it is a guard's file, a workflow, or answers of a model."""
    data = cast("dict[str, Any]", yaml.safe_load(block.text))
    if "answers" in data:
        (tmp_path / "answers.yaml").write_text(block.text, "utf-8")
        assert load_script(tmp_path / "answers.yaml").lines()
    elif "protect" in data:
        validate_as(GuardFile, data, None, block.place)
    elif "jobs" in data:
        assert all("steps" in job for job in data["jobs"].values())
    else:
        given = {name: VALUES[row] for name, row in data.get("parameters", {}).items() if isinstance(row, str)}
        validate_mission({**BASE, **data}, given=given)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "toml"], ids=ids)
def test_toml_is_a_settings_file(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting that a page shows is known and has a value that fits."""
    assert tomllib.loads(block.text)
    (tmp_path / "config.toml").write_text(block.text, "utf-8")
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(tmp_path / "config.toml"))
    load_settings()


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "json"], ids=ids)
def test_json_is_json(block: Block) -> None:
    """Whole, or the inside of an object."""
    json.loads(block.text if block.text.lstrip().startswith(("{", "[")) else f"{{{block.text}}}")


def test_shown_output_is_compared() -> None:
    """The comparison that the pages rely on finds a line that is missing, other or too many."""
    assert agrees("a  …\n…\nend", "a b\nx\ny\nend\n")
    assert agrees("a\n\nb", "a\nb\n")
    assert not agrees("a\nb", "a\nx\nb\n")
    assert not agrees("a …", "b c\n")
    assert not agrees("", "a\n")


def test_pages_are_found() -> None:
    """The tutorial has what its acceptance test types."""
    assert sum(block.page == ROOT / "docs" / "tutorial.md" for block in BLOCKS) >= 8
