"""Asks Anthropic, OpenAI-compatible servers and Bedrock over one wire library.

`pydantic_ai.direct` turns one schema into the right request for each of them. Only its models and providers are used:
its text parser, retries and telemetry are not. Each SDK makes one attempt, since the broker owns the retries.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import anyio
import anyio.to_thread

from journeyman.advisors.answer_building import TOOL, estimate_usage
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request
from journeyman.advisors.kinds import AdvisorKind, AnswerMode
from journeyman.advisors.log_filter import QuietLoggers
from journeyman.advisors.mode_fallback import ModeFallback
from journeyman.advisors.provider_failures import failure_answer, is_form_refusal
from journeyman.advisors.provider_resolution import ResolvedProvider, resolve_provider
from journeyman.advisors.provider_responses import parse_response, read_until_answered
from journeyman.advisors.settings import AdvisorSettings
from journeyman.mission.values.errors import NotAllowed
from journeyman.mission.values.printable import visible

T = TypeVar("T")
_NO_TAG: Final = "\x00journeyman\x00"  # no model writes it: thinking tags are never split, answers/ reads them
_QUIET_LOGGERS: Final = QuietLoggers(
    frozenset(
        {
            "openai",
            "anthropic",
            "botocore",
            "boto3",
            "urllib3",
            "httpx2",
            "httpcore2",
            "httpx",
            "httpcore",
            "pydantic_ai",
        }
    )
)


@dataclass(slots=True)
class ProviderAdvisor:
    """Asks one model of one provider."""

    name: str
    """Under which missions and settings mean it."""
    settings: AdvisorSettings
    environment: Mapping[str, str] = field(repr=False)
    """Variables in which keys, regions and models are looked up; read anew at each look."""
    home: Path | None = None
    now: Callable[[], float] = field(default=anyio.current_time, repr=False)
    _model: Any = field(default=None, repr=False)
    _client: Any = field(default=None, repr=False)
    _modes: ModeFallback | None = None
    _opening: anyio.Lock = field(default_factory=anyio.Lock, repr=False)

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._resolved().model

    @property
    def limits(self) -> AskLimits:
        """What one try may take."""
        return self.settings.limits()

    def _resolved(self) -> ResolvedProvider:
        return resolve_provider(self.settings, self.environment, self.home)

    def readiness(self) -> Readiness:
        """Tell whether the extra and a key are there; looks at no network."""
        found = self._resolved()
        costs = not found.local if self.settings.costs is None else self.settings.costs
        leaves = not found.local
        if importlib.util.find_spec("pydantic_ai") is None:
            return Readiness(ready=False, why=_EXTRA, costs=costs, leaves_machine=leaves)
        if found.missing:
            return Readiness(ready=False, why=found.missing, costs=costs, leaves_machine=leaves)
        where = found.base_url or (found.region if self.settings.kind is AdvisorKind.BEDROCK else "its own service")
        why = visible(f"asks {found.model} at {where}")
        return Readiness(ready=True, why=why, costs=costs, leaves_machine=leaves)

    async def open(self) -> None:
        """Load the SDK and the wire library, which takes a second the first time; a failure is told by the next try."""
        with suppress(Exception):
            await self._open()

    async def ask(self, request: Request) -> Answer:
        """One answer to one try. Never raises for what the provider does; cancelling cancels the call."""
        began = anyio.current_time()
        mode: AnswerMode | None = None
        try:
            await self._open()
            mode = self._mode_of(request)
            answer = await self._asked(request, mode)
        except NotAllowed:
            answer = Answer(failure=FailureClass.UNSUPPORTED, reason="missing_extra")
        except Exception as error:  # noqa: BLE001  whatever an SDK raises is a failure of this try, by class, never by text
            answer = self._failed(request, error, mode)
        return replace(answer, duration_s=anyio.current_time() - began)

    async def _open(self) -> None:
        if self._model is None:
            async with self._opening:
                if self._model is None:
                    # A thread: importing an SDK takes seconds, and boto3 looks for credentials while it opens. It is
                    # left behind when the mission's time is over: nothing can end an import.
                    self._model, self._client = await anyio.to_thread.run_sync(
                        _open, self.settings, self._resolved(), abandon_on_cancel=True
                    )
        _QUIET_LOGGERS()

    async def _asked(self, request: Request, mode: AnswerMode | None) -> Answer:
        response, cut = await _send(self._model, request, mode, self.settings)
        answer = await parse_response(request, response, self._resolved().model, streamed=self.settings.stream, cut=cut)
        if answer.failure is FailureClass.TRUNCATED and self.settings.kind is AdvisorKind.BEDROCK:
            return replace(answer, reason="bedrock_truncated_response")
        return answer

    def _mode_of(self, request: Request) -> AnswerMode | None:
        if request.answer is None:
            return None
        if self.settings.mode is not AnswerMode.AUTO:
            return self.settings.mode
        if self._modes is None:
            profile: Mapping[str, Any] = self._model.profile
            tools = AnswerMode.TOOL if profile.get("supports_tools", True) else AnswerMode.PROMPTED
            self._modes = ModeFallback(AnswerMode.NATIVE if profile.get("supports_json_schema_output") else tools)
        mode = self._modes.mode_at(self.now())
        if mode is AnswerMode.NATIVE and _is_open(request.answer.model_json_schema()):
            return AnswerMode.TOOL  # native schemas are strict: an object of any keys would come back empty
        return mode

    def _failed(self, request: Request, error: Exception, mode: AnswerMode | None) -> Answer:
        answer = failure_answer(error, self.settings.kind, estimate_usage(request))
        if mode is None or self._modes is None or not is_form_refusal(error, answer):
            return answer
        return replace(answer, again=self._modes.lower_after_refusal(mode, self.now()))

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client, self._model = self._client, None, None
        if client is None:
            return
        if self.settings.kind is AdvisorKind.BEDROCK:
            await anyio.to_thread.run_sync(client.close)
        else:
            await client.close()


_EXTRA: Final = "the extra is not installed: pip install 'journeyman[models]'"


_WIRE: Final = (
    "pydantic_ai.direct",
    "pydantic_ai.messages",
    "pydantic_ai.models",
    "pydantic_ai.output",
    "pydantic_ai.tools",
)
"""What sending a request imports: all of it in the thread, or the event loop would stand still meanwhile."""


def _open(settings: AdvisorSettings, found: ResolvedProvider) -> tuple[Any, Any]:
    """The wire library's model and the SDK's client."""
    try:
        for module in _WIRE:
            importlib.import_module(module)
        model, client = _OPENERS[settings.kind](settings, found)
    except ImportError as error:
        raise NotAllowed(f"cannot ask {settings.kind.value}: {_EXTRA}") from error
    return model, client


def _client(sdk: Callable[..., T], http: Callable[..., Any], settings: AdvisorSettings, found: ResolvedProvider) -> T:
    """An SDK's client that makes one attempt, and follows nobody: a prompt, and its key, go where the operator said."""
    return sdk(
        api_key=found.key or "none",
        base_url=found.base_url or None,
        max_retries=0,
        timeout=settings.limits().timeout_s,
        http_client=http(follow_redirects=False),
    )


