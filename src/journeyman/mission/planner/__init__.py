"""The deterministic planner: proposes the next strategy from the state alone, without any model."""

from journeyman.mission.planner.propose import Proposal, propose

__all__ = ["Proposal", "propose"]
