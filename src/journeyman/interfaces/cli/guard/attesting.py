"""`guard attest` and attestations in `verify`: a check of everything, signed, and what such a signature is worth today."""

from __future__ import annotations

from pathlib import Path

import typer

from journeyman.attestations.envelope import sign
from journeyman.attestations.keys import SigningKeys, key_id, read_private, read_public
from journeyman.attestations.statement import JudgedWorkspace, statement_of
from journeyman.attestations.verdict import AttestationStatus, AttestationVerdict, verify
from journeyman.config import Settings
from journeyman.engine.reporting import report_of
from journeyman.guard.contract import protected_patterns
from journeyman.guard.guarded import contract_for_check
from journeyman.interfaces.cli.guard.checks import checked, code_of, print_outcome, verifying
from journeyman.interfaces.cli.guard.guarded_folder import guarded_place
from journeyman.interfaces.cli.shared import BAD_INPUT, NOT_ACHIEVED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_journeyman
from journeyman.interfaces.pages.private_files import write_private
from journeyman.interfaces.pages.report_files import write_text
from journeyman.mission.values.errors import NotAllowed
from journeyman.wiring import Journeyman
from journeyman.workspaces.digest import read_workspace

_ACHIEVED = "achieved"


def signing_keys(settings: Settings) -> SigningKeys:
    """The keys of this data folder."""
    return SigningKeys(settings.data_dir / "keys", write_private)


def attest_folder(settings: Settings, folder: Path, *, output: Path | None, key: Path | None, quiet: bool) -> None:
    """Check everything, and where all of it holds, sign that; exits with the verdict's code."""
    signing = read_private(key) if key is not None else signing_keys(settings).current()
    place = guarded_place(settings, folder)
    contract, note = contract_for_check(place)
    also = protected_patterns(contract.guard)
    order = verifying(place, contract, "attest", quiet=quiet)

    async def work(journeyman: Journeyman) -> int:
        outcome = await checked(journeyman, order)
        if outcome.state.outcome != _ACHIEVED:
            await print_outcome(journeyman, outcome, note, as_json=False)
            say("nothing was signed", err=True)
            return code_of(outcome)
        judged = JudgedWorkspace(
            name=Path(place.root).name,
            digest=outcome.state.check.workspace,
            also=also,
            contract=contract.digest,
            touched=[file.path for file in outcome.touched],
        )
        report = await report_of(journeyman.store, outcome.state.session_id)
        _give(sign(statement_of(report, judged), signing).decode(), output, Path(place.root), judged)
        say(
            f"signed by {key_id(signing.public_key())[:16]}: {judged.name} at {judged.digest[:16]} is achieved",
            err=True,
        )
        return 0

    raise typer.Exit(with_journeyman(settings, work))


def _give(text: str, output: Path | None, root: Path, judged: JudgedWorkspace) -> None:
    if output is None:
        say(text, exact=True)
        return
    write_text(output, text)
    if output.resolve().is_relative_to(root) and read_workspace(root, also=judged.also).digest != judged.digest:
        output.unlink()
        raise NotAllowed(
            f"{output} would be a file of the workspace that it attests, which it would change: write it outside of "
            f"{root}, or have git ignore it",
            code="attestation_inside",
        )


def verify_attestation(
    settings: Settings, file: Path, *, current: Path | None, keys: list[Path], as_json: bool
) -> None:
    """Say whether an attestation is valid, stale or forged; exits with 0 only where it is valid and says achieved."""
    believed = [*map(read_public, keys)] if keys else [*signing_keys(settings).trusted()]
    raw = file.read_bytes()
    found = verify(raw, believed)
    if current is not None and found.statement is not None:
        found = verify(raw, believed, read_workspace(current.resolve(), also=found.statement.also).digest)
    _show(file, found, compared=current is not None, believed=len(believed), as_json=as_json)
    if found.status is AttestationStatus.MALFORMED:
        raise typer.Exit(BAD_INPUT)
    stated = "" if found.statement is None else found.statement.outcome
    if found.status is not AttestationStatus.VALID or stated != _ACHIEVED:
        raise typer.Exit(NOT_ACHIEVED)


def _show(file: Path, found: AttestationVerdict, *, compared: bool, believed: int, as_json: bool) -> None:
    stated = found.statement
    if as_json:
        plain = None if stated is None else dict(stated.plain)
        print_json({"status": found.status.value, "why": found.why, "key": found.key, "statement": plain})
        return
    say(f"{file}: {found.status.value}{f' ({found.why})' if found.why else ''}")
    if found.status is AttestationStatus.FORGED and not believed:
        say("no key is known here: name the signer's public key with --key", err=True)
    if stated is not None:
        say(f"  outcome {stated.outcome}, workspace {stated.workspace[:16]}, mission {stated.mission[:16]}")
        say(f"  record ends at {stated.head}, signed by {found.key[:16]}")
        if not compared:
            say("  not compared with any folder: --current FOLDER does", err=True)
