"""The guard's file: read by the loader of mission files, with keys of its own."""

from __future__ import annotations

import pytest

from journeyman.mission.files.mission_file import parse_as, parse_mission
from journeyman.mission.files.mission_schema import mission_schema
from journeyman.mission.model.guard_file import GuardFile, contract_digest, contract_of
from journeyman.mission.values.errors import InvalidInput

TEXT = """
criteria:
  - {id: tests, kind: command, run: [pytest, -q], paths: [src/**]}
protect: [tests/**]
"""


def read(text: str) -> GuardFile:
    """Read a guard's file."""
    return parse_as(GuardFile, text, "yaml", "guard.yaml")


def test_what_is_pinned_reads_back_as_the_same_contract() -> None:
    """However it was written; a comment is no part of it."""
    guard = read(TEXT)
    assert contract_digest(GuardFile.model_validate(contract_of(guard))) == contract_digest(guard)
    assert contract_digest(read(f"# a comment\n{TEXT}")) == contract_digest(guard)
    assert contract_digest(read(TEXT.replace("tests/**", "spec/**"))) != contract_digest(guard)


def test_a_session_has_a_mission_without_the_guards_own_keys() -> None:
    """As many checks as are asked for, whatever the file says."""
    mission = read(f"{TEXT}budget: {{iterations: 99, wall_clock_s: 50}}\n").mission(7)
    assert (mission.mode, mission.budget.iterations, mission.budget.wall_clock_s) == ("check", 7, 50)
    assert type(mission).__name__ == "Mission"


def test_all_faults_of_a_file_are_told_at_once_with_their_lines() -> None:
    """Its own keys among the hints."""
    with pytest.raises(InvalidInput) as told:
        read("criteria:\n  - {id: a, kind: comand}\nprotekt: [x]\nmax_blocks: 0\nprotect: ['**']\n")
    text = str(told.value)
    assert len(told.value.problems) == 4
    assert "line 3: protekt: is not a known key (did you mean 'protect'?)" in text
    assert "line 5: protect: protects every file" in text


def test_what_only_a_guard_can_tell_is_refused_in_a_mission_that_acts() -> None:
    """It could never be met there."""
    with pytest.raises(InvalidInput, match="asks what a guard protects"):
        parse_mission("directive: x\nbudget: {iterations: 1}\ncriteria: [{id: same, kind: protected_files}]\n")


def test_its_schema_has_the_keys_of_missions_and_its_own() -> None:
    """For editors."""
    schema = mission_schema(GuardFile, "Journeyman guard")
    keys = schema["properties"]
    assert isinstance(keys, dict)
    assert {"criteria", "protect", "mount", "max_blocks"} <= keys.keys()
    assert schema["required"] == ["criteria"]
