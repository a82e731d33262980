"""A stream that is cut as soon as the answer is whole, against real SDKs and a server that drips."""

from __future__ import annotations

import json

import anyio
import pytest
from pydantic import ValidationError

from journeyman.advisors.base import FailureClass
from journeyman.advisors.kinds import AnswerMode, ProviderKind
from journeyman.advisors.settings import AdvisorSettings
from journeyman.testing.model_server import ModelServer, ReceivedRequest, ScriptedFault, ScriptLine
from tests.advisors.providers import ADVICE, Advice, asking, question

pytestmark = pytest.mark.anyio
KINDS = ProviderKind
CHATTER = json.dumps(ADVICE) + " And now for something longer." * 40
DRIP = ScriptLine(text=CHATTER, fault=ScriptedFault.SLOW_DRIP, drip_s=0.05)


async def ended(server: ModelServer) -> ReceivedRequest:
    """The first call once the server wrote all that it ever will."""
    with anyio.fail_after(5):
        while server._open and server.calls[0].frames_written < server.calls[0].frames:
            await anyio.lowlevel.checkpoint()
    return server.calls[0]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cut_stream_is_no_longer_written(kind: ProviderKind) -> None:
    """The answer is whole in the first piece: the server's log shows that it stopped, and usage is not claimed as told."""
    async with asking(kind, DRIP, stream=True, stop_early=True, mode=AnswerMode.PROMPTED) as (advisor, server):
        answer = await advisor.ask(question())
        assert answer.failure is None, answer.reason
        assert answer.value == Advice.model_validate(ADVICE)
        assert answer.usage.source == ("partial" if kind is ProviderKind.ANTHROPIC else "estimated")
        assert answer.usage.input_tokens > 0
        assert answer.usage.output_tokens > 0
        call = await ended(server)
        assert 0 < call.frames_written < call.frames


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_is_read_to_its_end_unless_the_setting_says_otherwise(kind: ProviderKind) -> None:
    """Off by default, since usage comes last."""
    line = DRIP.model_copy(update={"drip_s": 0.0})
    async with asking(kind, line, stream=True, mode=AnswerMode.PROMPTED) as (advisor, server):
        answer = await advisor.ask(question())
        assert answer.value == Advice.model_validate(ADVICE)
        assert answer.usage.source == "reported"
        call = await ended(server)
        assert call.frames_written == call.frames


@pytest.mark.parametrize("kind", KINDS)
async def test_the_argument_of_a_tool_call_is_cut_too(kind: ProviderKind) -> None:
    """What follows it would only tell the usage."""
    line = ScriptLine(value=ADVICE, fault=ScriptedFault.SLOW_DRIP, drip_s=0.02)
    async with asking(kind, line, stream=True, stop_early=True, mode=AnswerMode.TOOL) as (advisor, server):
        answer = await advisor.ask(question())
        assert answer.value == Advice.model_validate(ADVICE)
        assert answer.usage.source != "reported"
        call = await ended(server)
        assert call.frames_written < call.frames


@pytest.mark.parametrize("stop_early", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_ended_for_length_is_never_final(kind: ProviderKind, stop_early: bool) -> None:  # noqa: FBT001  pytest passes it by name
    """Neither cut in the object, nor with an object among prose that goes on: only a leading object is settled early."""
    prose = f"For example {json.dumps(ADVICE)} would be wrong, since " + "x" * 400
    lines = [
        ScriptLine(value=ADVICE, fault=ScriptedFault.TRUNCATED),
        ScriptLine(text=prose, fault=ScriptedFault.TRUNCATED),
    ]
    async with asking(kind, *lines, stream=True, stop_early=stop_early, mode=AnswerMode.PROMPTED) as (advisor, _):
        for _line in lines:
            answer = await advisor.ask(question())
            assert (answer.value, answer.failure) == (None, FailureClass.TRUNCATED)


def test_only_a_stream_can_be_stopped_early() -> None:
    """The settings file says so at once."""
    with pytest.raises(ValidationError, match="set `stream` too"):
        AdvisorSettings.model_validate({"kind": "openai", "stop_early": True})
    assert AdvisorSettings.model_validate({"kind": "openai", "stop_early": True, "stream": True}).stop_early
