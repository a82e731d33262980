"""Real SDKs against the scripted server: what goes over the wire, what comes back, what each fault becomes."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import anyio
import pytest

from journeyman.advisors.base import FailureClass
from journeyman.advisors.kinds import AnswerMode, ProviderKind
from journeyman.advisors.providers.advisor import ProviderAdvisor
from journeyman.advisors.providers.resolving import environment_variables, resolve_provider
from journeyman.advisors.settings import AdvisorSettings
from journeyman.mission.advice import StrategyAdvice
from journeyman.testing.model_server import ScriptedFault, ScriptLine
from tests.advisors.providers import ADVICE, KEYS, Advice, asking, provider, question

pytestmark = pytest.mark.anyio
KINDS = ProviderKind


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", [AnswerMode.NATIVE, AnswerMode.TOOL, AnswerMode.PROMPTED])
@pytest.mark.parametrize("kind", KINDS)
async def test_one_type_is_asked_for_in_each_providers_form(kind: ProviderKind, mode: AnswerMode, stream: bool) -> None:  # noqa: FBT001  pytest passes it by name
    """The schema is where the provider looks for it; the answer is an instance; usage is as reported."""
    async with asking(kind, ScriptLine(value=ADVICE), mode=mode, stream=stream) as (advisor, server):
        answer = await advisor.ask(question())
        assert answer.failure is None, answer.reason
        assert answer.value == Advice(title="hello", count=3)
        assert answer.usage.source == "reported"
        assert answer.usage.input_tokens > 0
        assert answer.duration_s > 0
        body: dict[str, Any] = server.calls[0].body
        assert_form(kind, mode, body)
        assert "Be brief." in json.dumps(body)
        assert len(server.calls) == 1


def assert_form(kind: ProviderKind, mode: AnswerMode, body: dict[str, Any]) -> None:
    """Fail unless the schema is where this provider looks for it."""
    if mode is AnswerMode.PROMPTED:
        assert "tools" not in body
        assert "toolConfig" not in body
        assert "count" in json.dumps(body)
        return
    form: Any = {
        (ProviderKind.ANTHROPIC, AnswerMode.NATIVE): lambda: body["output_config"]["format"]["schema"],
        (ProviderKind.ANTHROPIC, AnswerMode.TOOL): lambda: body["tools"][0]["input_schema"],
        (ProviderKind.OPENAI, AnswerMode.NATIVE): lambda: body["response_format"]["json_schema"]["schema"],
        (ProviderKind.OPENAI, AnswerMode.TOOL): lambda: body["tools"][0]["function"]["parameters"],
        (ProviderKind.BEDROCK, AnswerMode.NATIVE): lambda: json.loads(
            body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
        ),
        (ProviderKind.BEDROCK, AnswerMode.TOOL): lambda: body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"][
            "json"
        ],
    }[kind, mode]()
    assert set(form["properties"]) == {"title", "count"}
    if mode is AnswerMode.TOOL:
        forced = {
            ProviderKind.ANTHROPIC: lambda: body["tool_choice"]["type"] == "any",
            ProviderKind.OPENAI: lambda: body["tool_choice"] == "required",
            ProviderKind.BEDROCK: lambda: "any" in body["toolConfig"]["toolChoice"],
        }[kind]()
        assert forced


FAULTS: dict[ScriptedFault, tuple[FailureClass, ...]] = {
    ScriptedFault.RATE_LIMITED: (FailureClass.RATE_LIMITED,),
    ScriptedFault.SERVER_ERROR: (FailureClass.TRANSPORT,),
    ScriptedFault.AUTH: (FailureClass.AUTH,),
    ScriptedFault.BAD_REQUEST: (FailureClass.UNSUPPORTED,),
    ScriptedFault.HALF: (FailureClass.TRANSPORT, FailureClass.MALFORMED),
    ScriptedFault.GARBLED: (FailureClass.MALFORMED,),
    ScriptedFault.WRONG_SCHEMA: (FailureClass.SCHEMA_MISMATCH,),
    ScriptedFault.REFUSAL: (FailureClass.REFUSED,),
    ScriptedFault.TRUNCATED: (FailureClass.TRUNCATED,),
    ScriptedFault.NOISE: (FailureClass.MALFORMED, FailureClass.SCHEMA_MISMATCH),
    ScriptedFault.RESET: (FailureClass.TRANSPORT,),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_fault_has_its_class_and_one_call(kind: ProviderKind, fault: ScriptedFault, stream: bool) -> None:  # noqa: FBT001  pytest passes it by name
    """No SDK retries behind the broker's back; no reason holds foreign text."""
    line = ScriptLine(value=ADVICE, fault=fault, retry_after_s=1.5)
    async with asking(kind, line, ScriptLine(value=ADVICE), stream=stream) as (advisor, server):
        answer = await advisor.ask(question())
        assert answer.value is None
        assert answer.failure in FAULTS[fault], answer.reason
        assert len(server.calls) == 1
        assert answer.usage.source in ("reported", "estimated")
        if fault is ScriptedFault.RATE_LIMITED:
            assert answer.retry_after_s == 1.5
            assert answer.usage.input_tokens == 0


