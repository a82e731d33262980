"""Drivers of coding agents: one port, and what is behind it. `base` tells how to use it."""

from __future__ import annotations

from journeyman.agents.drivers.base import AgentSession, Apprentice, WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.registry import apprentice_for

__all__ = ["AgentSession", "Apprentice", "WorkLimits", "WorkOrder", "WorkResult", "apprentice_for"]
