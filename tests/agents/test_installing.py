"""Hook and skill in the files of every host: what was there stays byte for byte, and goes back to it."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.agents import HOSTS
from journeyman.agents.installing.codex_trust import trust_change, untrust_changes
from journeyman.agents.installing.file_changes import Backups, apply, difference
from journeyman.agents.installing.hook_command import command_of, is_guard, missing_program
from journeyman.agents.installing.host_files import FILES, Base, Dialect, Scope
from journeyman.agents.installing.installation import Installer
from journeyman.agents.installing.json_text import JsonFault
from journeyman.agents.installing.settings_text import guard_handlers, with_guard, without_guard
from journeyman.agents.installing.trust_text import with_trust, without_trust
from journeyman.mission.values.errors import InvalidInput, NotAllowed

PROGRAM: Final = ("/opt/a place/journeyman",)
EVERY = pytest.mark.parametrize("host", HOSTS)
SCOPED = pytest.mark.parametrize("scope", Scope)
JSON_HOSTS: Final = [host for host in HOSTS if FILES[host].plugin is None]
_THEIRS: Final = [
    {"command": "say done"},
    {"hooks": [{"type": "command", "command": "lint --all"}], "matcher": "*"},
    {"command": "journeyman guard hook someone-else"},
    "no hook at all",
    {"hooks": []},
]


def at(folder: Path, host: str, scope: Scope = Scope.USER) -> Installer:
    """A home, a repository and a place for backups of a test."""
    base = Base(folder / "home", folder / "repository", {})
    return Installer(host=host, scope=scope, base=base, backups=Backups(folder / "backups"))


def files_of(folder: Path) -> dict[str, bytes]:
    """All that lies there."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@EVERY
@SCOPED
def test_in_an_empty_place_it_comes_and_goes_without_a_trace(host: str, scope: Scope, tmp_path: Path) -> None:
    """Folders, too; twice changes nothing; and each host finds what calls us."""
    installer = at(tmp_path, host, scope)
    apply(installer.install(PROGRAM), installer.backups)
    found = installer.installed()
    assert found is not None
    assert found.has_skill
    assert is_guard(found.command, host)
    assert missing_program(found.command) == PROGRAM[0], "the quoting of its space is read back"
    assert all(change.is_none for change in installer.install(PROGRAM))
    apply(installer.uninstall(), installer.backups)
    assert installer.installed() is None
    assert not [one for name in ("home", "repository") for one in (tmp_path / name).glob("*")]


@EVERY
@SCOPED
def test_another_journeyman_takes_the_place_of_an_older_one(host: str, scope: Scope, tmp_path: Path) -> None:
    """After an upgrade there is one hook, not two."""
    installer = at(tmp_path, host, scope)
    apply(installer.install(["/old/journeyman"]), installer.backups)
    apply(installer.install(PROGRAM), installer.backups)
    text = installer.places.hooks.read_text()
    assert "/old/" not in text
    assert text.count("a place") == max(1, len(FILES[host].events))


