"""The guard in coding agents' files that others have written to: installed, seen and removed, everything else byte for byte.

Each host gets generated files with hooks of others, comments, odd formatting, marks of the encoding, links and modes, and
files that are no JSON or not of the host's shape. One file a host goes through the command line itself.
"""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Meter, Row
from journeyman.agents import HOSTS
from journeyman.agents.installing.file_changes import Backups, apply
from journeyman.agents.installing.host_files import FILES, Base, Dialect, Scope
from journeyman.agents.installing.installation import Installer
from journeyman.agents.installing.json_text import put_last, read_json_text
from journeyman.agents.installing.settings_text import guard_handlers
from journeyman.mission.values.errors import InvalidInput, NotAllowed

FILES_EACH: Final = 300
WRONG_EACH: Final = 60
_PROGRAM: Final = ("/opt/some place/bin/journeyman",)
_THEIRS: Final[Sequence[Any]] = (
    {"hooks": [{"type": "command", "command": "notify-send done"}]},
    {
        "matcher": "*",
        "hooks": [{"type": "command", "command": "say 'a // b' /* c */"}, {"type": "command", "command": "x"}],
    },
    {"command": "lint --fix", "timeout": 5},
    {"bash": "true", "type": "command"},
    {"hooks": []},
    {"hooks": [{"type": "command", "command": "journeyman guard hook another"}]},
)
_COMMENTS: Final = ("// mine\n", "/* kept, for now */", "/* two\n lines } */", '// "quoted", [\n')
_SHAPES: Final = (
    '{"hooks": [1]}',
    '{"hooks": "x"}',
    "[]",
    "7",
    '{"hooks": null}',
    '{"hooks": {}, "hooks": {}}',
    "",
    "\n",
)


@dataclass(slots=True)
class Tally:
    """How many of a host's files were as they must be."""

    good: int = 0
    refused: int = 0
    first_fault: str = ""

    def fault(self, what: str) -> None:
        """Keep the first."""
        self.first_fault = self.first_fault or what


def run(progress: Meter) -> list[Row]:
    """Every host in turn."""
    rows: list[Row] = []
    for host in HOSTS:
        progress.start(host, FILES_EACH + WRONG_EACH)
        tally = Tally()
        for number in range(FILES_EACH):
            with tempfile.TemporaryDirectory() as place:
                _try_file(host, Path(place), random.Random(f"{host}:{number}"), tally)
            progress.step()
        for number in range(WRONG_EACH):
            with tempfile.TemporaryDirectory() as place:
                _try_wrong(host, Path(place), random.Random(f"wrong:{host}:{number}"), tally)
            progress.step()
        rows.append(_row(f"{host}: files where everything else stayed", tally.good, FILES_EACH, tally.first_fault))
        rows.append(_row(f"{host}: unfit files refused, unchanged", tally.refused, WRONG_EACH, tally.first_fault))
    progress.start("command line", len(HOSTS))
    through = 0
    for host in HOSTS:
        with tempfile.TemporaryDirectory() as place:
            through += _through_command_line(host, Path(place))
        progress.step()
    return [*rows, _row("hosts through the command line itself", through, len(HOSTS), "")]


def _row(what: str, count: int, wanted: int, fault: str) -> Row:
    return Row(what, count, f"of {wanted}{f': {fault}' if count < wanted else ''}", f"= {wanted}", count == wanted)


def _installer(host: str, place: Path, scope: Scope) -> Installer:
    return Installer(
        host=host, scope=scope, base=Base(place / "home", place / "repository", {}), backups=Backups(place / "kept")
    )


def _try_file(host: str, place: Path, draw: random.Random, tally: Tally) -> None:
    """One file with what others wrote: install, look, install again, edit beside it, uninstall."""
    at = _installer(host, place, draw.choice(list(Scope)))
    file = at.places.hooks
    _write(
        file, _host_text(host, draw) if FILES[host].plugin is None else None, place, draw, mark=FILES[host].reads_mark
    )
    other = file.parent / "other.js"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(b"// theirs\n")
    before = _seen(place)
    apply(at.install(_PROGRAM), at.backups)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        found = at.installed()
        assert found is not None, "the hook is not seen"
        assert found.has_skill, "the skill is not seen"
        if FILES[host].plugin is None:
            assert len(guard_handlers(text, host)) == len(FILES[host].events), "not once at each event"
            old = before.get(str(file.relative_to(place)), (b"", 0))[0].decode("utf-8-sig")
            rest = iter(text)
            assert all(char in rest for char in old), "something was taken out"
        assert all(change.is_none for change in at.install(_PROGRAM)), "a second time changes something"
        if FILES[host].plugin is None and draw.random() < 0.5 and str(file.relative_to(place)) in before:
            before = _edited(file, place, before)
        apply(at.uninstall(), at.backups)
        assert at.installed() is None, "the hook is still there"
        assert _seen(place) == before, "it is not as it was"
        tally.good += 1
    except AssertionError as error:
        tally.fault(f"{error} in {file.name}")


def _edited(file: Path, place: Path, before: dict[str, tuple[bytes, int]]) -> dict[str, tuple[bytes, int]]:
    """A user adds a key of their own while the hook is there: it must stay, as if it had been added without it."""
    mark = file.read_bytes().startswith(b"\xef\xbb\xbf") * b"\xef\xbb\xbf"

    def more(data: bytes) -> bytes:
        return mark + data.decode("utf-8-sig").replace('"model"', '"added": 1, "model"', 1).encode()

    file.write_bytes(more(file.read_bytes()))
    names = {
        str(one.relative_to(place)) for one in (file, place / Path(os.path.relpath(file.resolve(), place.resolve())))
    }
    return {name: (more(data), mode) if name in names else (data, mode) for name, (data, mode) in before.items()}


