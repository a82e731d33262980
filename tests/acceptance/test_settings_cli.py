"""Settings as people write and read them, and who is told when a run ends."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from importlib import metadata

from tests.acceptance.conftest import Shell
from tests.acceptance.test_run_options import counted


def configured(shell: Callable[[str], Shell]) -> Shell:
    """A shell whose settings file is its own."""
    user = counted(shell)
    user.environment["JOURNEYMAN_CONFIG"] = str(user.folder / "config.toml")
    return user


def test_a_settings_file_is_begun_changed_and_explained(shell: Callable[[str], Shell]) -> None:
    """What is commented out is set in its place, and nothing else moves."""
    user = configured(shell)
    user.run("config", "init")
    file = user.folder / "config.toml"
    begun = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "exists already" in user.run("config", "init", code=2).stderr
    user.run("config", "set", "person", 'ada "the" countess')
    user.run("config", "set", "lease_ttl_s", "5")
    user.run("config", "set", "person", "eve")
    changed = file.read_text().splitlines()
    assert [line for line in changed if line not in begun.splitlines()] == ['person = "eve"', "lease_ttl_s = 5.0"]
    assert len(changed) == len(begun.splitlines())
    rows = user.json("config", "show")
    assert (rows["person"]["value"], rows["person"]["source"]) == ("eve", str(file))
    assert "who answers for people" in rows["person"]["about"]
    assert "seconds without a heartbeat" in user.run("config", "show").stdout
    assert "did you mean 'person'?" in user.run("config", "set", "persona", "x", code=2).stderr
    assert "must be from" in user.run("config", "set", "sandbox_workers", "0", code=2).stderr


def test_doctor_tells_of_every_extra(shell: Callable[[str], Shell]) -> None:
    """As the package declares them, so that none is forgotten."""
    found = {row["what"]: row for row in configured(shell).json("doctor")}
    extras = {name.removeprefix("extra ") for name in found if name.startswith("extra ")}
    assert extras == set(metadata.metadata("journeyman").get_all("Provides-Extra") or ())
    assert {"mcp", "models", "gym"} <= extras
    assert found["extra mcp"]["detail"].startswith("mcp ")
    assert "pip install 'journeyman[openenv]'" in found["extra openenv"]["detail"]


def test_somebody_is_told_when_a_run_waits_or_ends(shell: Callable[[str], Shell]) -> None:
    """By a command of theirs, from the settings or for one run; one that cannot be run hurts nothing."""
    user = configured(shell)
    script = user.folder / "tell.py"
    script.write_text(
        "import os, sys\nopen('told.txt', 'a').write(f\"{sys.argv[1]}|{os.environ['JOURNEYMAN_STATUS']}\\n\")\n"
    )
    user.run("config", "set", "notify", f"{sys.executable} {script}")
    user.run("run", "mission.yaml")
    told = user.folder / "told.txt"
    while not told.exists() or not told.read_text().endswith("\n"):
        pass
    assert told.read_text() == "count: achieved|ended\n"
    refused = user.run("run", "mission.yaml", "--notify", "no-such-program", code=2)
    assert "--notify: 'no-such-program' cannot be run" in refused.stderr
    user.run("config", "set", "notify", "no-such-program")
    assert "nobody will be notified: 'no-such-program'" in user.run("run", "mission.yaml", "--quiet").stderr


def test_a_report_opens_in_the_browser_of_the_system(shell: Callable[[str], Shell]) -> None:
    """As one page of its own, which only its owner can read."""
    user = configured(shell)
    browser = user.folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{user.folder}/opened.txt"\n')
    browser.chmod(0o755)
    user.environment["BROWSER"] = f"{browser} %s"
    assert "journeyman report" in user.run("run", "mission.yaml", "--id", "counted").stderr
    user.run("report", "counted", "--open")
    page = next(user.folder.parent.rglob("counted.html"))
    assert (user.folder / "opened.txt").read_text().strip() == page.as_uri()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert page.read_text().startswith("<!")
