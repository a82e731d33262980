"""`guard key`: the key that signs attestations."""

from __future__ import annotations

import importlib
from types import ModuleType

import typer

from journeyman.engine.clock import SystemClock
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.shared import CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import NotFound

key = CommandGroup(
    name="key",
    help="The key that signs attestations: where it lies, who can read it, what its loss means.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def attesting() -> ModuleType:
    """What signs and verifies; raises `NotFound` where the extra for it is not installed."""
    try:
        return importlib.import_module("journeyman.interfaces.cli.guard.attesting")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "cryptography":
            raise
        raise NotFound(
            "attestations need cryptography: pip install 'journeyman[attestations]'", code="extra_missing"
        ) from None


@key.command("new")
def new(ctx: typer.Context) -> None:
    """Draw a key. It lies in the data folder, readable by you alone: whoever works as you can sign with it, too.

    Where an agent runs under your account, sign where it cannot read: in CI, with `guard attest --key FILE`.
    """
    keys = attesting().signing_keys(settings_of(ctx))
    keys.new()
    say(f"drew {keys.private_path}; give {keys.public_path} to whoever shall verify")


@key.command("rotate")
def rotate(ctx: typer.Context) -> None:
    """Draw another key and delete the old private one; what the old one signed stays believed here.

    Where the old key may have been read by somebody else, delete its public key from `retired`, too.
    """
    keys = attesting().signing_keys(settings_of(ctx))
    keys.rotate(SystemClock().now())
    say(f"drew {keys.private_path}; give {keys.public_path} to whoever shall verify, beside the keys before it")


@key.command("show")
def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show where the keys lie and which public keys are believed, the one that signs first.

    Without the private key nothing new can be signed; what was signed stays valid while its public key is kept.
    """
    keys = attesting().signing_keys(settings_of(ctx))
    believed = keys.trusted_ids()
    if as_json:
        print_json({"private": str(keys.private_path), "public": str(keys.public_path), "believed": [*believed]})
        return
    if not believed:
        say("there is no key yet: journeyman guard key new")
        return
    say(f"private (readable by you): {keys.private_path}")
    say(f"public: {keys.public_path}")
    for number, name in enumerate(believed):
        say(f"  {name}{'  signs' if number == 0 else '  retired, still believed'}")