@st.composite
def _host_texts(draw: st.DrawFn, host: str) -> str:
    """A file of that host, with hooks of others, in whatever form JSON allows."""
    events = [*FILES[host].events, "Other"]
    hooks = {name: draw(st.lists(st.sampled_from(_THEIRS), max_size=3)) for name in events if draw(st.booleans())}
    value: dict[str, Any] = {"model": "some / * model, }", "env": {"A": "1"}}
    if draw(st.booleans()):
        value["hooks"] = hooks
    if draw(st.booleans()):
        value["version"] = 1
    names = draw(st.permutations(list(value)))
    indent = draw(st.sampled_from([None, 1, 2, 4, "\t"]))
    text = json.dumps({name: value[name] for name in names}, indent=indent)
    if FILES[host].dialect is not Dialect.STRICT and draw(st.booleans()):
        text = text.replace("{", "{ // about it\n", 1)
    if FILES[host].dialect is Dialect.LOOSE and draw(st.booleans()):
        text = text[:-1].rstrip() + ", /* last */ }"
    text += draw(st.sampled_from(["", "\n", "\n\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@pytest.mark.parametrize("host", JSON_HOSTS)
@given(data=st.data())
def test_over_what_others_wrote_only_ours_comes_and_goes(host: str, data: st.DataObject) -> None:
    """Their hooks keep their numbers, by which Codex knows them, and their bytes."""
    text, files = data.draw(_host_texts(host)), FILES[host]
    more = with_guard(files, host, text, "journeyman guard hook " + host, raise_cap=data.draw(st.booleans()))
    before, after = _plain(text), _plain(more)
    for event in {*before.get("hooks", {}), *files.events}:
        known = before.get("hooks", {}).get(event, [])
        assert after["hooks"][event][: len(known)] == known
        assert len(after["hooks"][event]) == len(known) + (event in files.events)
    assert {name: after[name] for name in before if name not in ("hooks", "env")} == {
        name: before[name] for name in before if name not in ("hooks", "env")
    }
    assert len(guard_handlers(more, host)) == len(files.events)
    assert with_guard(files, host, more, "journeyman guard hook " + host, raise_cap=False) == more
    assert without_guard(files, host, more, text) == text


def _plain(text: str) -> Any:
    rows = [row.split("// about it")[0] for row in text.splitlines()]
    return json.loads("\n".join(rows).replace(", /* last */ }", "}"))


def test_what_a_user_added_round_ours_stays() -> None:
    """In our own group, before and behind it."""
    files = FILES["claude-code"]
    more = with_guard(
        files,
        "claude-code",
        '{"hooks": {"Stop": [{"hooks": [{"command": "a"}]}]}}',
        "journeyman guard hook claude-code",
        raise_cap=False,
    )
    value = json.loads(more)
    value["hooks"]["Stop"][1]["hooks"].append({"command": "b"})
    value["hooks"]["Stop"].append({"hooks": [{"command": "c"}]})
    left = without_guard(files, "claude-code", json.dumps(value, indent=2), None)
    assert left is not None
    assert [command_of(one["hooks"][0]) for one in json.loads(left)["hooks"]["Stop"]] == ["a", "b", "c"]


@pytest.mark.parametrize("host", JSON_HOSTS)
@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('{\n "hooks": {\n', 3, "property name"),
        ('{\n "hooks": [1]\n}', 2, "hooks is a list, not an object"),
        ('{\n "hooks": null\n}', 2, "hooks is null"),
        ("[1]", 1, "the whole is a list"),
        ("", 1, "empty"),
        ('{"hooks": {},\n"hooks": {}}', 2, "twice"),
    ],
)
def test_a_file_that_is_not_as_the_host_wants_it_is_left_alone(
    host: str, text: str, line: int, word: str, tmp_path: Path
) -> None:
    """One error with file and line; nothing is written, the skill neither."""
    installer = at(tmp_path, host)
    file = installer.places.hooks
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(InvalidInput, match=word) as caught:
        apply(installer.install(PROGRAM), installer.backups)
    assert str(file) in str(caught.value)
    assert f"line {line}:" in str(caught.value)
    assert files_of(tmp_path / "home") == {str(file.relative_to(tmp_path / "home")): text.encode()}


@pytest.mark.parametrize(
    ("host", "text", "line", "word"),
    [
        ("claude-code", '{\n "model": "//", // mine\n "a": 1}', 2, "a comment"),
        ("codex", '/* c */ {"hooks": {}}', 1, "a comment"),
        ("claude-code", '{"a": [1,\n2,\n]}', 2, "comma"),
        ("gemini", '{"a": 1 // fine\n,}', 2, "comma"),
        ("gemini", "\ufeff{}", 1, "byte order mark"),
        ("codex", "\ufeff{}", 1, "byte order mark"),
    ],
)
def test_what_its_host_would_skip_in_silence_is_not_installed_into(
    host: str, text: str, line: int, word: str, tmp_path: Path
) -> None:
    """Claude Code and Codex read nothing of a file with comments, Gemini CLI with a last comma: the hook would never run."""
    installer = at(tmp_path, host)
    installer.places.hooks.parent.mkdir(parents=True)
    installer.places.hooks.write_text(text)
    with pytest.raises(InvalidInput, match=f"line {line}:.*{word}"):
        installer.install(PROGRAM)
    installer.places.hooks.write_text("{}")
    apply(installer.install(PROGRAM), installer.backups)
    installer.places.hooks.write_text("{" + installer.places.hooks.read_text()[1:].rstrip()[:-1] + ", /* x */ }")
    found = installer.installed()
    assert found is not None
    assert "line" in found.off, "status says that it is off"
    apply(installer.uninstall(), installer.backups)
    assert installer.installed() is None


def test_the_wrong_kind_under_an_event_is_named(tmp_path: Path) -> None:
    """Its path is said."""
    installer = at(tmp_path, "gemini")
    installer.places.hooks.parent.mkdir(parents=True)
    installer.places.hooks.write_text('{"hooks": {"AfterAgent": "x"}}')
    with pytest.raises(InvalidInput, match=r"hooks\.AfterAgent is text, not a list"):
        installer.install(PROGRAM)


@pytest.mark.parametrize("host", [host for host in HOSTS if host != "codex"])
def test_files_that_are_somebody_elses_under_our_name_are_left_alone(host: str, tmp_path: Path) -> None:
    """A skill or a plugin that we did not write."""
    installer = at(tmp_path, host)
    installer.places.skill.parent.mkdir(parents=True)
    installer.places.skill.write_text("mine")
    with pytest.raises(NotAllowed, match="no skill of ours"):
        installer.install(PROGRAM)
    apply(installer.uninstall(), installer.backups)
    assert installer.places.skill.read_text() == "mine"


def test_links_are_followed_and_modes_kept(tmp_path: Path) -> None:
    """People keep their settings elsewhere, readable by them alone."""
    installer = at(tmp_path, "claude-code")
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_bytes(b"\xef\xbb\xbf{}")
    real.chmod(0o640)
    installer.places.hooks.parent.mkdir(parents=True)
    installer.places.hooks.symlink_to(real)
    apply(installer.install(PROGRAM), installer.backups)
    assert installer.places.hooks.is_symlink()
    assert b"guard hook claude-code" in real.read_bytes()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert installer.backups.place(installer.places.hooks).read_bytes() == b"\xef\xbb\xbf{}"
    apply(installer.uninstall(), installer.backups)
    assert real.read_bytes() == b"\xef\xbb\xbf{}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_is_not_written(tmp_path: Path) -> None:
    """Somebody made it so, or another program owns it."""
    installer = at(tmp_path, "gemini")
    installer.places.hooks.parent.mkdir(parents=True)
    installer.places.hooks.write_text("{}")
    installer.places.hooks.chmod(0o440)
    with pytest.raises(NotAllowed, match="read-only"):
        apply(installer.install(PROGRAM), installer.backups)
    assert not installer.places.skill.exists()


def test_a_file_that_changes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """The host itself writes its settings, too."""
    installer = at(tmp_path, "gemini")
    changes = installer.install(PROGRAM)
    installer.places.hooks.parent.mkdir(parents=True)
    installer.places.hooks.write_text('{"theme": "new"}')
    with pytest.raises(NotAllowed, match="meanwhile"):
        apply(changes, installer.backups)
    assert installer.places.hooks.read_text() == '{"theme": "new"}'


def test_a_diff_says_what_would_change(tmp_path: Path) -> None:
    """With both names, as patch reads it."""
    installer = at(tmp_path, "cursor")
    shown = "".join(difference(change) for change in installer.install(PROGRAM))
    assert f"+++ {installer.places.hooks}" in shown
    assert '+  "version": 1' in shown
    assert not installer.places.hooks.exists()


_TOML: Final = st.sampled_from(
    [
        "",
        "model = 'x'",
        "model = 'x'\n# why\n",
        "[a]\r\nb = 1\r\n",
        "[hooks.state.\"other\"]\ntrusted_hash = 'y'\n",
        "[[hooks.Stop]]\nmatcher = ''\n",
    ]
)
_KEYS: Final = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True)


