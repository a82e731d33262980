"""Tampering after the work was signed: with the folder, and with the attestation itself."""

from __future__ import annotations

import base64
import copy
import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.tampering.classes import Attacker, Tampering
from benchmarks.tampering.site import Site
from journeyman.attestations.envelope import sign
from journeyman.attestations.keys import read_private

Plain = dict[str, Any]


def _stale(change: Callable[[Site, random.Random], None]) -> Callable[[Site, random.Random, int], bool]:
    def tries(site: Site, rng: random.Random, number: int) -> bool:
        del number
        site.done()
        change(site, rng)
        return site.verifies()

    return tries


def _change_files(site: Site, rng: random.Random) -> None:
    """Anything that the digest names."""
    other = site.folder / "src" / "other.txt"
    kind = rng.randrange(8)
    if kind == 0:
        before = other.stat()
        other.write_text("ohter\n")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif kind == 1:
        other.unlink()
    elif kind == 2:
        other.rename(site.folder / "src" / "Other.txt")
    elif kind == 3:
        other.chmod(0o755)
    elif kind == 4:
        other.rename(site.folder / "README")
        other.symlink_to("../README")
    elif kind == 5:
        site.write("new.txt", "")
    elif kind == 6:
        site.write("build/../src/sub/x", "x")
    else:
        site.write("tests/check.py", "print('ok')\n")


def _hide_new_files(site: Site, rng: random.Random) -> None:
    """New files in lists of what git overlooks, a new one that names itself among them."""
    kind = rng.randrange(5)
    if kind == 4:
        folder = rng.choice(("extra", "src/extra"))
        site.write(f"{folder}/.gitignore", "*\n")
        site.write(f"{folder}/evil.txt", "evil")
        return
    site.write("src/evil.txt", "evil")
    if kind == 0:
        site.write(".git/info/exclude", "evil.txt\n")
    elif kind == 1:
        (site.place / "excludes").write_text("evil.txt\n")
        site.git("config", "core.excludesFile", str(site.place / "excludes"))
    elif kind == 2:
        site.git("add", "-A")
        site.git("update-index", rng.choice(("--assume-unchanged", "--skip-worktree")), "src/evil.txt")
    else:
        site.git("config", "status.showUntrackedFiles", "no")


def _add_an_ignored_file(site: Site, rng: random.Random, number: int) -> bool:
    """New files in a folder that the `.gitignore` names that was there."""
    del number
    site.done()
    site.write(f"build/{rng.choice(('', 'lib/', 'a/b/'))}evil.txt", "evil")
    return site.verifies()


def _remove_git(site: Site, rng: random.Random) -> None:
    """Another file, and no repository or an empty one."""
    site.write(rng.choice(("src/other.txt", "new.txt")), "other")
    shutil.rmtree(site.folder / ".git")
    if rng.random() < 0.5:
        site.git("init", "-q")
        site.write(".git/info/exclude", "*\n")


def _other_forms_of_names(site: Site, rng: random.Random, number: int) -> bool:
    """A name in composed form becomes one in decomposed form, or one that looks the same."""
    del number
    site.done()
    site.write("src/caf\u00e9.txt", "x")
    assert site.attest()
    name = rng.choice(("src/cafe\u0301.txt", "src/c\u0430f\u00e9.txt", "src/caf\u00e9.txt ", "src/CAF\u00c9.txt"))
    (site.folder / "src" / "caf\u00e9.txt").rename(site.folder / name)
    return site.verifies()


def _change_what_is_not_named(site: Site, rng: random.Random, number: int) -> bool:
    """Empty folders, mode bits of readers, owners' times."""
    site.done()
    kind = number % 3
    if kind == 0:
        (site.folder / "empty").mkdir()
    elif kind == 1:
        (site.folder / "src" / "other.txt").chmod(rng.choice((0o600, 0o666, 0o440)))
    else:
        os.utime(site.folder / "src" / "other.txt", (1, 1))
    return site.verifies()


def _read(site: Site) -> tuple[Plain, Plain]:
    envelope: Plain = json.loads(site.attestation.read_bytes())
    return envelope, json.loads(base64.b64decode(envelope["payload"]))


def _either(site: Site, number: int, *options: str) -> bool:
    """Tell whether one of the two verifiers accepts, in turns."""
    return site.second_verifier(*options) if number % 2 else site.verifies(*options)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in cast("Plain", value).items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(cast("list[Any]", value)) for leaf in _leaves(inner, (*path, index))]
    return [path]


def _fields_changed(site: Site, rng: random.Random, number: int) -> bool:
    """One field of the statement, the signature as it was."""
    site.done()
    envelope, statement = _read(site)
    changed = copy.deepcopy(statement)
    path = rng.choice(_leaves(changed))
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    before = inner[path[-1]]
    inner[path[-1]] = (
        not before if isinstance(before, bool) else f"{before}"[::-1] + "x" if isinstance(before, str) else 7
    )
    envelope["payload"] = base64.b64encode(json.dumps(changed).encode()).decode()
    site.attestation.write_text(json.dumps(envelope))
    return _either(site, number)


