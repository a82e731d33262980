"""Bundles as people use them: made, checked, looked at, taken in elsewhere, shared; and everything that must be refused."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journeyman.bundles.reading import import_bundle
from journeyman.engine.records import summarized
from journeyman.mission.values.errors import InvalidInput
from journeyman.stores.memory import MemoryStore
from tests.acceptance.conftest import Shell
from tests.bundles.hostile_archives import HOSTILE, rows_of

MISSION = """\
directive: Read the settings.
functions: ["reader:read_settings"]
tools: [read_settings]
criteria:
  - {id: read, kind: tool_call_succeeded, tool: read_settings}
budget: {iterations: 2}
"""
READER = """\
from pathlib import Path

from journeyman import tool


@tool(effect="pure")
def read_settings() -> str:
    \"\"\"The settings.\"\"\"
    return Path("settings.txt").read_text() + " " * 5000
"""
TOKEN = "ghp_" + "aZ3bY9cX1dW8eV2fU7gT4hS6iR5jQ0kPlOmN"


@pytest.fixture
def user(shell: Callable[[str], Shell]) -> Shell:
    """Somebody with one session."""
    made = shell("")
    (made.folder / "mission.yaml").write_text(MISSION)
    (made.folder / "reader.py").write_text(READER)
    (made.folder / "settings.txt").write_text("port = 8080\n")
    made.run("run", "mission.yaml", "-q")
    return made


@pytest.fixture
def elsewhere(user: Shell, tmp_path: Path) -> Shell:
    """The same person at another machine: another data folder."""
    return Shell(user.folder, {**user.environment, "JOURNEYMAN_DATA_DIR": str(tmp_path / "elsewhere")})


def files_of(user: Shell) -> Path:
    """The folder of the session's files, with a trace, a working copy and outputs as a task leaves them."""
    [row] = user.json("list")
    place = Path(user.environment["JOURNEYMAN_DATA_DIR"]) / "default" / "tasks" / row["session_id"]
    (place / "attempts" / "01" / "workspace").mkdir(parents=True)
    (place / "attempts" / "01" / "trace.jsonl").write_text('{"type":"answer","source":"claim","what":"Done."}\n')
    (place / "attempts" / "01" / "workspace" / "big.txt").write_text("not of the bundle")
    (place / "outputs" / "deep").mkdir(parents=True)
    (place / "outputs" / "deep" / "image.bin").write_bytes(bytes(range(256)) * 40)
    return place


def test_the_same_session_gives_the_same_bytes(user: Shell) -> None:
    """Signed, for its owner alone, and without the working copies of attempts."""
    files_of(user)
    user.run("guard", "key", "new")
    user.run("bundle", "last", "-o", "b.zip")
    assert stat.S_IMODE((user.folder / "b.zip").stat().st_mode) == 0o600
    assert user.json("bundle", "check", "b.zip")["signature"] == "valid"
    first = (user.folder / "b.zip").read_bytes()
    user.run("bundle", "make", "last", "--output", "b.zip")
    assert (user.folder / "b.zip").read_bytes() == first
    told = user.run("bundle", "inspect", "b.zip").stdout
    assert "outputs/deep/image.bin" in told
    assert "workspace" not in told


def test_a_bundle_travels_with_everything_byte_for_byte(user: Shell, elsewhere: Shell) -> None:
    """Traces and outputs, too; the session is read there as here, and taking it in again changes nothing."""
    place = files_of(user)
    user.run("bundle", "last", "-o", "b.zip")
    session = elsewhere.json("bundle", "import", "b.zip")["session_id"]
    elsewhere.run("bundle", "import", "b.zip")
    assert elsewhere.json("verify", session)[0]["holds"]
    assert elsewhere.json("replay", session)["same"]
    written = [json.loads(who.run("report", session, "--json").stdout) for who in (user, elsewhere)]
    assert written[0] == written[1]
    assert elsewhere.json("show", session)["outcome"] == "achieved"
    copied = Path(elsewhere.environment["JOURNEYMAN_DATA_DIR"]) / "default" / "tasks" / session
    for name in ("outputs/deep/image.bin", "attempts/01/trace.jsonl"):
        assert (copied / name).read_bytes() == (place / name).read_bytes()


def test_a_signature_is_believed_with_its_key_alone(user: Shell, elsewhere: Shell) -> None:
    """Whoever does not know the key is told so, and a check does not pass."""
    user.run("guard", "key", "new")
    user.run("bundle", "last", "-o", "b.zip")
    key = str(Path(user.environment["JOURNEYMAN_DATA_DIR"]) / "keys" / "signing.pub.pem")
    assert elsewhere.json("bundle", "check", "b.zip", "--key", key)["signature"] == "valid"
    assert elsewhere.json("bundle", "check", "b.zip", code=1)["signature"] == "unknown"


def test_a_secret_keeps_a_bundle_from_being_written(user: Shell, elsewhere: Shell) -> None:
    """Wherever it stands; file, line and kind are told, the secret never, and with --redact it is nowhere in the bundle."""
    place = files_of(user)
    (user.folder / "settings.txt").write_text(f"port = 8080\ntoken = {TOKEN}\n")
    user.run("run", "mission.yaml", "-q", "--id", "leaky")
    place.rename(place.with_name("leaky"))
    outputs = place.with_name("leaky") / "outputs"
    (outputs / "encoded.txt").write_bytes(base64.b64encode(f"first\n{TOKEN}\n".encode()))
    refused = user.run("bundle", "leaky", "-o", "b.zip", code=1)
    assert not (user.folder / "b.zip").exists()
    assert "outputs/encoded.txt:1: " in refused.stderr
    assert "record/blobs/" in refused.stderr
    assert TOKEN not in refused.stdout + refused.stderr
    found = user.json("bundle", "leaky", code=1)
    assert {row["path"].split("/")[0] for row in found["findings"]} == {"outputs", "record"}
    user.run("bundle", "leaky", "--redact", "-o", "b.zip")
    inside = b"".join(data for _, data in rows_of((user.folder / "b.zip").read_bytes()))
    assert TOKEN.encode() not in inside
    assert b"[redacted: " in inside
    assert user.json("bundle", "inspect", "b.zip")["record"]["form"] == "redacted"
    assert "record_redacted" in elsewhere.run("bundle", "import", "b.zip", code=2).stderr
    assert elsewhere.json("list") == []