async def test_bedrock_reasons_are_the_stable_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Error codes of AWS, and our own words for what has none."""
    lines = [
        ScriptLine(text="x", fault=fault)
        for fault in (ScriptedFault.RATE_LIMITED, ScriptedFault.AUTH, ScriptedFault.GARBLED, ScriptedFault.TRUNCATED)
    ]
    async with asking(ProviderKind.BEDROCK, *lines) as (advisor, server):
        reasons = [(await advisor.ask(question())).reason for _ in lines]
        assert "Credential=key-aws/" in server.calls[0].headers["authorization"]
    assert reasons == [
        "bedrock_ThrottlingException", "bedrock_AccessDeniedException", "bedrock_malformed_response",
        "bedrock_truncated_response",
    ]  # fmt: skip
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    nobody = ProviderAdvisor(
        "nobody", AdvisorSettings(kind=ProviderKind.BEDROCK, base_url="http://127.0.0.1:9"), {}, home=tmp_path
    )
    assert not nobody.readiness().ready
    answer = await nobody.ask(question())
    assert (answer.failure, answer.reason) == (FailureClass.AUTH, "bedrock_no_credentials")
    await nobody.aclose()


async def test_a_model_without_native_schemas_is_asked_one_step_lower() -> None:
    """After a 400 the same request may be sent again, as a tool call, then in the prompt."""
    refused = ScriptLine(fault=ScriptedFault.BAD_REQUEST)
    async with asking(ProviderKind.OPENAI, refused, refused, ScriptLine(value=ADVICE)) as (advisor, server):
        first, second, third = [await advisor.ask(question()) for _ in range(3)]
        assert [first.again, second.again, third.failure] == [True, True, None]
        forms = [next(iter({"response_format", "tools"} & call.body.keys()), "") for call in server.calls]
        assert forms[:2] == ["response_format", "tools"]
        assert "tools" not in server.calls[2].body


@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_tags_inside_an_answer_stay_there(stream: bool) -> None:  # noqa: FBT001  pytest passes it by name
    """The wire library would cut them out of strings; it must not."""
    said = {"title": "<think>not a thought</think>", "count": 1}
    async with asking(ProviderKind.OPENAI, ScriptLine(value=said), stream=stream) as (advisor, _):
        answer = await advisor.ask(question())
        assert answer.value == Advice(title="<think>not a thought</think>", count=1)


@pytest.mark.parametrize("kind", KINDS)
async def test_usage_that_nobody_reports_is_an_estimate(kind: ProviderKind) -> None:
    """Never zero for unknown."""
    async with asking(kind, ScriptLine(value=ADVICE, usage=False)) as (advisor, _):
        usage = (await advisor.ask(question())).usage
        assert usage.source == "estimated"
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelling_ends_the_wait(kind: ProviderKind) -> None:
    """Also for the blocking client, whose thread is left behind until its socket closes."""
    async with asking(kind, ScriptLine(text="x"), ScriptLine(fault=ScriptedFault.SILENCE), timeout_s=2.0) as (
        advisor,
        _,
    ):
        await advisor.ask(question(None))  # the SDK's first import is slow
        with anyio.move_on_after(0.1) as scope:
            await advisor.ask(question(None))
        assert scope.cancelled_caught


async def test_sdk_loggers_say_nothing_below_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Their debug logs hold prompts and answers."""
    caplog.set_level(logging.DEBUG)
    for kind in KINDS:
        async with asking(kind, ScriptLine(value={"title": "CANARY-a", "count": 1})) as (advisor, _):
            await advisor.ask(question(text="CANARY-b"))
            for name in (
                "openai",
                "openai._base_client",
                "anthropic._base_client",
                "botocore.endpoint",
                "httpcore2.http11",
            ):
                logging.getLogger(name).setLevel(logging.DEBUG)  # as an operator does who looks for something else
            await advisor.ask(question(text="CANARY-b"))
    assert "CANARY" not in caplog.text
    for name in ("openai", "openai._base_client", "anthropic._base_client", "botocore.endpoint", "httpcore2.http11"):
        logging.getLogger(name).setLevel(logging.WARNING if name == "openai" else logging.NOTSET)
    assert all(logging.getLogger(name).level >= logging.WARNING for name in ("openai", "anthropic", "botocore"))


