"""Simulated incidents in which agents are trained and tested: many worlds at once, four roles, exact scores."""
