"""Values out of model text: extract, repair, stream and check them, and ask for them in each provider's form."""

from __future__ import annotations

from journeyman.answers.extraction import Extraction, Reason, Several
from journeyman.answers.feedback import problem_lines
from journeyman.answers.responses import Said, read_response, read_said, said_in
from journeyman.answers.scanner import extract
from journeyman.answers.stream import AnswerStream
from journeyman.answers.vendors import Vendor, messages, tool_spec

__all__ = [
    "AnswerStream",
    "Extraction",
    "Reason",
    "Said",
    "Several",
    "Vendor",
    "extract",
    "messages",
    "problem_lines",
    "read_response",
    "read_said",
    "said_in",
    "tool_spec",
]