def test_settings_have_their_order(tmp_path: Path) -> None:
    """Argument, our variable, the provider's variable, default; the key by the name of its variable."""
    bedrock = AdvisorSettings(kind=ProviderKind.BEDROCK)
    assert resolve_provider(bedrock, {}, tmp_path).region == "us-east-1"
    own = {"AWS_REGION": "eu-west-1"}
    assert resolve_provider(bedrock, own, tmp_path).region == "eu-west-1"
    ours = {**own, "JOURNEYMAN_BEDROCK_REGION": "eu-north-1"}
    assert resolve_provider(bedrock, ours, tmp_path).region == "eu-north-1"
    given = AdvisorSettings(kind=ProviderKind.BEDROCK, region="us-west-2")
    assert resolve_provider(given, ours, tmp_path).region == "us-west-2"
    named = AdvisorSettings(kind=ProviderKind.OPENAI, api_key_env="MY_KEY")
    assert resolve_provider(named, {**KEYS, "MY_KEY": "mine"}).key == "mine"
    assert resolve_provider(named, KEYS).missing == "no key; set the variable MY_KEY"
    assert "mine" not in repr(resolve_provider(named, {"MY_KEY": "mine"}))


def test_the_page_names_the_variables_that_are_looked_at() -> None:
    """In the order in which they count, with the default."""
    page = (Path(__file__).parents[2] / "docs" / "advisors.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    told = {(row[0], row[1]): tuple(re.findall(r"`([A-Z_]+)`", row[2])) for row in rows if row[0] != "kind"}
    known = {(kind.value, part): names for kind in KINDS for part, names in environment_variables(kind).items()}
    assert told == known
    for kind, part, _, default in (row for row in rows if row[0] != "kind"):
        bare = resolve_provider(AdvisorSettings(kind=ProviderKind(kind)), {}, Path("/nowhere"))
        set_by_us = {"model": bare.model, "region": bare.region}.get(part, "")
        assert not set_by_us or default == f"`{set_by_us}`"


@pytest.mark.parametrize("kind", KINDS)
def test_each_variable_counts_before_those_behind_it(kind: ProviderKind, tmp_path: Path) -> None:
    """As the page says."""
    fields = {"model": "model", "base_url": "base_url", "api_key": "key", "region": "region"}
    for part, names in environment_variables(kind).items():
        for index in range(len(names)):
            environment = {name: f"http://value-of.{name}" for name in names[index:]}
            found = resolve_provider(AdvisorSettings(kind=kind), environment, tmp_path)
            assert getattr(found, fields[part]) == f"http://value-of.{names[index]}"


async def test_a_local_server_needs_no_key_and_no_consent() -> None:
    """vLLM, llama.cpp and Ollama on this machine cost nothing and see nothing leave."""
    async with asking(ProviderKind.OPENAI, ScriptLine(text="hi")) as (_, server):
        local = provider(ProviderKind.OPENAI, server).readiness()
        assert (local.ready, local.costs, local.leaves_machine) == (True, False, False)
    away = ProviderAdvisor("away", AdvisorSettings(kind=ProviderKind.ANTHROPIC), KEYS).readiness()
    assert (away.ready, away.costs, away.leaves_machine) == (True, True, True)
    assert not ProviderAdvisor("away", AdvisorSettings(kind=ProviderKind.ANTHROPIC), {}).readiness().ready


@pytest.mark.parametrize("kind", KINDS)
async def test_a_strategy_keeps_its_free_arguments(kind: ProviderKind) -> None:
    """A strict schema would empty every object of any keys, so a strategy is asked for as a tool call."""
    strategy = {"calls": [{"tool": "door", "args": {"code": 417}}]}
    said = {"revision_rationale": "r", "next_strategy": strategy, "confidence": 0.5}
    async with asking(kind, ScriptLine(value=said)) as (advisor, server):
        answer = await advisor.ask(question(StrategyAdvice))
        assert answer.failure is None, answer.reason
        assert answer.value.next_strategy.calls[0].args == {"code": 417}
        sent = json.dumps(server.calls[0].body)
        assert '"toolSpec"' in sent or '"tools"' in sent
        assert '"strict": true' not in sent
