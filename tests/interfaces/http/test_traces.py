"""Spans of sessions: one trace each, by the conventions for generative AI, without any content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from benchmarks.serving.in_process import quick_mission, served_app
from journeyman.interfaces.http.app import create_app
from journeyman.interfaces.http.traces import SessionTraces

MARK = "word-of-the-tool"
pytestmark = pytest.mark.anyio


def _ids(span: ReadableSpan) -> tuple[int, int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id, span.parent.span_id if span.parent is not None else 0


async def test_a_session_is_one_trace_without_content(tmp_path: Path) -> None:
    """Its calls lie below it, and nothing of what they were given or gave is told."""
    exporter = InMemorySpanExporter()
    traces = SessionTraces(exporter)
    async with served_app(tmp_path, listeners=[traces.take]) as served:
        text = quick_mission("traced").replace("number 1", f"number 1 {MARK}")
        (tmp_path / "missions" / "default" / "traced.yaml").write_text(text)
        async with served.client(served.secret("ada")) as client:
            await client.post("/api/v1/sessions", json={"file": "traced.yaml", "session_id": "one"})
            tenant = await served.state.tenants.get("default")
            assert await tenant.host.rest("one", 60)
        traces.provider.force_flush()
        spans = {span.name: span for span in exporter.get_finished_spans()}
    traces.close()
    assert set(spans) == {"invoke_agent traced", "execute_tool tell"}
    root, call = spans["invoke_agent traced"], spans["execute_tool tell"]
    assert _ids(root)[2] == 0
    assert (_ids(call)[0], _ids(call)[2]) == _ids(root)[:2]
    assert dict(root.attributes or {})["journeyman.outcome"] == "achieved"
    assert dict(call.attributes or {})["gen_ai.tool.name"] == "tell"
    assert (root.start_time or 0) <= (call.start_time or 0) < (call.end_time or 0) <= (root.end_time or 0)
    assert MARK not in "".join(span.to_json() for span in spans.values())
    assert "Tell a number" not in "".join(span.to_json() for span in spans.values())


async def test_spans_of_requests_tell_the_route_and_no_query(tmp_path: Path) -> None:
    """What somebody looked for is theirs."""
    exporter = InMemorySpanExporter()
    traces = SessionTraces(exporter)
    async with served_app(tmp_path) as served:
        traced = replace(served, app=create_app(served.state, (), traces.provider))
        async with traced.client(traced.secret("ada")) as client:
            assert (await client.get("/api/v1/sessions", params={"text": MARK})).status_code == 200
    traces.provider.force_flush()
    (span,) = exporter.get_finished_spans()
    traces.close()
    assert dict(span.attributes or {})["http.route"] == "/api/v1/sessions"
    assert MARK not in span.to_json()
