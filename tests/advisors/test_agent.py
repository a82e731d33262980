"""A coding agent in its own process gives text, and gets nothing else."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import anyio
import pytest

from journeyman.advisors.agent import AgentAdvisor
from journeyman.advisors.base import FailureClass
from tests.advisors.providers import question
from tests.concurrency.process_table import children, members

pytestmark = pytest.mark.anyio
FAKE = str(Path(__file__).with_name("fake_agent.py"))


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [("answers", None), ("begs", None), ("refuses", FailureClass.REFUSED), ("breaks", FailureClass.TRANSPORT)],
)
async def test_an_agent_answers_in_text(behaviour: str, failure: FailureClass | None) -> None:
    """Thoughts are no answer, begging for permission is in vain, a dead process is a failure of the wire."""
    advisor = AgentAdvisor((sys.executable, FAKE, behaviour))
    answer = await advisor.ask(question())
    assert answer.failure is failure, answer.reason
    if failure is None:
        assert answer.value.count == 3
        assert answer.usage.source == "estimated"


async def test_cancelling_ends_an_agent_and_all_that_it_started() -> None:
    """It may start programs of its own, and need not hear SIGTERM; nobody waits for its goodbye."""
    advisor = AgentAdvisor(("sh", "-c", "trap '' TERM; sleep 3600 & sleep 3600"))
    await advisor.open()
    before = children()
    asking = asyncio.ensure_future(advisor.ask(question()))
    with anyio.fail_after(30):
        while not (mine := [child for child in children() - before if members(child) == 3]):  # noqa: ASYNC110 - no event tells that a process has children
            await asyncio.sleep(0.005)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while members(mine[0]):  # noqa: ASYNC110 - nor that they are gone
            await asyncio.sleep(0.005)


def test_an_agent_that_is_not_installed_is_not_ready() -> None:
    """And the reason names the program."""
    ready = AgentAdvisor(("no-such-agent",)).readiness()
    assert not ready.ready
    assert "no-such-agent" in ready.why


async def test_what_an_agent_garbles_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The protocol layer logs a broken message with its input; we let it say that it broke."""
    with caplog.at_level(logging.DEBUG):
        answer = await AgentAdvisor((sys.executable, FAKE, "mumbles")).ask(question())
    assert answer.failure is None, answer.reason
    assert "withheld" in caplog.text
    assert "CANARY" not in caplog.text
