"""What each headless agent's lines mean, by its name."""

from __future__ import annotations

from journeyman.agents.drivers.dialogues.base import HeadlessAgent
from journeyman.agents.drivers.dialogues.claude_code import CLAUDE_CODE
from journeyman.agents.drivers.dialogues.codex import CODEX
from journeyman.agents.drivers.dialogues.cursor import CURSOR
from journeyman.agents.drivers.dialogues.gemini import GEMINI
from journeyman.agents.drivers.dialogues.opencode import OPENCODE

HEADLESS: dict[str, HeadlessAgent] = {agent.host: agent for agent in (CLAUDE_CODE, CODEX, GEMINI, OPENCODE, CURSOR)}

__all__ = ["HEADLESS"]
