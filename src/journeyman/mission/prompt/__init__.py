"""Prompts: deterministic bytes under a budget, made in one pass, with what tools returned fenced as data.

Sections come in a fixed order with sorted keys. Each has its own cap and says what it dropped; the recent iterations get
what is left. A fence carries the hash of what it holds: text inside cannot write the line that closes it.
"""

from journeyman.mission.prompt.environment import references
from journeyman.mission.prompt.history import RECENT, VerdictHistory
from journeyman.mission.prompt.prompts import MAX_BYTES, Prompt, closing_prompt, criteria_prompt, strategy_prompt
from journeyman.mission.prompt.truncation import FIELD_BYTES, FIELD_HEAD_BYTES, FIELD_TAIL_BYTES, MARK, truncate_fields

__all__ = [
    "FIELD_BYTES",
    "FIELD_HEAD_BYTES",
    "FIELD_TAIL_BYTES",
    "MARK",
    "MAX_BYTES",
    "RECENT",
    "Prompt",
    "VerdictHistory",
    "closing_prompt",
    "criteria_prompt",
    "references",
    "strategy_prompt",
    "truncate_fields",
]