def _anthropic(settings: AdvisorSettings, found: ResolvedProvider) -> tuple[Any, Any]:
    from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415  extra `models`

    client = _client(AsyncAnthropic, DefaultAsyncHttpxClient, settings, found)
    return AnthropicModel(found.model, provider=AnthropicProvider(anthropic_client=client), profile=_profile()), client


def _openai(settings: AdvisorSettings, found: ResolvedProvider) -> tuple[Any, Any]:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415  extra `models`

    client = _client(AsyncOpenAI, DefaultAsyncHttpxClient, settings, found)
    return OpenAIChatModel(found.model, provider=OpenAIProvider(openai_client=client), profile=_profile()), client


def _bedrock(settings: AdvisorSettings, found: ResolvedProvider) -> tuple[Any, Any]:
    import boto3  # noqa: PLC0415  extra `models`
    from botocore.config import Config  # noqa: PLC0415  extra `models`
    from botocore.session import Session  # noqa: PLC0415  extra `models`
    from botocore.tokens import FrozenAuthToken  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.bedrock import BedrockConverseModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.bedrock import BedrockProvider  # noqa: PLC0415  extra `models`

    more: dict[str, Any] = {}
    session: Any = Session()
    if found.key:  # a Bedrock API key instead of signed requests
        session.get_auth_token = lambda **_: FrozenAuthToken(found.key)  # pyright: ignore[reportUnknownLambdaType]
        session.get_credentials = lambda: None
        more["signature_version"] = "bearer"
    elif found.aws is not None:
        session.set_credentials(found.aws[0], found.aws[1], found.aws[2] or None)
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=settings.limits().timeout_s,
        connect_timeout=10,
        max_pool_connections=32,
        **more,
    )
    sdk: Any = boto3  # has no types
    client: Any = sdk.Session(botocore_session=session).client(
        "bedrock-runtime", region_name=found.region, endpoint_url=found.base_url or None, config=config
    )
    provider = BedrockProvider(bedrock_client=client)
    return BedrockConverseModel(found.model, provider=provider, profile=_profile()), client


