"""A check of a folder: what is believed, what is looked at again, and what an agent's changes to the checks are worth."""

from __future__ import annotations

import pytest

from journeyman.guard.contract import difference, pinned_contract
from journeyman.guard.contract_lookup import find_guard
from journeyman.mission.model import events as e
from journeyman.mission.values.errors import InvalidInput, RecordBroken
from tests.engine.engine_bench import bench
from tests.guard.conftest import GUARD, GuardedFolder

pytestmark = pytest.mark.anyio


async def test_only_checks_whose_files_changed_run_again_and_the_record_says_whose_evidence_was_kept(
    folder: GuardedFolder,
) -> None:
    """What was met stands as long as the files that decide it are the same."""
    contract = folder.pin()
    folder.write("src/main.txt", "done")
    async with bench() as at:
        first = await folder.check(at, folder.order(contract))
        assert (first.state.outcome, first.kept, folder.runs) == ("achieved", (), 1)
        folder.write("README", "new")
        second = await folder.check(at, folder.order(contract))
        assert (second.state.outcome, second.kept, folder.runs) == ("achieved", ("tests", "notes"), 1)
        (checked,) = await at.events(second.state.session_id, e.Checked)
        assert {fact.kept_from for fact in checked.facts} == {first.state.session_id}
        third = await folder.check(at, folder.order(contract))
        (checked,) = await at.events(third.state.session_id, e.Checked)
        assert {fact.kept_from for fact in checked.facts} == {first.state.session_id}
        folder.write("src/main.txt", "undone, done")
        assert (await folder.check(at, folder.order(contract))).kept == ("notes",)
        assert folder.runs == 2
        for one in (first, second, third):
            await at.holds(one.state.session_id)


async def test_a_verdict_believes_nothing_that_was_found_before(folder: GuardedFolder) -> None:
    """Times and sizes can be set, and evidence of another check can be made up."""
    contract = folder.pin()
    folder.write("src/main.txt", "done")
    async with bench() as at:
        await folder.check(at, folder.order(contract))
        assert (await folder.check(at, folder.order(contract, verified=True))).kept == ()
        assert folder.runs == 2


async def test_another_contract_keeps_nothing(folder: GuardedFolder) -> None:
    """Evidence is of what was asked."""
    folder.write("src/main.txt", "done")
    async with bench() as at:
        await folder.check(at, folder.order(folder.pin()))
        folder.write("guard.yaml", GUARD.replace("paths: [src/**, tests/**]", "timeout_s: 9"))
        assert (await folder.check(at, folder.order(folder.pin()))).kept == ()


async def test_what_was_not_met_is_looked_at_again(folder: GuardedFolder) -> None:
    """It may lie in what is no file of the folder: a service, a program that was missing."""
    contract = folder.pin()
    async with bench() as at:
        await folder.check(at, folder.order(contract))
        assert (await folder.check(at, folder.order(contract))).kept == ("notes",)
        assert folder.runs == 2


@pytest.mark.parametrize(
    ("path", "text", "how"),
    [
        ("tests/check.py", "pass\n", "changed"),
        ("tests/sitecustomize.py", "raise SystemExit(0)\n", "added"),
        ("guard.yaml", "criteria: [{id: notes, kind: artifact, path: NOTES}]\n", "changed"),
        ("guard.yaml", "not: [a guard\n", "changed"),
    ],
)
async def test_what_an_agent_does_to_tests_and_contract_is_told_and_worth_nothing(
    folder: GuardedFolder, path: str, text: str, how: str
) -> None:
    """The pinned ones are used."""
    folder.pin()
    folder.write(path, text)
    contract = pinned_contract(folder.place)
    assert contract is not None
    async with bench() as at:
        outcome = await folder.check(at, folder.order(contract))
        assert outcome.state.outcome == "not_achieved"
        assert [(one.path, one.how) for one in outcome.touched] == [(path, how)]
        (asked,) = await at.events(outcome.state.session_id, e.CheckAsked)
        assert asked.touched == [{"path": path, "how": how}]


async def test_removed_tests_and_a_removed_contract_are_still_there_for_the_check(folder: GuardedFolder) -> None:
    """Both come from what was pinned."""
    folder.pin()
    (folder.root / "tests" / "check.py").unlink()
    (folder.root / "tests").rmdir()
    (folder.root / "guard.yaml").unlink()
    place = find_guard(str(folder.root / "src"), str(folder.records))
    assert place is not None
    contract = pinned_contract(place)
    assert contract is not None
    assert "gone" in difference(place, contract)
    async with bench() as at:
        outcome = await folder.check(at, folder.order(contract))
        assert outcome.state.outcome == "not_achieved"
        assert {one.how for one in outcome.touched} == {"removed"}
        assert folder.runs == 1


@pytest.mark.parametrize(("abort", "reason"), [(False, "criteria_unmet"), (True, "guard_broken")])
async def test_touching_what_is_protected_may_be_unmet_or_an_abort(
    folder: GuardedFolder,
    abort: bool,  # noqa: FBT001
    reason: str,
) -> None:
    """As the operator says."""
    kind = "touched: true, abort_when_met: true" if abort else "touched: false"
    folder.write(
        "guard.yaml",
        f"{GUARD.replace('protect:', f'  - {{id: same, kind: protected_files, {kind}}}{chr(10)}protect:')}",
    )
    contract = folder.pin()
    folder.write("src/main.txt", "done")
    async with bench() as at:
        assert (await folder.check(at, folder.order(contract))).state.outcome == "achieved"
        folder.write("tests/more.py", "")
        outcome = await folder.check(at, folder.order(contract))
        assert (outcome.state.outcome, outcome.state.reason) == ("not_achieved", reason)
        await at.holds(outcome.state.session_id)


async def test_checks_leave_nothing_in_the_folder(folder: GuardedFolder) -> None:
    """They work on copies."""
    folder.write("guard.yaml", "criteria: [{id: a, kind: command, run: [sh, -c, 'touch made; rm -rf src']}]\n")
    contract = folder.pin()
    async with bench() as at:
        assert (await folder.check(at, folder.order(contract))).state.outcome == "achieved"
    assert not (folder.root / "made").exists()
    assert (folder.root / "src" / "main.txt").exists()


def test_a_pinned_contract_that_was_changed_is_refused(folder: GuardedFolder) -> None:
    """Not taken for none."""
    folder.pin()
    pinned = folder.records.rglob("contract.json").__next__()
    for damaged in (pinned.read_text().replace("python3", "true"), "{", "[]", '{"contract": {}}'):
        pinned.write_text(damaged)
        with pytest.raises(RecordBroken, match="journeyman guard pin"):
            pinned_contract(folder.place)


def test_a_file_is_looked_for_up_to_the_repository_and_a_pinned_contract_anywhere(folder: GuardedFolder) -> None:
    """A guard of the home folder is none of every repository below it."""
    inner = folder.root / "inner"
    (inner / ".git").mkdir(parents=True)
    (inner / "deep").mkdir()
    records = str(folder.records)
    assert find_guard(str(inner / "deep"), records) is None
    folder.pin()
    found = find_guard(str(inner / "deep"), records)
    assert found is not None
    assert found.root == str(folder.root)
    assert find_guard("/", records) is None


def test_a_file_that_cannot_be_read_says_what_is_wrong(folder: GuardedFolder) -> None:
    """With its line."""
    folder.write("guard.yaml", "criteria: [{id: a, kind: command}]\n")
    with pytest.raises(InvalidInput, match=r"line 1: criteria\.0\.run: is missing"):
        folder.pin()
