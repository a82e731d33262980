"""What providers say when they refuse: when to come back, that the account is empty, that somebody else answers."""

from __future__ import annotations

from email.utils import formatdate
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.advisors.base import FailureClass
from journeyman.advisors.kinds import AnswerMode, ProviderKind
from journeyman.advisors.mode_fallback import ModeFallback
from journeyman.advisors.providers.failures import retry_after_s
from journeyman.testing.model_server import ScriptedFault, ScriptLine, serving
from tests.advisors.providers import ADVICE, asking, provider, question

KINDS = ProviderKind


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "nonsense"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2020 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_each_form_of_retry_after_is_read(headers: dict[str, str] | None, wait_s: float | None) -> None:
    """Seconds, milliseconds, an HTTP date by the provider's own clock, or nothing that makes sense."""
    assert retry_after_s(headers, now=lambda: 1_792_567_700.0) == wait_s


@given(st.text() | st.floats().map(str) | st.integers().map(str) | st.integers(-(2**33), 2**33).map(formatdate))
def test_no_retry_after_raises_or_asks_for_nonsense(text: str) -> None:
    """Whatever stands in a header."""
    for name in ("retry-after", "retry-after-ms"):
        wait_s = retry_after_s({name: text}, now=lambda: 0.0)
        assert wait_s is None or 0 <= wait_s < float("inf")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (ProviderKind.OPENAI, ScriptLine(status=429, code="insufficient_quota")),
        (ProviderKind.OPENAI, ScriptLine(status=402)),
        (ProviderKind.ANTHROPIC, ScriptLine(status=400, code="billing_error")),
        (ProviderKind.BEDROCK, ScriptLine(status=400, code="ServiceQuotaExceededException")),
    ],
)
async def test_an_empty_account_is_no_rate_limit(kind: ProviderKind, line: ScriptLine) -> None:
    """Waiting does not fill it: it is not asked again."""
    async with asking(kind, line, ScriptLine(value=ADVICE)) as (advisor, server):
        answer = await advisor.ask(question())
        assert (answer.failure, answer.again, len(server.calls)) == (FailureClass.AUTH, False, 1)
        assert answer.reason == f"{kind.value}_quota"


@pytest.mark.anyio
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_redirect_is_not_followed(kind: ProviderKind, status: int) -> None:
    """Prompt and key go where the operator said, and nowhere else."""
    async with serving([ScriptLine(value=ADVICE)]) as elsewhere:
        away = ScriptLine(status=status, headers={"location": f"{elsewhere.url}/v1/chat/completions"})
        async with asking(kind, away) as (advisor, server):
            answer = await advisor.ask(question())
            assert answer.failure is FailureClass.UNSUPPORTED
            assert (len(server.calls), elsewhere.calls) == (1, [])
            assert not answer.again


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_report_of_more_tokens_than_there_can_be_does_not_break_the_answer(kind: ProviderKind) -> None:
    """The broker bounds it; the adapter must not fall over it."""
    async with asking(kind, ScriptLine(value=ADVICE, output_tokens=10**19)) as (advisor, _):
        assert (await advisor.ask(question())).value is not None


@pytest.mark.anyio
async def test_a_lowered_form_is_tried_up_again() -> None:
    """The refusal may have been about something else."""
    refused = ScriptLine(fault=ScriptedFault.BAD_REQUEST)
    async with asking(
        ProviderKind.OPENAI, refused, ScriptLine(value=ADVICE), ScriptLine(value=ADVICE), ScriptLine(value=ADVICE)
    ) as (
        advisor,
        server,
    ):
        clock = [0.0]
        advisor.now = lambda: clock[0]
        assert (await advisor.ask(question())).again
        assert (await advisor.ask(question())).failure is None
        clock[0] = 901.0
        assert (await advisor.ask(question())).failure is None
        forms = [next(iter({"response_format", "tools"} & call.body.keys()), "") for call in server.calls]
        assert forms == ["response_format", "tools", "response_format"]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2000)), max_size=40))
def test_forms_go_down_on_refusal_and_up_after_a_rest(steps: list[tuple[bool, float]]) -> None:
    """Never above the best, never two steps for one refusal, always up again in the end."""
    modes, now = ModeFallback(AnswerMode.NATIVE), 0.0
    order = [AnswerMode.PROMPTED, AnswerMode.TOOL, AnswerMode.NATIVE]
    for refuse, passed in steps:
        now += passed
        mode = modes.mode_at(now)
        if refuse:
            assert modes.lower_after_refusal(mode, now) == (mode is not AnswerMode.PROMPTED)
            modes.lower_after_refusal(mode, now)  # a second request that left in the same form
            after = modes.mode_at(now)
            assert order.index(mode) - order.index(after) == (mode is not AnswerMode.PROMPTED)
    for _ in range(2):
        now += 90_000.0
        modes.mode_at(now)
    assert modes.mode_at(now) is AnswerMode.NATIVE


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_that_never_connected_used_no_tokens(kind: ProviderKind) -> None:
    """Nobody listens there: no prompt left this process, and who waits is told where it would have gone."""
    async with serving([]) as gone:
        port = urlsplit(gone.url).port
        advisor = provider(kind, gone)
    answer = await advisor.ask(question())
    await advisor.aclose()
    assert (answer.failure, answer.reason) == (FailureClass.TRANSPORT, f"{kind.value}_unreachable")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (0, 0)
    assert advisor.readiness().address == f"127.0.0.1:{port}"
