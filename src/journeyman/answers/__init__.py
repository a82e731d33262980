"""Values out of model text: extract, repair, stream and check them, and ask for them in each provider's form."""

from __future__ import annotations

from journeyman.answers.extraction import Extraction, Reason
from journeyman.answers.feedback import problem_lines
from journeyman.answers.scanner import extract

__all__ = ["Extraction", "Reason", "extract", "problem_lines"]