_OPENERS: Final[Mapping[AdvisorKind, Callable[[AdvisorSettings, ResolvedProvider], tuple[Any, Any]]]] = {
    AdvisorKind.ANTHROPIC: _anthropic,
    AdvisorKind.OPENAI: _openai,
    AdvisorKind.BEDROCK: _bedrock,
}


def _is_open(schema: Any) -> bool:
    """Tell whether a schema has objects of any keys or values of any type."""
    if isinstance(schema, list):
        return any(_is_open(item) for item in cast("list[Any]", schema))
    if not isinstance(schema, dict):
        return False
    known = cast("dict[str, Any]", schema)
    if known.get("additionalProperties") or (known.get("type") == "object" and "properties" not in known):
        return True
    return any(_is_open(value) for key, value in known.items() if key not in {"default", "examples", "enum", "const"})


def _profile() -> Any:
    return {"thinking_tags": (_NO_TAG, _NO_TAG)}


async def _send(model: Any, request: Request, mode: AnswerMode | None, settings: AdvisorSettings) -> tuple[Any, bool]:
    """Send one request; give the wire library's response, and whether its stream was cut after the answer."""
    from pydantic_ai import direct, messages  # noqa: PLC0415  extra `models`

    parts: list[Any] = []
    history: list[Any] = []
    for message in request.messages:
        if message.role == "assistant":
            history += [messages.ModelRequest(parts=parts), messages.ModelResponse([messages.TextPart(message.text)])]
            parts = []
        else:
            part = messages.SystemPromptPart if message.role == "system" else messages.UserPromptPart
            parts.append(part(message.text))
    history.append(messages.ModelRequest(parts=parts))
    told: dict[str, Any] = {"max_tokens": request.most_output_tokens}
    if request.temperature is not None and settings.temperature:
        told["temperature"] = request.temperature
    asked: Any = {"model_settings": told, "model_request_parameters": _parameters(request, mode), "instrument": False}
    if not settings.stream:
        return await direct.model_request(model, history, **asked), False
    async with direct.model_request_stream(model, history, **asked) as events:
        if settings.stop_early and request.answer is not None:
            cut = await read_until_answered(events, request.answer, called=mode is AnswerMode.TOOL)
            return events.get(), cut
        async for _ in events:
            pass
        return events.get(), False


def _parameters(request: Request, mode: AnswerMode | None) -> Any:
    from pydantic_ai.models import ModelRequestParameters  # noqa: PLC0415  extra `models`
    from pydantic_ai.output import OutputObjectDefinition  # noqa: PLC0415  extra `models`
    from pydantic_ai.tools import ToolDefinition  # noqa: PLC0415  extra `models`

    if request.answer is None or mode is None:
        return ModelRequestParameters(output_mode="text")
    schema = request.answer.model_json_schema()
    if mode is AnswerMode.TOOL:
        tool = ToolDefinition(
            name=TOOL, description="Give the answer.", parameters_json_schema=schema, kind="output", strict=False
        )
        return ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)
    form = OutputObjectDefinition(json_schema=schema, name=request.answer.__name__)
    if mode is AnswerMode.NATIVE:
        return ModelRequestParameters(output_mode="native", output_object=form)
    return ModelRequestParameters(output_mode="prompted", output_object=form)