def _try_wrong(host: str, place: Path, draw: random.Random, tally: Tally) -> None:
    """A file that cannot be used: one error with file and line, and nothing written at all."""
    at = _installer(host, place, Scope.USER)
    file = at.places.hooks
    if FILES[host].plugin is not None:
        text = "export const Mine = async () => ({})\n"
    else:
        whole = _host_text(host, draw)
        cut = whole[: draw.randrange(1, whole.rindex("}"))]
        skipped = [] if FILES[host].dialect is Dialect.LOOSE else ['{"a": 1,}', '{"hooks": {"Stop": [1, /* c */]}}']
        text = draw.choice([*_SHAPES, *skipped]) if draw.random() < 0.5 else cut
    file.parent.mkdir(parents=True)
    if not FILES[host].reads_mark and draw.random() < 0.1:
        text = "\ufeff{}"
    file.write_text(text, "utf-8", newline="")
    before = _seen(place)
    try:
        apply(at.install(_PROGRAM), at.backups)
    except (InvalidInput, NotAllowed) as error:
        said = str(error)
        named = str(file) in said and ("line " in said or isinstance(error, NotAllowed))
        tally.refused += named and _seen(place) == before
        if not named:
            tally.fault(f"the error names no place: {said[:80]}")
    else:
        tally.fault(f"taken: {text[:60]!r}")


def _host_text(host: str, draw: random.Random) -> str:
    """A file of hooks, or of settings with hooks, in one of the forms that people and programs write."""
    events = [*FILES[host].events, "preToolUse"]
    hooks = {name: [draw.choice(_THEIRS) for _ in range(draw.randrange(3))] for name in events if draw.random() < 0.6}
    value: dict[str, Any] = {"model": "opus", "permissions": {"allow": ["Bash(git *)"], "deny": []}, "empty": {}}
    if draw.random() < 0.7:
        value["hooks"] = hooks
    if draw.random() < 0.3:
        value["version"] = 1
    names = list(value)
    draw.shuffle(names)
    indent = draw.choice([None, 1, 2, 4, "\t"])
    text = json.dumps({name: value[name] for name in names}, indent=indent, ensure_ascii=False)
    dialect = FILES[host].dialect
    for _ in range(draw.randrange(4) if dialect is not Dialect.STRICT else 0):
        text = _with_comment(text, draw)
    if dialect is Dialect.LOOSE and draw.random() < 0.3:
        text = text[:-1].rstrip() + "," + draw.choice(["\n}", " }", " // last\n}"])
    text = (
        draw.choice(["", "", "// settings\n" if dialect is not Dialect.STRICT else "\n"])
        + text
        + draw.choice(["", "\n", "\n\n", " "])
    )
    return text.replace("\n", draw.choice(["\n", "\n", "\r\n"]))


def _with_comment(text: str, draw: random.Random) -> str:
    """A comment behind a comma or bracket that is no part of a string."""
    places = [at for at, char in enumerate(text) if char in ",{[" and text.count('"', 0, at) % 2 == 0]
    at = draw.choice(places) + 1
    more = text[:at] + draw.choice(_COMMENTS) + text[at:]
    try:
        same = read_json_text(more).value == read_json_text(text).value
    except ValueError:
        return text
    return more if same else text


def _write(file: Path, text: str | None, place: Path, draw: random.Random, *, mark: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if text is None or draw.random() < 0.05:
        return
    target = file
    if draw.random() < 0.2:
        target = place / "dotfiles" / file.name
        target.parent.mkdir()
        file.symlink_to(target)
    target.write_bytes((b"\xef\xbb\xbf" if mark and draw.random() < 0.2 else b"") + text.encode())
    target.chmod(draw.choice([0o600, 0o644, 0o640]))


def _seen(place: Path) -> dict[str, tuple[bytes, int]]:
    """Each file and link with its bytes and mode, what we keep ourselves aside."""
    return {
        str(one.relative_to(place)): (one.read_bytes(), stat.S_IMODE(one.stat().st_mode) + one.is_symlink() * 2**20)
        for one in place.rglob("*")
        if one.is_file() and "kept" not in one.parts and "data" not in one.parts
    }


def _through_command_line(host: str, place: Path) -> bool:
    """Install, status and uninstall as a user types them."""
    at = _installer(host, place, Scope.USER)
    for made in (place / "home", place / "repository"):
        made.mkdir()
    if FILES[host].plugin is None:
        said = "// mine" if FILES[host].dialect is not Dialect.STRICT else ""
        found = read_json_text(f'{{\n  {said}\n  "model"  : "x",\n\n  "hooks": {{"Stop": [ ] }}\n}}')
        at.places.hooks.parent.mkdir(parents=True)
        at.places.hooks.write_text(put_last(found, (), [1, 2], "list"))
    before = _seen(place)
    environment = {"HOME": str(place / "home"), "PATH": os.environ["PATH"], "JOURNEYMAN_DATA_DIR": str(place / "data")}
    for words in (["install", host], ["status", host, "--json"], ["uninstall", host]):
        ended = subprocess.run(
            [sys.executable, "-m", "journeyman", "guard", *words], cwd=place / "repository", env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ended.returncode:
            return False
        if words[0] == "status" and not json.loads(ended.stdout)[0]["installed"]:
            return False
    return _seen(place) == before
