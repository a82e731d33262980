"""Coding agents as programs: what is known of each host, one file a host; facts in words that a hook can use at once."""

from __future__ import annotations

from journeyman.agents.base import Host, StopAnswer, StopRequest
from journeyman.agents.claude_code import CLAUDE_CODE
from journeyman.agents.codex import CODEX
from journeyman.agents.copilot import COPILOT
from journeyman.agents.cursor import CURSOR
from journeyman.agents.gemini import GEMINI
from journeyman.agents.opencode import OPENCODE

HOSTS: dict[str, Host] = {host.name: host for host in (CLAUDE_CODE, CODEX, GEMINI, OPENCODE, CURSOR, COPILOT)}

__all__ = ["HOSTS", "Host", "StopAnswer", "StopRequest"]
