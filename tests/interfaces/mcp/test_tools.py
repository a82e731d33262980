"""The control tools over a client in memory, in both eras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from mcp_types import ElicitRequestParams, ElicitResult

from journeyman.engine.record_reading import state_of
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.mcp.server import TOOLS
from journeyman.mission.model.reasons import SessionStatus
from tests.interfaces.mcp.served import AGENT, ERAS, EVERYTHING, Era, access_to, called, client_of, names_of, refused

_READER = frozenset({AccessScope.READ})


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_a_mission_is_checked_started_followed_and_reported(tmp_path: Path, era: Era) -> None:
    """The life of a mission, with progress while its client waits."""
    steps: list[float] = []

    async def told_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    async with access_to(tmp_path) as access, client_of(access, era) as client:
        checked = await called(client, "mission_check", file="quick.yaml")
        assert checked["valid"]
        assert [tool["name"] for tool in checked["tools"]] == ["count_up"]
        started = await called(client, "mission_start", file="quick.yaml", session_id="one")
        assert (started["created"], started["status"]) == (True, "running")
        told = await client.call_tool(
            "mission_status", {"session_id": "one", "wait_s": 60}, progress_callback=told_progress
        )
        assert isinstance(told.structured_content, dict)
        assert told.structured_content["outcome"] == "achieved"
        assert steps == sorted(set(steps))
        assert steps
        report = await called(client, "mission_report", session_id="one")
        assert report["ended"]
        assert "Achieved" in report["text"]
        kept = await called(client, "mission_checkpoint", session_id="one")
        assert kept["head_hash"] == report["head_hash"]


@pytest.mark.anyio
async def test_a_repeated_start_starts_nothing_twice_and_another_mission_may_not_take_the_id(tmp_path: Path) -> None:
    """A lost answer is asked for again."""
    async with access_to(tmp_path) as access, client_of(access) as client:
        first = await called(client, "mission_start", file="quick.yaml", session_id="one", run=False)
        again = await called(client, "mission_start", file="quick.yaml", session_id="one")
        assert (first["created"], again["created"]) == (True, False)
        assert (await refused(client, "mission_start", file="slow.yaml", session_id="one"))["code"] == "not_allowed"
        assert (await refused(client, "mission_start", file="slow.yaml", session_id="../x"))["code"] == "invalid_input"
        assert len((await called(client, "mission_list"))["sessions"]) == 1


@pytest.mark.anyio
async def test_a_session_goes_on_step_by_step_and_is_paused_after_each(tmp_path: Path) -> None:
    """Whoever iterates decides when it goes on, also after a restart of the server."""
    async with access_to(tmp_path) as access, client_of(access) as client:
        await called(client, "mission_start", file="steps.yaml", session_id="one", run=False)
        one = await called(client, "mission_iterate", session_id="one")
        assert (one["used"]["iterations"], one["paused"], one["driven_here"]) == (1, True, False)
        two = await called(client, "mission_iterate", session_id="one", iterations=2)
        assert (two["used"]["iterations"], two["paused"]) == (3, True)
        assert await access.host.take_up() == []
        await called(client, "mission_start", file="quick.yaml", session_id="three")
        await called(client, "mission_status", session_id="three", wait_s=60)
        assert "has ended" in (await refused(client, "mission_iterate", session_id="three"))["message"]
        await called(client, "mission_start", file="slow.yaml", session_id="two")
        assert "driven already" in (await refused(client, "mission_iterate", session_id="two"))["message"]


@pytest.mark.anyio
async def test_pause_and_resume_may_be_repeated(tmp_path: Path) -> None:
    """Their annotations say so."""
    async with access_to(tmp_path) as access, client_of(access) as client:
        await called(client, "mission_start", file="slow.yaml", session_id="one")
        for _ in range(2):
            assert (await called(client, "mission_pause", session_id="one", note="lunch"))["paused"]
        for _ in range(2):
            assert not (await called(client, "mission_resume", session_id="one"))["paused"]


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("granted", [True, False])
async def test_the_person_in_front_of_the_client_is_asked_and_recorded(tmp_path: Path, era: Era, granted: bool) -> None:  # noqa: FBT001
    """What the client itself says of granted does not count."""
    asked: list[str] = []

    async def person(context: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"approve": granted, "note": "looked at it"})

    async with access_to(tmp_path, name="ada") as access, client_of(access, era, person) as client:
        await called(client, "mission_start", file="asks.yaml", session_id="one")
        assert (await called(client, "mission_status", session_id="one", wait_s=60))["pending"]
        await called(client, "mission_approve", session_id="one", granted=not granted)
        assert "count_up" in asked[0]
        events = (await called(client, "mission_history", session_id="one", limit=200))["events"]
        answers = [row for row in events if row["kind"] == "ApprovalAnswered"]
        assert answers[0]["actor"] == "person:ada"
        assert answers[0]["data"]["granted"] is granted
        assert answers[0]["data"]["note"] == "looked at it"


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_where_nobody_can_be_asked_the_question_waits_and_the_error_says_how_it_is_answered(
    tmp_path: Path, era: Era
) -> None:
    """Neither a client without forms nor a person who closes one decides anything."""

    async def closed(context: Any, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="cancel")

    async with access_to(tmp_path) as access:
        for person in (None, closed):
            async with client_of(access, era, person) as client:
                await called(client, "mission_start", file="asks.yaml", session_id="one")
                await called(client, "mission_status", session_id="one", wait_s=60)
                error = await refused(client, "mission_approve", session_id="one")
                assert error["code"] == "waits_for_person"
                assert "journeyman approve one" in error["message"]
        state = await state_of(access.host.journeyman.store, "one")
        assert state.status is SessionStatus.WAITING


@pytest.mark.anyio
async def test_a_client_of_a_person_ends_aborts_and_amends_and_the_outcome_stays_what_evidence_says(
    tmp_path: Path,
) -> None:
    """`mission_complete` achieves nothing."""
    async with access_to(tmp_path, EVERYTHING) as access, client_of(access) as client:
        await called(client, "mission_start", file="slow.yaml", session_id="one")
        amended = await called(client, "mission_amend", session_id="one", budget={"iterations": 7})
        assert amended["budget"]["iterations"] == 7
        aborted = await called(client, "mission_abort", session_id="one", note="enough")
        assert (aborted["reason"], aborted["outcome"]) == ("aborted", "unknown")
        assert (await called(client, "mission_abort", session_id="one"))["seq"] == aborted["seq"]
        await called(client, "mission_start", file="quick.yaml", session_id="two", run=False)
        await called(client, "mission_complete", session_id="two")
        forced = await called(client, "mission_status", session_id="two", wait_s=60)
        assert (forced["reason"], forced["outcome"]) == ("forced", "unknown")


@pytest.mark.anyio
async def test_tools_without_a_scope_are_neither_shown_nor_done(tmp_path: Path) -> None:
    """The error names the scope."""
    async with access_to(tmp_path, _READER) as access, client_of(access) as client:
        shown = names_of((await client.list_tools()).tools)
        assert "mission_status" in shown
        for name, tool in TOOLS.items():
            assert (name in shown) == (AccessScope.READ in tool.scopes)
            if name not in shown:
                assert (await refused(client, name, session_id="x"))["code"] == "scope_missing"
    async with access_to(tmp_path) as access, client_of(access) as client:
        error = await refused(client, "mission_start", mission={"directive": "x"})
        assert (error["code"], "author" in error["message"]) == ("scope_missing", True)
        error = await refused(client, "mission_abort", session_id="one")
        assert error["code"] == "scope_missing"


@pytest.mark.anyio
async def test_annotations_and_schemas_are_whole_and_results_fit_them(tmp_path: Path) -> None:
    """The client of the SDK checks each result by its schema, too."""
    async with access_to(tmp_path, EVERYTHING) as access, client_of(access) as client:
        tools = (await client.list_tools()).tools
        assert names_of(tools) == list(TOOLS)
        for tool in tools:
            assert tool.annotations is not None
            assert None not in (
                tool.annotations.read_only_hint,
                tool.annotations.destructive_hint,
                tool.annotations.idempotent_hint,
                tool.annotations.open_world_hint,
            )
            assert tool.output_schema is not None
            jsonschema_rs.Draft202012Validator(tool.output_schema)
            jsonschema_rs.Draft202012Validator(tool.input_schema)
            assert tool.input_schema["additionalProperties"] is False
            assert tool.description
            for name, row in tool.input_schema["properties"].items():
                assert row.get("description") or name in (
                    "limit",
                    "attempts",
                    "form",
                    "most_characters",
                    "tokens",
                    "cost_usd",
                ), name


@pytest.mark.anyio
async def test_lists_events_and_reports_come_in_pages_without_gap_or_repetition(tmp_path: Path) -> None:
    """Forwards and backwards."""
    async with access_to(tmp_path) as access, client_of(access) as client:
        for number in range(5):
            await called(client, "mission_start", file="quick.yaml", session_id=f"s{number}")
            await called(client, "mission_status", session_id=f"s{number}", wait_s=60)
        assert await _walk(client, "mission_list", "sessions", "session_id", limit=2) == [
            f"s{n}" for n in (4, 3, 2, 1, 0)
        ]
        every = await _walk(client, "mission_history", "events", "seq", session_id="s0", limit=3)
        assert every == list(range(1, len(every) + 1))
        back = await _walk(client, "mission_history", "events", "seq", session_id="s0", limit=3, newest=True)
        assert sorted(back) == every
        assert back[:3] == every[-3:]
        whole = await called(client, "mission_report", session_id="s0", form="json")
        text, offset = "", 0
        while offset is not None:
            part = await called(
                client, "mission_report", session_id="s0", form="json", offset=offset, most_characters=1000
            )
            text, offset = text + part["text"], part["next_offset"]
        assert text == whole["text"]
        assert len(text) == whole["total_characters"]
        for tool in ("mission_list", "mission_history"):
            error = await refused(
                client, tool, cursor="bm8", **({} if tool == "mission_list" else {"session_id": "s0"})
            )
            assert error["problems"][0]["where"] == "cursor"


async def _walk(client: Any, tool: str, rows: str, key: str, **arguments: Any) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        page = await called(client, tool, cursor=cursor, **arguments)
        found += [row[key] for row in page[rows]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


@pytest.mark.anyio
async def test_bad_arguments_are_told_all_at_once_with_what_is_there(tmp_path: Path) -> None:
    """A model mends its call by the error's text."""
    async with access_to(tmp_path, AGENT) as access, client_of(access) as client:
        error = await refused(client, "mission_status", session_id=7, wait_s=1e9, wait=1)
        assert [row["where"] for row in error["problems"]] == ["session_id", "wait_s", "wait"]
        assert "it has: session_id, wait_s" in error["message"]
        error = await refused(client, "mission_start", file="../secret.yaml")
        assert error["code"] == "not_found"
        files = (await called(client, "mission_list", files=True))["files"]
        assert files == ["asks.yaml", "quick.yaml", "slow.yaml", "steps.yaml"]