def test_content_can_be_hidden_altogether(user: Shell) -> None:
    """Neither directive nor argument nor result is in it; how the session went is."""
    files_of(user)
    made = user.json("bundle", "last", "--mask", "content", "-o", "b.zip")
    inside = b"".join(data for _, data in rows_of((user.folder / "b.zip").read_bytes()))
    for said in (b"Read the settings", b"port = 8080", b"Done.", str(user.folder).encode()):
        assert said not in inside
    assert made["manifest"]["outcome"] == "achieved"
    assert {row["path"] for row in made["manifest"]["withheld"]} >= {
        "outputs/deep/image.bin",
        "attempts/01/trace.jsonl",
    }
    assert "--redact" in user.run("bundle", "last", "--mask", "content", "--redact", code=2).stderr


def test_what_cannot_travel_is_left_out_and_told(user: Shell) -> None:
    """Links, pipes, names that other systems cannot have or cannot tell apart."""
    outputs = files_of(user) / "outputs"
    (outputs / "link").symlink_to("/etc/passwd")
    os.mkfifo(outputs / "pipe")
    (outputs / "A.txt").write_text("one")
    (outputs / "a.TXT").write_text("two")
    (outputs / "back\\slash").write_text("three")
    with (outputs / os.fsdecode(b"\xff")).open("w") as file:
        file.write("four")
    made = user.json("bundle", "last", "-o", "b.zip")["manifest"]
    assert len(made["left_out"]) == 5
    assert not {"outputs/link", "outputs/pipe"} & {row["path"] for row in made["files"]}
    user.run("bundle", "check", "b.zip")


@pytest.mark.anyio
async def test_hostile_archives_are_refused_and_nothing_is_written(user: Shell, tmp_path: Path) -> None:
    """One clear error that says what is wrong; no file appears, inside or outside of the data folder."""
    files_of(user)
    user.run("bundle", "last", "-o", "good.zip")
    good, bad = (user.folder / "good.zip").read_bytes(), user.folder / "bad.zip"
    files = tmp_path / "elsewhere" / "tasks" / "s"
    files.parent.mkdir(parents=True)
    before = {*_names(tmp_path)}
    for name, (make, said) in HOSTILE.items():
        store = MemoryStore("default")
        bad.write_bytes(make(good))
        with pytest.raises(InvalidInput) as caught:
            await import_bundle(bad, [], store, summarized, files)
        assert said in str(caught.value), (name, str(caught.value))
        assert caught.value.code == "bundle_refused"
        assert await store.sessions() == []
        bad.unlink()
    assert {*_names(tmp_path)} == before
    bad.write_bytes(HOSTILE["zip slip"][0](good))
    ended = user.run("bundle", "import", "bad.zip", code=2)
    assert "leads out of the bundle" in ended.stderr
    assert ended.stdout == ""


def _names(folder: Path) -> Iterator[str]:
    return (str(path) for path in folder.rglob("*")) if folder.exists() else iter(())


def test_sharing_goes_to_the_place_of_the_settings_and_nowhere_else(user: Shell, tmp_path: Path) -> None:
    """A folder or a repository; without a place nothing is shared, and what does not hold never is."""
    user.run("bundle", "last", "-o", "b.zip")
    assert "no_place_to_share" in user.run("bundle", "share", "b.zip", code=2).stderr
    settings = tmp_path / "settings.toml"
    user.environment["JOURNEYMAN_CONFIG"] = str(settings)
    folder, repository = tmp_path / "shared", tmp_path / "repository.git"
    settings.write_text(f"[bundles]\nshare = {json.dumps(str(folder))}\n")
    assert "is no folder" in user.run("bundle", "share", "b.zip", code=1).stderr
    folder.mkdir()
    address = user.json("bundle", "share", "b.zip")["address"]
    assert (folder / f"{address}.zip").read_bytes() == (user.folder / "b.zip").read_bytes()
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    settings.write_text(f"[bundles]\nshare = {json.dumps(f'git+{repository}')}\n")
    user.run("bundle", "share", "b.zip")
    user.run("bundle", "share", "b.zip")
    listed = subprocess.run(
        ["git", "-C", str(repository), "ls-tree", "--name-only", "HEAD"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == [f"{address}.zip"]
    bad = HOSTILE["changed"][0]((user.folder / "b.zip").read_bytes())
    (user.folder / "bad.zip").write_bytes(bad)
    assert "bundle_broken" in user.run("bundle", "share", "bad.zip", code=2).stderr


def test_words_that_cannot_be_meant_get_one_clear_error(user: Shell) -> None:
    """Hostile ids and paths, too."""
    for words in (
        ["bundle", "../../etc"], ["bundle", "no-such-session"], ["bundle", "check", "nowhere.zip"], ["bundle", "inspect", "."],
        ["bundle", "import", "nowhere.zip"], ["bundle", "last", "--unsigned", "--key", "k.pem"], ["bundle", "last", "--key", "k.pem"],
    ):  # fmt: skip
        ended = user.run(*words, code=2)
        assert ended.stderr.count("\n") <= 3
        assert ended.stderr.startswith("journeyman: ")
