"""Values out of model text: extract, repair, stream and check them, and ask for them in each provider's form."""

from __future__ import annotations

from journeyman.answers.extraction import Extraction, ExtractionReason, MultipleObjects, reason_for_finish
from journeyman.answers.feedback import problem_lines
from journeyman.answers.provider_formats import Vendor, messages, tool_spec
from journeyman.answers.responses import (
    ANY_TOOL,
    ResponseContent,
    extract_from_content,
    read_response,
    response_content,
)
from journeyman.answers.scanner import extract
from journeyman.answers.stream import AnswerStream

__all__ = [
    "ANY_TOOL",
    "AnswerStream",
    "Extraction",
    "ExtractionReason",
    "MultipleObjects",
    "ResponseContent",
    "Vendor",
    "extract",
    "extract_from_content",
    "messages",
    "problem_lines",
    "read_response",
    "reason_for_finish",
    "response_content",
    "tool_spec",
]
