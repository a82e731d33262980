"""`guard ci`: the verdict of a build."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typer

from journeyman.config import Settings
from journeyman.guard.clean_checkout import contract_of_base, default_base
from journeyman.interfaces.cli.guard.checks import check_and_print, verifying
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import InvalidInput, Problem


def check_checkout(settings: Settings, folder: Path, *, base: str, quiet: bool, as_json: bool) -> None:
    """Check a checkout by what its base says, and exit with the verdict's code."""
    base = base or default_base()
    if not base:
        problem = Problem(
            where="--base", message="is missing", hint="name the commit whose contract counts, such as origin/main"
        )
        raise InvalidInput("the command line", (problem,))
    with tempfile.TemporaryDirectory(prefix="journeyman-ci-") as own:
        place, contract = contract_of_base(folder.resolve(), base, Path(own))
        if not quiet:
            say(f"checking {place.root} by {place.file} of {base}", err=True)
        order = verifying(place, contract, "ci", quiet=quiet)
        raise typer.Exit(check_and_print(settings, order, "", as_json=as_json))
