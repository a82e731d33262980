"""Traces of sessions for OpenTelemetry, in its conventions for generative AI: who was called when, how long, how it ended.

Nothing of any content is told: no prompt, answer, argument, result or error text. The spans of a session are one trace, whose
ids follow from the session's: also those of a session that another process began.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import AdviceAsked, AdviceSettled, Ended, EventRecord, Intended, Settled
from journeyman.mission.model.state import State

_MOST_OPEN: Final = 10_000
Attributes = dict[str, str | int]


class SessionTraces:
    """Makes spans of the events of sessions that are driven here."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        self._ids = _SessionIds()
        self.provider = TracerProvider(
            resource=Resource.create({"service.name": "journeyman"}), id_generator=self._ids, shutdown_on_exit=False
        )
        self.provider.add_span_processor(_NoQueries())
        self.provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self.provider.get_tracer("journeyman")
        self._open: OrderedDict[tuple[str, str], EventRecord] = OrderedDict()
        """What was begun and has not ended: session and name to its event."""

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        event = happened.event
        match event:
            case Intended():
                self._begin(state, event.effect, happened)
            case AdviceAsked():
                self._begin(state, event.ask, happened)
            case Settled():
                self._tool_call(event, happened, state)
            case AdviceSettled():
                self._advice(event, happened, state)
            case Ended():
                self._session(event, happened, state)
            case _:
                pass

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()

    def _begin(self, state: State, name: str, happened: EventRecord) -> None:
        self._open[state.session_id, name] = happened
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)

    def _tool_call(self, event: Settled, happened: EventRecord, state: State) -> None:
        begun = self._open.pop((state.session_id, event.effect), None)
        if begun is None or not isinstance(begun.event, Intended):
            return
        about: Attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": begun.event.tool,
            "gen_ai.tool.call.id": event.effect,
        }
        failed = "" if event.state is EffectState.DONE else event.error_class or event.state.value
        self._span(f"execute_tool {begun.event.tool}", SpanKind.INTERNAL, (begun, happened), state, about, failed)

    def _advice(self, event: AdviceSettled, happened: EventRecord, state: State) -> None:
        begun = self._open.pop((state.session_id, event.ask), None)
        if begun is None or not isinstance(begun.event, AdviceAsked):
            return
        about: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": begun.event.advisor,
            "gen_ai.response.model": event.model,
            "gen_ai.usage.input_tokens": event.input_tokens,
            "gen_ai.usage.output_tokens": event.output_tokens,
            "journeyman.advice.purpose": begun.event.purpose,
        }
        name = f"chat {event.model or begun.event.advisor}"
        self._span(name, SpanKind.CLIENT, (begun, happened), state, about, event.failure)

    def _session(self, event: Ended, happened: EventRecord, state: State) -> None:
        """The root of the trace, told at its end: by then it is known where it began."""
        about: Attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "journeyman",
            "gen_ai.agent.name": state.mission.name,
            "journeyman.outcome": str(event.outcome),
            "journeyman.verdict": f"{event.verdict}/{event.reason}",
            "journeyman.iterations": state.usage.iterations,
        }
        self._ids.next_is_root_of(state.session_id)
        begun = EventRecord(state.identity.created_at, happened.actor, event)
        self._span(f"invoke_agent {state.mission.name}", SpanKind.INTERNAL, (begun, happened), state, about, "")

    def _span(
        self,
        name: str,
        kind: SpanKind,
        ends: tuple[EventRecord, EventRecord],
        state: State,
        about: Attributes,
        failed: str,
    ) -> None:
        root = self._ids.is_root_next
        context = Context() if root else _below_root(state.session_id)
        span = self._tracer.start_span(
            name,
            context,
            kind,
            {"gen_ai.conversation.id": state.session_id, **about},
            start_time=_ns(ends[0].at),
        )
        self._ids.next_is_root_of("")
        if failed:
            span.set_attribute("error.type", failed)
            span.set_status(Status(StatusCode.ERROR))
        span.end(_ns(ends[1].at))


class _SessionIds(IdGenerator):
    """Draws ids, but those of a session's root follow from the session's id."""

    def __init__(self) -> None:
        self._drawn = RandomIdGenerator()
        self._root = ""

    @property
    def is_root_next(self) -> bool:
        """Whether the next span is a session's root."""
        return bool(self._root)

    def next_is_root_of(self, session_id: str) -> None:
        """Let the next span have the ids of a session's root; no session, and they are drawn again."""
        self._root = session_id

    def generate_trace_id(self) -> int:
        """Of a span without a parent."""
        return _trace_id(self._root) if self._root else self._drawn.generate_trace_id()

    def generate_span_id(self) -> int:
        """Of every span."""
        if not self._root:
            return self._drawn.generate_span_id()
        return _root_id(self._root)


class _NoQueries(SpanProcessor):
    """Takes out of spans of requests what a caller was looking for."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Before anything of it is sent."""
        del parent_context
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "")


def _below_root(session_id: str) -> Context:
    parent = SpanContext(
        _trace_id(session_id), _root_id(session_id), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _trace_id(session_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"trace {session_id}".encode()).digest()[:16]) or 1


def _root_id(session_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"root {session_id}".encode()).digest()[:8]) or 1


def _ns(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1_000_000) * 1_000