def _signatures_changed(site: Site, rng: random.Random, number: int) -> bool:
    """Cut, turned, emptied, or those of another statement."""
    site.done()
    envelope, _ = _read(site)
    site.write("src/other.txt", f"{number}")
    other = sign({"x": 1}, read_private(site.keys / "signing.pem"))
    raw = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    signatures: list[Any] = [
        [{"sig": base64.b64encode(bytes(raw)).decode()}], [{"sig": base64.b64encode(bytes(raw[:32])).decode()}], [{"sig": ""}], [],
        json.loads(other)["signatures"], [{"sig": base64.b64encode(bytes(64)).decode()}] * 16,
    ]  # fmt: skip
    envelope["signatures"] = rng.choice(signatures)
    site.attestation.write_text(json.dumps(envelope))
    return _either(site, number)


def _another_key(site: Site, rng: random.Random, number: int) -> bool:
    """All is right, but the signer is somebody else, under our key's name."""
    site.done()
    _, statement = _read(site)
    forged: Plain = json.loads(sign(statement, Ed25519PrivateKey.generate()))
    if rng.random() < 0.5:
        forged["signatures"] = [
            {**row, "keyid": _read(site)[0]["signatures"][0].get("keyid", "")} for row in forged["signatures"]
        ]
    site.attestation.write_text(json.dumps(forged))
    return _either(site, number)


def _another_form(site: Site, rng: random.Random, number: int) -> bool:
    """Signed bytes under another type, or a signed statement that is none of ours."""
    site.done()
    envelope, statement = _read(site)
    kind = rng.randrange(3)
    if kind == 0:
        envelope["payloadType"] = "application/json"
        site.attestation.write_text(json.dumps(envelope))
    else:
        statement["predicateType" if kind == 1 else "_type"] = "https://slsa.dev/provenance/v1"
        site.attestation.write_bytes(sign(statement, read_private(site.keys / "signing.pem")))
    return _either(site, number)


def _not_achieved(site: Site, rng: random.Random, number: int) -> bool:
    """A statement of ours that says something else than achieved."""
    site.done()
    _, statement = _read(site)
    statement["predicate"]["outcome"] = rng.choice(("not_achieved", "unknown", "", "Achieved", "achieved "))
    site.attestation.write_bytes(sign(statement, read_private(site.keys / "signing.pem")))
    return _either(site, number)


def _replayed(site: Site, rng: random.Random, number: int) -> bool:
    """An attestation of earlier work, or of another folder, for what lies there now."""
    del number
    site.done()
    site.write("src/main.txt", "done, and more\n")
    if rng.random() < 0.5:
        site.commit()
    return site.verifies()


def _withdrawn_key(site: Site, rng: random.Random, number: int) -> bool:
    """A key that was rotated, and whose public half was deleted since somebody may have read it."""
    del rng
    site.done()
    assert site.journeyman("guard", "key", "rotate").returncode == 0
    assert site.verifies(), "what was signed before a rotation stays valid"
    shutil.rmtree(site.keys / "retired")
    return _either(site, number)


def _stolen_key(site: Site, rng: random.Random, number: int) -> bool:
    """The private key, read by a program of the same user, signs what was never checked."""
    site.done()
    _, statement = _read(site)
    statement["predicate"]["ended_at"] = datetime.fromtimestamp(rng.randrange(2**31), UTC).isoformat()
    key = serialization.load_pem_private_key((site.keys / "signing.pem").read_bytes(), None)
    site.attestation.write_bytes(sign(statement, cast("Ed25519PrivateKey", key)))
    return _either(site, number)


_FOLDER: Final = Attacker.FOLDER
OF_WHAT_WAS_SIGNED: Final = (
    Tampering(name="files changed after they were signed", attacker=_FOLDER, tries=_stale(_change_files)),
    Tampering(name="new files that git is told to overlook", attacker=_FOLDER, tries=_stale(_hide_new_files)),
    Tampering(name=".git removed or replaced after signing", attacker=_FOLDER, tries=_stale(_remove_git)),
    Tampering(name="names in another form of Unicode", attacker=_FOLDER, tries=_other_forms_of_names),
    Tampering(name="an attestation of earlier work", attacker=_FOLDER, tries=_replayed),
    Tampering(name="fields of an attestation changed", attacker=_FOLDER, tries=_fields_changed),
    Tampering(name="signatures cut, changed, swapped", attacker=_FOLDER, tries=_signatures_changed),
    Tampering(name="signed by another key", attacker=_FOLDER, tries=_another_key),
    Tampering(name="a signed text of another form", attacker=Attacker.USER, tries=_another_form),
    Tampering(name="a signed statement that says something else", attacker=Attacker.USER, tries=_not_achieved),
    Tampering(name="a key that was withdrawn", attacker=Attacker.USER, tries=_withdrawn_key),
    Tampering(
        name="new files that a confirmed .gitignore names", attacker=_FOLDER, tries=_add_an_ignored_file,
        out_of_reach="adds files that a `.gitignore` names",
    ),
    Tampering(
        name="empty folders, readers' mode bits, times", attacker=_FOLDER, tries=_change_what_is_not_named,
        out_of_reach="empty folders, other mode bits, owners and times are not of it",
    ),
    Tampering(
        name="the private key read", attacker=Attacker.USER, tries=_stolen_key,
        out_of_reach="program that runs as you can read it and sign whatever it likes",
    ),
)  # fmt: skip