@given(text=_TOML, keys=_KEYS)
def test_trust_comes_and_goes_without_a_trace(text: str, keys: list[str]) -> None:
    """Parsed it is what it was with the hashes; taken back, each byte is as before."""
    more = with_trust(text, dict.fromkeys(keys, "sha256:1"))
    state = tomllib.loads(more)["hooks"]["state"]
    assert all(state[key] == {"trusted_hash": "sha256:1"} for key in keys)
    assert with_trust(more, dict.fromkeys(keys, "sha256:1")) == more
    assert without_trust(more, keys) == text
    newer = with_trust(more, dict.fromkeys(keys, "sha256:2"))
    assert newer == more.replace("sha256:1", "sha256:2")


@pytest.mark.parametrize("text", ["hooks = {}\n", "hooks = 1\n", "[hooks]\nstate = {}\n", "a = \n"])
def test_trust_that_cannot_be_added_is_not(text: str) -> None:
    """An inline table takes no more; the person is told what to press."""
    with pytest.raises(JsonFault):
        with_trust(text, {"k": "sha256:1"})


def test_codex_trust_goes_with_the_hook(tmp_path: Path) -> None:
    """What was pressed for other hooks stays."""
    installer = at(tmp_path, "codex")
    config = tmp_path / "home" / ".codex" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[hooks.state."other"]\ntrusted_hash = "sha256:0"')
    apply(installer.install(PROGRAM), installer.backups)
    keys = [f"{installer.places.hooks}:{event}:0:0" for event in ("stop", "subagent_stop")]
    apply([trust_change(installer, dict.fromkeys(keys, "sha256:1"))], installer.backups)
    assert set(tomllib.loads(config.read_text())["hooks"]["state"]) == {"other", *keys}
    apply([*installer.uninstall(), *untrust_changes(installer)], installer.backups)
    assert config.read_text() == '[hooks.state."other"]\ntrusted_hash = "sha256:0"'
