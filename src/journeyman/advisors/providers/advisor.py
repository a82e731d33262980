"""Asks a model of any provider over one wire library.

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
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from journeyman.advisors.answer_building import estimate_usage
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request
from journeyman.advisors.kinds import AnswerMode, ProviderKind
from journeyman.advisors.log_filter import QuietLoggers
from journeyman.advisors.mode_fallback import ModeFallback
from journeyman.advisors.providers import PROVIDERS
from journeyman.advisors.providers.base import ResolvedProvider
from journeyman.advisors.providers.failures import failure_answer, is_form_refusal
from journeyman.advisors.providers.resolving import resolve_provider
from journeyman.advisors.providers.responses import parse_response
from journeyman.advisors.providers.wire_request import is_open, send
from journeyman.advisors.settings import AdvisorSettings
from journeyman.mission.values.errors import NotAllowed
from journeyman.mission.values.printable import visible

_WIRE_LOGGERS: Final = ("urllib3", "httpx2", "httpcore2", "httpx", "httpcore", "pydantic_ai")
_QUIET_LOGGERS: Final = QuietLoggers(
    frozenset([*_WIRE_LOGGERS, *(name for provider in PROVIDERS.values() for name in provider.loggers)])
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
    def kind(self) -> ProviderKind:
        """Whose model it is."""
        return ProviderKind(self.settings.kind)

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
        where = found.base_url or found.region or "its own service"
        why = visible(f"asks {found.model} at {where}")
        address = visible(urlsplit(found.base_url).netloc.rpartition("@")[2])
        return Readiness(ready=True, why=why, costs=costs, leaves_machine=leaves, address=address)

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
                        _open, self.kind, self._resolved(), self.limits.timeout_s, abandon_on_cancel=True
                    )
        _QUIET_LOGGERS()

    async def _asked(self, request: Request, mode: AnswerMode | None) -> Answer:
        response, cut = await send(self._model, request, mode, self.settings)
        answer = await parse_response(request, response, self._resolved().model, streamed=self.settings.stream, cut=cut)
        own = PROVIDERS[self.kind].reasons.get(answer.failure) if answer.failure is not None else None
        return answer if own is None else replace(answer, reason=f"{self.kind.value}_{own}")

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
        if mode is AnswerMode.NATIVE and is_open(request.answer.model_json_schema()):
            return AnswerMode.TOOL  # native schemas are strict: an object of any keys would come back empty
        return mode

    def _failed(self, request: Request, error: Exception, mode: AnswerMode | None) -> Answer:
        answer = failure_answer(error, self.kind, estimate_usage(request))
        if mode is None or self._modes is None or not is_form_refusal(error, answer):
            return answer
        return replace(answer, again=self._modes.lower_after_refusal(mode, self.now()))

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client, self._model = self._client, None, None
        if client is not None:
            await PROVIDERS[self.kind].close(client)


_EXTRA: Final = "the extra is not installed: pip install 'journeyman[models]'"


_WIRE: Final = (
    "pydantic_ai.direct",
    "pydantic_ai.messages",
    "pydantic_ai.models",
    "pydantic_ai.output",
    "pydantic_ai.tools",
)
"""What sending a request imports: all of it in the thread, or the event loop would stand still meanwhile."""


def _open(kind: ProviderKind, found: ResolvedProvider, timeout_s: float) -> tuple[Any, Any]:
    """The wire library's model and the SDK's client."""
    try:
        for module in _WIRE:
            importlib.import_module(module)
        model, client = PROVIDERS[kind].open(found, timeout_s)
    except ImportError as error:
        raise NotAllowed(f"cannot ask {kind.value}: {_EXTRA}") from error
    return model, client
