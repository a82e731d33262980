"""An agent that wants to stop: kept, let go with a reason, or not judged; and when that ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.agents import StopAnswer
from journeyman.agents.base import Defer
from journeyman.engine.checks.requested_check import RequestedCheck
from journeyman.guard.stop_answer import MOST_ERRORS, LoopState, answer_to_error, answer_while_running
from journeyman.guard.stop_hook import StopHook, answer_stop, release_unknown
from journeyman.mission.model import events as e
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import Unavailable
from tests.engine.engine_bench import EngineBench, bench
from tests.engine.test_checks_only import checking
from tests.guard.conftest import GUARD, GuardedFolder, at_once

pytestmark = pytest.mark.anyio


async def stop(at: EngineBench, hook: StopHook) -> StopAnswer:
    """Let an agent want to stop once."""
    answer, _ = await answer_stop(hook, at.engine, at.store, at.clock, at_once)
    return answer


async def test_a_lying_agent_is_kept_until_the_work_holds_and_then_told_so(folder: GuardedFolder) -> None:
    """In one session, whatever the host says of it."""
    folder.pin()
    async with bench() as at:
        first = await stop(at, folder.hook())
        assert first.block
        assert "main is not done" in first.reason
        second = await stop(at, folder.hook(continued=True))
        assert second.block
        assert "As before, unchanged: tests." in second.reason
        folder.write("src/main.txt", "done")
        last = await stop(at, folder.hook(continued=True))
        assert (last.block, "achieved" in last.message) == (False, True)
        (row,) = await at.store.sessions()
        assert (row.verdict, row.iteration) == ("complete/criteria_met", 3)
        await at.holds(row.session_id)


async def test_an_agent_that_changes_nothing_is_released_after_three_blocks_and_everybody_is_told(
    folder: GuardedFolder,
) -> None:
    """The release is a verdict; the next stop begins anew."""
    folder.pin()
    async with bench() as at:
        answers = [await stop(at, folder.hook()) for _ in range(4)]
        assert [answer.block for answer in answers] == [True, True, True, False]
        assert "RELEASED although not finished: terminate/no_progress" in answers[-1].message
        assert (await stop(at, folder.hook())).block
        assert len(await at.store.sessions()) == 2


async def test_an_agent_that_always_changes_something_is_released_after_max_blocks(folder: GuardedFolder) -> None:
    """Below the caps of the hosts."""
    folder.pin()
    async with bench() as at:
        blocks: list[bool] = []
        for number in range(7):
            folder.write("src/other.txt", str(number))
            blocks.append((await stop(at, folder.hook())).block)
        assert blocks == [True] * 6 + [False]


async def test_a_release_comes_before_the_host_lets_the_agent_go_in_silence(folder: GuardedFolder) -> None:
    """Whatever the file says: Claude Code ends the turn at the ninth block, as if all were well."""
    folder.write("guard.yaml", f"{GUARD}max_blocks: 50\n")
    folder.pin()
    async with bench() as at:
        blocks: list[bool] = []
        for number in range(9):
            folder.write("src/other.txt", str(number))
            blocks.append((await stop(at, folder.hook())).block)
        assert blocks == [True] * 8 + [False]


async def test_two_agents_have_a_count_of_their_own(folder: GuardedFolder) -> None:
    """And subagents where they are asked for."""
    folder.write("guard.yaml", f"{GUARD}subagents: true\n")
    folder.pin()
    async with bench() as at:
        for _ in range(3):
            assert (await stop(at, folder.hook(session="one"))).block
        assert (await stop(at, folder.hook(session="two"))).block
        assert (await stop(at, folder.hook(session="one", subagent="a"))).block
        assert not (await stop(at, folder.hook(session="one"))).block
        assert len(await at.store.sessions()) == 3


@pytest.mark.parametrize("defer", [Defer.BACKGROUND, Defer.PLAN, Defer.ABORTED])
async def test_what_is_not_judged_is_recorded_once(folder: GuardedFolder, defer: Defer) -> None:
    """A record that says nothing would look like a hook that went silent."""
    folder.pin()
    async with bench() as at:
        for _ in range(3):
            assert await stop(at, folder.hook(defer=defer)) == StopAnswer(block=False)
        (row,) = await at.store.sessions()
        assert [note.text for note in await at.events(row.session_id, e.NoteAdded)] == [
            f"stop not judged: {defer.value}"
        ]
        assert folder.runs == 0
        assert (await stop(at, folder.hook())).block
        assert len(await at.store.sessions()) == 1


async def test_a_subagent_is_not_judged_unless_asked_and_another_hosts_hook_not_at_all(folder: GuardedFolder) -> None:
    """The second one would be counted twice."""
    folder.pin()
    async with bench() as at:
        assert not (await stop(at, folder.hook(subagent="a"))).block
        assert not (await stop(at, folder.hook(session="x", defer=Defer.OTHER_HOST))).block
        assert (await stop(at, folder.hook())).block
        assert len(await at.store.sessions()) == 1, "a session of its own would never end"


async def test_a_file_that_nobody_confirmed_runs_nothing(folder: GuardedFolder) -> None:
    """Whoever opens a stranger's repository has not agreed to its commands."""
    async with bench() as at:
        answer = await stop(at, folder.hook())
        assert (answer.block, "journeyman guard pin" in answer.message, folder.runs) == (False, True, 0)


