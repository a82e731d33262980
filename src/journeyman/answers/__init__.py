"""Values out of model text: extract, repair, stream and check them, and ask for them in each provider's form."""

from __future__ import annotations

from journeyman.answers.extraction import Extraction, Reason
from journeyman.answers.feedback import problem_lines
from journeyman.answers.responses import read_response
from journeyman.answers.scanner import extract
from journeyman.answers.stream import AnswerStream
from journeyman.answers.vendors import Vendor, messages, tool_spec

__all__ = [
    "AnswerStream",
    "Extraction",
    "Reason",
    "Vendor",
    "extract",
    "messages",
    "problem_lines",
    "read_response",
    "tool_spec",
]
