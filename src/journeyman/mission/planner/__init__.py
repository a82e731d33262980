"""The deterministic planner: proposes the next strategy from the state alone, without any model."""

from journeyman.mission.planner.propose import Exhausted, Proposal, propose

__all__ = ["Exhausted", "Proposal", "propose"]