async def test_an_edited_contract_is_named_in_the_answer(folder: GuardedFolder) -> None:
    """The pinned one counts."""
    folder.pin()
    folder.write("guard.yaml", "criteria: [{id: notes, kind: artifact, path: NOTES}]\n")
    async with bench() as at:
        answer = await stop(at, folder.hook())
        assert answer.block
        assert "guard.yaml is not what was pinned" in answer.reason
        assert "Protected: guard.yaml was changed" in answer.reason


async def test_a_person_is_waited_for_and_the_agent_let_go(folder: GuardedFolder) -> None:
    """It can do nothing more."""
    folder.write(
        "guard.yaml", f"{GUARD.replace('protect:', '  - {id: seen, kind: approval, by: ann}' + chr(10) + 'protect:')}"
    )
    folder.pin()
    folder.write("src/main.txt", "done")
    async with bench() as at:
        answer = await stop(at, folder.hook())
        assert (answer.block, "waits for a person" in answer.message) == (False, True)


async def test_faults_of_the_guard_block_twice_and_then_release_as_unknown(folder: GuardedFolder) -> None:
    """Never in silence, never for ever."""
    folder.pin()
    async with bench() as at:
        await stop(at, folder.hook())
        hook = folder.hook()
        answers = [hook.failed(Unavailable("no room for a copy", code="disk_full")) for _ in range(3)]
        assert [answer.block for answer in answers] == [True, True, False]
        assert "disk_full: no room for a copy" in answers[0].reason
        assert "outcome unknown" in answers[2].message
        await release_unknown(hook, at.engine, at.store, answers[2].message)
        (row,) = await at.store.sessions()
        assert (row.verdict, row.outcome) == ("terminate/check_failed", "unknown")
        await at.holds(row.session_id)
        assert hook.failed(RuntimeError("x")).block


async def test_an_answer_that_came_too_late_is_given_at_the_next_stop_if_the_files_are_the_same(
    folder: GuardedFolder,
) -> None:
    """A long check is not made twice for one state of the files."""
    folder.pin()
    async with bench() as at:
        hook = folder.hook()
        answer, workspace = await answer_stop(hook, at.engine, at.store, at.clock, at_once)
        hook.keep_late(answer, workspace)
        assert await stop(at, hook) == answer
        assert folder.runs == 1
        hook.keep_late(answer, workspace)
        folder.write("src/main.txt", "done")
        assert not (await stop(at, hook)).block
        assert not hook.late_file.exists()


@given(st.lists(st.booleans(), max_size=30))
def test_errors_never_block_more_than_twice_in_a_row(fails: list[bool]) -> None:
    """Against a slow reference: the last answers, counted."""
    loop, blocks = LoopState(), list[bool]()
    for failed in fails:
        if not failed:
            loop, blocks = LoopState(), []
            continue
        answer, loop = answer_to_error("code", "words", loop)
        assert answer.block is (len(blocks) % (MOST_ERRORS + 1) != MOST_ERRORS)
        blocks.append(answer.block)
        assert LoopState.of_json(loop.to_json()) == loop


@given(st.integers(1, 20))
def test_running_checks_block_so_often_and_then_release(most: int) -> None:
    """An agent that only waits is not kept for ever."""
    loop, blocks = LoopState(), 0
    while True:
        answer, loop = answer_while_running(loop, most)
        if not answer.block:
            break
        blocks += 1
    assert blocks == most


@pytest.mark.parametrize("kept", ["", "[]", '{"told": 1}', '{"errors": "x"}', "\x00"])
def test_a_damaged_memory_begins_anew(folder: GuardedFolder, kept: str) -> None:
    """It is no reason to fail."""
    folder.pin()
    hook = folder.hook()
    hook.loop_file.parent.mkdir(parents=True)
    hook.loop_file.write_text(kept)
    assert hook.loop() == LoopState()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=14), st.integers(2, 7), st.integers(1, 3))
async def test_a_loop_ends_as_a_slow_count_says(seen: list[tuple[str, bool]], checks: int, threshold: int) -> None:
    """Any course of files and results: achieved, as many checks as may be, or once more the same than is borne."""
    async with bench() as at:
        mission = checking(
            {"id": "c", "kind": "command", "run": ["x"]}, iterations=checks, stagnation={"threshold": threshold}
        )
        session, ended = await at.engine.create(mission), ""
        past: list[tuple[str, bool]] = []
        for files, holds in seen:
            if ended:
                break
            fact = e.CheckFact(id="c", met=holds, evidence="")
            ended = await _checked_with(at, session, files, fact)
            past.append((files, holds))
            same = next((index for index, one in enumerate(reversed(past)) if one != past[-1]), len(past))
            wanted = (
                "criteria_met" if holds
                else "max_iterations" if len(past) >= checks
                else "no_progress" if same > threshold
                else ""
            )  # fmt: skip
            assert ended == wanted, past


async def _checked_with(at: EngineBench, session: str, files: str, fact: e.CheckFact) -> str:
    event = e.CheckAsked(workspace=digest(files.encode()), asker="test")
    state = await at.engine.check(session, RequestedCheck(event=event, folder=Path(), known=[fact]))
    return str(state.reason) if state.outcome is not None else ""
