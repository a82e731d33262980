"""Attestations as people and builds use them: drawn keys, a signed check, and what it is worth afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Shell
from tests.attestations.second_verifier import SCRIPT

GUARD = f"""\
directive: Make the tests pass.
criteria:
  - {{id: tests, kind: command, run: [{sys.executable}, test_calc.py]}}
protect: [test_calc.py, fixture.txt]
"""


@pytest.fixture
def guarded(shell: Callable[[str], Shell]) -> Shell:
    """A guarded repository whose tests pass, and a protected file that git ignores."""
    user = shell("")
    files = {
        "calc.py": "def add(a, b):\n    return a + b\n",
        "test_calc.py": "from calc import add\n\nassert add(2, 3) == int(open('fixture.txt').read())\n",
        "fixture.txt": "5",
        ".gitignore": "fixture.txt\n*.signed.json\n",
        "guard.yaml": GUARD,
    }
    for name, content in files.items():
        (user.folder / name).write_text(content)
    subprocess.run(["git", "init", "-q"], cwd=user.folder, check=True)
    user.run("guard", "pin", "--yes")
    return user


def test_an_attestation_is_valid_until_the_workspace_changes(guarded: Shell, tmp_path: Path) -> None:
    """Any file counts, also a protected one that git ignores; changed back, it is valid again."""
    user, file = guarded, str(tmp_path / "a.json")
    assert "guard key new" in user.run("guard", "attest", code=2).stderr
    user.run("guard", "key", "new")
    user.run("guard", "attest", "--output", file)
    assert user.json("verify", file, "--current", ".")["status"] == "valid"
    for name in ("calc.py", "fixture.txt", "new.txt"):
        path = user.folder / name
        before = path.read_text() if path.exists() else None
        path.write_text("changed")
        assert user.json("verify", file, "--current", ".", code=1)["status"] == "stale", name
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
        assert user.json("verify", file, "--current", ".")["status"] == "valid", name
    stated = user.json("verify", file)["statement"]["predicate"]
    record = user.json("verify", stated["session"])[0]
    assert record["head_hash"] == stated["record"]["head"], "the record that it names holds, and ends there"


def test_what_does_not_hold_is_not_signed(guarded: Shell, tmp_path: Path) -> None:
    """No file, the verdict's exit code; nor is it written where it would change what it attests."""
    user = guarded
    user.run("guard", "key", "new")
    assert "have git ignore it" in user.run("guard", "attest", "-o", "inside.json", code=2).stderr
    assert not (user.folder / "inside.json").exists()
    user.run("guard", "attest", "-o", "inside.signed.json")
    assert user.json("verify", "inside.signed.json", "--current", ".")["status"] == "valid"
    (user.folder / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (user.folder / "test_calc.py").write_text("print('1 passed')\n")
    user.run("guard", "attest", "-o", str(tmp_path / "b.json"), code=1)
    assert not (tmp_path / "b.json").exists()


def test_keys_from_elsewhere_sign_and_verify_as_both_verifiers_say(guarded: Shell, tmp_path: Path) -> None:
    """A build signs with a key of its own; who believes another key calls it forged, here and in the second verifier."""
    user, file = guarded, tmp_path / "a.json"
    user.run("--data-dir", str(tmp_path / "build"), "guard", "key", "new")
    keys = tmp_path / "build" / "keys"
    user.run("guard", "attest", "--key", str(keys / "signing.pem"), "-o", str(file))
    assert "--key" in user.run("verify", str(file), code=1).stderr
    assert user.json("verify", str(file), "--key", str(keys / "signing.pub.pem"), "--current", ".")["status"] == "valid"
    user.run("guard", "key", "new")
    assert user.json("verify", str(file), code=1)["status"] == "forged"
    found = subprocess.run(
        ["node", str(SCRIPT), str(file), "--key", str(keys / "signing.pub.pem")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["outcome"] == "achieved"
    file.write_text(file.read_text().replace("in-toto", "other"))
    user.run("verify", str(file), code=2)


def test_a_rotated_key_leaves_what_was_signed_valid(guarded: Shell, tmp_path: Path) -> None:
    """`show` lists what is believed, the signing one first."""
    user, file = guarded, str(tmp_path / "a.json")
    user.run("guard", "key", "new")
    user.run("guard", "attest", "-o", file)
    first = user.json("guard", "key", "show")["believed"]
    user.run("guard", "key", "rotate")
    assert user.json("guard", "key", "show")["believed"][1:] == first
    assert user.json("verify", file, "--current", ".")["status"] == "valid"
