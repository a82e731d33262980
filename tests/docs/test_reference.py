"""The reference is made from the code, and nothing is missing in it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import journeyman
from journeyman.interfaces.cli.main import app
from journeyman.interfaces.cli.registry import COMMANDS
from journeyman.interfaces.schema_descriptions import described_schema
from journeyman.mission.model.mission import Mission
from tests.docs.fenced_blocks import ROOT
from website.build import GENERATED
from website.built_pages import faults_of
from website.command_reference import commands_page
from website.mission_reference import mission_keys_page
from website.python_reference import GROUPS, python_page

SCHEMA = cast("dict[str, Any]", described_schema(Mission, "Journeyman mission"))
KEYS = [
    (name, key, row)
    for name, definition in {**SCHEMA["$defs"], "Mission": SCHEMA}.items()
    for key, row in definition.get("properties", {}).items()
    if "const" not in row
]


@pytest.mark.parametrize(("name", "key", "row"), KEYS, ids=[f"{name}.{key}" for name, key, _ in KEYS])
def test_every_key_of_a_mission_file_is_explained(name: str, key: str, row: dict[str, Any]) -> None:
    """Editors and the reference show a text for it: the one under its field."""
    assert len(row.get("description", "")) > 7, f"write a text under {name}.{key}"


def test_editors_get_the_same_texts() -> None:
    """`journeyman schema` prints what the reference is made of."""
    printed = CliRunner().invoke(app, ["schema"])
    assert json.loads(printed.stdout) == SCHEMA


def test_every_key_and_kind_stands_in_the_reference() -> None:
    """Also those of objects inside, each under a heading of its own."""
    page = mission_keys_page()
    for name, key, _ in KEYS:
        assert f"| `{key}` |" in page, (name, key)
    kinds = [
        definition["properties"]["kind"]["const"] for definition in SCHEMA["$defs"].values() if _is_kind(definition)
    ]
    assert len(kinds) >= 11
    for kind in kinds:
        assert f"\n### {kind}\n" in page
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= headings


def _is_kind(definition: dict[str, Any]) -> bool:
    return "const" in definition.get("properties", {}).get("kind", {})


def test_every_command_and_option_stands_in_the_reference() -> None:
    """Sub-commands, too, with each option's text."""
    page = commands_page()
    root: Any = get_command(app)
    context: Any = root.make_context("journeyman", [], resilient_parsing=True)
    for name in root.list_commands(context):
        assert f"\n### journeyman {name}\n" in page
        assert COMMANDS[name].section in page
        command: Any = root.get_command(context, name)
        for one in [command, *getattr(command, "commands", {}).values()]:
            for parameter in one.params:
                longest = max([*parameter.opts, ""], key=len)
                assert not longest.startswith("--") or longest in page, (name, longest)
    assert "journeyman conclude" not in page  # for processes of ours


def test_every_public_name_stands_in_the_reference() -> None:
    """Each in one group, found where it is defined."""
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(journeyman.__all__)
    page = python_page()
    for name in journeyman.__all__:
        assert re.search(rf"^::: journeyman\.[a-z_.]+\.{name}$", page, re.MULTILINE), name


def test_every_page_stands_in_the_navigation() -> None:
    """A page that nobody can find might as well not be there."""
    told = json.dumps(tomllib.loads((ROOT / "website" / "zensical.toml").read_text("utf-8"))["project"]["nav"])
    kept = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {name for name in kept | set(GENERATED) if f'"{name}"' not in told} == set()
    assert not kept & set(GENERATED)


def test_a_page_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """Links, headings and pictures that are not there, and whatever another machine would be asked for."""
    (tmp_path / "a.html").write_text(
        '<h1 id="top"></h1><a href="b.html#here">1</a><a href="b.html#gone">2</a><a href="gone.html">3</a>'
        '<img src="gone.png"><script src="https://example.com/x.js"></script><a href="https://example.com">4</a>'
    )
    (tmp_path / "b.html").write_text('<h2 id="here"></h2><a href="a.html#top">5</a><a href="#here">6</a>')
    assert faults_of(tmp_path) == [
        "a.html: loads https://example.com/x.js from another machine",
        "a.html: b.html#gone names a heading that is not there",
        "a.html: gone.html leads nowhere",
        "a.html: gone.png leads nowhere",
    ]
